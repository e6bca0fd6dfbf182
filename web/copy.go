package web

import (
	"archive/zip"
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"kmcr"
	"kmcr/disclose"
	"kmcr/fhir"
)

// accessPDF is who looked at a record, on paper.
func (s *site) accessPDF(q *ask) error {
	entries, err := s.out.Looks(q.Context(), q.viewer, q.PathValue("ref"))
	if err != nil {
		return err
	}
	looks := make([]look, len(entries))
	for n, e := range entries {
		looks[n] = lookOf(e)
	}
	b, err := s.looksPDF(looks)
	if err != nil {
		return kmcr.Errorf(kmcr.Fault, "PDF of %s: %w", q.pattern, err)
	}
	q.w.Header().Set("Content-Disposition", `attachment; filename="who-looked.pdf"`)
	return q.write(0, "application/pdf", b)
}

func (s *site) looksPDF(looks []look) ([]byte, error) {
	p, err := newPaper("Who looked at this record")
	if err != nil {
		return nil, err
	}
	p.paragraph("Every look is written down before anything is shown: who, in which role, for whom they work, why, and what of the record. Several pages opened within half an hour stand in one row.")
	var rows [][]string
	for _, l := range sittings(looks) {
		why := purposeWords(l.Purpose)
		if l.Reason != "" {
			why += ": " + l.Reason
		}
		if !l.Allowed {
			why = "Refused. " + why
		}
		who := l.Name
		if who == "" {
			who = l.Account
		}
		var pages []string
		for _, w := range l.Wheres {
			pages = append(pages, pageOf(w))
		}
		rows = append(rows, []string{l.From.In(london).Format("02-Jan-2006 15:04"), who + "\n" + string(l.Role), s.organisation(l.Organisation), why + "\n" + l.Rule, strings.Join(pages, ", ") + fmt.Sprintf("\n%d %s of the record", l.Shown, plural(l.Shown, "entry", "entries"))})
	}
	p.table([]int{2, 2, 2, 3, 3}, []string{"When", "Who", "Organisation", "Why, and the rule", "At what"}, rows)
	if len(rows) == 0 {
		p.paragraph("Nobody has looked at this record yet.")
	}
	return p.bytes()
}

func purposeWords(p kmcr.Purpose) string {
	switch p {
	case kmcr.DirectCare:
		return "Direct care"
	case kmcr.BreakGlass:
		return "An emergency"
	case kmcr.Administration:
		return "Running the record"
	}
	return string(p)
}

// copyForm asks why a copy is made, and says what is in it.
func (s *site) copyForm(q *ask) error {
	if err := s.out.MayCopy(q.Context(), q.viewer, q.PathValue("ref")); err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"ref": q.PathValue("ref"), "reason": ""})
	}
	return s.show(q, "copy", page{Title: "Make a copy of this record for the person", Body: copyView{Ref: q.PathValue("ref")}})
}

type copyView struct{ Ref, Reason, Wrong string }

// copy answers with the copy: a ZIP with the record as FHIR and on paper, and who looked.
func (s *site) copy(q *ask) error {
	reason, err := q.reason()
	if err != nil {
		return err
	}
	c, err := s.out.Copy(q.Context(), q.viewer, q.PathValue("ref"), reason)
	if kmcr.KindOf(err) == kmcr.Invalid && q.wantsPage() {
		return s.show(q, "copy", page{Title: "Make a copy of this record for the person", Status: http.StatusBadRequest, Body: copyView{Ref: q.PathValue("ref"), Reason: reason, Wrong: describe(err).Message}})
	}
	if err != nil {
		return err
	}
	b, err := s.pack(c)
	if err != nil {
		return kmcr.Errorf(kmcr.Fault, "copy: %w", err)
	}
	q.w.Header().Set("Content-Disposition", `attachment; filename="record.zip"`)
	return q.write(0, "application/zip", b)
}

