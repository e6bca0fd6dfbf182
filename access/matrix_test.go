package access

import (
	"strings"
	"testing"
	"time"

	"kmcr"
)

var roles = []kmcr.Role{
	kmcr.RoleGP, kmcr.RoleHospitalDoctor, kmcr.RoleEmergencyDoctor, kmcr.RoleCommunityNurse, kmcr.RoleMentalHealthNurse,
	kmcr.RolePharmacist, kmcr.RoleParamedic, kmcr.RoleSocialWorker, kmcr.RoleChildrenSocialWorker,
	kmcr.RoleOccupationalTherapist, kmcr.RoleDutyWorker, kmcr.RoleCarer, kmcr.RoleSafeguardingLead,
	kmcr.RolePrivacyOfficer, kmcr.RoleCaldicottGuardian, kmcr.RoleRecordsOfficer, kmcr.RoleIntegrationEngineer,
	kmcr.RoleAdministrator, kmcr.RoleCitizen,
}

// oracle is what each role must see, written apart from matrix.csv: letters
// for the sections it does NOT see, and the topics it does.
var oracle = map[kmcr.Role]struct {
	blind    string // sections not seen
	topics   string
	clinical bool
	glass    bool
	finds    bool
	opens    bool
}{
	kmcr.RoleGP:                    {"", "SEX MH SUD SAFEG-CH SAFEG-AD THIRD-PARTY", true, true, true, true},
	kmcr.RoleHospitalDoctor:        {"", "SEX MH SUD SAFEG-CH SAFEG-AD THIRD-PARTY", true, true, true, true},
	kmcr.RoleEmergencyDoctor:       {"", "SEX MH SUD SAFEG-CH SAFEG-AD THIRD-PARTY", true, true, true, true},
	kmcr.RoleCommunityNurse:        {"claims", "MH SUD SAFEG-CH SAFEG-AD", true, true, true, true},
	kmcr.RoleMentalHealthNurse:     {"claims", "MH SUD SAFEG-CH SAFEG-AD THIRD-PARTY", true, true, true, true},
	kmcr.RolePharmacist:            {"claims safeguarding referrals social-care other", "SEX MH SUD", true, true, true, true},
	kmcr.RoleParamedic:             {"claims referrals", "MH SUD SAFEG-CH SAFEG-AD", true, true, true, true},
	kmcr.RoleOccupationalTherapist: {"claims results vaccinations", "MH SAFEG-AD", true, true, true, true},
	kmcr.RoleSocialWorker:          {"claims results vaccinations", "MH SUD SAFEG-AD THIRD-PARTY", false, true, true, true},
	kmcr.RoleChildrenSocialWorker:  {"claims results", "MH SUD SAFEG-CH THIRD-PARTY", false, true, true, true},
	kmcr.RoleDutyWorker:            {"claims results vaccinations", "MH SUD SAFEG-CH SAFEG-AD THIRD-PARTY", false, true, true, true},
	kmcr.RoleSafeguardingLead:      {"claims results vaccinations", "MH SUD SAFEG-CH SAFEG-AD THIRD-PARTY", true, true, true, true},
	kmcr.RoleCarer:                 {"claims safeguarding problems results observations vaccinations referrals documents other", "", false, false, true, true},
	kmcr.RolePrivacyOfficer:        {"everything", "", false, false, true, false},
	kmcr.RoleCaldicottGuardian:     {"everything", "", false, false, true, false},
	kmcr.RoleRecordsOfficer:        {"everything", "", false, false, true, false},
	kmcr.RoleIntegrationEngineer:   {"everything", "", false, false, false, false},
	kmcr.RoleAdministrator:         {"everything", "", false, false, false, false},
	kmcr.RoleCitizen:               {"everything", "", false, false, false, false},
}

// kinds of involvement as the oracle knows them: does one held by the organisation, the team, the account open a record?
var held = map[string][3]bool{
	"registered": {true, true, true}, "spell": {true, true, true}, "discharged": {true, true, true},
	"referral": {true, true, true}, "appointment": {true, true, true}, "social-care": {true, true, true},
	"placement": {true, true, true}, "caseload": {false, true, true}, "granted": {false, true, true},
	"self-claimed": {false, true, true}, "break-glass": {false, false, true}, "": {false, false, false},
}

func has(words, word string) bool {
	for _, w := range strings.Fields(words) {
		if w == word {
			return true
		}
	}
	return false
}

