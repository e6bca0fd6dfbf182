package access

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"kmcr"

	"pgregory.net/rapid"
)

var now = time.Date(2026, 11, 3, 9, 30, 0, 0, time.UTC)

func days(n int) time.Time { return now.AddDate(0, 0, n) }

var trust = &kmcr.Organisation{ODS: "RVV", Name: "East Kent Hospitals", Kind: "acute", Signatory: true}

// doctor is a hospital doctor who asks for direct care and is involved in nothing.
func doctor() Facts {
	return Facts{
		Policy: released, Viewer: kmcr.Viewer{Account: "dr", Role: kmcr.RoleHospitalDoctor, Organisation: "RVV", Team: "Frailty"},
		Organisation: trust,
		Person:       7,
		Purpose:      kmcr.DirectCare,
		Now:          now,
	}
}

func with(change func(*Facts)) Facts {
	f := doctor()
	change(&f)
	return f
}

func involved(i ...kmcr.Involvement) Facts {
	return with(func(f *Facts) { f.Involvements = i })
}

func TestDecide(t *testing.T) {
	spell := kmcr.Involvement{Kind: "spell", Organisation: "RVV"}
	glass := kmcr.Involvement{Kind: "break-glass", Account: "dr", Organisation: "RVV", Reason: "collapsed in the street", Until: now.Add(time.Hour)}
	for _, c := range []struct {
		name string
		f    Facts
		want Outcome
		rule string
	}{
		{"nobody has signed in", with(func(f *Facts) { f.Viewer.Account = "" }), Unknown, viewerKnown.Says},
		{"a contributor's client", with(func(f *Facts) { f.Viewer.Contributor = "gp" }), Unknown, viewerKnown.Says},
		{"a viewer without an organisation", with(func(f *Facts) { f.Viewer.Organisation = "" }), Unknown, viewerKnown.Says},
		{"a role that is not listed", with(func(f *Facts) { f.Viewer.Role = "R9999" }), Unknown, roleKnown.Says},
		{"no role", with(func(f *Facts) { f.Viewer.Role = "" }), Unknown, roleKnown.Says},
		{"an organisation that has not signed, though a spell is open", with(func(f *Facts) {
			f.Organisation = &kmcr.Organisation{ODS: "RVV"}
			f.Involvements = []kmcr.Involvement{spell}
		}), Unknown, signatory.Says},
		{"an organisation that is not known", with(func(f *Facts) { f.Organisation = nil }), Unknown, signatory.Says},
		{"another organisation's facts", with(func(f *Facts) { f.Organisation = &kmcr.Organisation{ODS: "RPA", Signatory: true} }), Unknown, signatory.Says},
		{"no purpose", with(func(f *Facts) { f.Purpose = ""; f.Involvements = []kmcr.Involvement{spell} }), NotInvolved, purposeKnown.Says},
		{"administration", with(func(f *Facts) { f.Purpose = kmcr.Administration; f.Involvements = []kmcr.Involvement{spell} }), NotInvolved, purposeKnown.Says},
		{"no person", with(func(f *Facts) { f.Person = 0 }), NotInvolved, purposeKnown.Says},
		{"no time", with(func(f *Facts) { f.Now = time.Time{}; f.Involvements = []kmcr.Involvement{spell} }), NotInvolved, purposeKnown.Says},
		{"a privacy officer", with(func(f *Facts) { f.Viewer.Role = kmcr.RolePrivacyOfficer; f.Involvements = []kmcr.Involvement{spell} }), NotInvolved, opensRecords.Says},
		{"a records officer", with(func(f *Facts) { f.Viewer.Role = kmcr.RoleRecordsOfficer; f.Involvements = []kmcr.Involvement{spell} }), NotInvolved, opensRecords.Says},
		{"an integration engineer may not even find", with(func(f *Facts) { f.Viewer.Role = kmcr.RoleIntegrationEngineer }), Unknown, opensRecords.Says},
		{"a citizen", with(func(f *Facts) { f.Viewer.Role = kmcr.RoleCitizen; f.Involvements = []kmcr.Involvement{spell} }), Unknown, opensRecords.Says},

		{"nobody is involved", doctor(), NotInvolved, notInvolved.Says},
		{"an open spell with the organisation", involved(spell), Permitted, relationship.Says},
		{"a spell with another organisation", involved(kmcr.Involvement{Kind: "spell", Organisation: "RPA"}), NotInvolved, notInvolved.Says},
		{"a spell with nobody named", involved(kmcr.Involvement{Kind: "spell"}), NotInvolved, notInvolved.Says},
		{"a spell that ended a second ago", involved(kmcr.Involvement{Kind: "discharged", Organisation: "RVV", Until: now.Add(-time.Second)}), NotInvolved, notInvolved.Says},
		{"a discharge that ends this instant", involved(kmcr.Involvement{Kind: "discharged", Organisation: "RVV", Until: now}), NotInvolved, notInvolved.Says},
		{"an appointment that is too far ahead", involved(kmcr.Involvement{Kind: "appointment", Organisation: "RVV", From: days(1)}), NotInvolved, notInvolved.Says},
		{"a kind that nobody knows", involved(kmcr.Involvement{Kind: "friend", Organisation: "RVV", Account: "dr"}), NotInvolved, notInvolved.Says},
		{"on the viewer's caseload", involved(kmcr.Involvement{Kind: "caseload", Account: "dr"}), Permitted, relationship.Says},
		{"on a colleague's caseload", involved(kmcr.Involvement{Kind: "caseload", Organisation: "RVV", Account: "other"}), NotInvolved, notInvolved.Says},
		{"on the viewer's caseload when at another organisation", involved(kmcr.Involvement{Kind: "caseload", Organisation: "RPA", Account: "dr"}), NotInvolved, notInvolved.Says},
		{"on the team's caseload", involved(kmcr.Involvement{Kind: "caseload", Organisation: "RVV", Team: "Frailty"}), Permitted, relationship.Says},
		{"on a team's caseload that has the same name elsewhere", involved(kmcr.Involvement{Kind: "caseload", Organisation: "RPA", Team: "Frailty"}), NotInvolved, notInvolved.Says},
		{"on the caseload of a team of no organisation", involved(kmcr.Involvement{Kind: "caseload", Team: "Frailty"}), NotInvolved, notInvolved.Says},
		{"a caseload is never a whole organisation's", involved(kmcr.Involvement{Kind: "caseload", Organisation: "RVV"}), NotInvolved, notInvolved.Says},
		{"adult social care is no case for a children's social worker", with(func(f *Facts) {
			f.Viewer.Role = kmcr.RoleChildrenSocialWorker
			f.Involvements = []kmcr.Involvement{{Kind: "social-care", Organisation: "RVV"}}
		}), NotInvolved, notInvolved.Says},
		{"a children's social worker and a child of the team", with(func(f *Facts) {
			f.Viewer.Role = kmcr.RoleChildrenSocialWorker
			f.Involvements = []kmcr.Involvement{{Kind: "caseload", Organisation: "RVV", Team: "Frailty"}}
		}), Permitted, relationship.Says},
		{"a paramedic needs a reason too", with(func(f *Facts) { f.Viewer.Role = kmcr.RoleParamedic }), NotInvolved, notInvolved.Says},
		{"a care worker may not know of people who live elsewhere", with(func(f *Facts) { f.Viewer.Role = kmcr.RoleCarer }), Unknown, notInvolved.Says},

		{"broken glass", involved(glass), Permitted, breakGlass.Says},
		{"glass that a colleague broke", with(func(f *Facts) { f.Viewer.Account = "other"; f.Involvements = []kmcr.Involvement{glass} }), NotInvolved, notInvolved.Says},
		{"glass without a reason", involved(kmcr.Involvement{Kind: "break-glass", Account: "dr", Until: days(1)}), NotInvolved, notInvolved.Says},
		{"glass without an end", involved(kmcr.Involvement{Kind: "break-glass", Account: "dr", Reason: "collapsed"}), NotInvolved, notInvolved.Says},
		{"a care worker's glass", with(func(f *Facts) { f.Viewer.Role = kmcr.RoleCarer; f.Involvements = []kmcr.Involvement{glass} }), Unknown, notInvolved.Says},
		{"an emergency is claimed but no glass broken", with(func(f *Facts) { f.Purpose = kmcr.BreakGlass; f.Involvements = []kmcr.Involvement{spell} }), NotInvolved, notInvolved.Says},

		{"an objection to all sharing", with(func(f *Facts) { f.Objections = []Objection{{}}; f.Involvements = []kmcr.Involvement{spell} }), NotInvolved, objection.Says},
		{"an objection to this organisation", with(func(f *Facts) {
			f.Objections = []Objection{{Organisation: "RVV"}}
			f.Involvements = []kmcr.Involvement{spell}
		}), NotInvolved, objection.Says},
		{"an objection to another organisation", with(func(f *Facts) {
			f.Objections = []Objection{{Organisation: "RPA"}}
			f.Involvements = []kmcr.Involvement{spell}
		}), Permitted, relationship.Says},
		{"an objection to this role", with(func(f *Facts) {
			f.Objections = []Objection{{Role: kmcr.RoleHospitalDoctor}}
			f.Involvements = []kmcr.Involvement{spell}
		}), NotInvolved, objection.Says},
		{"an objection that has been taken back", with(func(f *Facts) { f.Objections = []Objection{{Until: now}}; f.Involvements = []kmcr.Involvement{spell} }), Permitted, relationship.Says},
		{"an objection that begins tomorrow", with(func(f *Facts) {
			f.Objections = []Objection{{From: days(1)}}
			f.Involvements = []kmcr.Involvement{spell}
		}), Permitted, relationship.Says},
		{"an objection and broken glass", with(func(f *Facts) {
			f.Objections = []Objection{{}}
			f.Involvements = []kmcr.Involvement{spell, glass}
		}), Permitted, "This person has objected to sharing; the record is open in an emergency, for which a reason was given."},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Decide(c.f)
			if d.Outcome != c.want || d.Rule != c.rule {
				t.Errorf("got %s by %q, want %s by %q", d.Outcome, d.Rule, c.want, c.rule)
			}
			if d.Outcome == NotInvolved && d.Remedy == "" {
				t.Error("a refusal must say what is lawful next")
			}
			if (d.Outcome == Permitted) != (d.Basis != "") {
				t.Errorf("basis %q does not fit the outcome", d.Basis)
			}
		})
	}
}

