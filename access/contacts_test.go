package access

import (
	"slices"
	"testing"
	"time"

	"kmcr"
)

// Who is involved is told where only the section is closed to the role, and never where telling it would tell what is withheld.
func TestInvolved(t *testing.T) {
	id := func(patient, n int) kmcr.StatementID {
		return kmcr.StatementID{Patient: kmcr.PatientID(patient), Hash: uint64(n)}
	}
	statement := func(n int, resourceType string, section kmcr.Section, body string, labels ...kmcr.Label) *kmcr.Statement {
		return &kmcr.Statement{ID: id(1, n), Type: resourceType, Section: section, Body: []byte(body), Labels: labels}
	}
	clinic := "Encounter/" + id(1, 20).String()
	all := []*kmcr.Statement{
		statement(1, "Patient", kmcr.Demographics, `{}`),
		statement(2, "Encounter", kmcr.Encounters, `{}`),
		statement(3, "ServiceRequest", kmcr.Referrals, `{"performer":[{"display":"Ashford district nurses"}]}`),
		statement(4, "EpisodeOfCare", kmcr.SocialCare, `{"careManager":{"display":"Grace Okafor"}}`),
		statement(5, "ServiceRequest", kmcr.Referrals, `{"performer":[{"display":"Canterbury Sexual Health"}]}`),
		statement(6, "ServiceRequest", kmcr.Referrals, `{"performer":[{"display":"Dr Quiet"}]}`, kmcr.TopicSafeguardChild),
		statement(7, "CarePlan", kmcr.Safeguarding, `{"author":{"display":"Marek Nowak"}}`),
		statement(8, "Observation", kmcr.Results, `{"performer":[{"display":"Lab"}]}`),
		statement(20, "Encounter", kmcr.Encounters, `{}`, kmcr.VeryRestricted),
		statement(21, "ServiceRequest", kmcr.Referrals, `{"encounter":{"reference":"`+clinic+`"},"performer":[{"display":"Somebody of the clinic"}]}`),
	}
	ofCouncil := statement(30, "EpisodeOfCare", kmcr.SocialCare, `{"careManager":{"display":"Beth Lowry"}}`)
	ofCouncil.ID = id(2, 30)
	ofClinic := statement(31, "ServiceRequest", kmcr.Referrals, `{"performer":[{"display":"Dr Clinic"}]}`)
	ofClinic.ID = id(3, 31)
	clinicVisit := statement(32, "Encounter", kmcr.Encounters, `{}`, kmcr.Restricted, kmcr.TopicSafeguardChild)
	clinicVisit.ID = id(3, 32)
	all = append(all, ofCouncil, ofClinic, clinicVisit)

	for role, want := range map[kmcr.Role][]uint64{
		kmcr.RolePharmacist:    {3, 4, 5, 30}, // sees neither referrals nor social care; the topic is open to the role
		kmcr.RoleParamedic:     {3, 31},       // sees no referrals, and the clinic's visit
		kmcr.RoleCarer:         {3},
		kmcr.RoleGP:            nil, // sees the entries themselves
		kmcr.RoleAdministrator: nil,
	} {
		f := Facts{Policy: released, Viewer: kmcr.Viewer{Account: "a", Role: role}, Now: time.Now()}
		d := Decision{Outcome: Permitted, Kind: "registered"}
		permitted, withheld := d.Items(f, all)
		var got []uint64
		for _, s := range d.Involved(f, permitted, withheld) {
			got = append(got, s.ID.Hash)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s is told of %v, want %v", role, got, want)
		}
	}
}

func TestNamesService(t *testing.T) {
	for _, c := range []struct {
		role  kmcr.Role
		words string
		may   bool
	}{
		{kmcr.RoleCarer, "Ashford community nursing", true}, {kmcr.RoleCarer, "Community Mental Health Team", false}, {kmcr.RoleSocialWorker, "Community Mental Health Team", true},
		{kmcr.RoleSocialWorker, "Canterbury SEXUAL HEALTH", false}, {kmcr.RoleGP, "Canterbury Sexual Health", true}, {kmcr.RolePharmacist, "Kent domestic abuse service", false},
	} {
		if got := released.NamesService(c.role, c.words); got != c.may {
			t.Errorf("%s may read %q: %v", c.role, c.words, got)
		}
	}
}
