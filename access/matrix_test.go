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
						Viewer:       kmcr.Viewer{Account: "a", Role: role, Organisation: "RVV", Team: "T"},
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
		if got, why := MayFind(v, trust); got != oracle[role].finds || why == "" {
			t.Errorf("%s may find: %v (%s)", role, got, why)
		}
		if got, why := MayBreakGlass(v, trust); got != oracle[role].glass || why == "" {
			t.Errorf("%s may break glass: %v (%s)", role, got, why)
		}
		for _, l := range []WorkList{WorkCaseload, WorkPrivacy, WorkMatches, WorkFeeds, WorkUse} {
			want := lists[role] == l || (l == WorkCaseload && oracle[role].opens) || (l == WorkUse && lists[role] != "" && role != kmcr.RoleIntegrationEngineer)
			if got, _ := MayWork(v, trust, l); got != want {
				t.Errorf("%s may open %s: %v", role, l, got)
			}
			if got, _ := MayWork(v, &kmcr.Organisation{ODS: "RVV"}, l); got {
				t.Errorf("%s of an organisation that has not signed opened %s", role, l)
			}
		}
		if got, _ := MayFind(v, &kmcr.Organisation{ODS: "RVV"}); got {
			t.Errorf("%s of an organisation that has not signed may find", role)
		}
		if got, _ := MayFind(v, nil); got {
			t.Errorf("%s of no known organisation may find", role)
		}
	}
}

func TestMatrixNamesEverySectionAndRole(t *testing.T) {
	if len(permissionsOf) != len(roles) {
		t.Errorf("%d roles in the matrix, %d known", len(permissionsOf), len(roles))
	}
	for role, p := range permissionsOf {
		for _, s := range kmcr.AllSections {
			if p.sections[s] == "" {
				t.Errorf("%s: nothing is said of %s", role, s)
			}
		}
		if len(p.sections) != len(kmcr.AllSections) {
			t.Errorf("%s: the matrix names a section that there is not", role)
		}
	}
	if !Section(kmcr.RoleCarer, kmcr.Medicines) || Section(kmcr.RoleCarer, kmcr.Results) || Section("R9999", kmcr.Medicines) {
		t.Error("Section does not read the matrix")
	}
	if !Topic(kmcr.RoleGP, kmcr.TopicSexual) || Topic(kmcr.RoleCarer, kmcr.TopicMental) {
		t.Error("Topic does not read the matrix")
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
