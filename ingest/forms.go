package ingest

import (
	"bytes"
	"errors"
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
	return shortened("kept as sent, and in no statement: " + strings.Join(slices.Compact(unmapped), "; "))
}

func shortened(words string) string {
	if len(words) > mostUnmapped {
		return strings.ToValidUTF8(words[:mostUnmapped], "") + " …"
	}
	return words
}

// ukCore is by what a resource names a profile of UK Core.
var ukCore = []byte("StructureDefinition/UKCore-")

// doubt notes what is not as the UK Core profiles ask that the resources name; from a contributor held to them it is refused.
func (q *request) doubt(r *fhir.Resource, body []byte, level kmcr.Strictness) error {
	if !bytes.Contains(body, ukCore) {
		return nil
	}
	var wrong []fhir.Issue
	for _, i := range fhir.ValidateProfiles(r) {
		if i.Severity == "error" {
			wrong = append(wrong, i)
		}
		q.doubts = append(q.doubts, i.Expression+": "+i.Diagnostics)
	}
	if len(wrong) > 0 && level == kmcr.StrictProfiles {
		return &invalid{wrong}
	}
	return nil
}

// brought is a file or message in the form in which it is taken in.
type brought struct {
	body      []byte               // FHIR JSON
	converted *translate.Converted // where it was sent in a form that is not FHIR R4 in JSON or XML
}

// bring makes FHIR JSON of what may be XML of several forms.
func bring(content []byte, format kmcr.Format) (brought, error) {
	if !isXML(content) {
		return brought{body: content}, nil
	}
	body, err := fhir.FromXML(content)
	if err == nil {
		return brought{body: body}, nil
	}
	c, other := translate.XML(content, format == kmcr.FormatGPC)
	switch {
	case other == nil:
		return brought{c.Body, &c}, nil
	case kmcr.KindOf(other) == kmcr.Unsupported && isFHIRXML(content):
		return brought{}, &parking{reason: "not-valid", detail: detailOf(err)}
	}
	return brought{}, other
}

// isFHIRXML tells whether XML says that it is FHIR.
func isFHIRXML(content []byte) bool {
	return bytes.Contains(content[:min(len(content), 2048)], []byte(`"http://hl7.org/fhir"`))
}

// strictness is that of the contributor, or the usual: what comes over HTTP is
// refused, for its sender is told at once; what comes in a file is parked.
func strictness(c kmcr.Contributor, in *Interaction) kmcr.Strictness {
	switch {
	case c.Strictness != kmcr.StrictUsual:
		return c.Strictness
	case in.filed:
		return kmcr.StrictPark
	}
	return kmcr.StrictRefuse
}

// lenient tells whether what breaks R4 is looked at again.
func lenient(level kmcr.Strictness) bool { return level == kmcr.StrictPark || level == kmcr.StrictKeep }

// decodeMended takes up a body that breaks R4, after it was mended: what is
// missing is noted; what would have to be taken away is, or parks it.
func (s *Service) decodeMended(in *Interaction, r *fhir.Resource, wrong *invalid, level kmcr.Strictness) (*request, error) {
	park := &parking{reason: "not-valid", detail: wrong.Error()}
	c, mended := translate.Mend(r)
	made, err := fhir.Parse(c.Body)
	if err != nil || len(c.Unmapped) > 0 && level != kmcr.StrictKeep {
		return nil, park
	}
	again := *in
	again.tolerant = true
	q, err := s.decodeR4(&again, made)
	if errors.As(err, &wrong) {
		return nil, &parking{reason: "not-valid", detail: wrong.Error()}
	}
	if err != nil {
		return nil, err
	}
	q.unmapped, q.doubts = append(q.unmapped, c.Unmapped...), mended
	for _, i := range fhir.Validate(made) {
		if i.Code == "required" {
			q.doubts = append(q.doubts, i.Expression+": missing")
		}
	}
	return q, nil
}

// orFiled parks what is refused of a file, where it is well-formed FHIR: it can then be looked at, and taken up again.
func orFiled(filed bool, kind string, err error) error {
	if !filed || parkedBecause(err) != nil || !fhir.KnownType(kind) {
		return err
	}
	var e *kmcr.Error
	if errors.As(err, &e) && (e.Kind == kmcr.Invalid || e.Kind == kmcr.Unsupported) {
		return &parking{reason: "not-valid", detail: detailOf(err)}
	}
	return err
}
