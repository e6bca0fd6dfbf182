package ingest_test

import (
	"testing"

	"kmcr/store"
)

// What was kept under an earlier edition of the tokens is found again: the person stays one.
func TestPatientsOfAnEarlierEditionAreFound(t *testing.T) {
	for name, edition := range map[string]int{"the edition of this program": 0, "an earlier one": 1} {
		t.Run(name, func(t *testing.T) {
			h := build(t)
			h.register(1, known(1), "")
			if edition != 0 {
				h.must(h.db.Write(h.ctx(), func(tx *store.Tx) error {
					for _, p := range h.patients() {
						if err := tx.PutPatient(p, nil, []string{"earlier|1"}); err != nil {
							return err
						}
					}
					return tx.Put(store.KindSetting, "token-edition", edition)
				}))
			}
			h.close()
			h.open()
			h.tell("A31", "A31", 1, known(1), "")
			h.quiet()
			if got := h.people(); len(got) != 1 {
				t.Errorf("one person is known as %v", got)
			}
		})
	}
}