func TestBasisIsTheFirmestAndLongest(t *testing.T) {
	d := Decide(involved(
		kmcr.Involvement{Kind: "discharged", Organisation: "RVV", Until: days(20)},
		kmcr.Involvement{Kind: "spell", Organisation: "RVV", Until: days(1)},
		kmcr.Involvement{Kind: "spell", Organisation: "RVV", Until: days(3)},
	))
	if d.Kind != "spell" || !d.Until.Equal(days(3)) || d.Basis != "under the care of East Kent Hospitals" {
		t.Errorf("got %+v", d)
	}
	if d.Purpose() != kmcr.DirectCare {
		t.Error("a spell is direct care")
	}
}

func TestEveryRuleIsExplained(t *testing.T) {
	for _, r := range Rules() {
		if r.Name == "" || r.Says == "" || r.Source == "" {
			t.Errorf("rule %q lacks words or a source", r.Name)
		}
	}
}

// facts draws any facts, sensible or not.
func facts(t *rapid.T) Facts {
	ods := rapid.SampledFrom([]kmcr.ODS{"", "RVV", "RPA"})
	account := rapid.SampledFrom([]string{"", "dr", "other"})
	at := rapid.Custom(func(t *rapid.T) time.Time {
		return rapid.SampledFrom([]time.Time{{}, days(-2), now, days(2)}).Draw(t, "at")
	})
	involvement := rapid.Custom(func(t *rapid.T) kmcr.Involvement {
		return kmcr.Involvement{
			Kind:         rapid.SampledFrom([]string{"registered", "spell", "discharged", "referral", "appointment", "social-care", "placement", "caseload", "granted", "self-claimed", "break-glass", "", "friend"}).Draw(t, "kind"),
			Organisation: ods.Draw(t, "organisation"),
			Team:         rapid.SampledFrom([]string{"", "Frailty"}).Draw(t, "team"),
			Account:      account.Draw(t, "account"),
			Reason:       rapid.SampledFrom([]string{"", "a reason in words"}).Draw(t, "reason"),
			From:         at.Draw(t, "from"), Until: at.Draw(t, "until"),
		}
	})
	f := Facts{
		Policy: released, Viewer: kmcr.Viewer{
			Account:      account.Draw(t, "viewer"),
			Role:         rapid.SampledFrom(append([]kmcr.Role{"", "R9999"}, roles...)).Draw(t, "role"),
			Organisation: ods.Draw(t, "at organisation"),
			Team:         rapid.SampledFrom([]string{"", "Frailty"}).Draw(t, "in team"),
			Contributor:  rapid.SampledFrom([]kmcr.ContributorCode{"", "gp"}).Draw(t, "client of"),
		},
		Person:       rapid.SampledFrom([]kmcr.PersonID{0, 7}).Draw(t, "person"),
		Involvements: rapid.SliceOfN(involvement, 0, 4).Draw(t, "involvements"),
		Purpose:      rapid.SampledFrom([]kmcr.Purpose{"", kmcr.DirectCare, kmcr.BreakGlass, kmcr.Administration}).Draw(t, "purpose"),
		Now:          rapid.SampledFrom([]time.Time{{}, now}).Draw(t, "now"),
	}
	if o := ods.Draw(t, "register"); o != "" {
		f.Organisation = &kmcr.Organisation{ODS: o, Name: string(o), Signatory: rapid.Bool().Draw(t, "signed")}
	}
	if rapid.Bool().Draw(t, "objects") {
		f.Objections = []Objection{{Organisation: ods.Draw(t, "to"), From: at.Draw(t, "since"), Until: at.Draw(t, "till")}}
	}
	return f
}

