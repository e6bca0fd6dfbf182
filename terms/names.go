package terms

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"kmcr"
)

// FullName is a name as staff read it: SURNAME, Given (Title) (ISB 1506 NID-0001 to NID-0011). It is never shortened.
func FullName(family, given, title string) string {
	s := strings.ToUpper(strings.TrimSpace(family))
	if g := titleCase(strings.TrimSpace(given)); g != "" {
		if s != "" {
			s += ", "
		}
		s += g
	}
	if t := strings.TrimSpace(title); t != "" {
		s += " (" + t + ")"
	}
	if s == "" {
		return "Name not recorded"
	}
	return s
}

// titleCase lowers a name that was sent in capitals; any other stands as sent.
func titleCase(s string) string {
	if s != strings.ToUpper(s) {
		return s
	}
	out := []rune(strings.ToLower(s))
	start := true
	for i, r := range out {
		if start {
			out[i] = unicode.ToUpper(r)
		}
		start = r == ' ' || r == '-' || r == '\''
	}
	return string(out)
}

// Age is the age at an instant as the banner shows it: weeks under 13 weeks, months under two years, years and months under 18, then years.
func Age(born string, at time.Time) string {
	b, err := time.Parse("2006-01-02", born)
	if err != nil {
		if len(born) >= 4 {
			if y, err := time.Parse("2006", born[:4]); err == nil {
				return fmt.Sprintf("about %dy", at.Year()-y.Year())
			}
		}
		return ""
	}
	if at.Before(b) {
		return ""
	}
	months := (at.Year()-b.Year())*12 + int(at.Month()) - int(b.Month())
	if at.Day() < b.Day() {
		months--
	}
	switch days := int(at.Sub(b).Hours() / 24); {
	case days < 28:
		return fmt.Sprintf("%dd", days)
	case days < 91:
		return fmt.Sprintf("%dw %dd", days/7, days%7)
	case months < 24:
		return fmt.Sprintf("%dm", months)
	case months < 18*12:
		return fmt.Sprintf("%dy %dm", months/12, months%12)
	}
	return fmt.Sprintf("%dy", months/12)
}

// jobs maps national job role codes (NHS RBAC, UKCore-SDSJobRoleName) to the roles of the record.
var jobs = map[string]kmcr.Role{
	"R0260": kmcr.RoleGP, "R0270": kmcr.RoleGP, "R0050": kmcr.RoleHospitalDoctor, "R0055": kmcr.RoleHospitalDoctor, "R0070": kmcr.RoleHospitalDoctor,
	"R0700": kmcr.RoleCommunityNurse, "R0690": kmcr.RoleCommunityNurse, "R1975": kmcr.RoleMentalHealthNurse, "R0950": kmcr.RoleOccupationalTherapist,
	"R9550": kmcr.RoleOccupationalTherapist, "R1070": kmcr.RoleParamedic, "R1290": kmcr.RolePharmacist, "R1330": kmcr.RoleSocialWorker,
	"R1340": kmcr.RoleSocialWorker, "R9565": kmcr.RoleSocialWorker, "R9570": kmcr.RoleSocialWorker, "R9590": kmcr.RoleSocialWorker,
	"R9515": kmcr.RoleChildrenSocialWorker, "R9520": kmcr.RoleChildrenSocialWorker, "R9535": kmcr.RoleChildrenSocialWorker,
	"R9605": kmcr.RoleDutyWorker, "R1460": kmcr.RoleCarer, "R9620": kmcr.RoleCarer, "R9630": kmcr.RoleCarer, "R9725": kmcr.RoleCarer,
	"R0001": kmcr.RolePrivacyOfficer, "R5105": kmcr.RoleCaldicottGuardian,
}

// RoleOfJob gives the role of a national job role code ("R0260", or the last part of "S8000:G8000:R0260"); ok is false for one that is not on our list, which gives no access.
func RoleOfJob(code string) (role kmcr.Role, ok bool) {
	if i := strings.LastIndexByte(code, ':'); i >= 0 {
		code = code[i+1:]
	}
	role, ok = jobs[code]
	return role, ok
}

// RoleName is a role in words.
func RoleName(r kmcr.Role) string {
	switch r {
	case kmcr.RoleGP:
		return "GP"
	case kmcr.RoleChildrenSocialWorker:
		return "Children's social worker"
	case "":
		return "No role"
	}
	s := strings.ReplaceAll(string(r), "-", " ")
	return strings.ToUpper(s[:1]) + s[1:]
}