func TestRoleSectionRelationshipLabelMatrix(t *testing.T) {
	labels := []kmcr.Label{"", "R", "V", "SEX", "MH", "SUD", "SAFEG-CH", "SAFEG-AD", "THIRD-PARTY", "ADOPT"}
	count := 0
	for _, role := range append([]kmcr.Role{"", "R9999"}, roles...) {
		for kind, by := range held {
			for level := range 3 {
				for _, objects := range []bool{false, true} {
					f := Facts{
						Policy: released, Viewer: kmcr.Viewer{Account: "a", Role: role, Organisation: "RVV", Team: "T"},
						Organisation: trust, Person: 7, Purpose: kmcr.DirectCare, Now: now,
					}
					i := kmcr.Involvement{Kind: kind, Organisation: "RVV", Reason: "needed at once", Until: now.Add(time.Hour)}
					if level == 1 {
						i.Team = "T"
					}
					if level == 2 {
						i.Account = "a"
					}
					f.Involvements = []kmcr.Involvement{i}
					if objects {
						f.Objections = []Objection{{}}
					}
					o := oracle[role]
					opens := o.opens && by[level] && (kind != "break-glass" || o.glass) && (!objects || kind == "break-glass")
					if role == kmcr.RoleChildrenSocialWorker && kind == "social-care" && level == 0 {
						opens = false // by team or caseload alone
					}
					d := Decide(f)
					if (d.Outcome == Permitted) != opens {
						t.Fatalf("%s, %s at level %d, objection %v: %s, oracle says %v", role, kind, level, objects, d.Outcome, opens)
					}
					for _, section := range append(kmcr.AllSections, "") {
						for _, label := range labels {
							count++
							want := opens && seen(role, section) && labelSeen(role, section, kind, label)
							s := &kmcr.Statement{Type: "Claim", Section: section}
							if label != "" {
								s.Labels = []kmcr.Label{label}
							}
							if got, _ := d.Item(f, s); got != want {
								t.Fatalf("%s, %s, section %s, label %q: %v, oracle says %v", role, kind, section, label, got, want)
							}
							asked := d
							asked.Reveals = kmcr.TopicThirdParty
							if label == "THIRD-PARTY" {
								want = opens && seen(role, section) && has(oracle[role].topics, "THIRD-PARTY")
							}
							if got, _ := asked.Item(f, s); got != want || label == "THIRD-PARTY" && d.Protected(f, s) != want {
								t.Fatalf("%s, %s, section %s, label %q, asked for: %v, oracle says %v", role, kind, section, label, got, want)
							}
						}
					}
				}
			}
		}
	}
	t.Logf("%d cases agree with the oracle", count)
}

func seen(role kmcr.Role, section kmcr.Section) bool {
	o := oracle[role]
	if !o.opens || section == "" {
		return false
	}
	if section == kmcr.Administrative {
		return !has(o.blind, "claims")
	}
	return !has(o.blind, string(section))
}

func labelSeen(role kmcr.Role, section kmcr.Section, kind string, label kmcr.Label) bool {
	switch label {
	case "":
		return true
	case "V":
		return false
	case "THIRD-PARTY":
		return false // until it is asked for
	case "R":
		return oracle[role].clinical && kind != "self-claimed" && section != kmcr.Demographics
	}
	return has(oracle[role].topics, string(label))
}

func TestWhoMayFindBreakGlassAndWork(t *testing.T) {
	lists := map[kmcr.Role]WorkList{
		kmcr.RolePrivacyOfficer: WorkPrivacy, kmcr.RoleCaldicottGuardian: WorkPrivacy, kmcr.RoleRecordsOfficer: WorkMatches,
		kmcr.RoleIntegrationEngineer: WorkFeeds, kmcr.RoleAdministrator: WorkFeeds,
	}
	for _, role := range roles {
		v := kmcr.Viewer{Account: "a", Role: role, Organisation: "RVV"}
		if got, why := released.MayFind(v, trust); got != oracle[role].finds || why == "" {
			t.Errorf("%s may find: %v (%s)", role, got, why)
		}
		if got, why := released.MayBreakGlass(v, trust); got != oracle[role].glass || why == "" {
			t.Errorf("%s may break glass: %v (%s)", role, got, why)
		}
		for _, l := range []WorkList{WorkCaseload, WorkPrivacy, WorkMatches, WorkFeeds, WorkUse} {
			want := lists[role] == l || (l == WorkCaseload && oracle[role].opens) || (l == WorkUse && lists[role] != "" && role != kmcr.RoleIntegrationEngineer)
			if got, _ := released.MayWork(v, trust, l); got != want {
				t.Errorf("%s may open %s: %v", role, l, got)
			}
			if got, _ := released.MayWork(v, &kmcr.Organisation{ODS: "RVV"}, l); got {
				t.Errorf("%s of an organisation that has not signed opened %s", role, l)
			}
		}
		if got, _ := released.MayFind(v, &kmcr.Organisation{ODS: "RVV"}); got {
			t.Errorf("%s of an organisation that has not signed may find", role)
		}
		if got, _ := released.MayFind(v, nil); got {
			t.Errorf("%s of no known organisation may find", role)
		}
	}
}

