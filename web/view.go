package web

import (
	"fmt"
	"hash/fnv"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"kmcr"
	"kmcr/compose"
)

// chip is where an item comes from, as a reader sees it: one for each source and author.
type chip struct {
	Source, Author string
	Recorded       *moment // newest
	Entries        int
}

// chips folds the provenance of an item: many statements of one source and author are one chip that says how many.
func chips(v any) []chip {
	return fold(v, instant, func(p compose.Provenance) string { return p.Author })
}

// sources folds it further, where there is little room: one chip for each source, with the day.
func sources(v any) []chip {
	onDay := func(t time.Time) *moment { return day(t) }
	return fold(v, onDay, func(compose.Provenance) string { return "" })
}

func fold(v any, at func(time.Time) *moment, author func(compose.Provenance) string) (all []chip) {
	var from []compose.Provenance
	switch v := v.(type) {
	case compose.Provenance:
		from = []compose.Provenance{v}
	case []compose.Provenance:
		from = v
	}
	newest := map[int]compose.Provenance{}
next:
	for _, p := range from {
		for i := range all {
			if all[i].Source == p.Source && all[i].Author == author(p) {
				all[i].Entries++
				if p.Recorded.After(newest[i].Recorded) {
					newest[i] = p
					all[i].Recorded = at(p.Recorded)
				}
				continue next
			}
		}
		newest[len(all)] = p
		all = append(all, chip{p.Source, author(p), at(p.Recorded), 1})
	}
	return all
}

// part is one section for the templates that show sections: whose, under which id, and the compose.Part.
type part struct {
	Ref  kmcr.Ref
	ID   string
	Part any
}

func section(ref kmcr.Ref, id string, p any) part { return part{ref, id, p} }

// of is an item with the person it is of, for links.
type of struct {
	Ref  kmcr.Ref
	Item any
}

func under(ref kmcr.Ref, item any) of { return of{ref, item} }

// few is the beginning of a list, with how much more there is.
type few struct {
	Ref   kmcr.Ref
	Items any
	More  int
}

