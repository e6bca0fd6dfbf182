package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"kmcr"
	"kmcr/disclose"
)

// entriesView is a person as a records officer links and parts it, and another who may be the same.
type entriesView struct {
	*disclose.Entries
	With  *disclose.Entries // who is to be linked with it; nil for nobody
	Look  searchView        // who is looked for
	Shown time.Time
}

// entriesDeed is what an officer does to the entries of a person.
type entriesDeed struct {
	// Do is part, join, unmerge, take-back or look.
	Do      string    `json:"do"`
	Entries []string  `json:"entries"` // to be parted, or one whose merge is to be taken back
	With    string    `json:"with"`    // the ref of the person with whom it is to be linked
	Reviews []int64   `json:"reviews"` // the decisions to be taken back
	Shown   time.Time `json:"shown"`
}

// entries shows whose entries are linked as one person, and why.
func (s *site) entries(q *ask) error {
	v := entriesView{Shown: time.Now().UTC()}
	var err error
	if v.Entries, err = s.out.Entries(q.Context(), q.viewer, q.PathValue("ref")); err != nil {
		return err
	}
	if with := q.URL.Query().Get("with"); with != "" {
		if v.With, err = s.out.Entries(q.Context(), q.viewer, with); err != nil {
			return err
		}
	}
	if q.wantsJSON() {
		out := entriesOf(v.Entries)
		if v.With != nil {
			with := entriesOf(v.With)
			out.With = &with
		}
		return q.writeJSON(0, out)
	}
	return s.showEntries(q, v, 0)
}

// entriesJSON is a person's entries for a reader of JSON.
type entriesJSON struct {
	Ref       kmcr.Ref            `json:"ref"`
	Hidden    bool                `json:"hidden"` // where they are is not told
	Entries   []entryJSON         `json:"entries"`
	Decisions []disclose.Decision `json:"decisions"`
	With      *entriesJSON        `json:"with,omitempty"`
}

type entryJSON struct {
	ID              string               `json:"id"`
	Contributor     kmcr.ContributorCode `json:"contributor"`
	ContributorName string               `json:"contributorName"`
	Name            string               `json:"name"`
	Born            string               `json:"born,omitempty"`
	BornAsSent      string               `json:"bornAsSent,omitempty"` // where it is no date
	Sex             string               `json:"sex,omitempty"`
	NHSNumber       kmcr.NHSNumber       `json:"nhsNumber,omitempty"`
	NHSAsSent       string               `json:"nhsNumberAsSent,omitempty"` // where it is no valid number
	Addresses       []string             `json:"addresses,omitempty"`
	MergedInto      string               `json:"mergedInto,omitempty"`
	History         []disclose.LinkStep  `json:"history"`
}

func entriesOf(e *disclose.Entries) entriesJSON {
	out := entriesJSON{Ref: e.Ref, Hidden: e.Hidden, Entries: []entryJSON{}, Decisions: e.Decisions}
	for _, x := range e.Entries {
		d := x.Demographics
		out.Entries = append(out.Entries, entryJSON{x.ID, x.Contributor, x.ContributorName, names(d), d.Born, d.BornAsSent, d.Sex, d.NHS, d.NHSAsSent, d.Addresses, x.MergedInto, list(x.History)})
	}
	return out
}

func (s *site) showEntries(q *ask, v entriesView, status int) error {
	return s.show(q, "entries", page{Title: "Whose entries are these?", Here: "/matches", Body: v, Status: status})
}

// changeEntries parts, links, or takes back.
func (s *site) changeEntries(q *ask) error {
	d, look, err := readDeed(q)
	if err != nil {
		return err
	}
	person, err := s.out.Entries(q.Context(), q.viewer, q.PathValue("ref")) // disclose says who works on entries
	if err != nil {
		return err
	}
	if d.Do == "look" {
		return s.lookForAnother(q, person, look)
	}
	made, err := s.carryOutDeed(q, person, d)
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"ref": person.Ref, "do": d.Do, "made": made})
	}
	return q.see("/matches/people/" + string(person.Ref))
}

func (s *site) carryOutDeed(q *ask, person *disclose.Entries, d entriesDeed) (made bool, err error) {
	took := matchDecision{Shown: d.Shown}.took(time.Now())
	if d.Do == "join" {
		with, err := s.out.Entries(q.Context(), q.viewer, d.With)
		if err != nil {
			return false, err
		}
		entries, err := entryIDs(person, []string{person.Entries[0].ID})
		if err != nil {
			return false, err
		}
		other, err := entryIDs(with, []string{with.Entries[0].ID})
		if err != nil {
			return false, err
		}
		return s.in.Join(q.Context(), append(entries, other...), took, q.viewer)
	}
	if err := s.out.Proven(q.Context(), q.viewer, "unmerge", q.where()); err != nil {
		return false, err
	}
	if d.Do == "take-back" {
		return s.in.TakeBack(q.Context(), d.Reviews, q.viewer)
	}
	entries, err := entryIDs(person, d.Entries)
	switch {
	case err != nil:
		return false, err
	case d.Do == "part":
		return s.in.Part(q.Context(), entries, took, q.viewer)
	case len(entries) != 1:
		return false, &kmcr.Error{Kind: kmcr.Invalid, Message: "one merge is taken back at a time", Remedy: "Choose the entry that was merged."}
	}
	return s.in.UndoMerge(q.Context(), entries[0], q.viewer)
}

