package synth

import "kmcr"

type town struct {
	name, outward, dial string
	practices           []kmcr.ODS
}

// Towns with real practices (ODS, open in January 2024); telephone numbers use
// the range 496 0000 to 496 9999, which Ofcom keeps for drama.
var towns = []town{
	{"Ashford", "TN24", "01233", []kmcr.ODS{DemoPractice}},
	{"Dover", "CT16", "01304", []kmcr.ODS{"G82002", "G82015"}},
	{"Gillingham", "ME7", "01634", []kmcr.ODS{"G82014"}},
	{"Maidstone", "ME16", "01622", []kmcr.ODS{"G82031"}},
	{"Ramsgate", "CT12", "01843", []kmcr.ODS{"G82046"}},
	{"Margate", "CT9", "01843", []kmcr.ODS{"G82052", "G82066"}},
	{"Canterbury", "CT1", "01227", []kmcr.ODS{"G82060"}},
}

// The organisations of the demonstration by their ODS codes (councils, which
// have none that is published here, by their Client Level Data codes).
const (
	DemoPractice  kmcr.ODS = "G82050"
	EastKent      kmcr.ODS = "RVV"
	Medway        kmcr.ODS = "RPA"
	KentCommunity kmcr.ODS = "RYY"
	KMPT          kmcr.ODS = "RXY"
	SECAmb        kmcr.ODS = "RYD"
	KentCouncil   kmcr.ODS = "820"
	MedwayCouncil kmcr.ODS = "821"
	Board         kmcr.ODS = "QKS"
	CareHome      kmcr.ODS = "VN5TH"
	Pharmacy      kmcr.ODS = "FQX42"
	Outside       kmcr.ODS = "RJ1"
)

// Organisations lists everyone who appears; Outside has not signed the agreement.
func Organisations() []kmcr.Organisation {
	out := []kmcr.Organisation{
		{ODS: DemoPractice, Name: "Sydenham House Medical Centre", Kind: "gp-practice", Telephone: "01233 496050"},
		{ODS: "G82002", Name: "St James' Surgery", Kind: "gp-practice", Telephone: "01304 496002"},
		{ODS: "G82015", Name: "Pencester Surgery", Kind: "gp-practice", Telephone: "01304 496015"},
		{ODS: "G82014", Name: "Woodlands Family Practice", Kind: "gp-practice", Telephone: "01634 496014"},
		{ODS: "G82031", Name: "Bower Mount Medical Practice", Kind: "gp-practice", Telephone: "01622 496031"},
		{ODS: "G82046", Name: "Summerhill Surgery", Kind: "gp-practice", Telephone: "01843 496046"},
		{ODS: "G82052", Name: "The Limes Medical Centre", Kind: "gp-practice", Telephone: "01843 496052"},
		{ODS: "G82066", Name: "Northdown Surgery", Kind: "gp-practice", Telephone: "01843 496066"},
		{ODS: "G82060", Name: "Northgate Medical Practice", Kind: "gp-practice", Telephone: "01227 496060"},
		{ODS: EastKent, Name: "East Kent Hospitals University NHS Foundation Trust", Kind: "acute", Telephone: "01227 496100"},
		{ODS: Medway, Name: "Medway NHS Foundation Trust", Kind: "acute", Telephone: "01634 496100"},
		{ODS: KentCommunity, Name: "Kent Community Health NHS Foundation Trust", Kind: "community", Telephone: "01622 496200"},
		{ODS: KMPT, Name: "Kent and Medway NHS and Social Care Partnership Trust", Kind: "mental-health", Telephone: "01622 496300"},
		{ODS: SECAmb, Name: "South East Coast Ambulance Service NHS Foundation Trust", Kind: "ambulance", Telephone: "01622 496999"},
		{ODS: KentCouncil, Name: "Kent County Council", Kind: "council", Telephone: "01622 496400"},
		{ODS: MedwayCouncil, Name: "Medway Council", Kind: "council", Telephone: "01634 496400"},
		{ODS: Board, Name: "NHS Kent and Medway Integrated Care Board", Kind: "other", Telephone: "01634 496500"},
		{ODS: CareHome, Name: "Orchard View Care Home (invented)", Kind: "care-home", Telephone: "01233 496700"},
		{ODS: Pharmacy, Name: "Stour Pharmacy (invented)", Kind: "other", Telephone: "01233 496800"},
	}
	for i := range out {
		out[i].Signatory = true
	}
	return append(out, kmcr.Organisation{ODS: Outside, Name: "Guy's and St Thomas' NHS Foundation Trust", Kind: "acute"})
}

