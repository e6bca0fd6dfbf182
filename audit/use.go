package audit

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"kmcr"
)

// Use is how much a record was used in a time: counts, and nobody's name.
type Use struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	// Looks counts what was shown, Openings the sittings in which somebody read a record (looks of one worker at one record with no
	// more than SittingEnds between them), Refused what was not.
	Looks    int `json:"looks"`
	Openings int `json:"openings"`
	Refused  int `json:"refused"`
	Workers  int `json:"workers"`
	People   int `json:"people"`
	// WorkerDays counts, by role, on how many days how many workers opened at least one record.
	WorkerDays   map[kmcr.Role]int `json:"workerDays"`
	ByRole       []Counted         `json:"byRole"`
	ByTask       []Counted         `json:"byTask"`
	Organisation []Counted         `json:"byOrganisation"`
	// Each is every combination of role, organisation and task.
	Each []Counted `json:"each"`
}

// Counted is a number of looks.
type Counted struct {
	Role         kmcr.Role `json:"role,omitempty"`
	Organisation kmcr.ODS  `json:"organisation,omitempty"`
	Task         string    `json:"task,omitempty"`
	Looks        int       `json:"looks"`
	Openings     int       `json:"openings"`
}

// SittingEnds is how long after a look a further look by the same worker at the same record is a new opening.
const SittingEnds = 15 * time.Minute

// Usage gathers Use from entries in any order. The zero value is ready.
type Usage struct {
	counts  map[Counted]int // without the numbers
	refused int
	looks   map[sitting][]time.Time
}

// sitting is one worker at one record.
type sitting struct {
	account string
	person  kmcr.PersonID
	role    kmcr.Role
	at      kmcr.ODS
}

// Task says for what an entry was made, in words for readers; "" for one that is no use by a person.
func Task(e *Entry) string {
	if e.Viewer.Contributor != "" || e.Viewer.Role == "" {
		return ""
	}
	switch e.Action {
	case "search":
		return "Find a person"
	case "work-list":
		return "Work from a list"
	case "break-glass":
		return "Open in an emergency"
	case "self-claim", "end-involvement":
		return "Say to be involved"
	case "acknowledge", "assign", "note":
		return "Act on a list"
	case "report":
		return "Report a problem"
	case "looks":
		return "See who looked"
	case "household":
		return "Household and family"
	case "read":
		return pageOf(e.Where)
	}
	return ""
}

// pageOf is the page of a record that a route leads to, in words.
func pageOf(path string) string {
	if strings.Contains(path, "/fhir/") {
		return "Read by another system"
	}
	below := strings.TrimPrefix(strings.TrimPrefix(path, "/people/{ref}"), "/")
	if below == "" {
		return "Read the summary"
	}
	first, _, _ := strings.Cut(below, "/")
	return "Read " + strings.ReplaceAll(first, "-", " ")
}

// Add takes in an entry.
func (u *Usage) Add(e *Entry) {
	task := Task(e)
	if task == "" {
		return
	}
	if u.counts == nil {
		u.counts, u.looks = map[Counted]int{}, map[sitting][]time.Time{}
	}
	if !e.Allowed {
		u.refused++
		return
	}
	u.counts[Counted{Role: e.Viewer.Role, Organisation: e.Viewer.Organisation, Task: task}]++
	if e.Action == "read" && e.Person != 0 {
		s := sitting{e.Viewer.Account, e.Person, e.Viewer.Role, e.Viewer.Organisation}
		u.looks[s] = append(u.looks[s], e.At)
	}
}