// entryIDs are the ids of entries of a person.
func entryIDs(person *disclose.Entries, names []string) ([]kmcr.PatientID, error) {
	ids := make([]kmcr.PatientID, 0, len(names))
	for _, name := range names {
		n, err := strconv.ParseInt(name, 10, 64)
		if err != nil || !slices.ContainsFunc(person.Entries, func(e disclose.Entry) bool { return e.ID == name }) {
			return nil, &kmcr.Error{Kind: kmcr.NotFound, Message: "one of the entries is not of this person any more", Remedy: "Open the page again."}
		}
		ids = append(ids, kmcr.PatientID(n))
	}
	if len(ids) == 0 {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "no entry was ticked", Remedy: "Tick the entries that are of somebody else."}
	}
	return ids, nil
}

// lookForAnother looks for who may be the same person. What was typed is in no address.
func (s *site) lookForAnother(q *ask, person *disclose.Entries, look searchView) error {
	v := entriesView{Entries: person, Look: look, Shown: time.Now().UTC()}
	query := v.Look.query()
	if len(v.Look.Wrong) == 0 {
		found, err := s.out.Find(q.Context(), q.viewer, query, q.where())
		if err != nil {
			return err
		}
		v.Look.Asked = true
		v.Look.Found = slices.DeleteFunc(found, func(f disclose.Found) bool { return f.Ref == person.Ref })
	}
	switch {
	case len(v.Look.Wrong) > 0 && q.wantsJSON():
		return &kmcr.Error{Kind: kmcr.Invalid, Message: v.Look.Wrong[0].Says, Where: v.Look.Wrong[0].Field}
	case q.wantsJSON():
		return q.writeJSON(0, map[string]any{"people": list(v.Look.Found)})
	case len(v.Look.Wrong) > 0:
		return s.showEntries(q, v, http.StatusBadRequest)
	}
	return s.showEntries(q, v, 0)
}

// rowsView is a table of entries, with a place to tick each or without.
type rowsView struct {
	Caption string
	Tick    bool
	Entries []disclose.Entry
}

func entryRows(caption string, tick bool, entries []disclose.Entry) rowsView {
	return rowsView{caption, tick, entries}
}

// decided tells whether any of them can be taken back.
func decided(all []disclose.Decision) bool {
	return slices.ContainsFunc(all, func(d disclose.Decision) bool {
		return d.State == "same" || d.State == "different" || d.State == "unsure"
	})
}

// entryWords names an entry by its place in the table.
func entryWords(id string, all []disclose.Entry) string {
	for i, e := range all {
		if e.ID == id {
			return "entry " + strconv.Itoa(i+1)
		}
	}
	return "another entry"
}

// decisionWords says in words how a question stands.
func decisionWords(state string) string {
	switch state {
	case "same", "different":
		return proposed(state)
	}
	return state
}

// proposed says in words what one officer proposed.
func proposed(decision string) string {
	switch decision {
	case "same":
		return "same person"
	case "different":
		return "different people"
	case "unmerge":
		return "take back the merge that their own system made"
	}
	return "take the decision back"
}

// deeds are what may be done to the entries of a person.
var deeds = []string{"part", "join", "unmerge", "take-back", "look"}

// readDeed reads a deed from a form or JSON, and who is looked for.
func readDeed(q *ask) (d entriesDeed, look searchView, err error) {
	if q.sentJSON() {
		var both struct {
			entriesDeed
			searchView
		}
		if err = q.readJSON(&both); err != nil {
			return d, look, err
		}
		d, look = both.entriesDeed, both.searchView
	} else {
		if look, err = readSearch(q); err != nil {
			return d, look, err
		}
		d = entriesDeed{Do: q.PostFormValue("do"), Entries: q.PostForm["entry"], With: q.PostFormValue("with")}
		d.Shown, _ = time.Parse(time.RFC3339, q.PostFormValue("shown"))
		for _, r := range q.PostForm["review"] {
			n, err := strconv.ParseInt(r, 10, 64)
			if err != nil {
				return d, look, &kmcr.Error{Kind: kmcr.Invalid, Message: "a decision to be taken back is not named by its number", Remedy: "Open the page again."}
			}
			d.Reviews = append(d.Reviews, n)
		}
	}
	if !slices.Contains(deeds, d.Do) {
		return d, look, &kmcr.Error{Kind: kmcr.Invalid, Message: "entries are parted or joined, and a merge or a decision is taken back", Where: "do", Remedy: "Say " + strings.Join(deeds, ", ") + "."}
	}
	return d, look, nil
}