// Contributors lists the source systems of the demonstration (contract.md).
func Contributors() []kmcr.Contributor {
	clinical := []kmcr.Section{kmcr.Demographics, kmcr.Allergies, kmcr.Medicines, kmcr.Problems, kmcr.Encounters, kmcr.Documents}
	with := func(more ...kmcr.Section) []kmcr.Section {
		return append(append([]kmcr.Section{}, clinical...), more...)
	}
	return []kmcr.Contributor{
		{Code: "gp", Organisation: DemoPractice, Name: "GP system", Format: kmcr.FormatFHIR, Authority: 80, Rhythm: day, Sections: with(kmcr.Results, kmcr.Observations, kmcr.Vaccinations, kmcr.Referrals, kmcr.Alerts)},
		{Code: "hospital-east", Organisation: EastKent, Name: "East Kent Hospitals patient system", Format: kmcr.FormatHL7v2, SendingApplication: "SUNRISE", SendingFacility: "RVV", Authority: 70, Rhythm: day, Sections: []kmcr.Section{kmcr.Demographics, kmcr.Allergies, kmcr.Encounters, kmcr.Results, kmcr.Documents, kmcr.Appointments}},
		{Code: "hospital-medway", Organisation: Medway, Name: "Medway Maritime patient system", Format: kmcr.FormatHL7v2, SendingApplication: "ORACLE", SendingFacility: "RPA", Authority: 70, Rhythm: day, Sections: []kmcr.Section{kmcr.Demographics, kmcr.Allergies, kmcr.Encounters, kmcr.Results, kmcr.Documents, kmcr.Appointments}},
		{Code: "community", Organisation: KentCommunity, Name: "Kent Community Health record", Format: kmcr.FormatFHIR, Authority: 60, Rhythm: day, Sections: with(kmcr.Observations, kmcr.Plans, kmcr.Contacts, kmcr.Referrals)},
		{Code: "mental-health", Organisation: KMPT, Name: "KMPT Rio", Format: kmcr.FormatFHIR, Authority: 60, Rhythm: day, Sections: with(kmcr.Plans, kmcr.Contacts)},
		{Code: "adult-social-care", Organisation: KentCouncil, Name: "Kent adult social care", Format: kmcr.FormatCLD, Authority: 50, Rhythm: 100 * day, Sections: []kmcr.Section{kmcr.Demographics, kmcr.SocialCare}},
		{Code: "childrens-social-care", Organisation: KentCouncil, Name: "Kent children's social care", Format: kmcr.FormatFHIR, Authority: 50, Rhythm: day, Sections: []kmcr.Section{kmcr.Demographics, kmcr.Safeguarding, kmcr.Contacts, kmcr.Plans}},
		{Code: "ambulance", Organisation: SECAmb, Name: "SECAmb electronic patient record", Format: kmcr.FormatFHIR, Authority: 40, Rhythm: day, Sections: []kmcr.Section{kmcr.Encounters, kmcr.Observations, kmcr.Documents}},
	}
}

// Account is one demonstration account; Shows says in one line what it is there to show.
type Account struct {
	Name, Person string
	Role         kmcr.Role
	Organisation kmcr.ODS
	Team, Shows  string
}

// Accounts lists the demonstration accounts (contract.md).
func Accounts() []Account {
	return []Account{
		{"gp", "Dr Amara Nwosu", kmcr.RoleGP, DemoPractice, "", "A GP opening the whole record of people registered with the practice."},
		{"hospital-doctor", "Dr Tom Fairhurst", kmcr.RoleHospitalDoctor, EastKent, "", "A hospital doctor and the people under the hospital's care; a dose on which practice and hospital disagree."},
		{"emergency-doctor", "Dr Priya Raman", kmcr.RoleEmergencyDoctor, Medway, "", "An emergency doctor: attendances at Medway, and break-glass for anyone else."},
		{"community-nurse", "Sister Joan Beckett", kmcr.RoleCommunityNurse, KentCommunity, "Ashford community nursing", "A district nurse's caseload, wound care and plans."},
		{"mental-health-nurse", "Daniel Osei", kmcr.RoleMentalHealthNurse, KMPT, "Ashford community mental health", "A care co-ordinator with crisis plans and mental health contacts."},
		{"pharmacist", "Leila Haddad", kmcr.RolePharmacist, DemoPractice, "", "A practice pharmacist: one medicines list across sources, allergies and results."},
		{"paramedic", "Chris Dunmore", kmcr.RoleParamedic, SECAmb, "", "A crew member: no standing relationship, so break-glass with a reason."},
		{"social-worker", "Grace Okafor", kmcr.RoleSocialWorker, KentCouncil, "Ashford older people", "A social worker told that someone was admitted, where and why."},
		{"childrens-social-worker", "Marek Nowak", kmcr.RoleChildrenSocialWorker, KentCouncil, "Ashford children in need", "A children's social worker: a child on a protection plan."},
		{"occupational-therapist", "Beth Lowry", kmcr.RoleOccupationalTherapist, KentCouncil, "Ashford occupational therapy", "An occupational therapist gathering what an assessment needs."},
		{"duty-worker", "Sam Whitlock", kmcr.RoleDutyWorker, KentCouncil, "Out of hours", "A duty worker with conflicting information from several organisations."},
		{"carer", "Elena Petrova", kmcr.RoleCarer, CareHome, "", "A care home's senior carer: residents' prescribed medicines, doses and times."},
		{"safeguarding-lead", "Ruth Adeyemi", kmcr.RoleSafeguardingLead, KentCouncil, "Safeguarding", "A safeguarding lead: flags and who to call."},
		{"privacy-officer", "Helen Marsh", kmcr.RolePrivacyOfficer, Board, "", "The privacy officer's list: who broke glass, and who was refused."},
		{"caldicott-guardian", "Dr Simon Achebe", kmcr.RoleCaldicottGuardian, Board, "", "The Caldicott Guardian: who looked, why, by which rule."},
		{"records-officer", "Yusuf Karim", kmcr.RoleRecordsOfficer, Board, "", "The records officer: possible duplicates, side by side."},
		{"integration-engineer", "Nina Castell", kmcr.RoleIntegrationEngineer, Board, "", "The integration engineer: feeds, counters and parked messages."},
		{"administrator", "Peter Lynch", kmcr.RoleAdministrator, Board, "", "The administrator: no access to any record."},
		{"citizen", "Margaret Hollis", kmcr.RoleCitizen, "", "", "A member of the public: not open to citizens yet, and told so."},
		{"outsider", "Dr James Calloway", kmcr.RoleHospitalDoctor, Outside, "", "A doctor of an organisation that has not signed: refused everything."},
	}
}
