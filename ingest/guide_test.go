package ingest_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"kmcr"
)

// The examples of docs/integration.md are taken in as they stand, each applied in full.
func TestExamplesOfTheIntegrationGuide(t *testing.T) {
	guide, err := os.ReadFile("../docs/integration.md")
	if err != nil {
		t.Fatal(err)
	}
	from := map[kmcr.Format]kmcr.ContributorCode{kmcr.FormatHL7v2: "hospital", kmcr.FormatCLD: "council", kmcr.FormatCase: "council", kmcr.FormatCIN: "council", kmcr.Format903: "council", kmcr.FormatMHSDS: "community"}
	h := build(t)
	run := map[kmcr.Format]int{}
	blocks := strings.Split(string(guide), "\n```")
	for i := 1; i < len(blocks); i += 2 {
		name, example, _ := strings.Cut(blocks[i], "\n")
		format := kmcr.Format(name)
		if !slices.Contains(kmcr.Formats, format) || from[format] == "" {
			continue
		}
		run[format]++
		t.Run(name, func(t *testing.T) {
			totals, err := h.in.Import(h.ctx(), from[format], "example.txt", []byte(example+"\n"), nil)
			if err != nil || totals.Applied == 0 || totals.Parked+totals.Rejected > 0 {
				t.Errorf("the example became %+v, %v", totals, err)
			}
		})
	}
	for format := range from {
		if run[format] == 0 {
			t.Errorf("the guide has no example of %s", format)
		}
	}
	h.balanced()
}
