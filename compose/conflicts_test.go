package compose

import (
	"strings"
	"testing"
	"time"
)

// Contributors are compared fact by fact; what one does not state is no disagreement.
func TestDemographicConflicts(t *testing.T) {
	gp := Demographics{Contributor: "gp", Recorded: now.AddDate(-1, 0, 0), Names: []Name{{Family: "Hollis", Given: "Margaret Ann", Prefix: "Mrs"}}, Born: "1942-10-14", Sex: "female", Addresses: []string{"14 Example Lane, Ashford, TN23 9ZZ"}, Telephones: []string{"01632 960001"}, Practice: "G81001", PracticeName: "Ivy Court"}
	for _, c := range []struct {
		name    string
		change  func(*Demographics)
		fact    string
		first   string
		because string
	}{
		{"nothing else stated", func(*Demographics) {}, "", "", ""},
		{"another day of birth", func(d *Demographics) { d.Born = "1942-10-15" }, "Date of birth", "1942-10-14", "a GP practice counts before a hospital"},
		{"another sex", func(d *Demographics) { d.Sex = "male" }, "Gender", "Female", "counts before"},
		{"sex not known to one", func(d *Demographics) { d.Sex = "unknown" }, "", "", ""},
		{"moved", func(d *Demographics) { d.Addresses = []string{"2 Other Road, Deal, CT14 9ZZ"} }, "Address", "14 Example Lane, Ashford, TN23 9ZZ", "counts before"},
		{"the same house, written otherwise", func(d *Demographics) { d.Addresses = []string{"14 Example Ln., Ashford, Kent, tn239zz"} }, "", "", ""},
		{"a postcode alone", func(d *Demographics) { d.Addresses = []string{"TN23 9ZZ"} }, "", "", ""},
		{"the same telephone, abroad", func(d *Demographics) { d.Telephones = []string{"+44 1632 960001", "07700 900123"} }, "", "", ""},
		{"another telephone", func(d *Demographics) { d.Telephones = []string{"07700 900123"} }, "Telephone", "01632 960001", "counts before"},
		{"another practice", func(d *Demographics) { d.Practice, d.PracticeName = "G81002", "Mill Lane" }, "GP practice", "Ivy Court", "counts before"},
		{"an initial", func(d *Demographics) { d.Names = []Name{{Family: "HOLLIS", Given: "M"}} }, "", "", ""},
		{"another surname", func(d *Demographics) { d.Names = []Name{{Family: "Hollins", Given: "Margaret"}} }, "Name", "HOLLIS, Margaret Ann (Mrs)", "counts before"},
		{"died, which the other does not say", func(d *Demographics) { d.Died = "2026-11-01" }, "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			hospital := Demographics{Contributor: "hospital", Recorded: now}
			c.change(&hospital)
			r := Compose(Input{Demographics: []Demographics{hospital, gp}, Sources: testSources, Now: now})
			if c.fact == "" {
				if len(r.Conflicts) > 0 {
					t.Fatalf("%+v", r.Conflicts)
				}
				return
			}
			if len(r.Conflicts) != 1 || r.Conflicts[0].Fact != c.fact || r.Conflicts[0].Values[0].Value != c.first || !strings.Contains(r.Conflicts[0].Reason, c.because) {
				t.Fatalf("%+v", r.Conflicts)
			}
			if len(r.Banner.Disputed) != 1 || r.Banner.Dispute(r.Conflicts[0].About) != r.Conflicts[0].ID {
				t.Errorf("the banner does not mark it: %+v", r.Banner.Disputed)
			}
		})
	}
}

// A death that anybody states is in the banner, with its date where one gives it; two dates are a conflict, and the latest word is first.
func TestDeathStatedByOne(t *testing.T) {
	r := Compose(Input{Demographics: []Demographics{{Contributor: "gp", Recorded: now, Born: "1942", Died: "yes"}, {Contributor: "hospital", Recorded: now.Add(-time.Hour), Died: "2026-11-01"}}, Sources: testSources, Now: now})
	if !r.Banner.Deceased || r.Banner.Died != "2026-11-01" || len(r.Conflicts) != 0 {
		t.Errorf("%+v %+v", r.Banner, r.Conflicts)
	}
}

// A records officer's order of authority holds before the default.
func TestAuthorityThatWasChanged(t *testing.T) {
	list := []Demographics{{Contributor: "gp", Recorded: now, Telephones: []string{"01632 960001"}}, {Contributor: "council", Recorded: now.AddDate(-3, 0, 0), Telephones: []string{"01632 960002"}}}
	r := Compose(Input{Demographics: list, Sources: testSources, Now: now, Authority: []AuthorityOrder{{Fact: aboutTelephone, Title: "the telephone", Kinds: []string{"council"}}}})
	if r.Banner.Telephones[0] != "01632 960002" || !strings.Contains(r.Conflicts[0].Reason, "a council counts before a GP practice") {
		t.Errorf("%v %q", r.Banner.Telephones, r.Conflicts[0].Reason)
	}
}