func TestMissingFactsNeverPermit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := facts(t)
		takeAway := map[string]func(*Facts){
			"account":      func(f *Facts) { f.Viewer.Account = "" },
			"role":         func(f *Facts) { f.Viewer.Role = "" },
			"organisation": func(f *Facts) { f.Viewer.Organisation = "" },
			"register":     func(f *Facts) { f.Organisation = nil },
			"person":       func(f *Facts) { f.Person = 0 },
			"purpose":      func(f *Facts) { f.Purpose = "" },
			"time":         func(f *Facts) { f.Now = time.Time{} },
			"involvements": func(f *Facts) { f.Involvements = nil },
		}
		for name, change := range takeAway {
			less := f
			change(&less)
			if d := Decide(less); d.Outcome == Permitted {
				t.Fatalf("permitted without %s: %+v", name, d)
			}
		}
	})
}

func TestMoreObjectionsNeverOpenMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := facts(t)
		before := Decide(f).Outcome
		f.Objections = append(f.Objections, Objection{})
		if after := Decide(f).Outcome; after == Permitted && before != Permitted {
			t.Fatal("an objection opened a record")
		}
	})
}

func TestOrderOfInvolvementsIsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := facts(t)
		want := Decide(f)
		f.Involvements = rapid.Permutation(f.Involvements).Draw(t, "order")
		if got := Decide(f); got.Outcome != want.Outcome || got.Kind != want.Kind || !got.Until.Equal(want.Until) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

func BenchmarkDecide(b *testing.B) {
	f := doctor()
	for n := range 40 {
		f.Involvements = append(f.Involvements, kmcr.Involvement{Kind: "discharged", Organisation: kmcr.ODS(fmt.Sprint(n)), Until: days(-n)})
	}
	f.Involvements = append(f.Involvements, kmcr.Involvement{Kind: "spell", Organisation: "RVV"})
	const each = 16 // the clock is too coarse for one
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		for range each {
			Decide(f)
		}
		took = append(took, time.Since(start)/each)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1000, "median-µs")
}