// pack writes the files of a copy.
func (s *site) pack(c *disclose.Copy) ([]byte, error) {
	looks := make([]look, len(c.Looks))
	for n, e := range c.Looks {
		looks[n] = lookOf(e)
	}
	looked, err := encode(map[string]any{"looks": looks})
	if err != nil {
		return nil, err
	}
	lookedPDF, err := s.looksPDF(looks)
	if err != nil {
		return nil, err
	}
	paper, err := s.copyPDF(c)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range []struct {
		name string
		body []byte
	}{{"record.json", copyBundle(c)}, {"record.pdf", paper}, {"who-looked.json", looked}, {"who-looked.pdf", lookedPDF}} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Deflate})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(f.body); err != nil {
			return nil, err
		}
	}
	err = z.Close()
	return out.Bytes(), err
}

// copyBundle is the record as a FHIR Bundle.
func copyBundle(c *disclose.Copy) []byte {
	out := []byte(`{"resourceType":"Bundle","type":"collection","entry":[{"resource":`)
	out = append(append(out, c.Patient...), '}')
	for _, x := range c.Statements {
		out = append(out, `,{"resource":`...)
		out = fhir.Render(out, x.Body, x.Meta, x.ID.String(), strconv.Itoa(x.Version), x.Recorded.UTC().Format("2006-01-02T15:04:05.000Z"), "urn:kmcr:contributor:"+string(x.Contributor))
		out = append(out, '}')
	}
	return append(out, `]}`...)
}

// copyPDF is the record on paper: every entry, by kind, newest first.
func (s *site) copyPDF(c *disclose.Copy) ([]byte, error) {
	p, err := newPaper("A copy of your record")
	if err != nil {
		return nil, err
	}
	p.paragraph(c.Found.Name + ", born " + c.Found.Born)
	p.paragraph("This is what the Kent and Medway Care Record holds about you, from the organisations named beside each entry. The same is in record.json in full, for a computer to read.")
	if c.Withheld > 0 {
		p.paragraph(fmt.Sprintf("%d %s not in this copy, because somebody has to judge first whether giving it would tell about another person or put somebody at risk. Ask the privacy officer about it.", c.Withheld, plural(c.Withheld, "entry is", "entries are")))
	}
	byType := map[string][]*kmcr.Statement{}
	for _, x := range c.Statements {
		byType[x.Type] = append(byType[x.Type], x)
	}
	types := make([]string, 0, len(byType))
	for t := range byType {
		types = append(types, t)
	}
	slices.Sort(types)
	for _, t := range types {
		list := byType[t]
		slices.SortStableFunc(list, func(a, b *kmcr.Statement) int { return cmp.Compare(b.At.Unix(), a.At.Unix()) })
		rows := make([][]string, len(list))
		for n, x := range list {
			rows[n] = []string{dateOf(x.At), inWords(x), string(x.Contributor)}
		}
		p.heading(fmt.Sprintf("%s (%d)", t, len(list)))
		p.table([]int{2, 7, 3}, []string{"When", "What", "From"}, rows)
	}
	return p.bytes()
}

func dateOf(t time.Time) string {
	if t.IsZero() {
		return "Not recorded"
	}
	return t.In(london).Format("02-Jan-2006")
}

// said are the places in a resource that say what it is about, best first.
var said = []string{"code.text", "code.coding.display", "medicationCodeableConcept.text", "medicationCodeableConcept.coding.display", "vaccineCode.text", "vaccineCode.coding.display",
	"type.text", "type.coding.display", "title", "description", "name.text", "name", "category.text", "category.coding.display"}

// inWords is what an entry is about, with its value.
func inWords(x *kmcr.Statement) string {
	r := fhir.Of(x)
	if r == nil {
		return "Not readable"
	}
	root := r.Root()
	what := ""
	for _, path := range said {
		if what = root.First(path).Text(); what != "" {
			break
		}
	}
	if v := root.First("valueQuantity.value"); v.Exists() {
		what += ": " + v.Text() + " " + root.First("valueQuantity.unit").Text()
	} else if v := root.First("valueString").Text() + root.First("valueCodeableConcept.text").Text(); v != "" {
		what += ": " + v
	}
	if d := root.First("dosageInstruction.text").Text(); d != "" {
		what += ", " + d
	}
	if status := root.First("clinicalStatus.coding.code").Text() + root.First("status").Text(); status != "" {
		what += " (" + status + ")"
	}
	return strings.TrimSpace(what)
}
