package disclose_test

import (
	"strings"
	"testing"

	"kmcr"
	"kmcr/disclose"
	"kmcr/e2e/house"
)

// What another system has on its screen opens the same person, or nobody.
func TestALaunchOpensTheSamePersonOrNobody(t *testing.T) {
	h := house.New(t)
	p := plant(h, 1, "hospital", "")
	q := plant(h, 2, "hospital", "")
	h.Involve(kmcr.Involvement{Person: p.id, Kind: "registered", Organisation: "RVV"})
	doctor := kmcr.Viewer{Account: "dr", Role: kmcr.RoleHospitalDoctor, Organisation: "RVV"}
	same := disclose.Launched{System: "practice", Query: disclose.Query{NHSNumber: p.nhs, Family: "Quorna", Given: "Zoe", Born: "1981-02-11"}}
	change := func(f func(*disclose.Launched)) disclose.Launched { l := same; f(&l); return l }
	for _, c := range []struct {
		name    string
		l       disclose.Launched
		opens   bool
		differs string
		kind    kmcr.Kind
	}{
		{"the same", same, true, "", ""},
		{"in other letters", change(func(l *disclose.Launched) { l.Family = strings.ToUpper(l.Family) }), true, "", ""},
		{"without a number", change(func(l *disclose.Launched) { l.NHSNumber = "" }), true, "", ""},
		{"another date of birth", change(func(l *disclose.Launched) { l.Born = "1901-01-01" }), false, "Born", ""},
		{"another family name", change(func(l *disclose.Launched) { l.Family = "Somebody" }), false, "Family name", ""},
		{"another given name", change(func(l *disclose.Launched) { l.Given = "Zebedee" }), false, "Given name", ""},
		{"the number of somebody else", change(func(l *disclose.Launched) { l.NHSNumber = q.nhs }), false, "Family name", ""},
		{"nobody", change(func(l *disclose.Launched) { l.NHSNumber = house.NHS(77) }), false, "", kmcr.NotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := h.Audited()
			a, err := h.Out.Launch(t.Context(), doctor, c.l)
			if kmcr.KindOf(err) != c.kind && (err != nil || c.kind != "") {
				t.Fatalf("%v", err)
			}
			if h.Audited() == before {
				t.Error("it left no audit entry")
			}
			if a == nil {
				return
			}
			if c.opens != (a.Ref == kmcr.Ref(p.ref)) || !c.opens && a.Ref != "" {
				t.Errorf("opens %q, differs %v", a.Ref, a.Differs)
			}
			if c.differs != "" && (len(a.Differs) == 0 || a.Differs[0].Fact != c.differs) {
				t.Errorf("differs %v", a.Differs)
			}
		})
	}
}
