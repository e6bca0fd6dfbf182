package ingest

import (
	"encoding/json"
	"slices"
	"strings"

	"kmcr"
	"kmcr/fhir"
	"kmcr/translate"
)

// mostKin is how many next of kin and contacts of one patient count as evidence.
const mostKin = 16

// knowKin takes over into the claims whom the contributor names as next of kin of a patient, or as another personal contact: in the
// Patient itself and in every RelatedPerson (NK1) that stands after this message. Of a patient of whom nobody has said who it is they wait.
func (s *subject) knowKin() error {
	if s.claims == nil || s.claims.Key == "" || s.patient.Register || !slices.ContainsFunc(s.said, aboutKin) {
		return nil
	}
	said := map[kmcr.StatementID]*kmcr.Statement{}
	for _, st := range s.said {
		if aboutKin(st) && !s.saidAt(st.ID).After(st.At) {
			said[st.ID] = st
		}
	}
	kin := []translate.Kin{} // and not nil: nobody is named any more
	add := func(st *kmcr.Statement) {
		if !st.Deleted {
			kin = append(kin, kinOf(st)...)
		}
	}
	for _, st := range s.current() {
		if aboutKin(st) && said[st.ID] == nil {
			add(st)
		}
	}
	for _, st := range s.said {
		if said[st.ID] == st {
			add(st)
		}
	}
	slices.SortFunc(kin, func(a, b translate.Kin) int { return strings.Compare(kinWords(a), kinWords(b)) })
	kin = slices.CompactFunc(kin, func(a, b translate.Kin) bool { return kinWords(a) == kinWords(b) })
	kin = kin[:min(len(kin), mostKin)]
	if slices.EqualFunc(kin, s.claims.Kin, func(a, b translate.Kin) bool { return kinWords(a) == kinWords(b) }) {
		return nil
	}
	c := *s.claims
	c.Kin = kin
	return s.claim(c)
}

// aboutKin tells whether a statement may name next of kin.
func aboutKin(st *kmcr.Statement) bool {
	return !st.Internal && (st.Type == "RelatedPerson" || st.Type == "Patient")
}

// kinOf are those whom a RelatedPerson is, or a Patient names as contacts: people with a name, no firms.
func kinOf(st *kmcr.Statement) (all []translate.Kin) {
	root := fhir.Trusted(st.Body).Root()
	if st.Type == "RelatedPerson" {
		if root.Get("active").Text() == "false" {
			return nil
		}
		for _, n := range root.Get("name").Items() {
			all = add(all, n, root)
		}
		return all
	}
	for _, c := range root.Get("contact").Items() {
		if c.Get("organization").First("reference").Text() == "" {
			all = add(all, c.Get("name"), c)
		}
	}
	return all
}

// add adds somebody of this name who is reached as of says; nobody where it is no name of a person.
func add(all []translate.Kin, name, of fhir.Value) []translate.Kin {
	k := translate.Kin{Name: translate.Name{Family: name.Get("family").Text(), Given: texts(name.Get("given"))}}
	if k.Name.Family == "" && k.Name.Given == "" {
		k.Name.Family, k.Name.Given = splitName(name.Get("text").Text())
	}
	if k.Name.Family == "" || k.Name.Given == "" {
		return all
	}
	for _, t := range of.Get("telecom").Items() {
		if s := t.Get("system").Text(); (s == "phone" || s == "sms") && useNow(t) != "old" {
			k.Telephones = append(k.Telephones, t.Get("value").Text())
		}
	}
	return append(all, k)
}

// kinWords is all that is known of one, to order them by.
func kinWords(k translate.Kin) string {
	b, _ := json.Marshal(k) // strings alone
	return string(b)
}
