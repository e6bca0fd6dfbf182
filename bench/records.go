package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strings"
	"sync"
	"time"

	"kmcr"
)

// person is someone whose record is opened.
type person struct {
	ref        string
	statements int
}

// records opens the records of people with 500 to 1,000 statements, decided and audited, as FHIR and as the page's JSON.
func (b *bench) records(s *server) error {
	token, err := s.run(b.ctx, "token", "--user", "bench-gp")
	if err != nil {
		return err
	}
	people, err := b.people(s, token)
	if err != nil {
		return err
	}
	if len(people) == 0 {
		return fmt.Errorf("nobody with 500 to 1,000 statements was found")
	}
	for _, door := range []struct{ name, path string }{{"$everything", "/fhir/R4/Patient/%s/$everything"}, {"JSON record", "/people/%s"}} {
		for _, clients := range []int{1, 4} {
			took, err := b.opens(s, token, people, door.path, clients, 400)
			if err != nil {
				return err
			}
			say(fmt.Sprintf("%s of 500 to 1,000 statements, %d client(s)", door.name, clients),
				fmt.Sprintf("p50 %.1f p99 %.1f ms", ms(took, 50), ms(took, 99)), "aim p50 ≤ 5 with one, p99 ≤ 30 with four")
		}
	}
	return b.silence(s, people)
}

// silence asks for records that are there and for those that are not, in turn, for somebody who may know of neither: both are answered 404,
// and how long that takes must not tell which is which.
func (b *bench) silence(s *server, people []person) error {
	if _, err := s.run(b.ctx, "user", "add", "bench-carer", "--name", "Bench carer", "--role", "carer", "--organisation", "RVV"); err != nil {
		return err
	}
	token, err := s.run(b.ctx, "token", "--user", "bench-carer")
	if err != nil {
		return err
	}
	var took [2][]time.Duration // of those that are there, of those that are not
	for n := range 1000 {
		refs := [2]string{people[n%len(people)].ref, string(kmcr.PersonID(1<<40 + n*7919).Ref())}
		for which, ref := range refs {
			start := time.Now()
			if _, err := b.ask(s, token, http.MethodGet, "/people/"+ref, nil); err == nil || !strings.Contains(err.Error(), "404") {
				return fmt.Errorf("a record that may not be known of was answered: %v", err)
			}
			took[which] = append(took[which], time.Since(start))
		}
	}
	there, absent := ms(took[0], 50), ms(took[1], 50)
	say("404 for a record that is there, and for none: p50", fmt.Sprintf("%.2f and %.2f ms", there, absent), fmt.Sprintf("ratio %.2f: the time must not tell which", there/absent))
	return nil
}

// people finds, by name and date of birth, those whose record is of the right size.
func (b *bench) people(s *server, token string) ([]person, error) {
	list, err := b.synthea()
	if err != nil {
		return nil, err
	}
	var out []person
	for _, bundle := range list {
		if bundle.resources < 500 || bundle.resources > 1000 {
			continue
		}
		var entries struct {
			Entry []struct {
				Resource json.RawMessage
			}
		}
		if err := json.Unmarshal(bundle.body, &entries); err != nil {
			return nil, err
		}
		var p struct {
			ResourceType, BirthDate string
			Name                    []struct {
				Family string
				Given  []string
			}
		}
		if err := json.Unmarshal(entries.Entry[0].Resource, &p); err != nil {
			return nil, err
		}
		if p.ResourceType != "Patient" || len(p.Name) == 0 {
			continue
		}
		refs, err := b.find(s, token, map[string]string{"family": p.Name[0].Family, "given": p.Name[0].Given[0], "born": p.BirthDate})
		if err != nil {
			return nil, err
		}
		for _, ref := range refs {
			out = append(out, person{ref, bundle.resources})
		}
	}
	return out, nil
}

func (b *bench) find(s *server, token string, query map[string]string) ([]string, error) {
	body, err := json.Marshal(query)
	if err != nil {
		return nil, err
	}
	answer, err := b.ask(s, token, http.MethodPost, "/people/search", body)
	if err != nil {
		return nil, err
	}
	var found struct{ People []struct{ Ref string } }
	if err := json.Unmarshal(answer, &found); err != nil {
		return nil, err
	}
	var refs []string
	for _, p := range found.People {
		refs = append(refs, p.Ref)
	}
	return refs, nil
}

func (b *bench) ask(s *server, token, method, path string, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(b.ctx, method, s.http+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept", "application/json, application/fhir+json")
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %s: %.300s", method, resp.Status, answer)
	}
	return answer, err
}

// opens opens n records by clients side by side, and tells how long each took.
func (b *bench) opens(s *server, token string, people []person, path string, clients, n int) ([]time.Duration, error) {
	var mu sync.Mutex
	var took []time.Duration
	var failed error
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for i := c; i < n; i += clients {
				start := time.Now()
				_, err := b.ask(s, token, http.MethodGet, fmt.Sprintf(path, people[i%len(people)].ref), nil)
				mu.Lock()
				took = append(took, time.Since(start))
				if err != nil {
					failed = err
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	return took, failed
}

func ms(took []time.Duration, percentile int) float64 {
	if len(took) == 0 {
		return 0
	}
	sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
	i := min(len(took)-1, len(took)*percentile/100)
	return float64(took[i].Microseconds()) / 1000
}
