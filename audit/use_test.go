package audit

import (
	"math"
	"testing"
	"time"

	"kmcr"
)

func TestTask(t *testing.T) {
	gp := kmcr.Viewer{Account: "gp", Role: kmcr.RoleGP}
	for _, c := range []struct {
		e    Entry
		want string
	}{
		{Entry{Viewer: gp, Action: "read", Where: "/people/{ref}"}, "Read the summary"},
		{Entry{Viewer: gp, Action: "read", Where: "/people/{ref}/medicines"}, "Read medicines"},
		{Entry{Viewer: gp, Action: "read", Where: "/people/{ref}/documents/{id}/content"}, "Read documents"},
		{Entry{Viewer: gp, Action: "read", Where: "/fhir/R4/Patient/{id}"}, "Read by another system"},
		{Entry{Viewer: gp, Action: "search", Where: "/people/search"}, "Find a person"},
		{Entry{Viewer: gp, Action: "note", Where: "/caseload/{ref}"}, "Act on a list"},
		{Entry{Viewer: gp, Action: "sign-in"}, ""},
		{Entry{Viewer: kmcr.Viewer{Account: "hospital", Contributor: "hospital"}, Action: "read"}, ""},
	} {
		if got := Task(&c.e); got != c.want {
			t.Errorf("%s %s is %q, want %q", c.e.Action, c.e.Where, got, c.want)
		}
	}
}

// Looks of one sitting are one opening; refusals and systems save nothing; the estimate lies between its bounds.
func TestUse(t *testing.T) {
	start := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	var u Usage
	look := func(account string, role kmcr.Role, o kmcr.ODS, person kmcr.PersonID, minutes int, allowed bool) {
		u.Add(&Entry{At: start.Add(time.Duration(minutes) * time.Minute), Action: "read", Where: "/people/{ref}", Allowed: allowed, Person: person, Viewer: kmcr.Viewer{Account: account, Role: role, Organisation: o}})
	}
	look("a", kmcr.RoleGP, "G1", 1, 30, true) // out of order
	look("a", kmcr.RoleGP, "G1", 1, 0, true)
	look("a", kmcr.RoleGP, "G1", 1, 10, true)
	look("a", kmcr.RoleGP, "G1", 2, 11, true)
	look("a", kmcr.RoleGP, "G1", 1, 24*60, true)
	look("b", kmcr.RoleSocialWorker, "886", 1, 5, true)
	look("c", kmcr.RoleGP, "G1", 1, 6, false)
	u.Add(&Entry{At: start, Action: "search", Allowed: true, Viewer: kmcr.Viewer{Account: "b", Role: kmcr.RoleSocialWorker, Organisation: "886"}})
	got := u.Use(start, start.AddDate(0, 0, 2))
	if got.Looks != 7 || got.Openings != 5 || got.Refused != 1 || got.Workers != 2 || got.People != 2 {
		t.Errorf("the use is %+v", got)
	}
	if got.WorkerDays[kmcr.RoleGP] != 2 || got.WorkerDays[kmcr.RoleSocialWorker] != 1 {
		t.Errorf("worker days are %v", got.WorkerDays)
	}
	if len(got.ByRole) != 2 || got.ByRole[0] != (Counted{Role: kmcr.RoleGP, Looks: 5, Openings: 4}) || got.ByTask[0] != (Counted{Task: "Read the summary", Looks: 6}) || got.Organisation[1] != (Counted{Organisation: "886", Looks: 2, Openings: 1}) {
		t.Errorf("counts are %+v, %+v, %+v", got.ByRole, got.ByTask, got.Organisation)
	}
	s := Saved(got)
	if s.LeastMinutes != 25 || math.Abs(s.MostMinutes-(2*48+95*60.0/225)) > 0.001 || len(s.Baselines) != 3 || len(s.Method) == 0 {
		t.Errorf("saved is %+v", s)
	}
	if none := Saved((&Usage{}).Use(start, start)); none.LeastMinutes != 0 || none.MostMinutes != 0 {
		t.Errorf("of no use is saved %+v", none)
	}
}
