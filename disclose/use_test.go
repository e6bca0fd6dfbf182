package disclose_test

import (
	"encoding/json"
	"strings"
	"testing"

	"kmcr"
	"kmcr/e2e/house"
)

// How much the record is used is counted without anybody's name, for those whose work it is, with the estimate's method and the
// published baselines beside it.
func TestUseIsCountedWithoutNames(t *testing.T) {
	h := house.New(t)
	p := plant(h, 1, "hospital", "")
	h.Involve(kmcr.Involvement{Person: p.id, Kind: "registered", Organisation: "RVV"})
	dr := doctor(h)
	reads(t, dr, p.ref, 200)
	dr.Get("/people/" + p.ref + "/medicines")
	reads(t, h.Somebody(kmcr.Viewer{Account: "stranger", Role: kmcr.RoleGP, Organisation: "G82051"}), p.ref, 403)

	admin := h.Somebody(kmcr.Viewer{Account: "admin", Name: "Peter Lynch", Role: kmcr.RoleAdministrator, Organisation: "RVV"})
	got := admin.Get("/use?days=7")
	var u struct {
		Days, Looks, Openings, Refused, Workers, People int
		ByRole, ByOrganisation, ByTask                  []struct {
			Role         kmcr.Role
			Organisation kmcr.ODS
			Task         string
			Looks        int
		}
		TimeSaved struct {
			LeastMinutes, MostMinutes float64
			Method                    []string
			Baselines                 []struct{ MinutesADay float64 }
		}
	}
	if err := json.Unmarshal([]byte(got.Body), &u); err != nil || got.Status != 200 {
		t.Fatalf("answers %d, %v: %.300s", got.Status, err, got.Body)
	}
	if u.Days != 7 || u.Openings != 1 || u.Workers != 1 || u.People != 1 || u.Refused == 0 || len(u.ByTask) < 2 {
		t.Errorf("the use is %+v", u)
	}
	if u.TimeSaved.LeastMinutes != 5 || u.TimeSaved.MostMinutes != 48 || len(u.TimeSaved.Baselines) != 3 || len(u.TimeSaved.Method) == 0 {
		t.Errorf("the estimate is %+v", u.TimeSaved)
	}
	for _, name := range []string{"dr\"", "Ines", p.ref, p.nhs, p.name, "stranger"} {
		if strings.Contains(got.Body, name) {
			t.Errorf("the use names %s", name)
		}
	}
	for _, a := range []house.Asker{dr, h.Somebody(kmcr.Viewer{Account: "out", Role: kmcr.RoleAdministrator, Organisation: "RZZ"})} {
		if got := a.Get("/use"); got.Status != 403 {
			t.Errorf("%s reads it: %d", a.Account, got.Status)
		}
	}
	for _, q := range []string{"0x", "-1", "9999"} {
		if got := admin.Get("/use?days=" + q); got.Status != 400 {
			t.Errorf("%s days answers %d", q, got.Status)
		}
	}
	looks := 0
	for _, c := range h.Out.Answered() {
		looks += c.Looks
	}
	if looks == 0 {
		t.Error("nothing is counted for metrics")
	}
}
