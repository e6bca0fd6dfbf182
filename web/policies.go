package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"kmcr"
	"kmcr/disclose"
)

// policiesOut is what the page of policies asks of disclose.Service.
type policiesOut interface {
	Policies(ctx context.Context, v kmcr.Viewer) (*disclose.Policies, error)
	WouldAffect(ctx context.Context, v kmcr.Viewer, changes []disclose.Right) ([]disclose.Affected, error)
	Propose(ctx context.Context, v kmcr.Viewer, changes []disclose.Right, reason string) (*disclose.Policy, error)
	DecidePolicy(ctx context.Context, v kmcr.Viewer, id string, approve bool) error
}

// policiesView is the list, or the form for one role, or what a change would do before it is proposed.
type policiesView struct {
	*disclose.Policies
	Role     kmcr.Role           // whose form it is
	Form     []disclose.Right    // what it may
	Changes  []disclose.Right    // that were chosen
	Affected []disclose.Affected // by them
	Wrong    string
	Reason   string
}

// policies shows what each role may, what has been proposed and what was decided; with ?role= the form to change what a role may.
func (s *site) policies(q *ask) error {
	found, err := s.out.Policies(q.Context(), q.viewer)
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, found)
	}
	v := policiesView{Policies: found, Role: kmcr.Role(q.URL.Query().Get("role"))}
	if v.Role == "" {
		return s.show(q, "policies", page{Title: "Who may see what", Here: "/policies", Body: v})
	}
	if v.Form = v.rights(v.Role); v.Form == nil {
		return &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such role"}
	}
	return s.show(q, "policy", page{Title: "Change what a role may see", Here: "/policies", Body: v})
}

// rights are those of a role; nil where there is none such.
func (v policiesView) rights(r kmcr.Role) []disclose.Right {
	n := slices.IndexFunc(v.Rights, func(all []disclose.Right) bool { return len(all) > 0 && all[0].Role == r })
	if n < 0 {
		return nil
	}
	return v.Rights[n]
}

// change shows who would gain and who would lose, and with a reason proposes it.
func (s *site) proposePolicy(q *ask) error {
	var sent struct {
		Changes []disclose.Right `json:"changes"`
		Reason  string           `json:"reason"`
		Preview bool             `json:"preview"`
	}
	v := policiesView{}
	if q.sentJSON() {
		if err := q.readJSON(&sent); err != nil {
			return err
		}
	} else {
		if err := q.form(); err != nil {
			return err
		}
		found, err := s.out.Policies(q.Context(), q.viewer)
		if err != nil {
			return err
		}
		v.Policies, v.Role = found, kmcr.Role(q.PostFormValue("role"))
		v.Form = v.rights(v.Role)
		for _, r := range v.Form {
			if to := q.PostFormValue("right " + r.Right); to != "" && to != r.Have {
				sent.Changes = append(sent.Changes, disclose.Right{Role: r.Role, Right: r.Right, Have: to})
			}
		}
		sent.Reason, sent.Preview = q.PostFormValue("reason"), q.PostFormValue("step") != "propose"
	}
	v.Changes, v.Reason = sent.Changes, strings.TrimSpace(sent.Reason)
	affected, err := s.out.WouldAffect(q.Context(), q.viewer, sent.Changes)
	if kmcr.KindOf(err) == kmcr.Invalid && !q.wantsJSON() && v.Form != nil {
		v.Wrong = sentence(err.Error())
		return s.show(q, "policy", page{Title: "Change what a role may see", Here: "/policies", Body: v, Status: http.StatusBadRequest})
	}
	if err != nil {
		return err
	}
	v.Affected = affected
	if sent.Preview {
		if q.wantsJSON() {
			return q.writeJSON(0, map[string]any{"affected": affected})
		}
		return s.show(q, "policy", page{Title: "Who would gain and who would lose", Here: "/policies", Body: v})
	}
	p, err := s.out.Propose(q.Context(), q.viewer, sent.Changes, sent.Reason)
	if kmcr.KindOf(err) == kmcr.Invalid && !q.wantsJSON() && v.Form != nil {
		v.Wrong = sentence(err.Error())
		return s.show(q, "policy", page{Title: "Who would gain and who would lose", Here: "/policies", Body: v, Status: http.StatusBadRequest})
	}
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(http.StatusCreated, p)
	}
	return q.see("/policies")
}

// decidePolicy approves a proposal or refuses it.
func (s *site) decidePolicy(approve bool) handler {
	return func(q *ask) error {
		if err := s.out.DecidePolicy(q.Context(), q.viewer, q.PathValue("id"), approve); err != nil {
			return err
		}
		if q.wantsJSON() {
			return q.writeJSON(0, map[string]bool{"approved": approve})
		}
		return q.see("/policies")
	}
}

// seen are the rights of a role that it has, in words.
func seen(rights []disclose.Right) (out []string) {
	for _, r := range rights {
		if r.Have == "yes" && !strings.HasPrefix(r.Right, "list ") {
			out = append(out, disclose.RightName(r.Right))
		}
	}
	return out
}

// notSeen are the sections and topics that it has not.
func notSeen(rights []disclose.Right) (out []string) {
	for _, r := range rights {
		if r.Have == "no" && r.Right != "break-glass" && r.Right != "visits" && !strings.HasPrefix(r.Right, "list ") {
			out = append(out, disclose.RightName(r.Right))
		}
	}
	return out
}