// Each disputed clinical fact is marked where it stands and listed with what each contributor says.
func TestClinicalConflicts(t *testing.T) {
	allergy := func(text, clinical, verification string) string {
		return `{"resourceType":"AllergyIntolerance","id":"a","code":{"text":"` + text + `"},"clinicalStatus":{"coding":[{"code":"` + clinical + `"}]},"verificationStatus":{"coding":[{"code":"` + verification + `"}]},"recordedDate":"2026-01-01"}`
	}
	problem := func(status string) string {
		return `{"resourceType":"Condition","id":"c","code":{"coding":[{"system":"http://snomed.info/sct","code":"13645005","display":"COPD"}]},"clinicalStatus":{"coding":[{"code":"` + status + `"}]},"recordedDate":"2026-01-01"}`
	}
	flag := func(text, status string) string {
		return `{"resourceType":"Flag","id":"f","status":"` + status + `","code":{"text":"` + text + `"},"period":{"start":"2026-01-01"}}`
	}
	consent := func(text, status string) string {
		return `{"resourceType":"Consent","id":"l","status":"` + status + `","category":[{"text":"` + text + `"}],"dateTime":"2026-02-01"}`
	}
	relative := func(name string) string {
		return `{"resourceType":"RelatedPerson","id":"r","active":true,"name":[{"text":"` + name + `"}],"relationship":[{"text":"Next of kin"}]}`
	}
	for _, c := range []struct {
		name, fact string
		said       []saidBy
	}{
		{"no known allergies against an allergy", "Allergies", []saidBy{{"hospital", allergy("No known allergies", "active", "confirmed")}, {"gp", allergy("Penicillin", "active", "confirmed")}}},
		{"an allergy ruled out by one", "Allergy: Penicillin", []saidBy{{"hospital", allergy("Penicillin", "", "refuted")}, {"gp", allergy("Penicillin", "active", "confirmed")}}},
		{"a problem resolved at one", "Problem: COPD", []saidBy{{"hospital", problem("resolved")}, {"gp", problem("active")}}},
		{"resuscitation", "Resuscitation (CPR)", []saidBy{{"hospital", flag("For full resuscitation", "active")}, {"gp", flag("DNACPR: do not attempt cardiopulmonary resuscitation", "active")}}},
		{"a resuscitation decision revoked by one", "Resuscitation (CPR)", []saidBy{{"hospital", flag("DNACPR in place", "inactive")}, {"gp", flag("Not for CPR", "active")}}},
		{"a power of attorney revoked", "Lasting power of attorney", []saidBy{{"council", consent("Lasting power of attorney for health and welfare", "inactive")}, {"gp", consent("LPA health and welfare", "active")}}},
		{"next of kin", "Next of kin", []saidBy{{"hospital", relative("Mr Peter Hollis")}, {"gp", relative("Mrs Jane Field")}}},
		{"agreed", "", []saidBy{{"hospital", problem("active")}, {"gp", problem("active")}, {"gp", flag("Not for CPR", "active")}, {"hospital", flag("DNACPR in place", "active")}, {"hospital", relative("PETER HOLLIS")}, {"gp", relative("Peter Hollis")}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := recordOf(t, c.said...)
			if c.fact == "" {
				if len(r.Conflicts) != 0 {
					t.Fatalf("%+v", r.Conflicts)
				}
				return
			}
			if len(r.Conflicts) != 1 || r.Conflicts[0].Fact != c.fact || len(r.Conflicts[0].Values) != 2 || r.Conflicts[0].Reason == "" {
				t.Fatalf("%+v", r.Conflicts)
			}
			if !marked(r, r.Conflicts[0].ID) {
				t.Error("nothing in the record is marked with it")
			}
		})
	}
}

// marked tells whether any item of the record names the conflict.
func marked(r *Record, id string) bool {
	for _, i := range r.Alerts.Items {
		if i.Conflict == id {
			return true
		}
	}
	for _, i := range r.Plans.Items {
		if i.Conflict == id {
			return true
		}
	}
	for _, i := range r.Problems.Items {
		if i.Conflict == id {
			return true
		}
	}
	for _, a := range r.Allergies.Items {
		if a.Conflict == id {
			return true
		}
	}
	for _, k := range r.Contacts.Items {
		if k.Conflict == id {
			return true
		}
	}
	return false
}
