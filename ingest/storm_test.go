package ingest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kmcr"
)

// A visit of which a system tells a thousand times is still one encounter, of the ward that was told last.
func TestAStormOfUpdatesOfOneVisit(t *testing.T) {
	h := build(t)
	const events = 1000
	var file []byte
	at := time.Date(2026, 1, 2, 9, 0, 0, 0, time.UTC)
	for n := range events {
		ward := "PV1|1|I|Ash^1^2|21|||||||||||||||V1"
		if n == events-1 {
			ward = "PV1|1|I|Elm^1^2|21|||||||||||||||V1"
		}
		event := "A08"
		if n == 0 {
			event = "A01"
		}
		file = append(file, adt(fmt.Sprint("S", n), event, at.Add(time.Duration(n)*time.Minute).Format("20060102150405"), jack, ward)...)
	}
	totals, err := h.in.Import(h.ctx(), "hospital", "storm.hl7", file, nil)
	h.must(err)
	if totals.Applied != events {
		t.Fatalf("applied %d of %d", totals.Applied, events)
	}
	p, err := h.db.PatientByKey(h.ctx(), "hospital", "RVV|J1")
	h.must(err)
	all, err := h.db.Compartments(h.ctx(), p.ID)
	h.must(err)
	var visits []*kmcr.Statement
	for _, s := range all[0].Current() {
		if s.Type == "Encounter" {
			visits = append(visits, s)
		}
	}
	if len(visits) != 1 || !strings.Contains(string(visits[0].Body), "Elm") {
		t.Errorf("%d visits; the last says %s", len(visits), visits[0].Body)
	}
}
