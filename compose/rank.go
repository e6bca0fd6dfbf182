package compose

import (
	"cmp"
	"strings"
	"time"

	"kmcr"
)

// Task is something that a contact may be looked for.
type Task struct{ Code, Says string }

// Tasks lists them, in the order in which they are offered.
var Tasks = []Task{
	{"discharge", "Arrange a discharge"}, {"medicines", "Ask about medicines"}, {"safeguarding", "Talk about safeguarding"},
	{"visit", "Change care at home"}, {"crisis", "Act in a crisis"},
}

// The fields of work by which contacts and viewers stand to each other.
const (
	practice     = "practice"
	hospital     = "hospital"
	community    = "community"
	mental       = "mental health"
	pharmacy     = "pharmacy"
	ambulance    = "ambulance"
	adultCare    = "adult social care"
	childrenCare = "children"
	provider     = "care provider"
	safeguarding = "safeguarding"
)

// fieldWords tell a contact's field of work from its role, team and organisation, the most telling first.
var fieldWords = []struct{ field, words string }{
	{safeguarding, "safeguarding"},
	{childrenCare, "children|health visitor|school nurse|looked after|midwi"},
	{mental, "mental health|psychiatr|psycholog|crisis resolution|kmpt"},
	{pharmacy, "pharmac"},
	{ambulance, "ambulance|paramedic"},
	{adultCare, "social worker|social care|council|care manager|occupational therap|reablement|adult services"},
	{provider, "care home|nursing home|home care|domiciliary|carers|care agency|day centre"},
	{community, "district nurs|community|nurse specialist|therap|hospice|palliative|continence"},
	{practice, "gp|practice|surgery|general practitioner|medical centre"},
	{hospital, "hospital|ward|consultant|clinician|attender|surgeon|physician|registrar|clinic"},
}

// nearness says whom somebody of one field most often has to call, the nearest first.
var nearness = map[string][]string{
	practice:     {adultCare, community, hospital, mental, pharmacy, provider},
	hospital:     {practice, adultCare, community, provider, mental, pharmacy},
	community:    {practice, adultCare, provider, hospital, mental},
	mental:       {practice, adultCare, hospital, safeguarding},
	pharmacy:     {practice, hospital, community, provider},
	ambulance:    {provider, adultCare, community, mental, practice},
	adultCare:    {provider, practice, hospital, community, mental, safeguarding},
	childrenCare: {safeguarding, childrenCare, practice, mental, hospital},
	provider:     {practice, adultCare, community, pharmacy, hospital},
	safeguarding: {adultCare, childrenCare, practice, mental, hospital, provider},
}

// forTask says who is called for a task, the first first.
var forTask = map[string][]string{
	"discharge":    {adultCare, provider, community, practice, hospital},
	"medicines":    {practice, pharmacy, hospital, community},
	"safeguarding": {safeguarding, childrenCare, adultCare, practice},
	"visit":        {provider, adultCare, community},
	"crisis":       {mental, adultCare, practice, ambulance},
}

// fieldOfRole is the field in which a role works.
func fieldOfRole(r kmcr.Role) string {
	switch r {
	case kmcr.RoleGP:
		return practice
	case kmcr.RoleHospitalDoctor, kmcr.RoleEmergencyDoctor:
		return hospital
	case kmcr.RoleCommunityNurse:
		return community
	case kmcr.RoleMentalHealthNurse:
		return mental
	case kmcr.RolePharmacist:
		return pharmacy
	case kmcr.RoleParamedic:
		return ambulance
	case kmcr.RoleSocialWorker, kmcr.RoleDutyWorker, kmcr.RoleOccupationalTherapist:
		return adultCare
	case kmcr.RoleChildrenSocialWorker:
		return childrenCare
	case kmcr.RoleCarer:
		return provider
	case kmcr.RoleSafeguardingLead:
		return safeguarding
	}
	return ""
}

// fieldOf is the field in which a contact works; "" where nothing tells.
func fieldOf(k Contact) string {
	said := strings.ToLower(k.Role + " " + k.Team + " " + k.Name + " " + k.Organisation)
	for _, f := range fieldWords {
		for _, w := range strings.Split(f.words, "|") {
			if strings.Contains(said, w) {
				return f.field
			}
		}
	}
	return ""
}

// weigh says how near a contact stands to the viewer, and why. The lower the rank, the sooner it stands.
func (c *composer) weigh(k *Contact) {
	k.Active = k.Involved
	if k.Personal {
		k.rank = personalRank(*k)
		return
	}
	score, why := 0, k.Why
	add := func(n int, words string) {
		score += n
		if words != "" && why == "" {
			why = words
		}
	}
	if k.Lead {
		add(40, "Leads the care")
	}
	field := fieldOf(*k)
	add(worth(forTask[c.in.Task], field, 60), taskWords(c.in.Task, field))
	near := worth(nearness[fieldOfRole(c.in.For.Role)], field, 30)
	if near >= 20 {
		add(near, "Often called by your role")
	} else {
		add(near, "")
	}
	if strings.Contains(k.Role, whereNow) {
		add(35, "Has the person now")
	}
	if c.in.For.Team != "" && k.Team == c.in.For.Team {
		add(10, "Your team")
	}
	add(recent(k.Last, c.in.Now), "")
	if at, ok := k.Next.Time(); ok && at.Sub(c.in.Now) < 14*24*time.Hour {
		add(15, "Sees the person soon")
	}
	if k.Telephone != "" {
		add(10, "")
	}
	k.rank, k.Why = 1000-score, why
	if !k.Involved {
		k.rank += 1000
		k.Why = "No longer involved"
	}
}

func taskWords(task, field string) string {
	if worth(forTask[task], field, 60) > 0 {
		return "For what you want to do"
	}
	return ""
}

// place2 is what a field is worth in an order: most for the first, less for each after it, 0 for one that is not in it.
func worth(order []string, field string, most int) int {
	for n, f := range order {
		if f == field {
			return most - n*most/(len(order)+1)
		}
	}
	return 0
}

func recent(last Date, now time.Time) int {
	at, ok := last.Time()
	switch gone := now.Sub(at); {
	case !ok:
		return 0
	case gone < 7*24*time.Hour:
		return 20
	case gone < 28*24*time.Hour:
		return 14
	case gone < 92*24*time.Hour:
		return 8
	case gone < 366*24*time.Hour:
		return 4
	}
	return 0
}

// personalRank puts next of kin first, then who holds a power of attorney, carers, who is called in an emergency, others: after who
// leads the care, and among the professionals by the worth of a professional who is often called.
func personalRank(k Contact) int {
	n := 985
	switch {
	case k.NextOfKin:
		n = 935
	case k.Attorney:
		n = 940
	case k.Carer:
		n = 945
	case k.Emergency:
		n = 955
	}
	if k.Telephone == "" {
		n += 10
	}
	if !k.Involved {
		n += 1000
	}
	return n
}

// before orders contacts: by rank, then by the newest contact, then by name.
func (k Contact) before(o Contact) int {
	return cmp.Or(cmp.Compare(k.rank, o.rank), cmp.Compare(o.Last.key(), k.Last.key()), cmp.Compare(k.Name, o.Name), cmp.Compare(k.Role, o.Role))
}
