package translate

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kmcr"
)

var (
	children = kmcr.Contributor{Code: "childrens-social-care", Organisation: "820", Name: "Kent children's social care", Format: kmcr.FormatFHIR}
	rio      = kmcr.Contributor{Code: "mental-health", Organisation: "RXY", Name: "KMPT", Format: kmcr.FormatFHIR}
)

// readFile reads every record of a file.
func readFile(t testing.TB, format kmcr.Format, c kmcr.Contributor, content string) (all []Reading) {
	t.Helper()
	file, err := OpenRecords(format, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	for {
		record, err := file.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		r, err := ReadRecord(file.Format(), record.Raw, c)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
}

// stated is the resource of a statement whose key begins with a prefix.
func stated(t testing.TB, all []Reading, key string) string {
	t.Helper()
	for i := len(all) - 1; i >= 0; i-- {
		for _, s := range all[i].Statements {
			if strings.HasPrefix(s.Key, key) {
				return string(s.Resource)
			}
		}
	}
	t.Fatalf("nothing has the key %s", key)
	return ""
}

// Every record of the published files becomes statements that keep the rules of R4, and what is in none is listed.
func TestPublishedReturnsOfChildrenAreReadWhole(t *testing.T) {
	files, _ := filepath.Glob("../../shared/data/social-care/*/*.xml")
	tables, _ := filepath.Glob("../../shared/data/social-care/looked-after-children-903/*.csv")
	if len(files)+len(tables) == 0 {
		t.Skip("SKIPPED, NOT TESTED: the shared data is not here")
	}
	records := 0
	for _, file := range append(files, tables...) {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		format := Recognise(content[:min(len(content), 4096)])
		if format != kmcr.FormatCIN && format != kmcr.Format903 {
			t.Errorf("%s is taken for %q", file, format)
			continue
		}
		for i, r := range readFile(t, format, children, string(content)) {
			records++
			if len(r.Patients) != 1 || len(r.Statements) == 0 {
				t.Errorf("%s record %d: %d patients, %d statements", file, i, len(r.Patients), len(r.Statements))
			}
			if i < 200 {
				checkStatements(t, file, r)
			}
		}
	}
	if records < 20_000 {
		t.Errorf("only %d records", records)
	}
}

func checkStatements(t *testing.T, where string, r Reading) {
	t.Helper()
	for _, s := range r.Statements {
		checkResource(t, where, s)
	}
}

const caseHeader = "Extract Date,Record,Record Id,Person Id,NHS Number,Family Name,Given Name,Date of Birth,Sex,Postcode,Start Date,End Date,Worker Name,Worker Role,Worker Telephone,Team,Team Telephone,Duty Telephone,Package,Package Description,Provider,Provider Telephone,Units Per Week,Visit Days,Visit From,Visit Until,Workers Per Visit,Tasks,Category,Next Review Date\n"

func TestTheCaseExtractTellsWhoToCallAndWhoComesWhen(t *testing.T) {
	all := readFile(t, "", council, caseHeader+
		"2026-11-01,worker,W1,P9,999 000 0018,Fox,Ada,05/03/1941,Female,me7 1zz,2026-01-01,,Grace Okafor,Social worker,01233 496111,Ashford older people,01233 496112,01233 496999,,,,,,,,,,,,\n"+
		"2026-11-01,package,K1,P9,,,,,,,2026-02-01,,,,,,,,Long term support: Community,Home support,Medway Homecare,01634 496555,14,,,,,,,\n"+
		"2026-11-01,visit,V1,P9,,,,,,,2026-02-01,,,,,,,,,,Medway Homecare,,,\"Mon, Wed, Fri\",8:00,08:30,2,Washing,,\n"+
		"2026-11-01,child-protection,C1,P8,,Fox,Ben,2016-03-05,1,,2026-02-01,,,,,,,,,,,,,,,,,,NEG,2026-12-01\n"+
		"2026-11-01,looked-after,L1,P8,,,,,,,2026-02-01,2026-10-01,,,,,,,,,,,,,,,,,,\n"+
		"2026-11-01,looked-after,L2,P8,,,,,,,2026-10-02,,,,,,,,U6,,Medway Fostering,,,,,,,,C2,2026-12-05\n")
	for _, r := range all {
		checkStatements(t, "case extract", r)
		if len(r.Unmapped) > 0 {
			t.Errorf("not mapped: %q", r.Unmapped)
		}
	}
	cases := []struct{ says, key, want string }{
		{"the worker by name and role", "Case|worker|W1", `"text":"Social worker"`},
		{"and telephone", "Case|worker|W1", `"01233 496111"`},
		{"the duty line of the team", "Case|duty|W1", `"name":"Ashford older people duty line"`},
		{"the package and its provider", "Case|package|K1", `"display":"Medway Homecare"`},
		{"how to reach the provider", "Case|provider|K1", `"01634 496555"`},
		{"on which days somebody comes", "Case|visit|V1", `"dayOfWeek":["mon","wed","fri"]`},
		{"and when", "Case|visit|V1", `"timeOfDay":["08:00:00"]`},
		{"a protection plan by its category", "Case|child-protection|C1", `Child protection plan: neglect`},
		{"and its next review", "Case|child-protection-plan|C1", `Next review 2026-12-01`},
		{"since when a child is looked after", "Case|looked-after-episode|L2", `"start":"2026-10-02"`},
		{"by which legal status, in words", "Case|looked-after|L2", `Looked after child: Full care order (C2)`},
		{"where it is placed", "Case|looked-after-episode|L2", `Foster placement (U6)`},
		{"and by whom", "Case|looked-after-episode|L2", `Medway Fostering`},
		{"an episode that is over", "Case|looked-after-episode|L1", `"status":"finished"`},
		{"what is over is over", "Case|looked-after|L1", `"status":"inactive"`},
	}
	for _, c := range cases {
		t.Run(c.says, func(t *testing.T) {
			if got := stated(t, all, c.key); !strings.Contains(got, c.want) {
				t.Errorf("%s is not in %s", c.want, got)
			}
		})
	}
	if p := all[0].Patients[0]; p.Key != "820|P9" || p.NHS != "9990000018" || p.Born != "1941-03-05" || p.Mention {
		t.Errorf("the person is %+v", p)
	}
	if p := all[1].Patients[0]; p.Key != "820|P9" || !p.Mention {
		t.Errorf("a row with the number alone is about %+v", p)
	}
}

// The published schema and the program know the same columns.
func TestTheSchemaOfTheCaseExtractIsTrue(t *testing.T) {
	raw, err := os.ReadFile("../docs/case-extract.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Fields []struct {
			Name        string
			Constraints struct{ Required bool }
		}
	}
	if err := json.Unmarshal(raw, &schema); err != nil {
		t.Fatal(err)
	}
	var names, required []string
	for _, f := range schema.Fields {
		names = append(names, f.Name)
		if f.Constraints.Required {
			required = append(required, f.Name)
		}
	}
	if !slices.Equal(names, CaseColumns) || !slices.Equal(required, caseRequired) {
		t.Errorf("the schema has %q, required %q", names, required)
	}
}

func TestMentalHealthTablesTellOfReferralsTeamsAndTheLaw(t *testing.T) {
	files := []string{
		"LocalPatientId,NHSNumber,PersonBirthDate,Gender,Postcode\nM1,9990000018,1941-03-05,2,ME7 1ZZ\n",
		"ServiceRequestId,LocalPatientId,ReferralRequestReceivedDate,ClinRespPriorityType,PrimReasonReferralMH,ServDischDate\nR1,M1,2026-09-01,2,04,\n",
		"ServiceRequestId,UniqCareProfTeamID,ServTeamTypeRefToMH\nR1,T7,A02\n",
		"MHCareCoordAssId,LocalPatientId,StartDateAssCareCoord,CareProfLocalId,CareCoordName\nA1,M1,2026-09-03,S5,Daniel Osei\n",
		"MHActLegalStatusClassPeriodId,LocalPatientId,LegalStatusCode,StartDateMHActLegalStatusClass,ExpiryDateMHActLegalStatusClass\nL1,M1,02,2026-10-01,2026-10-28\n",
		"CarePlanID,LocalPatientId,CarePlanTypeMH,CarePlanCreatDate,CarePlanLastUpdateDate\nC1,M1,12,2026-09-10,2026-10-10\n",
		"HospProvSpellID,ServiceRequestId,StartDateHospProvSpell\nH1,R1,2026-10-01\n",
		"CareContactId,ServiceRequestId,CareContDate,CareContTime,AttendStatus\nK1,R1,2026-09-12,09:00:00,5\nK2,R1,2026-09-19,09:00:00,3\nK3,R1,2026-09-26,09:00:00,4\n",
	}
	var all []Reading
	for _, f := range files {
		if got := Recognise([]byte(f)); got != kmcr.FormatMHSDS {
			t.Errorf("%q is taken for %q", f, got)
		}
		all = append(all, readFile(t, kmcr.FormatMHSDS, rio, f)...)
	}
	for _, r := range all {
		checkStatements(t, "MHSDS", r)
	}
	cases := []struct{ says, key, want string }{
		{"a referral that is open", "MHSDS|referral|R1", `"status":"active"`},
		{"why", "MHSDS|referral|R1", "Depression"},
		{"the team it went to", "MHSDS|team|R1", "Crisis resolution team"},
		{"the care co-ordinator", "MHSDS|co-ordinator|A1", "Daniel Osei"},
		{"the section", "MHSDS|act|L1", "section 2, expires 2026-10-28"},
		{"that there is a crisis plan", "MHSDS|plan|C1", "Mental health crisis plan"},
		{"an admission", "MHSDS|spell|H1", `"status":"in-progress"`},
		{"a contact", "MHSDS|contact|K1", `"status":"finished"`},
		{"who did not come", "MHSDS|missed-contact|K2", `"status":"noshow"`},
		{"what the provider cancelled", "MHSDS|missed-contact|K3", `"status":"cancelled"`},
	}
	for _, c := range cases {
		t.Run(c.says, func(t *testing.T) {
			if got := stated(t, all, c.key); !strings.Contains(got, c.want) {
				t.Errorf("%s is not in %s", c.want, got)
			}
		})
	}
	if p := all[2].Patients[0]; !p.Known || p.Key != all[1].Patients[0].Aliases[0] {
		t.Errorf("a team is of the patient of its referral, and this of %+v", p)
	}
}

func TestFilesAreKnownByWhatIsInThem(t *testing.T) {
	cases := []struct {
		begins string
		want   kmcr.Format
	}{
		{"MSH|^~\\&|PAS", kmcr.FormatHL7v2}, {"\xef\xbb\xbfFHS|^~\\&|", kmcr.FormatHL7v2}, {"\vMSH|^~\\&|", kmcr.FormatHL7v2},
		{`{"resourceType":"Bundle"}`, kmcr.FormatFHIR}, {`<Patient xmlns="http://hl7.org/fhir">`, kmcr.FormatFHIR},
		{cldHeader + "\n", kmcr.FormatCLD}, {caseHeader, kmcr.FormatCase}, {"CHILD,DECOM,RNE,LS\n", kmcr.Format903},
		{"<Message><Header><CollectionDetails><Collection>CIN</Collection>", kmcr.FormatCIN}, {"<EXPSSDA903>", kmcr.Format903},
		{`<ClinicalDocument xmlns="urn:hl7-org:v3">`, kmcr.FormatFHIR}, {`<soap:Envelope><itk:DistributionEnvelope xmlns:itk="urn:nhs-itk:ns:201005">`, kmcr.FormatFHIR},
		{"", ""}, {"hello", ""}, {"a,b,c\n1,2,3", ""}, {`{"a":1}`, ""}, {"<html>", ""},
	}
	for _, c := range cases {
		if got := Recognise([]byte(c.begins)); got != c.want {
			t.Errorf("%.30q is taken for %q, and is %q", c.begins, got, c.want)
		}
	}
}

func TestWhatAnExtractNoLongerTellsOfHasEnded(t *testing.T) {
	last, at := time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC), time.Date(2026, 9, 30, 0, 0, 0, 0, time.UTC)
	open := `{"resourceType":"EpisodeOfCare","status":"active","period":{"start":"2026-04-01"},"extension":[{"url":"urn:x","valueDecimal":1.10}]}`
	out, ok := EndedByAbsence("EpisodeOfCare", []byte(open), last, at)
	for _, want := range []string{`{"resourceType":"EpisodeOfCare",`, `"status":"finished"`, `"end":"2026-06-30"`, `"valueDecimal":1.10`, `{"url":"urn:kmcr:ended-by-absence","valueDate":"2026-09-30"}`} {
		if !ok || !bytes.Contains(out, []byte(want)) {
			t.Errorf("%s is not in %s", want, out)
		}
	}
	for _, body := range []string{`{"resourceType":"EpisodeOfCare","status":"finished"}`, `{"resourceType":"Observation","status":"final"}`} {
		kind := "EpisodeOfCare"
		if strings.Contains(body, "Observation") {
			kind = "Observation"
		}
		if out, ok := EndedByAbsence(kind, []byte(body), last, at); ok {
			t.Errorf("what does not stand open is ended: %s", out)
		}
	}
}

