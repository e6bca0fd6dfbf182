package compose

import (
	"time"

	"kmcr"
)

// The states of a correction that was asked for.
const (
	Asked     = "asked"
	Corrected = "corrected" // the contributor has sent it right
	Stands    = "stands"    // the contributor holds that it is right
)

// Correction is a problem that a reader has reported with a statement, for its contributor to answer. The statement is shown as it is
// until then, marked as reported.
type Correction struct {
	ID          int                  `json:"id"` // among those about one contributor's patient
	Statement   string               `json:"statement"`
	Type        string               `json:"type"`
	Contributor kmcr.ContributorCode `json:"contributor"`
	Says        string               `json:"says"` // what is wrong, in the reader's words
	By          string               `json:"by"`   // name and role of the reader
	Asked       time.Time            `json:"asked"`
	State       string               `json:"state"`
	Answer      string               `json:"answer,omitempty"`
	Answered    time.Time            `json:"answered,omitzero"`
}

// Open tells that the contributor has not answered yet.
func (k Correction) Open() bool { return k.State == Asked }

// Mended tells that the contributor has answered and sent it right.
func (k Correction) Mended() bool { return k.State == Corrected }

// corrections lists what was reported of the statements that the record shows, and marks their lines until it is answered.
func (c *composer) corrections() {
	c.r.Corrections = []Correction{}
	if len(c.in.Corrections) == 0 {
		return
	}
	open := map[string]bool{}
	shown := map[string]bool{}
	for _, e := range c.entries {
		shown[e.id] = true
	}
	for _, k := range c.in.Corrections {
		if shown[k.Statement] {
			c.r.Corrections = append(c.r.Corrections, k)
			open[k.Statement] = open[k.Statement] || k.Open()
		}
	}
	if len(open) == 0 {
		return
	}
	mark := func(i *Item) {
		for _, p := range i.From {
			i.Reported = i.Reported || open[p.Statement]
		}
	}
	for _, list := range [][]Item{c.r.Alerts.Items, c.r.Safeguarding.Items, c.r.Problems.Items, c.r.Procedures.Items, c.r.FamilyHistory.Items, c.r.Reports.Items, c.r.Assessments.Items, c.r.Vaccinations.Items,
		c.r.Appointments.Items, c.r.Referrals.Items, c.r.Plans.Items, c.r.Other.Items, c.r.Timeline} {
		for i := range list {
			mark(&list[i])
		}
	}
	markEach(c.r.Allergies.Items, func(a *Allergy) *Item { return &a.Item }, mark)
	markEach(c.r.Medicines.Items, func(m *Medicine) *Item { return &m.Item }, mark)
	markEach(c.r.Encounters.Items, func(e *Encounter) *Item { return &e.Item }, mark)
	markEach(c.r.Documents.Items, func(d *Document) *Item { return &d.Item }, mark)
	markEach(c.r.Contacts.Items, func(k *Contact) *Item { return &k.Item }, mark)
	markEach(c.r.SocialCare.Items, func(s *Service) *Item { return &s.Item }, mark)
}

func markEach[T any](list []T, item func(*T) *Item, mark func(*Item)) {
	for i := range list {
		mark(item(&list[i]))
	}
}
