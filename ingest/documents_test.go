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
