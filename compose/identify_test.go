package compose

import (
	"testing"
	"time"
)

// A list of people says who somebody is as the banner of the record does: the national index first, then the practice, then a hospital.
func TestAListSaysWhoSomebodyIsAsTheBannerDoes(t *testing.T) {
	said := func(day int, name string, addresses ...string) Demographics {
		return Demographics{Names: []Name{{Family: name, Given: "Ada"}}, Addresses: addresses, Recorded: time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC)}
	}
	national, practice, hospital := said(1, "Fox"), said(2, "Vixen", "5 New Road"), said(3, "Foxe", "9 Old Road")
	national.Contributor, practice.Contributor, hospital.Contributor = "pds", "gp", "hospital"
	got := Identify(Input{Demographics: []Demographics{hospital, practice, national}, Sources: []Source{{Contributor: "hospital", Kind: "acute"}, {Contributor: "gp", Kind: "gp-practice"}, {Contributor: "pds", Kind: "national"}}})
	if got.Name != "FOX, Ada" || got.Address != "5 New Road" {
		t.Errorf("%q, %q", got.Name, got.Address)
	}
}
