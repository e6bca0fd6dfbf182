package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // the baseline's driver
)

type bundle struct {
	body      []byte
	resources int
}

// synthea reads the transaction Bundles, unpacked.
func (b *bench) synthea() ([]bundle, error) {
	files, err := filepath.Glob(filepath.Join(b.data, "synthea-r4", "*.gz"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no Synthea Bundles under %s (%v)", b.data, err)
	}
	var out []bundle
	for _, f := range files {
		if strings.Contains(f, "Information") {
			continue // hospitals and practitioners, sent apart
		}
		packed, err := os.Open(f)
		if err != nil {
			return nil, err
		}
		z, err := gzip.NewReader(packed)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(z)
		packed.Close()
		if err != nil {
			return nil, err
		}
		body = bytes.Replace(body, []byte(`"resourceType": "Patient",`), []byte(`"resourceType": "Patient", "generalPractitioner": [{"identifier": {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "G82050"}}],`), 1)
		out = append(out, bundle{body, bytes.Count(body, []byte(`"fullUrl"`))})
	}
	return out, nil
}

var uuid = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})`)

// number finds the further numbers by which Synthea knows a person: social security, driver's licence, passport.
var number = regexp.MustCompile(`"value": "(999-\d\d-\d{4}|S999\d+|X\d+X)"`)

// birthDate finds a date of birth.
var birthDate = regexp.MustCompile(`"birthDate": "(\d{4})-`)

// again makes round n of a Bundle: another person with the same story, so that every round writes everything anew. Ids, numbers and
// names differ, and the date of birth too, for a namesake of the same day and home would be taken for the same person.
func again(body []byte, n int) []byte {
	if n == 0 {
		return body
	}
	out := uuid.ReplaceAll(body, fmt.Appendf(nil, "%08x$1", n))
	out = number.ReplaceAll(out, fmt.Appendf(nil, `"value": "$1/%d"`, n))
	out = birthDate.ReplaceAllFunc(out, func(date []byte) []byte {
		year, _ := strconv.Atoi(string(birthDate.FindSubmatch(date)[1]))
		return fmt.Appendf(nil, `"birthDate": "%04d-`, year-7*n)
	})
	return bytes.ReplaceAll(out, []byte(`"family": "`), fmt.Appendf(nil, `"family": "R%d`, n))
}

func (b *bench) bundles(s *server, store string) error {
	list, err := b.synthea()
	if err != nil {
		return err
	}
	token, err := s.run(b.ctx, "token", "--client", "bench")
	if err != nil {
		return err
	}
	total := 0
	for clients, round := 1, 0; clients <= 4; clients, round = clients*4, round+1 {
		resources, took, err := b.post(s, token, list, clients, round)
		if err != nil {
			return err
		}
		total += resources
		rate := float64(resources) / took.Seconds()
		against := ""
		if clients == 4 {
			base, err := b.baseline(list)
			if err != nil {
				return err
			}
			against = fmt.Sprintf("%.2f of the same bytes with nothing else done (%.0f/s); aim ≥ 15000/s, ≥ 0.4", rate/base, base)
		}
		say(fmt.Sprintf("transaction Bundles, %d client(s): resources/s", clients), fmt.Sprintf("%.0f", rate), against)
	}
	if store == "sqlite" {
		say("disk for each resource, history and audit included", fmt.Sprintf("%.0f B", float64(s.size())/float64(total)), "aim ≤ 800 B")
	}
	return nil
}

func (b *bench) post(s *server, token string, list []bundle, clients, round int) (int, time.Duration, error) {
	bodies := make([][]byte, len(list))
	for i := range list {
		bodies[i] = again(list[i].body, round)
	}
	var next, resources atomic.Int64
	var failed atomic.Value
	var wg sync.WaitGroup
	start := time.Now()
	for range clients {
		wg.Go(func() {
			client := &http.Client{Timeout: time.Minute}
			for {
				i := int(next.Add(1)) - 1
				if i >= len(bodies) || failed.Load() != nil {
					return
				}
				if err := send(b.ctx, client, s.http+"/fhir/R4", token, bodies[i]); err != nil {
					failed.Store(err)
					return
				}
				resources.Add(int64(list[i].resources))
			}
		})
	}
	wg.Wait()
	took := time.Since(start)
	if err, ok := failed.Load().(error); ok {
		return 0, 0, err
	}
	return int(resources.Load()), took, nil
}

func send(ctx context.Context, client *http.Client, url, token string, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/fhir+json")
	r.Header.Set("Prefer", "return=minimal")
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("answered %s: %.400s", resp.Status, answer)
	}
	return nil
}

// baseline inserts each resource's bytes as a row, one synced transaction a Bundle, with nothing else done: resources/s.
func (b *bench) baseline(list []bundle) (float64, error) {
	dir, err := os.MkdirTemp("", "kmcr-bench-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	db, err := sql.Open("sqlite", "file:"+dir+"/base.db?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return 0, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE resource(patient INTEGER, n INTEGER, body BLOB, PRIMARY KEY(patient, n)) WITHOUT ROWID"); err != nil {
		return 0, err
	}
	split := make([][]json.RawMessage, len(list))
	resources := 0
	for i, bundle := range list {
		var entries struct {
			Entry []struct{ Resource json.RawMessage }
		}
		if err := json.Unmarshal(bundle.body, &entries); err != nil {
			return 0, err
		}
		for _, e := range entries.Entry {
			split[i] = append(split[i], e.Resource)
		}
		resources += len(split[i])
	}
	start := time.Now()
	for i, list := range split {
		tx, err := db.Begin()
		if err != nil {
			return 0, err
		}
		insert, err := tx.Prepare("INSERT INTO resource VALUES($1, $2, $3)")
		if err != nil {
			return 0, err
		}
		for n, body := range list {
			if _, err := insert.Exec(i, n, []byte(body)); err != nil {
				return 0, err
			}
		}
		if err := tx.Commit(); err != nil {
			return 0, err
		}
	}
	return float64(resources) / time.Since(start).Seconds(), nil
}

// size is what the embedded database takes on disk.
func (s *server) size() int64 {
	var n int64
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(s.folder + "/kmcr.db" + suffix); err == nil {
			n += info.Size()
		}
	}
	return n
}
