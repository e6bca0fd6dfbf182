package web

import "kmcr/disclose"

// alerts lists what happened to my people, newest first.
func (s *site) alerts(q *ask) error {
	all, err := s.out.Alerts(q.Context(), q.viewer)
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"alerts": list(all)})
	}
	return s.show(q, "alerts", page{Title: "Alerts", Here: "/alerts", Body: alertsView{all}})
}

type alertsView struct{ Alerts []disclose.Alert }