// Use counts what was taken in, for a time.
func (u *Usage) Use(from, until time.Time) Use {
	out := Use{From: from, Until: until, Refused: u.refused, WorkerDays: map[kmcr.Role]int{}}
	role, organisation, task := map[string]Counted{}, map[string]Counted{}, map[string]Counted{}
	more := func(in map[string]Counted, key string, c Counted, looks, openings int) {
		had := in[key]
		c.Looks, c.Openings = had.Looks+looks, had.Openings+openings
		in[key] = c
	}
	for c, n := range u.counts {
		out.Looks += n
		c.Looks = n
		out.Each = append(out.Each, c)
		more(role, string(c.Role), Counted{Role: c.Role}, n, 0)
		more(organisation, string(c.Organisation), Counted{Organisation: c.Organisation}, n, 0)
		more(task, c.Task, Counted{Task: c.Task}, n, 0)
	}
	workers, people, days := map[string]bool{}, map[kmcr.PersonID]bool{}, map[string]bool{}
	for s, at := range u.looks {
		n := openings(at)
		out.Openings += n
		more(role, string(s.role), Counted{Role: s.role}, 0, n)
		more(organisation, string(s.at), Counted{Organisation: s.at}, 0, n)
		workers[s.account], people[s.person] = true, true
		for _, t := range at {
			day := s.account + "\x00" + string(s.role) + "\x00" + t.UTC().Format(time.DateOnly)
			if !days[day] {
				days[day] = true
				out.WorkerDays[s.role]++
			}
		}
	}
	out.Workers, out.People = len(workers), len(people)
	out.ByRole, out.Organisation, out.ByTask = ranked(role), ranked(organisation), ranked(task)
	slices.SortFunc(out.Each, mostFirst)
	return out
}

// openings counts sittings.
func openings(at []time.Time) (n int) {
	slices.SortFunc(at, time.Time.Compare)
	for i, t := range at {
		if i == 0 || t.Sub(at[i-1]) > SittingEnds {
			n++
		}
	}
	return n
}

func ranked(in map[string]Counted) []Counted {
	out := make([]Counted, 0, len(in))
	for _, c := range in {
		out = append(out, c)
	}
	slices.SortFunc(out, mostFirst)
	return out
}

func mostFirst(a, b Counted) int {
	return cmp.Or(cmp.Compare(b.Looks, a.Looks), cmp.Compare(a.Role, b.Role), cmp.Compare(a.Organisation, b.Organisation), cmp.Compare(a.Task, b.Task))
}

// Baseline is a published measure of time saved by a shared care record.
type Baseline struct {
	Who     string  `json:"who"`
	Says    string  `json:"says"`
	Minutes float64 `json:"minutesADay"`
	Source  string  `json:"source"`
}

// workingDays are the days that somebody works in a year: 52 weeks of five days, less 27 days of leave and 8 of holidays.
const workingDays = 225

// Baselines are the published measures, by which Saved is bounded.
var Baselines = []Baseline{
	{"Doctors", "17 hours a month for each junior doctor, 48 minutes a day", 48, "Cheshire Care Record, cited by Kent County Council (kent.gov.uk)"},
	{"All professions", "71.3 minutes a day across professions", 71.3, "Cheshire Care Record, cited by Kent County Council (kent.gov.uk)"},
	{"Social workers", "95 hours a year for each social worker", 95 * 60.0 / workingDays, "Kent County Council (kent.gov.uk); over 225 working days a year"},
}

// baseline is the published measure for a role.
func baseline(r kmcr.Role) Baseline {
	switch r {
	case kmcr.RoleGP, kmcr.RoleHospitalDoctor, kmcr.RoleEmergencyDoctor:
		return Baselines[0]
	case kmcr.RoleSocialWorker, kmcr.RoleChildrenSocialWorker, kmcr.RoleDutyWorker:
		return Baselines[2]
	}
	return Baselines[1]
}

// minutesAnOpening is what one opening of a record is taken to save: one telephone call to another organisation that was not needed.
// It is our assumption, not a published figure.
const minutesAnOpening = 5

// Saving is an estimate of time saved, between two bounds, with how it is made.
type Saving struct {
	LeastMinutes float64    `json:"leastMinutes"`
	MostMinutes  float64    `json:"mostMinutes"`
	Method       []string   `json:"method"`
	Baselines    []Baseline `json:"baselines"`
}

// Saved estimates the time that a use of the record has saved.
func Saved(u Use) Saving {
	s := Saving{Baselines: Baselines, Method: []string{
		"At least: 5 minutes for each opening of a record, for one telephone call that was not needed. This is our assumption; nobody has published it.",
		"At most: the published minutes a day of the profession for each day on which a worker opened at least one record. Doctors have 48, social workers 95 hours a year over 225 working days, all others 71.3.",
		"An opening is all looks of one worker at one record with no more than 15 minutes between them. Looks by other systems and refusals save nothing.",
		"The lower bound is never above the upper. Nobody has timed the work here: to know, time it before and after.",
	}}
	for role, days := range u.WorkerDays {
		s.MostMinutes += baseline(role).Minutes * float64(days)
	}
	s.LeastMinutes = min(float64(u.Openings*minutesAnOpening), s.MostMinutes)
	return s
}
