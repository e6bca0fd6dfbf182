package web

import (
	"slices"

	"kmcr/disclose"
)

// caseload lists my people and my team's, by what needs doing.
func (s *site) caseload(q *ask) error {
	people, err := s.out.Caseload(q.Context(), q.viewer)
	if err != nil {
		return err
	}
	v := caseloadOf(people, q.URL.Query().Get("show"))
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"people": list(v.People), "counts": v.Counts})
	}
	return s.show(q, "caseload", page{Title: "My people", Here: "/caseload", Body: v})
}

// caseloadView is a caseload, or a part of it.
type caseloadView struct {
	People []disclose.CaseloadEntry
	Show   string // "": everybody; "to-do", "mine"
	Counts caseloadCounts
}

type caseloadCounts struct {
	All  int `json:"all"`
	ToDo int `json:"toDo"`
	Mine int `json:"mine"`
}

func caseloadOf(people []disclose.CaseloadEntry, show string) caseloadView {
	v := caseloadView{People: people, Show: show, Counts: caseloadCounts{All: len(people)}}
	for _, p := range people {
		if p.ToDo {
			v.Counts.ToDo++
		}
		if p.Mine {
			v.Counts.Mine++
		}
	}
	switch show {
	case "to-do":
		v.People = slices.DeleteFunc(slices.Clone(people), func(p disclose.CaseloadEntry) bool { return !p.ToDo })
	case "mine":
		v.People = slices.DeleteFunc(slices.Clone(people), func(p disclose.CaseloadEntry) bool { return !p.Mine })
	default:
		v.Show = ""
	}
	return v
}

// caseOf shows one person of a caseload with what was done, and the forms to do more.
func (s *site) caseOf(q *ask) error {
	c, err := s.out.Case(q.Context(), q.viewer, q.PathValue("ref"))
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, c)
	}
	return s.show(q, "case", page{Title: "What is being done", Here: "/caseload", Body: c})
}

// acknowledge notes that somebody of the team has seen what is new about a person.
func (s *site) acknowledge(q *ask) error {
	if err := s.out.Acknowledge(q.Context(), q.viewer, q.PathValue("ref")); err != nil {
		return err
	}
	if q.URL.Query().Get("then") == "list" {
		return q.done("/caseload")
	}
	return q.done("/caseload/" + q.PathValue("ref"))
}

// assign gives a person to a colleague, or to nobody.
func (s *site) assign(q *ask) error {
	to, err := q.given("to")
	if err != nil {
		return err
	}
	if err := s.out.Assign(q.Context(), q.viewer, q.PathValue("ref"), to); err != nil {
		return err
	}
	return q.done("/caseload/" + q.PathValue("ref"))
}

// note keeps what was done.
func (s *site) note(q *ask) error {
	says, err := q.given("says")
	if err != nil {
		return err
	}
	if err := s.out.Note(q.Context(), q.viewer, q.PathValue("ref"), says); err != nil {
		return err
	}
	return q.done("/caseload/" + q.PathValue("ref"))
}

// given is one value that was sent, by form or as JSON.
func (q *ask) given(name string) (string, error) {
	if q.sentJSON() {
		v := map[string]any{}
		if err := q.readJSON(&v); err != nil {
			return "", err
		}
		text, _ := v[name].(string)
		return text, nil
	}
	if err := q.form(); err != nil {
		return "", err
	}
	return q.PostFormValue(name), nil
}
