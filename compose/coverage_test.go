package compose

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"kmcr"
)

// docs/coverage.md says where each heading of the record standard stands; each row is tried with a statement of each type that it names.
func TestCoverage(t *testing.T) {
	text, err := os.ReadFile("../docs/coverage.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "|---|---|---|---|---|\n")
	rows := 0
	for line := range strings.SplitSeq(table, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 6 {
			break
		}
		rows++
		heading, part, from := strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2]), strings.TrimSpace(cells[4])
		t.Run(heading, func(t *testing.T) {
			for kind := range strings.SplitSeq(from, ";") {
				kind, _, elsewhere := strings.Cut(strings.TrimSpace(kind), " shows ")
				if elsewhere || strings.Contains(kind, " under ") {
					continue
				}
				kind, within, _ := strings.Cut(kind, " in section ")
				kind, _, _ = strings.Cut(kind, " ")
				if kind, path, nested := strings.Cut(kind, "."); nested {
					mustStand(t, part, kind, within, path)
					continue
				}
				mustStand(t, part, kind, within, "")
			}
		})
	}
	if rows < 30 {
		t.Errorf("%d headings are in the table: the standard has more", rows)
	}
}

// mustStand composes one statement and looks for it in a part of the record's JSON.
func mustStand(t *testing.T, part, kind, section, path string) {
	t.Helper()
	if kind == "Patient" {
		r := Compose(Input{Now: now, Demographics: []Demographics{{Contributor: "gp", Names: []Name{{Family: "X"}}, Practice: "G81001", PracticeName: "Ivy Court"}}})
		if path == "" && r.Banner.Name != "X" || path != "" && r.Banner.Practice != "Ivy Court" {
			t.Errorf("the banner says %q, %q", r.Banner.Name, r.Banner.Practice)
		}
		return
	}
	list := statements(t, "gp", 1, `{"resourceType":"`+kind+`","id":"x","status":"active","code":{"text":"Something"},"medicationCodeableConcept":{"text":"Something"},"category":[{"text":"Something"}]}`)
	if section != "" {
		list[0].Section = kmcr.Section(section)
	}
	b, err := json.Marshal(Compose(Input{Statements: list, Now: now}))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(all[part]), list[0].ID.String()) {
		t.Errorf("a %s does not stand in %q", kind, part)
	}
}
