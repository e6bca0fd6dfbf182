package ingest_test

import (
	"slices"
	"strings"
	"testing"

	"kmcr"
	"kmcr/fhir"
	"kmcr/store"
)

// A census and the tables of looked after children say only a part of who a child is: name and NHS number that the same council has
// sent stand, whatever comes first.
func TestACensusLeavesTheNameOfAChild(t *testing.T) {
	files := map[string]string{
		"person.csv":   "Extract Date,Record,Record Id,Person Id,NHS Number,Family Name,Given Name,Date of Birth,Sex\n2026-04-01,person,X,KID7,9990000018,Census,Kim,2016-03-05,M\n",
		"census.xml":   `<Message xmlns='urn:x'><Header><CollectionDetails><Collection>CIN</Collection><Year>2026</Year><ReferenceDate>2026-03-31</ReferenceDate></CollectionDetails><Source><LEA>886</LEA></Source></Header><Children><Child><ChildIdentifiers><LAchildID>KID7</LAchildID><UPN>A123456789123</UPN><PersonBirthDate>2016-03-05</PersonBirthDate><Sex>M</Sex></ChildIdentifiers><CINdetails><CINreferralDate>2026-01-06</CINreferralDate><PrimaryNeedCode>N1</PrimaryNeedCode></CINdetails></Child></Children></Message>`,
		"header.csv":   "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\nKID7,1,05/03/2016,WBRI,A123456789123,,\n",
		"census 2.xml": `<Message xmlns='urn:x'><Header><CollectionDetails><Collection>CIN</Collection><Year>2027</Year><ReferenceDate>2027-03-31</ReferenceDate></CollectionDetails><Source><LEA>886</LEA></Source></Header><Children><Child><ChildIdentifiers><LAchildID>KID7</LAchildID><PersonBirthDate>2016-03-05</PersonBirthDate><Sex>M</Sex></ChildIdentifiers></Child></Children></Message>`,
	}
	for _, order := range [][]string{{"person.csv", "census.xml", "header.csv", "census 2.xml"}, {"census.xml", "header.csv", "person.csv"}, {"header.csv", "person.csv", "census.xml"}} {
		t.Run(strings.Join(order, ", "), func(t *testing.T) {
			h := build(t)
			for _, name := range order {
				_, err := h.in.Import(h.ctx(), "council", name, []byte(files[name]), nil)
				h.must(err)
				h.quiet()
			}
			p, err := h.db.PatientByKey(h.ctx(), "council", "820|KID7")
			h.must(err)
			var who fhir.Value
			for _, st := range h.compartment(p.ID).Current() {
				if st.Type == "Patient" {
					who = fhir.Of(st).Root()
				}
			}
			var numbers []string
			for _, i := range who.Get("identifier").Items() {
				numbers = append(numbers, i.Get("value").Text())
			}
			slices.Sort(numbers)
			if got := strings.Join(numbers, " "); who.First("name.family").Text() != "Census" || !strings.Contains(got, "9990000018") || !strings.Contains(got, "KID7") || order[0] == "person.csv" && !strings.Contains(got, "A123456789123") {
				t.Errorf("the child is %s with %s: %s", who.First("name.family").Text(), got, who.Raw())
			}
			if !strings.Contains(string(p.Claims), `"9990000018"`) || !strings.Contains(string(p.Claims), "Kim") {
				t.Errorf("it is found by %s", p.Claims)
			}
		})
	}
}

// A council's number of a child is one number whichever of its systems sends it: a census under a contributor of its own meets the case
// extract where name and birth agree, and asks or stands apart where they do not.
func TestACensusMeetsTheCaseExtractOfItsCouncil(t *testing.T) {
	h := build(t)
	h.must(h.db.Write(h.ctx(), func(tx *store.Tx) error {
		for code, organisation := range map[kmcr.ContributorCode]kmcr.ODS{"second": "820", "elsewhere": "886"} {
			c := kmcr.Contributor{Code: code, Organisation: organisation, Name: string(code), Format: kmcr.FormatCase}
			if err := tx.Put(store.KindContributor, string(code), c); err != nil {
				return err
			}
		}
		return nil
	}))
	person := func(name, born string) string {
		return "Extract Date,Record,Record Id,Person Id,Family Name,Given Name,Date of Birth,Sex\n2026-04-01,person,X,KID7," + name + "," + born + ",M\n"
	}
	for _, c := range []struct {
		contributor kmcr.ContributorCode
		content     string
	}{{"council", person("Thistlewood,Kim", "2016-03-05")}, {"second", person("Thistlewood,Kim", "2016-03-05")}, {"elsewhere", person("Thistlewood,Kim", "2016-03-05")}} {
		_, err := h.in.Import(h.ctx(), c.contributor, "person.csv", []byte(c.content), nil)
		h.must(err)
		h.quiet()
	}
	if got := h.beside("second", "820|KID7"); got != "council second" {
		t.Errorf("the second system's child is known to %s", got)
	}
	if got := h.beside("elsewhere", "886|KID7"); got != "elsewhere" {
		t.Errorf("another council's number of the same digits links: %s", got)
	}
}
