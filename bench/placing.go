package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"kmcr/store/storetest"
	"kmcr/synth"
)

const (
	crowdSeed = 20261123
	// fewPeople is the population with which a larger one is compared.
	fewPeople = 10_000
	// placed is how many single patients are placed and timed.
	placed = 1_000
	// together is how many people are sent in one Bundle to fill a population.
	together = 100
)

// placings measures placing on each store; on PostgreSQL, which takes a fifth of them in the same time, among a fifth.
func (b *bench) placings(n int) error {
	if err := b.placing(n, "sqlite", "embedded store"); err != nil || !b.wants("postgres") {
		return err
	}
	address, err := storetest.StartPostgres()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: PostgreSQL is left out:", err)
		return nil
	}
	return b.placing(max(n/5, fewPeople), address, "PostgreSQL")
}

// placing measures how long it takes to find out whose one patient is and to keep it, among few people and among n: half of those
// that are placed are known to another contributor already. store is "sqlite", or the address of an empty PostgreSQL database.
func (b *bench) placing(n int, store, name string) error {
	fmt.Printf("\nPlacing one patient among %d people and among %d, %s\n", fewPeople, n, name)
	dir, err := os.MkdirTemp("", "kmcr-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s, err := start(b.ctx, dir, store)
	if err != nil {
		return err
	}
	defer s.stop()
	if _, err := s.run(b.ctx, "contributor", "add", "bench-second", "--organisation", "RVV", "--format", "fhir-r4"); err != nil {
		return err
	}
	crowd, stop := iter.Pull(synth.Crowd(crowdSeed, n+placed, time.Now()))
	defer stop()
	var known []synth.Person
	var medians []float64
	there := 0
	for _, people := range []int{fewPeople, n} {
		start := time.Now()
		known, err = b.fill(s, crowd, people-there)
		if err != nil {
			return err
		}
		rate := float64(people-there) / time.Since(start).Seconds()
		there = people
		took, err := b.placeEach(s, crowd, known)
		if err != nil {
			return err
		}
		medians = append(medians, ms(took, 50))
		say(fmt.Sprintf("%d people: placing one, HTTP and synced commit included", people), fmt.Sprintf("p50 %.2f ms, p99 %.2f ms", ms(took, 50), ms(took, 99)), fmt.Sprintf("aim p50 under 2 ms embedded; filled at %.0f people/s", rate))
	}
	say("ratio", fmt.Sprintf("%.2f", medians[1]/medians[0]), "aim within 1.5")
	if store == "sqlite" {
		say("disk for each person, with how to find them", fmt.Sprintf("%.0f B", float64(s.size())/float64(there)), "")
	}
	return nil
}

// fill sends the next people of the crowd, many in a Bundle, and returns the last of them, as many as placeEach sends again.
func (b *bench) fill(s *server, crowd func() (synth.Person, bool), people int) (last []synth.Person, err error) {
	bundles := make(chan []byte)
	var failed atomic.Value
	var senders sync.WaitGroup
	for range 2 {
		senders.Go(func() {
			if err := b.sendAll(s, bundles); err != nil {
				failed.Store(err)
				for range bundles { // whoever gives must not wait for one who has gone
				}
			}
		})
	}
	shown := time.Now()
	for sent := 0; sent < people && failed.Load() == nil && b.ctx.Err() == nil; {
		if time.Since(shown) > 20*time.Second {
			fmt.Fprintf(os.Stderr, "bench: %d of %d people in place\n", sent, people)
			shown = time.Now()
		}
		var some []synth.Person
		for ; len(some) < together && sent < people; sent++ {
			p, _ := crowd()
			some = append(some, p)
		}
		bundles <- patientBundle(some)
		last = append(last, some...)
		last = last[max(0, len(last)-placed/4):]
	}
	close(bundles)
	senders.Wait()
	if err, ok := failed.Load().(error); ok {
		return nil, err
	}
	return last, b.ctx.Err()
}

// sendAll sends Bundles until there are no more; a token lasts minutes, a crowd longer.
func (b *bench) sendAll(s *server, bundles <-chan []byte) error {
	client := &http.Client{Timeout: time.Minute}
	var token string
	var since time.Time
	for body := range bundles {
		if time.Since(since) > time.Minute {
			var err error
			if token, err = s.run(b.ctx, "token", "--client", "bench"); err != nil {
				return err
			}
			since = time.Now()
		}
		if err := send(b.ctx, client, s.http+"/fhir/R4", token, body); err != nil {
			return err
		}
	}
	return nil
}

// placeEach sends single patients of the second contributor: newcomers, and those whom the first one knows.
func (b *bench) placeEach(s *server, crowd func() (synth.Person, bool), known []synth.Person) ([]time.Duration, error) {
	token, err := s.run(b.ctx, "token", "--client", "bench-second")
	if err != nil {
		return nil, err
	}
	client := &http.Client{Timeout: time.Minute}
	var took []time.Duration
	for i := range placed / 2 {
		p := known[i/2%len(known)]
		if i%2 == 0 {
			p, _ = crowd()
		}
		p.ID += fmt.Sprintf("-%d", i)
		start := time.Now()
		if err := send(b.ctx, client, s.http+"/fhir/R4/Patient", token, patient(p)); err != nil {
			return nil, err
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return took, nil
}

func patientBundle(people []synth.Person) []byte {
	var b bytes.Buffer
	b.WriteString(`{"resourceType":"Bundle","type":"transaction","entry":[`)
	for i, p := range people {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"resource":%s,"request":{"method":"POST","url":"Patient"}}`, patient(p))
	}
	b.WriteString(`]}`)
	return b.Bytes()
}

func patient(p synth.Person) []byte {
	ids := []object{{"system": "https://bench.example/id", "value": p.ID}}
	if p.NHS != "" {
		ids = append(ids, object{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": string(p.NHS)})
	}
	out, _ := json.Marshal(object{"resourceType": "Patient", "identifier": ids, "gender": p.Sex, "birthDate": p.Born.Format(time.DateOnly),
		"name":    []object{{"family": p.Family, "given": []string{p.Given}}},
		"address": []object{{"line": []string{p.Line}, "city": p.Town, "postalCode": p.Postcode}},
		"telecom": []object{{"system": "phone", "value": p.Telephone}}})
	return out
}
