package web

import (
	"net/http"
	"strconv"

	"kmcr"
	"kmcr/compose"
)

// reportView is what is about to be reported.
type reportView struct {
	Statement string
	Hit       *compose.Hit
	Wrong     string
	Says      string
}

// reportForm asks what is wrong with an entry.
func (s *site) reportForm(q *ask) error {
	return s.showReport(q, reportView{Statement: q.PathValue("id")}, http.StatusOK)
}

func (s *site) showReport(q *ask, v reportView, status int) error {
	r, err := s.out.Record(q.Context(), q.viewer, q.PathValue("ref"), q.where())
	if err != nil {
		return err
	}
	if v.Hit = r.Standing(v.Statement); v.Hit == nil {
		return &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such entry, or you may not see it", Remedy: "Open the record and choose the entry there."}
	}
	if q.wantsJSON() {
		return q.writeParts(r, member{"item", v.Hit}, member{"corrections", r.Corrections})
	}
	return s.show(q, "report", page{Title: "Report a problem", Record: r, Here: "report", Body: v, Status: status})
}

// report sends it to the contributor's list.
func (s *site) report(q *ask) error {
	var v struct {
		Says string `json:"says"`
	}
	if q.sentJSON() {
		if err := q.readJSON(&v); err != nil {
			return err
		}
	} else if err := q.form(); err != nil {
		return err
	} else {
		v.Says = q.PostFormValue("says")
	}
	ref := q.PathValue("ref")
	err := s.out.Report(q.Context(), q.viewer, ref, q.PathValue("id"), v.Says)
	if kmcr.KindOf(err) == kmcr.Invalid && !q.wantsJSON() {
		return s.showReport(q, reportView{Statement: q.PathValue("id"), Wrong: "Say in words what is wrong and what is right, in at most 1000 characters", Says: v.Says}, http.StatusBadRequest)
	}
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(http.StatusCreated, map[string]string{"statement": q.PathValue("id"), "state": compose.Asked})
	}
	return q.see("/people/" + ref + "/conflicts")
}

// correctionsView is what has been reported.
type correctionsView struct {
	Corrections []compose.Correction `json:"corrections"`
}

// corrections lists what has been reported, for whoever sees that contributors answer.
func (s *site) corrections(q *ask) error {
	all, err := s.out.Corrections(q.Context(), q.viewer)
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, correctionsView{all})
	}
	return s.show(q, "corrections", page{Title: "Reported problems", Here: "/corrections", Body: correctionsView{all}})
}

// answerCorrection keeps what the contributor answered.
func (s *site) answerCorrection(q *ask) error {
	n, err := strconv.Atoi(q.PathValue("n"))
	if err != nil {
		return &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such report"}
	}
	var v struct {
		State  string `json:"state"`
		Answer string `json:"answer"`
	}
	if q.sentJSON() {
		if err := q.readJSON(&v); err != nil {
			return err
		}
	} else if err := q.form(); err != nil {
		return err
	} else {
		v.State, v.Answer = q.PostFormValue("state"), q.PostFormValue("answer")
	}
	if err := s.out.Answer(q.Context(), q.viewer, q.PathValue("id"), n, v.State, v.Answer); err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, v)
	}
	return q.see("/corrections")
}
