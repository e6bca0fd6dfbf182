package web

import (
	"slices"
	"strings"
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

// sitting is what one person did with a record within a short time: repeated looks in one row.
type sitting struct {
	look             // the newest of them, with the most that was shown
	From   time.Time // the first of them
	Looks  int
	Wheres []string // the pages
}

// pageOf names the page of a route of a record for readers: "medicines" for /people/{ref}/medicines; any other route stands as it is.
func pageOf(route string) string {
	page, of := strings.CutPrefix(route, "/people/{ref}")
	switch {
	case !of:
		return route
	case page == "":
		return "summary"
	}
	return strings.ReplaceAll(strings.Trim(page, "/"), "-", " ")
}

// sittingGap is how far apart two looks of one sitting may lie.
const sittingGap = 30 * time.Minute

// sittings puts looks of one person in one role, for one purpose and with one answer, together where no half hour lies between them. looks are newest first.
func sittings(looks []look) (all []sitting) {
	for _, l := range looks {
		at := slices.IndexFunc(all, func(s sitting) bool {
			return s.Account == l.Account && s.Role == l.Role && s.Organisation == l.Organisation && s.Action == l.Action && s.Purpose == l.Purpose && s.Allowed == l.Allowed && s.Rule == l.Rule && s.Reason == l.Reason && s.From.Sub(l.At) <= sittingGap
		})
		if at < 0 {
			all = append(all, sitting{look: l, From: l.At, Looks: 1, Wheres: []string{l.Where}})
			continue
		}
		s := &all[at]
		s.From, s.Looks = l.At, s.Looks+1
		s.Shown, s.Withheld = max(s.Shown, l.Shown), max(s.Withheld, l.Withheld)
		if !slices.Contains(s.Wheres, l.Where) {
			s.Wheres = append(s.Wheres, l.Where)
		}
	}
	return all
}

// accessView is the looks by sittings, newest first.
type accessView struct {
	Ref      string
	Looks    []look
	Sittings []sitting
}

// access lists who looked. A privacy officer may see that without seeing the record, so the banner is shown only to those who may open it.
func (s *site) access(q *ask) error {
	ref := q.PathValue("ref")
	entries, err := s.out.Looks(q.Context(), q.viewer, ref)
	if err != nil {
		return err
	}
	v := accessView{Ref: ref, Looks: []look{}}
	for _, e := range entries {
		v.Looks = append(v.Looks, lookOf(e))
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"ref": ref, "looks": v.Looks})
	}
	v.Sittings = sittings(v.Looks)
	r, err := s.out.Record(q.Context(), q.viewer, ref, q.where(), inBanner...)
	switch kmcr.KindOf(err) {
	case "", kmcr.Refused, kmcr.NotFound:
	default:
		return err
	}
	return s.show(q, "access", page{Title: "Who looked at this record", Record: r, Here: "access", Body: v})
}