// first takes at most n items of any slice.
func first(ref kmcr.Ref, n int, items any) few {
	v := reflect.ValueOf(items)
	if v.Len() <= n {
		return few{ref, items, 0}
	}
	return few{ref, v.Slice(0, n).Interface(), v.Len() - n}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// dated reads the value of a detail that is a whole date, so that it is shown as one.
func dated(s string) *moment {
	if len(s) < len("2006-01-02") || s[4] != '-' {
		return nil
	}
	if m := recorded(s); m.Machine != "" {
		return m
	}
	return nil
}

// atDeath takes the age out of the banner's words "at death 83y".
func atDeath(age string) string { return strings.TrimPrefix(age, "at death ") }

func linked(all []compose.Source) (some []compose.Source) {
	for _, s := range all {
		if s.Linked {
			some = append(some, s)
		}
	}
	return some
}

func late(all []compose.Source) (some []compose.Source) {
	for _, s := range all {
		if s.Late && s.Linked {
			some = append(some, s)
		}
	}
	return some
}

// speaking are the sources that have sent something about this person.
func speaking(all []compose.SourceNote) (some []compose.SourceNote) {
	for _, s := range all {
		if s.Linked {
			some = append(some, s)
		}
	}
	return some
}

// unheard names the sources that are expected to fill a section and have sent nothing about this person.
func unheard(all []compose.SourceNote) (names []string) {
	for _, s := range all {
		if !s.Linked {
			names = append(names, s.Name)
		}
	}
	return names
}

// difference is where the page of conflicts explains a marked fact; no Conflict: sources agree.
type difference struct {
	Ref      kmcr.Ref
	Conflict string
}

func disputeOf(ref kmcr.Ref, conflict string) difference { return difference{ref, conflict} }

// disputed is the difference about a fact of the banner.
func disputed(r *compose.Record, about string) difference {
	return difference{r.Ref, r.Banner.Dispute(compose.Fact(about))}
}

// ownView is the page of a record that is made for a role; nil where that is the summary.
func ownView(r kmcr.Role) *recordPage {
	switch r {
	case kmcr.RoleParamedic:
		return &crew
	case kmcr.RoleCarer:
		return &medicineTimes
	case kmcr.RoleOccupationalTherapist:
		return &assessmentPack
	case kmcr.RoleDutyWorker:
		return &duty
	case kmcr.RoleSocialWorker:
		return &socialCare
	}
	return nil
}

// testKey names a test in an address: stable while the test is called the same, and saying nothing of whose it is.
func testKey(t compose.Test) string {
	h := fnv.New32a()
	for _, s := range []string{t.Code, t.Name, t.Unit} {
		_, _ = h.Write([]byte(s))
		_, _ = h.Write([]byte{0})
	}
	return strconv.FormatUint(uint64(h.Sum32()), 36)
}

// place is a page of the main navigation.
type place struct{ Path, Name string }

// navigation lists the pages that a role works from. It opens nothing: disclose decides.
func navigation(r kmcr.Role) []place {
	find, people, alerts := place{"/", "Find a person"}, place{"/caseload", "My people"}, place{"/alerts", "Alerts"}
	switch r {
	case kmcr.RolePrivacyOfficer, kmcr.RoleCaldicottGuardian:
		return []place{{"/privacy", "Privacy"}, {"/policies", "Who may see what"}, {"/use", "Use"}, find}
	case kmcr.RoleRecordsOfficer:
		return []place{{"/matches", "Matches"}, {"/corrections", "Reported problems"}, {"/authority", "Whose word is first"}, {"/use", "Use"}, find}
	case kmcr.RoleIntegrationEngineer:
		return []place{{"/feeds", "Feeds"}, {"/deliveries", "Notifications"}}
	case kmcr.RoleAdministrator:
		return []place{{"/feeds", "Feeds"}, {"/deliveries", "Notifications"}, {"/use", "Use"}}
	case kmcr.RoleCitizen:
		return []place{{"/", "My record"}}
	case kmcr.RoleSafeguardingLead:
		return []place{find, people, alerts, {"/privacy", "Privacy"}}
	}
	return []place{find, people, alerts}
}

// organisation is an organisation's name, or its code where that is all we know.
func (s *site) organisation(o kmcr.ODS) string {
	if s.Organisation != nil {
		if name := s.Organisation(o); name != "" {
			return name
		}
	}
	return string(o)
}

// number writes a count with a space between thousands.
func number(n any) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

// kindOf says by what involvement somebody is on a list.
func kindOf(kind string) string {
	words := map[string]string{
		"registered": "Registered with your practice", "spell": "In your organisation’s care", "caseload": "On the caseload", "social-care": "Open to social care",
		"placement": "Placed with you", "referral": "Referred", "granted": "Given by a colleague", "appointment": "Has an appointment",
		"discharged": "Discharged lately", "self-claimed": "You said you are involved", "break-glass": "Opened in an emergency",
	}
	if w := words[kind]; w != "" {
		return w
	}
	return kind
}

// short is the beginning of a text that is too long for a table.
func short(text string) string {
	const most = 80
	if r := []rune(text); len(r) > most {
		return strings.TrimSpace(string(r[:most])) + "…"
	}
	return text
}

// done tells whether an item is of a kind that is never in force: it was done or found once, and is no less so for being over.
func done(kind string) bool {
	return slices.Contains([]string{"Procedure", "Family history", "Vaccination", "Report", "Assessment"}, kind)
}

// inForce are the concerns that have not ended.
func inForce(all []compose.Concern) (some []compose.Concern) {
	for _, k := range all {
		if k.Active {
			some = append(some, k)
		}
	}
	return some
}

// upperFirst begins a label with a capital.
func upperFirst(words string) string {
	if words == "" {
		return ""
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

// lowerFirst is what is new, after the word that says so.
func lowerFirst(words string) string {
	words = strings.TrimPrefix(words, "New ")
	if words == "" {
		return ""
	}
	return strings.ToLower(words[:1]) + words[1:]
}
