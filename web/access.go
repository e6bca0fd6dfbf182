package web

import (
	"time"

	"kmcr"
	"kmcr/audit"
)

// look is one look at the record, as a reader of the log sees it.
type look struct {
	ID           string       `json:"id"`
	At           time.Time    `json:"at"`
	Action       string       `json:"action"`
	Account      string       `json:"account"`
	Name         string       `json:"name"`
	Role         kmcr.Role    `json:"role"`
	Organisation kmcr.ODS     `json:"organisation"`
	Team         string       `json:"team,omitempty"`
	Purpose      kmcr.Purpose `json:"purpose"`
	Reason       string       `json:"reason,omitempty"`
	Allowed      bool         `json:"allowed"`
	Rule         string       `json:"rule"`
	Where        string       `json:"where"`
	Shown        int          `json:"shown"`
	Withheld     int          `json:"withheld"`
}

func lookOf(e *audit.Entry) look {
	return look{
		e.ID, e.At, e.Action, e.Viewer.Account, e.Viewer.Name, e.Viewer.Role, e.Viewer.Organisation, e.Viewer.Team,
		e.Purpose, e.Reason, e.Allowed, e.Rule, e.Where, len(e.Shown), e.Withheld,
	}
}

// accessView is the looks, newest first.
type accessView struct{ Looks []look }

// access lists who looked. A privacy officer may see that without seeing the record, so the banner is shown only to those who may open it.
func (s *site) access(q *ask) error {
	ref := q.PathValue("ref")
	entries, err := s.out.Looks(q.Context(), q.viewer, ref)
	if err != nil {
		return err
	}
	v := accessView{Looks: []look{}}
	for _, e := range entries {
		v.Looks = append(v.Looks, lookOf(e))
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"ref": ref, "looks": v.Looks})
	}
	r, err := s.out.Record(q.Context(), q.viewer, ref, q.where(), inBanner...)
	switch kmcr.KindOf(err) {
	case "", kmcr.Refused, kmcr.NotFound:
	default:
		return err
	}
	return s.show(q, "access", page{Title: "Who looked at this record", Record: r, Here: "access", Body: v})
}
