package disclose_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/e2e/house"
	"kmcr/store"
)

const (
	childFlag = `{"resourceType":"Flag","status":"active","code":{"text":"Child protection plan: neglect"},"author":{"display":"Marek Nowak"},"period":{"start":"2026-01-02"},SUBJECT}`
	stourRoad = `"address":[{"use":"home","line":["8 Stour Road"],"city":"Ashford","postalCode":"TN24 9QR"}]`
)

// withCouncil is a house in which a council's services for children send too.
func withCouncil(t *testing.T) *house.House {
	h := house.New(t)
	h.Write(func(tx *store.Tx) error {
		if err := tx.Put(store.KindOrganisation, "886", kmcr.Organisation{ODS: "886", Name: "Kent County Council", Kind: "council", Signatory: true, Telephone: "03000 416161"}); err != nil {
			return err
		}
		return tx.Put(store.KindContributor, "children", kmcr.Contributor{Code: "children", Organisation: "886", Name: "Kent children's social care", Format: kmcr.FormatFHIR})
	})
	return h
}

// child sends a person of a family, with entries; more are further elements of the Patient.
func child(h *house.House, n int, family, given, more string, entries ...string) (kmcr.PersonID, string) {
	all := []string{plantedPatient + " " + fmt.Sprintf(`{"resourceType":"Patient",%s"identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":%q}],"name":[{"family":%q,"given":[%q]}],"gender":"female","birthDate":"201%d-03-1%d"}`, more, house.NHS(n), family, given, n%9, n%9)}
	for i, e := range entries {
		e = strings.NewReplacer("SUBJECT", `"subject":{"reference":"`+plantedPatient+`"}`, "PATIENT", `"patient":{"reference":"`+plantedPatient+`"}`).Replace(e)
		all = append(all, entryURL(i+1)+" "+e)
	}
	p := h.PersonOf(h.Sent("children", all...)[plantedPatient])
	return p, string(p.Ref())
}

func marek(h *house.House) house.Asker {
	return h.Somebody(kmcr.Viewer{Account: "marek", Name: "Marek Nowak", Role: kmcr.RoleChildrenSocialWorker, Organisation: "886", Team: "Ashford children in need"})
}

func onTeam(h *house.House, people ...kmcr.PersonID) {
	for _, p := range people {
		h.Involve(kmcr.Involvement{Person: p, Kind: "caseload", Organisation: "886", Team: "Ashford children in need", From: h.Now.AddDate(0, -1, 0)})
	}
}

// A look at a child's flag tells the team that put it, once an hour for each who looks; not of the team's own looks, and nobody else.
func TestALookAtAChildsFlagTellsTheTeam(t *testing.T) {
	h := withCouncil(t)
	p, ref := child(h, 1, "Marsh", "Ella", "", childFlag)
	onTeam(h, p)
	h.Involve(kmcr.Involvement{Person: p, Kind: "registered", Organisation: "RVV"})
	team, dr := marek(h), doctor(h)
	pharmacist := h.Somebody(kmcr.Viewer{Account: "pharma", Role: kmcr.RolePharmacist, Organisation: "RVV"})
	told := func(a house.Asker) (texts []string) {
		var r struct {
			Alerts []struct{ Topic, Text string }
		}
		h.Must(json.Unmarshal([]byte(a.Get("/alerts").Body), &r))
		for _, x := range r.Alerts {
			if x.Topic == "flag-looked" {
				texts = append(texts, x.Text)
			}
		}
		return texts
	}
	reads(t, team, ref, 200)
	reads(t, pharmacist, ref, 200)
	if got := told(team); len(got) != 0 {
		t.Fatalf("before anybody saw the flag the team is told %q", got)
	}
	reads(t, dr, ref, 200)
	dr.Get("/people/" + ref + "/safeguarding")
	got := told(team)
	if len(got) != 1 || !strings.Contains(got[0], "Hospital doctor, East Kent Hospitals") || strings.Contains(got[0], "Ines") {
		t.Fatalf("the team is told %q", got)
	}
	h.Pass(2 * time.Hour)
	dr.Get("/fhir/R4/Flag?patient=" + ref)
	if got := told(team); len(got) != 2 {
		t.Errorf("a look by the API two hours later leaves the team told of %d", len(got))
	}
	if got := told(dr); len(got) != 0 {
		t.Errorf("the hospital is told %q", got)
	}
	h.Pass(2 * time.Hour)
	if l := dr.Get("/caseload").Body; !strings.Contains(l, "Child protection plan") || strings.Contains(l, "looked at by") {
		t.Errorf("the list of the hospital is %.300s", l)
	}
	if got := told(team); len(got) != 3 {
		t.Errorf("a list on which the flag stands leaves the team told of %d", len(got))
	}
}

