package store_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/store"
	"kmcr/store/storetest"
)

// dialects are the databases that benchmarks run on.
var dialects = []struct {
	name string
	make func(testing.TB) storetest.Database
}{{"sqlite", storetest.SQLite}, {"postgres", storetest.OnPostgres}}

// synthea reads the bodies of one synthetic person's resources from each file of the shared set.
func synthea(b *testing.B) [][][]byte {
	b.Helper()
	names, _ := filepath.Glob("../../shared/data/synthea-r4/*.json.gz")
	if len(names) == 0 {
		b.Skip("SKIPPED: ../shared/data/synthea-r4 is not there")
	}
	var people [][][]byte
	for _, name := range names {
		people = append(people, bundle(b, name))
	}
	return people
}

func bundle(b *testing.B, name string) (bodies [][]byte) {
	f, err := os.Open(name)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		b.Fatal(err)
	}
	var bundle struct {
		Entry []struct{ Resource json.RawMessage }
	}
	if err := json.NewDecoder(z).Decode(&bundle); err != nil {
		b.Fatal(err)
	}
	for _, e := range bundle.Entry {
		bodies = append(bodies, e.Resource)
	}
	return bodies
}

func statementsOf(p *store.Patient, bodies [][]byte) []*kmcr.Statement {
	all := make([]*kmcr.Statement, 0, len(bodies))
	for i, body := range bodies {
		key := fmt.Sprint("urn:uuid:", i)
		all = append(all, &kmcr.Statement{ID: store.StatementIDFor(p.ID, key), Type: "Observation", Section: kmcr.Observations, Key: key, At: time.Now(), Body: body})
	}
	return all
}

// takeIn does what a transaction Bundle of a new patient does to the memory: seal, and in one commit ledger, patient, block, audit.
func takeIn(db *store.DB, n int64, bodies [][]byte) (*store.Patient, error) {
	p := db.NewPatient("gp", fmt.Sprint(n))
	p.Person = db.NewPerson()
	block, err := db.Seal(p, nil, statementsOf(p, bodies), nil, time.Now())
	if err != nil {
		return nil, err
	}
	return p, db.Write(context.Background(), func(tx *store.Tx) error {
		m := &store.Message{Contributor: "gp", Format: kmcr.FormatFHIR, ControlID: fmt.Sprint(n), Hash: [32]byte{byte(n)}, State: store.Applied}
		if _, err := tx.Accept(m, nil); err != nil {
			return err
		}
		if err := tx.PutPatient(p, nil, []string{fmt.Sprint("nhs|", n), fmt.Sprint("name|", n)}); err != nil {
			return err
		}
		if err := tx.Append(block); err != nil {
			return err
		}
		return tx.Audit(&audit.Entry{At: time.Now(), Action: "ingest", Patient: p.ID, Person: p.Person, Allowed: true})
	})
}

func BenchmarkAppend(b *testing.B) {
	people := synthea(b)
	for _, d := range dialects {
		b.Run(d.name, func(b *testing.B) {
			db := d.make(b).Open(b)
			var n, resources, bytes atomic.Int64
			b.SetParallelism(4)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					i := n.Add(1)
					bodies := people[int(i)%len(people)]
					if _, err := takeIn(db, i, bodies); err != nil {
						b.Error(err)
						return
					}
					resources.Add(int64(len(bodies)))
					for _, body := range bodies {
						bytes.Add(int64(len(body)))
					}
				}
			})
			b.StopTimer()
			size, err := db.Size(context.Background())
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(resources.Load())/b.Elapsed().Seconds(), "resources/s")
			b.ReportMetric(float64(size)/float64(resources.Load()), "B/resource-on-disk")
			b.ReportMetric(float64(bytes.Load())/float64(resources.Load()), "B/resource-sent")
		})
	}
}

func BenchmarkRead(b *testing.B) {
	people := synthea(b)
	var thousand [][]byte
	for _, bodies := range people {
		for len(bodies) > 0 && len(thousand) < 1000 {
			thousand, bodies = append(thousand, bodies[0]), bodies[1:]
		}
	}
	for _, d := range dialects {
		for _, how := range []struct {
			name  string
			cache int64
		}{{"cold", 1}, {"cached", 0}} {
			b.Run(d.name+"/"+how.name, func(b *testing.B) {
				db := d.make(b).With(b, store.Options{Cache: how.cache})
				var ids []kmcr.PatientID
				for i := range int64(2) { // two in turn, so that a cache of one byte never has the right one
					p, err := takeIn(db, i, thousand)
					if err != nil {
						b.Fatal(err)
					}
					ids = append(ids, p.ID)
				}
				b.ReportAllocs()
				b.ResetTimer()
				for i := range b.N {
					cs, err := db.Compartments(context.Background(), ids[i%2])
					if err != nil || len(cs[0].Current()) != len(thousand) {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkAccept is the durable acceptance of HL7 messages from 16 connections.
func BenchmarkAccept(b *testing.B) {
	raw := make([]byte, 900)
	for _, d := range dialects {
		b.Run(d.name, func(b *testing.B) {
			db := d.make(b).Open(b)
			var n atomic.Int64
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					m := &store.Message{Contributor: "hospital-east", Format: kmcr.FormatHL7v2, ControlID: fmt.Sprint(n.Add(1)), Answer: make([]byte, 120)}
					if err := db.Write(context.Background(), func(tx *store.Tx) error { _, err := tx.Accept(m, raw); return err }); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

func BenchmarkAudit(b *testing.B) {
	shown := make([]audit.Shown, 500)
	for i := range shown {
		shown[i] = audit.Shown{ID: kmcr.StatementID{Patient: 5, Hash: uint64(i) * 0x9e3779b97f4a7c15}, Version: 1}
	}
	for _, d := range dialects {
		b.Run(d.name, func(b *testing.B) {
			db := d.make(b).Open(b)
			b.SetParallelism(4)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := db.AuditNow(context.Background(), &audit.Entry{At: time.Now(), Action: "read", Person: 7, Allowed: true, Shown: shown}); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
