package ingest

import (
	"slices"
	"strings"

	"kmcr"
	"kmcr/fhir"
	"kmcr/translate"
)

// A message of another form than FHIR R4 (STU3, CDA, ITK) is brought into R4
// when it comes in, and then taken in as if it had been sent so. What was sent
// lives on with what it says.

// inR4 gives the R4 form of a resource; converted is nil where it is R4 already.
func inR4(r *fhir.Resource, format kmcr.Format) (*fhir.Resource, *translate.Converted, error) {
	if format != kmcr.FormatGPC && !translate.IsSTU3(r) {
		return r, nil, nil
	}
	c, err := translate.STU3(r)
	if err != nil {
		return nil, nil, err
	}
	made, err := fhir.Parse(c.Body)
	if err != nil {
		return nil, nil, kmcr.Errorf(kmcr.Fault, "a resource was written that is not well formed: %w", err)
	}
	return made, &c, nil
}

// mostUnmapped is how many bytes of what was not mapped the ledger lists.
const mostUnmapped = 2000

// notMapped says what of a converted message is in no statement.
func notMapped(unmapped []string) string {
	if len(unmapped) == 0 {
		return ""
	}
	words := "kept as sent, and in no statement: " + strings.Join(slices.Compact(unmapped), "; ")
	if len(words) > mostUnmapped {
		words = words[:mostUnmapped] + " …"
	}
	return words
}
