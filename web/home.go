package web

import (
	"kmcr"
	"kmcr/disclose"
)

// homeView is what somebody who has signed in begins with.
type homeView struct {
	Form     searchView
	MayFind  bool
	Caseload []disclose.CaseloadEntry
	Alerts   []disclose.Alert
	More     int // of the caseload
}

// onHome is how many of my people the first page lists.
const onHome = 12

// home is the first page: what this is and where to sign in, or finding a person and my people.
func (s *site) home(q *ask) error {
	if !q.known {
		if q.wantsJSON() {
			return q.writeJSON(0, map[string]any{"service": "Kent and Medway Care Record", "signin": "/signin", "about": "/about"})
		}
		return s.show(q, "welcome", page{Title: "Kent and Medway Care Record", Here: "/"})
	}
	v := homeView{MayFind: finds(q.viewer.Role)}
	var err error
	if v.Caseload, err = s.out.Caseload(q.Context(), q.viewer); err != nil && kmcr.KindOf(err) != kmcr.Refused {
		return err
	}
	if v.Alerts, err = s.out.Alerts(q.Context(), q.viewer); err != nil && kmcr.KindOf(err) != kmcr.Refused {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"people": list(v.Caseload), "alerts": list(v.Alerts)})
	}
	if len(v.Caseload) > onHome {
		v.More = len(v.Caseload) - onHome
		v.Caseload = v.Caseload[:onHome]
	}
	if len(v.Alerts) > 5 {
		v.Alerts = v.Alerts[:5]
	}
	title := "Find a person"
	if !v.MayFind {
		title = "Your work"
	}
	if q.viewer.Role == kmcr.RoleCitizen {
		title = "My record"
	}
	return s.show(q, "home", page{Title: title, Here: "/", Body: v})
}

// finds tells whether the first page of a role offers to find a person. It opens nothing: disclose decides.
func finds(r kmcr.Role) bool {
	switch r {
	case kmcr.RoleIntegrationEngineer, kmcr.RoleAdministrator, kmcr.RoleCitizen:
		return false
	}
	return true
}

// list is s, or an empty list for none, so that JSON says [] and not null.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
