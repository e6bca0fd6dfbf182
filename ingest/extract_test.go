package ingest_test

import (
	"fmt"
	"strings"
	"testing"

	"kmcr"
	"kmcr/store"
)

const caseHeader = "Extract Date,Record,Record Id,Person Id,Family Name,Given Name,Date of Birth,Start Date,Worker Name,Package,Provider\n"

// caseExtract is an extract of a day with packages of people.
func caseExtract(day string, packages ...string) string {
	out := caseHeader
	for _, p := range packages {
		out += fmt.Sprintf("%s,package,K%s,P%s,Fox,Ada%s,1941-03-05,2026-01-01,,Long term support: Community,Homecare\n", day, p, p, p)
	}
	return out
}

// extract imports a file of the council.
func (h *house) extract(content string) {
	h.Helper()
	_, err := h.in.Import(h.ctx(), "council", "extract.csv", []byte(content), nil)
	h.must(err)
	h.quiet()
}

// packages says of each person's package whether it goes on, ended when, or is not known.
func (h *house) packages(ids ...string) string {
	h.Helper()
	var out []string
	for _, id := range ids {
		p, err := h.db.PatientByKey(h.ctx(), "council", "820|P"+id)
		h.must(err)
		says := "unknown"
		if p != nil {
			all, err := h.db.Compartments(h.ctx(), p.ID)
			h.must(err)
			for _, s := range all[0].Current() {
				if s.Type == "EpisodeOfCare" {
					says = "open"
					if _, end, ended := strings.Cut(string(s.Body), `"end":"`); ended {
						says = end[:10]
					}
				}
			}
		}
		out = append(out, says)
	}
	return strings.Join(out, " ")
}

func TestAbsenceFromAWholeExtractMeansEnded(t *testing.T) {
	h := build(t)
	h.extract(caseExtract("2026-11-01", "1", "2", "3"))
	if got := h.packages("1", "2", "3"); got != "open open open" {
		t.Fatalf("after the first extract: %s", got)
	}
	h.extract(caseExtract("2026-11-02", "1", "3"))
	if got := h.packages("1", "2", "3"); got != "open 2026-11-01 open" {
		t.Errorf("after one without the second: %s", got)
	}
	h.extract(caseExtract("2026-11-03", "1", "2", "3"))
	if got := h.packages("1", "2", "3"); got != "open open open" {
		t.Errorf("told again, it goes on: %s", got)
	}
	h.extract(caseExtract("2026-11-01", "1", "2", "3", "4"))
	if got := h.packages("1", "2", "3", "4"); got != "open open open 2026-11-01" {
		t.Errorf("an extract of an earlier day that comes late: %s", got)
	}
	before := h.balanced()
	h.extract(caseExtract("2026-11-03", "1", "2", "3"))
	if after := h.balanced(); after.Received != before.Received {
		t.Errorf("the same extract again counts %d more", after.Received-before.Received)
	}
}

func TestAnExtractThatLooksLikeAPartEndsNothingUntilSomebodySaysSo(t *testing.T) {
	h := build(t)
	h.extract(caseExtract("2026-11-01", "1", "2", "3", "4", "5"))
	h.extract(caseExtract("2026-11-02", "1"))
	if got := h.packages("1", "2", "3"); got != "open open open" {
		t.Fatalf("a part of an extract has ended things: %s", got)
	}
	var doubted int64
	h.must(h.db.Messages(h.ctx(), "council", store.Parked, func(m store.Message) error {
		if m.Reason == "extract-doubtful" {
			doubted = m.ID
		}
		return nil
	}))
	if doubted == 0 {
		t.Fatal("nobody is asked whether it is whole")
	}
	h.must(h.in.Replay(h.ctx(), doubted, kmcr.Viewer{Account: "engineer", Role: kmcr.RoleIntegrationEngineer}))
	h.quiet()
	if got := h.packages("1", "2", "3"); got != "open 2026-11-01 2026-11-01" {
		t.Errorf("after it was said to be whole: %s", got)
	}
	h.balanced()
}

func TestAServiceAbsentFromTheNextReturnEndsWithThePeriodBefore(t *testing.T) {
	h := build(t)
	const header = "LA Code,Reporting Period End Date,NHS Number,LA Person Unique Identifier,Date of Birth,Client Type,Event Type,Event Start Date,Event End Date,Service Type,Service Component\n"
	row := func(period, person string) string {
		return "820," + period + ",," + person + ",1941-03-05,Service user,Service,2026-04-01,,Long term support: Community,Home support\n"
	}
	h.extract(header + row("2026-06-30", "P1") + row("2026-06-30", "P2"))
	h.extract(header + row("2026-09-30", "P1"))
	if got := h.packages("1", "2"); got != "open 2026-06-30" {
		t.Errorf("services are %s", got)
	}
}

func TestATeamIsGivenToThePatientOfItsReferralWhicheverComesFirst(t *testing.T) {
	h := build(t)
	team := "ServiceRequestId,UniqCareProfTeamID,ServTeamTypeRefToMH\nR1,T7,A02\n"
	referral := "ServiceRequestId,LocalPatientId,ReferralRequestReceivedDate\nR1,M1,2026-09-01\n"
	_, err := h.in.Import(h.ctx(), "community", "MHS102.csv", []byte(team), nil)
	h.must(err)
	_, err = h.in.Import(h.ctx(), "community", "MHS101.csv", []byte(referral), nil)
	h.must(err)
	h.must(h.in.Settle(h.ctx(), "community"))
	p, err := h.db.PatientByKey(h.ctx(), "community", "RYY|M1")
	h.must(err)
	all, err := h.db.Compartments(h.ctx(), p.ID)
	h.must(err)
	var kinds []string
	for _, s := range all[0].Current() {
		kinds = append(kinds, s.Type)
	}
	if got := strings.Join(kinds, " "); !strings.Contains(got, "CareTeam") || !strings.Contains(got, "ServiceRequest") {
		t.Errorf("the patient has %s", got)
	}
	if sum := h.balanced(); sum.Parked != 0 {
		t.Errorf("%d are still parked", sum.Parked)
	}
}

// An extract without the column of a telephone says nothing of it: the line that another gave stands, and ends with what it belongs to.
func TestAColumnThatIsNotThereEndsNoContactLine(t *testing.T) {
	h := build(t)
	row := func(day, person, telephone string) string {
		return fmt.Sprintf("%s,package,K%s,P%[2]s,Fox,Ada%[2]s,1941-03-05,2026-01-01,Long term support: Community,Homecare%s\n", day, person, telephone)
	}
	columns := "Extract Date,Record,Record Id,Person Id,Family Name,Given Name,Date of Birth,Start Date,Package,Provider"
	line := func() string {
		p, err := h.db.PatientByKey(h.ctx(), "council", "820|P1")
		h.must(err)
		for _, s := range h.compartment(p.ID).Current() {
			if s.Key == "Case|provider|K1" {
				return string(s.Body)
			}
		}
		return ""
	}
	h.extract(columns + ",Provider Telephone\n" + row("2026-11-01", "1", ",01634 496555") + row("2026-11-01", "2", ","))
	h.extract(columns + "\n" + row("2026-11-02", "1", "") + row("2026-11-02", "2", ""))
	if got := line(); !strings.Contains(got, `"status":"active"`) || !strings.Contains(got, "01634 496555") {
		t.Errorf("after an extract without the column: %s", got)
	}
	h.extract(columns + "\n" + row("2026-11-03", "2", "") + row("2026-11-03", "3", ""))
	if got := line(); !strings.Contains(got, `"status":"inactive"`) {
		t.Errorf("its package has ended: %s", got)
	}
}
