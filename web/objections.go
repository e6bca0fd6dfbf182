package web

import (
	"time"

	"kmcr"
	"kmcr/disclose"
)

// objection is one objection as a privacy officer reads it.
type objection struct {
	ID           int       `json:"id"`
	Organisation kmcr.ODS  `json:"organisation,omitempty"`
	Role         kmcr.Role `json:"role,omitempty"`
	From         time.Time `json:"from"`
	Until        time.Time `json:"until,omitzero"`
	Words        string    `json:"words"`
	By           string    `json:"by"`
}

// objectionsView lists them, with a form for another.
type objectionsView struct {
	Ref   string
	Items []objection
	Roles []kmcr.Role
}

// objections lists what a person has objected to, for a privacy officer.
func (s *site) objections(q *ask) error {
	ref := q.PathValue("ref")
	all, err := s.out.Objections(q.Context(), q.viewer, ref)
	if err != nil {
		return err
	}
	v := objectionsView{Ref: ref, Items: []objection{}, Roles: kmcr.AllRoles}
	for _, o := range all {
		v.Items = append(v.Items, objectionOf(o))
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"ref": ref, "objections": v.Items})
	}
	return s.show(q, "objections", page{Title: "Objections to sharing", Here: "/privacy", Body: v})
}

func objectionOf(o disclose.Objection) objection {
	return objection{o.ID, o.Organisation, o.Role, o.From, o.Until, o.Words, o.By}
}

// object records an objection; it is in force on the next request.
func (s *site) object(q *ask) error {
	var v struct {
		Organisation kmcr.ODS  `json:"organisation"`
		Role         kmcr.Role `json:"role"`
		Reason       string    `json:"reason"`
	}
	if q.sentJSON() {
		if err := q.readJSON(&v); err != nil {
			return err
		}
	} else {
		if err := q.form(); err != nil {
			return err
		}
		v.Organisation, v.Role, v.Reason = kmcr.ODS(q.PostFormValue("organisation")), kmcr.Role(q.PostFormValue("role")), q.PostFormValue("reason")
	}
	ref := q.PathValue("ref")
	if err := s.out.Object(q.Context(), q.viewer, ref, v.Organisation, v.Role, v.Reason); err != nil {
		return err
	}
	return q.done("/people/" + ref + "/objections")
}

// endObjection ends one that the person has taken back.
func (s *site) endObjection(q *ask) error {
	id, err := q.number("id")
	if err != nil {
		return err
	}
	reason, err := q.reason()
	if err != nil {
		return err
	}
	ref := q.PathValue("ref")
	if err := s.out.EndObjection(q.Context(), q.viewer, ref, int(id), reason); err != nil {
		return err
	}
	return q.done("/people/" + ref + "/objections")
}

// done answers a change: a browser goes to where it can be seen, a program is told where that is.
func (q *ask) done(where string) error {
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"done": true, "see": where})
	}
	return q.see(where)
}
