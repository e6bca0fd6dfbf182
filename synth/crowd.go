package synth

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"time"
)

// Crowd draws n people who live in households and have no history, one at a
// time, so that a register of any size needs no memory. The test range has
// some 900,000 numbers (999 and six digits); those drawn after have none.
func Crowd(seed uint64, n int, now time.Time) iter.Seq[Person] {
	return func(yield func(Person) bool) {
		w := &World{Now: now.Truncate(time.Hour), rng: rand.New(rand.NewPCG(seed, 0x63726f77))}
		for drawn := 0; drawn < n; {
			first := w.somebody(w.pick([]string{"female", "male"}), 20+w.rng.IntN(70))
			for size := 1 + w.rng.IntN(4); size > 0 && drawn < n; size-- {
				p := *first
				if size > 1 {
					p = *w.newPerson(w.pick([]string{"female", "male"}), first.Family, w.rng.IntN(90))
					p.Line, p.Town, p.Postcode, p.Telephone, p.Practice = first.Line, first.Town, first.Postcode, first.Telephone, first.Practice
				}
				p.ID = fmt.Sprint("c", drawn)
				if drawn >= 900_000 {
					p.NHS = ""
				}
				if !yield(p) {
					return
				}
				drawn++
			}
		}
	}
}
