package main

import (
	"fmt"
	"net/http"
	"os"
	"time"

	"kmcr/synth"
)

// growth compares finding a person and opening a record at n people with 1,000.
func (b *bench) growth(n int) error {
	fmt.Printf("\nGrowth: 1,000 and %d synthetic people, embedded store\n", n)
	type figures struct{ find, open float64 }
	var at []figures
	for _, people := range []int{1000, n} {
		dir, err := os.MkdirTemp("", "kmcr-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		s := &server{dir: dir, store: "sqlite", folder: dir + "/var", database: "sqlite:" + dir + "/var/kmcr.db"}
		if err := s.serve(b.ctx, "--people", fmt.Sprint(people)); err != nil {
			return err
		}
		f, o, err := b.findAndOpen(s)
		s.stop()
		if err != nil {
			return err
		}
		at = append(at, figures{f, o})
		say(fmt.Sprintf("%d people: find a person, open a record (p50)", people), fmt.Sprintf("%.2f and %.2f ms", f, o), "")
	}
	say("ratio", fmt.Sprintf("%.2f and %.2f", at[1].find/at[0].find, at[1].open/at[0].open), "aim within 1.2")
	return nil
}

func (b *bench) findAndOpen(s *server) (find, open float64, err error) {
	token, err := s.run(b.ctx, "token", "--user", "gp")
	if err != nil {
		return 0, 0, err
	}
	w, err := synth.Generate(20261123, 200, time.Now())
	if err != nil {
		return 0, 0, err
	}
	var finds, opens []time.Duration
	for round := range 3 {
		for _, p := range w.People[:100] {
			if p.Practice != synth.DemoPractice {
				continue
			}
			start := time.Now()
			refs, err := b.find(s, token, map[string]string{"nhs_number": p.NHS.String()})
			if err != nil {
				return 0, 0, err
			}
			mid := time.Now()
			for _, ref := range refs {
				if _, err := b.ask(s, token, http.MethodGet, "/people/"+ref, nil); err != nil {
					return 0, 0, err
				}
			}
			if round > 0 {
				finds, opens = append(finds, mid.Sub(start)), append(opens, time.Since(mid))
			}
		}
	}
	return ms(finds, 50), ms(opens, 50), nil
}