func TestHostileCensusesAreRefused(t *testing.T) {
	for _, file := range []string{
		`<!DOCTYPE x [<!ENTITY a "b">]><Message><Children><Child><ChildIdentifiers><LAchildID>&a;</LAchildID></ChildIdentifiers></Child></Children></Message>`,
		`<Message><Children><Child>` + strings.Repeat("<a>", 1000),
		`<Message><Children><Child><ChildIdentifiers>`,
		`<?xml version="1.0" encoding="UTF-7"?><Message/>`,
		`<Message><Children><Child><LAchildID>&xxe;</LAchildID></Child></Children></Message>`,
	} {
		file, err := OpenRecords(kmcr.FormatCIN, strings.NewReader(file))
		if err == nil {
			_, err = file.Next()
		}
		if err == nil || err == io.EOF {
			t.Errorf("a hostile file is read: %v", err)
		}
	}
}

func FuzzRecords(f *testing.F) {
	f.Add(string(kmcr.FormatCIN), []byte(`<Message><Header><CollectionDetails><ReferenceDate>2026-03-31</ReferenceDate></CollectionDetails></Header><Children><Child><ChildIdentifiers><LAchildID>1</LAchildID><PersonBirthDate>2015-03-27</PersonBirthDate></ChildIdentifiers><CINdetails><CINreferralDate>2022-10-06</CINreferralDate><ChildProtectionPlans><CPPstartDate>2022-02-17</CPPstartDate></ChildProtectionPlans></CINdetails></Child></Children></Message>`))
	f.Add(string(kmcr.Format903), []byte(`<EXPSSDA903><CHILD><HEADER><CHILDID>1</CHILDID><DOB>28/07/2010</DOB></HEADER><EPISODE><DECOM>01/01/2020</DECOM><PL>U6</PL></EPISODE></CHILD></EXPSSDA903>`))
	f.Add(string(kmcr.Format903), []byte("CHILD,DECOM,RNE,LS\n1,01/01/2020,S,C2\n"))
	f.Add(string(kmcr.FormatCase), []byte(caseHeader+"2026-11-01,visit,V1,P9,,,,,,,2026-02-01,,,,,,,,,,Medway,,,\"Mon\",8:00,08:30,2,Washing,,\n"))
	f.Add(string(kmcr.FormatMHSDS), []byte("HospProvSpellID,ServiceRequestId,StartDateHospProvSpell\nH1,R1,2026-10-01\n"))
	f.Add(string(kmcr.FormatCLD), []byte(cldHeader+"\n"+cldRow(nil)))
	f.Fuzz(func(t *testing.T, format string, content []byte) {
		file, err := OpenRecords(kmcr.Format(format), bytes.NewReader(content))
		for n := 0; err == nil && n < 100; n++ {
			var record Record
			if record, err = file.Next(); err != nil {
				return
			}
			r, err := ReadRecord(file.Format(), record.Raw, children)
			if err != nil {
				continue
			}
			for _, s := range r.Statements {
				if !json.Valid(s.Resource) {
					t.Fatalf("%s is not JSON", s.Resource)
				}
			}
		}
	})
}