// Of a child who must not be found the team is told by which role, not where.
func TestALookAtAHiddenChildDoesNotTellWhere(t *testing.T) {
	h := withCouncil(t)
	p, ref := child(h, 1, "Marsh", "Ella", `"meta":{"security":[{"code":"R"}]},`, childFlag)
	onTeam(h, p)
	h.Involve(kmcr.Involvement{Person: p, Kind: "registered", Organisation: "RVV"})
	reads(t, doctor(h), ref, 200)
	body := marek(h).Get("/alerts").Body
	if !strings.Contains(body, "Hospital doctor") || strings.Contains(body, "East Kent") {
		t.Errorf("the team is told %.500s", body)
	}
}

type householdAnswer struct {
	Why       string
	Household []struct {
		Name     string
		How      []string
		Concerns []struct{ Category string }
	}
}

func household(t *testing.T, a house.Asker, ref string) (h householdAnswer) {
	t.Helper()
	got := a.Get("/people/" + ref + "/household")
	if err := json.Unmarshal([]byte(got.Body), &h); err != nil || got.Status != 200 {
		t.Fatalf("the household answers %d, %v: %.300s", got.Status, err, got.Body)
	}
	return h
}

func (h householdAnswer) names() string {
	var all []string
	for _, m := range h.Household {
		all = append(all, strings.SplitN(m.Name, ",", 2)[1][1:]+" ("+strings.Join(m.How, "; ")+")")
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// Who lives with a child and who is of the family is told to those who may open these records too, where something of safeguarding is
// in force; never of somebody whose whereabouts are hidden, nor to them.
func TestHouseholds(t *testing.T) {
	h := withCouncil(t)
	born := func(n int) string { return fmt.Sprintf(`"birthDate":"201%d-03-1%d"`, n%9, n%9) }
	ella, ref := child(h, 1, "Marsh", "Ella", stourRoad+",", childFlag,
		`{"resourceType":"RelatedPerson","relationship":[{"text":"brother"}],"name":[{"family":"Tyler","given":["Jude"]}],`+born(4)+`,PATIENT}`)
	leo, _ := child(h, 2, "Marsh", "Leo", strings.Replace(stourRoad, "Road", "Rd", 1)+",", childFlag)
	stranger, _ := child(h, 3, "Marsh", "Sara", strings.Replace(stourRoad, "8 Stour", "9 Stour", 1)+",")
	jude, _ := child(h, 4, "Tyler", "Jude", "")
	hidden, _ := child(h, 5, "Marsh", "Hid", `"meta":{"security":[{"code":"R"}]},`+stourRoad+",")
	child(h, 6, "Marsh", "Notopen", stourRoad+",")
	onTeam(h, ella, leo, stranger, jude, hidden)
	team := marek(h)
	got := household(t, team, ref)
	if names := got.names(); names != "Jude (Brother, as stated by Kent children's social care), Leo (Same address)" {
		t.Errorf("the household is %s", names)
	}
	for _, m := range got.Household {
		if strings.Contains(m.Name, "Leo") && (len(m.Concerns) != 1 || m.Concerns[0].Category != "child-protection-plan") {
			t.Errorf("Leo is %+v", m)
		}
	}
	if none := household(t, team, string(jude.Ref())); none.Why == "" || len(none.Household) != 0 {
		t.Errorf("without anything in force is told %+v", none)
	}
	h.Involve(kmcr.Involvement{Person: ella, Kind: "registered", Organisation: "RVV"})
	if dr := household(t, doctor(h), ref); len(dr.Household) != 0 {
		t.Errorf("a doctor to whom only the child's record is open is told %+v", dr)
	}
	if none := household(t, h.Somebody(kmcr.Viewer{Account: "pharma", Role: kmcr.RolePharmacist, Organisation: "RVV"}), ref); none.Why == "" || len(none.Household) != 0 {
		t.Errorf("a pharmacist is told %+v", none)
	}
	h.Object(leo, access.Objection{})
	if after := household(t, team, ref).names(); strings.Contains(after, "Leo") {
		t.Errorf("after an objection the household is %s", after)
	}
}

// Changes of address stand in the chronology, not of somebody who must not be found.
func TestMovesStandInTheChronology(t *testing.T) {
	h := withCouncil(t)
	with := func(more string) string {
		return plantedPatient + ` {"resourceType":"Patient",` + more + `"identifier":[{"system":"urn:local","value":"77"},{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"` + house.NHS(7) + `"}],"name":[{"family":"Marsh","given":["Ella"]}],"birthDate":"2017-03-17","gender":"female"}`
	}
	p := h.PersonOf(h.Sent("children", with(`"address":[{"line":["1 Old Lane"],"postalCode":"TN23 1AA"}],`))[plantedPatient])
	h.Sent("children", with(stourRoad+","))
	onTeam(h, p)
	h.Pass(time.Minute)
	path := "/people/" + string(p.Ref()) + "/chronology"
	if body := marek(h).Get(path).Body; !strings.Contains(body, "Moved to 8 Stour Road") || strings.Contains(body, "Moved to 1 Old Lane") {
		t.Errorf("the chronology is %.600s", body)
	}
	h.Sent("children", with(`"meta":{"security":[{"code":"R"}]},`+stourRoad+","))
	if body := marek(h).Get(path).Body; strings.Contains(body, "Stour") {
		t.Errorf("where a hidden child moved is told: %.600s", body)
	}
}
