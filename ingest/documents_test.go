package ingest_test

import (
	"strings"
	"testing"
)

// A letter is announced (T01), sent (T02) and signed (T03) in whatever order: its content and its newest status are shown.
func TestAChangeOfStatusKeepsTheLetter(t *testing.T) {
	letter := func(control, event, at, status, obx string) string {
		return "MSH|^~\\&|PAS|RVV|KMCR|QKS|" + at + "||MDM^" + event + "|" + control + "|P|2.4\rEVN|" + event + "|" + at + "\r" + jack + "\rTXA|1|DS|TX|20260102101500||||||||L1^RVV|||||" + status + "\r" + obx
	}
	content := "OBX|1|TX|1^Letter||Dear colleague\r"
	t01, t02, t03 := letter("m1", "T01", "20260102100000", "DI", ""), letter("m2", "T02", "20260102110000", "DI", content), letter("m3", "T03", "20260102120000", "AU", "")
	for says, order := range map[string][]string{"in order": {t01, t02, t03}, "announced last": {t02, t01, t03}, "sent last": {t01, t03, t02}} {
		t.Run(says, func(t *testing.T) {
			h := build(t)
			for _, m := range order {
				_, err := h.in.Import(h.ctx(), "hospital", "mdm.hl7", []byte(m), nil)
				h.must(err)
			}
			p, err := h.db.PatientByKey(h.ctx(), "hospital", "RVV|J1")
			h.must(err)
			all, err := h.db.Compartments(h.ctx(), p.ID)
			h.must(err)
			for _, s := range all[0].Current() {
				if s.Type != "DocumentReference" {
					continue
				}
				if !strings.Contains(string(s.Body), "RGVhciBjb2xsZWFndWU") {
					t.Errorf("the letter has lost its content: %s", s.Body)
				}
				if says != "sent last" && !strings.Contains(string(s.Body), `"docStatus":"final"`) {
					t.Errorf("the letter is not signed: %s", s.Body)
				}
			}
			if sum := h.balanced(); sum.Applied != 3 {
				t.Errorf("applied %d of 3", sum.Applied)
			}
		})
	}
}

// A letter that another replaces (T10, TXA-13) is superseded in whatever order the two come, and in force again when that one is taken back (T11).
func TestAReplacedLetterIsSuperseded(t *testing.T) {
	letter := func(control, event, at, number, parent string) string {
		return "MSH|^~\\&|PAS|RVV|KMCR|QKS|" + at + "||MDM^" + event + "|" + control + "|P|2.4\rEVN|" + event + "|" + at + "\r" + jack + "\rTXA|1|DS|TX|20260102101500||||||||" + number + "^RVV|" + parent + "||||AU\rOBX|1|TX|1^Letter||Dear colleague\r"
	}
	first, second := letter("m1", "T02", "20260102100000", "L1", ""), letter("m2", "T10", "20260102110000", "L2", "L1^RVV")
	signed, taken := letter("m3", "T08", "20260102120000", "L1", ""), letter("m4", "T11", "20260102130000", "L2", "L1^RVV")
	for says, c := range map[string]struct {
		order []string
		want  string
	}{
		"one letter": {[]string{first}, "current"}, "replaced": {[]string{first, second}, "superseded"}, "the later one first": {[]string{second, first}, "superseded"},
		"edited afterwards": {[]string{first, second, signed}, "superseded"}, "taken back": {[]string{first, second, taken}, "current"}, "taken back, the first last": {[]string{second, taken, first}, "current"},
	} {
		t.Run(says, func(t *testing.T) {
			h := build(t)
			line := h.dial(h.listen())
			for _, m := range c.order {
				if got := code(line.send(m)); got != "AA" {
					t.Fatalf("answered %s", got)
				}
				h.quiet()
			}
			p, err := h.db.PatientByKey(h.ctx(), "hospital", "RVV|J1")
			h.must(err)
			found := false
			for _, s := range h.compartment(p.ID).Current() {
				if s.Type == "DocumentReference" && strings.Contains(s.Key, "L1") {
					found = true
					if !strings.Contains(string(s.Body), `"status":"`+c.want+`"`) {
						t.Errorf("the first letter is not %s: %s", c.want, s.Body)
					}
				}
			}
			if !found {
				t.Error("the first letter is gone")
			}
			if sum := h.balanced(); sum.Applied != int64(len(c.order)) {
				t.Errorf("applied %d of %d", sum.Applied, len(c.order))
			}
		})
	}
}
