package kmcr

import "time"

// Role is a job role by which sections are opened: a national RBAC code
// (R0260 …) is mapped to one of these in terms; a code not on the list gives
// no role and so no access.
type Role string

// The roles of the demonstration accounts and of the role by section matrix.
const (
	RoleGP                    Role = "gp"
	RoleHospitalDoctor        Role = "hospital-doctor"
	RoleEmergencyDoctor       Role = "emergency-doctor"
	RoleCommunityNurse        Role = "community-nurse"
	RoleMentalHealthNurse     Role = "mental-health-nurse"
	RolePharmacist            Role = "pharmacist"
	RoleParamedic             Role = "paramedic"
	RoleSocialWorker          Role = "social-worker"
	RoleChildrenSocialWorker  Role = "childrens-social-worker"
	RoleOccupationalTherapist Role = "occupational-therapist"
	RoleDutyWorker            Role = "duty-worker"
	RoleCarer                 Role = "carer"
	RoleSafeguardingLead      Role = "safeguarding-lead"
	RolePrivacyOfficer        Role = "privacy-officer"
	RoleCaldicottGuardian     Role = "caldicott-guardian"
	RoleRecordsOfficer        Role = "records-officer"
	RoleIntegrationEngineer   Role = "integration-engineer"
	RoleAdministrator         Role = "administrator"
	RoleCitizen               Role = "citizen"
)

// Purpose is why a record is looked at; every look has one.
type Purpose string

// The purposes.
const (
	DirectCare     Purpose = "direct-care"
	BreakGlass     Purpose = "break-glass"
	Administration Purpose = "administration"
)

// Viewer is who is asking, as established by sign-in; a missing fact means no.
type Viewer struct {
	// Account is the stable identity: issuer and subject for people, client code for systems.
	Account      string
	Name         string
	Role         Role
	Organisation ODS
	Team         string
	// Contributor is set for a contributor's own API client; such a viewer sees its own statements and nothing else.
	Contributor ContributorCode
	// Assurance is the level of the sign-in: 1, 2 or 3 (AAL).
	Assurance int
	// Proven is when the person last proved to the sign-in service who they are; zero: not known.
	Proven time.Time
}

// Section is a part of the record by which access is given and freshness is
// kept (headings of the PRSB Core Information Standard v2, grouped).
type Section string

// The sections.
const (
	Demographics   Section = "demographics"
	Alerts         Section = "alerts" // alerts, hazards, reasonable adjustments
	Safeguarding   Section = "safeguarding"
	Allergies      Section = "allergies"
	Medicines      Section = "medicines"
	Problems       Section = "problems"     // problems, procedures, family history
	Results        Section = "results"      // investigation results
	Observations   Section = "observations" // examination findings, vital signs, assessments
	Vaccinations   Section = "vaccinations"
	Encounters     Section = "encounters" // admissions, discharges, attendances, contacts with professionals
	Appointments   Section = "appointments"
	Referrals      Section = "referrals"
	Documents      Section = "documents"
	Contacts       Section = "contacts"       // professional and personal contacts
	SocialCare     Section = "social-care"    // services and care, social context
	Plans          Section = "plans"          // care and support plans, legal, end of life, about me, goals, risks
	OtherSection   Section = "other"          // clinical statements of a type that has no page of its own; shown under "other statements"
	Administrative Section = "administrative" // claims, organisations, practitioners: context, not shown by itself
)

// AllSections lists the sections in the order in which the record shows them.
var AllSections = []Section{Demographics, Alerts, Safeguarding, Allergies, Medicines, Problems, Results, Observations,
	Vaccinations, Encounters, Appointments, Referrals, Documents, Contacts, SocialCare, Plans, OtherSection, Administrative}

// Label is a confidentiality label or topic tag on a statement.
type Label string

// The labels: HL7 v3 Confidentiality N, R, V, and topic tags.
const (
	Restricted          Label = "R"
	VeryRestricted      Label = "V"
	TopicSexual         Label = "SEX"
	TopicMental         Label = "MH"
	TopicSubstance      Label = "SUD"
	TopicSafeguardChild Label = "SAFEG-CH"
	TopicSafeguardAdult Label = "SAFEG-AD"
	TopicThirdParty     Label = "THIRD-PARTY"
)

// AllRoles lists the roles on our list.
var AllRoles = []Role{RoleGP, RoleHospitalDoctor, RoleEmergencyDoctor, RoleCommunityNurse, RoleMentalHealthNurse, RolePharmacist, RoleParamedic,
	RoleSocialWorker, RoleChildrenSocialWorker, RoleOccupationalTherapist, RoleDutyWorker, RoleCarer, RoleSafeguardingLead, RolePrivacyOfficer,
	RoleCaldicottGuardian, RoleRecordsOfficer, RoleIntegrationEngineer, RoleAdministrator, RoleCitizen}