func TestMatrixNamesEverySectionAndRole(t *testing.T) {
	if head := strings.Join(columns(), ","); !strings.Contains(matrixCSV, "\n"+head+"\n") {
		t.Errorf("the columns are not %s", head)
	}
	for _, role := range roles {
		if !strings.Contains(matrixCSV, "\n"+string(role)+",") || kinds[role] == "" {
			t.Errorf("the matrix says nothing of %s", role)
		}
	}
	for role, p := range released.roles {
		for _, s := range kmcr.AllSections {
			if p.sections[s] == "" {
				t.Errorf("%s: nothing is said of %s", role, s)
			}
		}
		if len(p.sections) != len(kmcr.AllSections) {
			t.Errorf("%s: the matrix names a section that there is not", role)
		}
	}
	if !released.Section(kmcr.RoleCarer, kmcr.Medicines) || released.Section(kmcr.RoleCarer, kmcr.Results) || released.Section("R9999", kmcr.Medicines) {
		t.Error("Section does not read the matrix")
	}
	if !released.Topic(kmcr.RoleGP, kmcr.TopicSexual) || released.Topic(kmcr.RoleCarer, kmcr.TopicMental) {
		t.Error("Topic does not read the matrix")
	}
}

// A policy that was agreed before a section or a role was thought of leaves them closed, and everything else as it was.
func TestAnOlderPolicyClosesWhatItDoesNotKnow(t *testing.T) {
	var older []string
	for line := range strings.Lines(released.Matrix()) {
		if !strings.HasPrefix(line, "paramedic,") {
			older = append(older, line)
		}
	}
	p, err := ReadPolicy(4, strings.Replace(strings.Join(older, ""), ",plans,", ",plots,", 1))
	if err != nil {
		t.Fatal(err)
	}
	if p.Section(kmcr.RoleGP, kmcr.Plans) || p.Section(kmcr.RoleParamedic, kmcr.Medicines) || !p.Section(kmcr.RoleGP, kmcr.Medicines) {
		t.Error("it opens what it does not know, or closes what it does")
	}
	if may, _ := p.MayFind(kmcr.Viewer{Account: "a", Role: kmcr.RoleParamedic, Organisation: "RVV"}, trust); may {
		t.Error("a role that it does not know may find people")
	}
	for _, bad := range []string{"", "role,kind\n\"", strings.Replace(released.Matrix(), "gp,clinical,all", "gp,clinical,some", 1), strings.Replace(released.Matrix(), "citizen,citizen", "citizen,clinical", 1)} {
		if _, err := ReadPolicy(1, bad); kmcr.KindOf(err) != kmcr.Invalid {
			t.Errorf("%.40q is read: %v", bad, err)
		}
	}
}

// No policy is a missing fact, and opens nothing.
func TestNoPolicyNoAccess(t *testing.T) {
	f := involved(kmcr.Involvement{Kind: "registered", Organisation: "RVV"})
	f.Policy = nil
	if d := Decide(f); d.Outcome != Unknown {
		t.Errorf("decided %s", d.Outcome)
	}
	if may, _ := f.Policy.MayFind(f.Viewer, trust); may {
		t.Error("somebody may find people without a policy")
	}
}

func TestAdministrativeFollowsWhatItIsAbout(t *testing.T) {
	f := involved(kmcr.Involvement{Kind: "registered", Organisation: "RVV"})
	d := Decide(f)
	sealed := &kmcr.Statement{ID: kmcr.StatementID{Patient: 1, Hash: 2}, Type: "Condition", Section: kmcr.Problems, Labels: []kmcr.Label{kmcr.VeryRestricted}}
	claim := &kmcr.Statement{Type: "Claim", Section: kmcr.Administrative,
		Body: []byte(`{"resourceType":"Claim","diagnosis":[{"diagnosisReference":{"reference":"Condition/` + sealed.ID.String() + `"}}]}`)}
	other := &kmcr.Statement{Type: "Claim", Section: kmcr.Administrative, Body: []byte(`{"resourceType":"Claim"}`)}
	permitted, withheld := d.Items(f, []*kmcr.Statement{claim, sealed, other})
	if len(permitted) != 1 || permitted[0] != other || len(withheld) != 2 || !withheld[0].ByLabel || !withheld[1].ByLabel {
		t.Errorf("permitted %d, withheld %+v", len(permitted), withheld)
	}
}

func TestInternalIsNeverShown(t *testing.T) {
	f := involved(kmcr.Involvement{Kind: "registered", Organisation: "RVV"})
	if ok, _ := Decide(f).Item(f, &kmcr.Statement{Type: "Encounter", Section: kmcr.Encounters, Internal: true}); ok {
		t.Error("an internal statement left")
	}
	if ok, _ := (Decision{}).Item(f, &kmcr.Statement{Type: "Encounter", Section: kmcr.Encounters}); ok {
		t.Error("no decision, but an item")
	}
}
