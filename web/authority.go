package web

import (
	"strings"

	"kmcr/compose"
)

// authorityView is whose word counts first for each fact, and whether the reader may change it.
type authorityView struct {
	Orders    []compose.AuthorityOrder `json:"orders"`
	MayChange bool                     `json:"mayChange"`
	Kinds     []string                 `json:"kinds"`
}

// authority shows whose word counts first where sources differ.
func (s *site) authority(q *ask) error {
	orders, may, err := s.out.Orders(q.Context(), q.viewer)
	if err != nil {
		return err
	}
	v := authorityView{orders, may, compose.Kinds()}
	if q.wantsJSON() {
		return q.writeJSON(0, v)
	}
	return s.show(q, "authority", page{Title: "Whose word is shown first", Here: "/authority", Body: v})
}

// setAuthority changes the order for one fact.
func (s *site) setAuthority(q *ask) error {
	var v struct {
		Kinds []string `json:"kinds"`
		Why   string   `json:"why"`
	}
	if q.sentJSON() {
		if err := q.readJSON(&v); err != nil {
			return err
		}
	} else if err := q.form(); err != nil {
		return err
	} else {
		v.Why = q.PostFormValue("why")
		v.Kinds = strings.FieldsFunc(strings.ToLower(q.PostFormValue("kinds")), func(r rune) bool { return r == ',' || r == ' ' || r == ';' })
	}
	if err := s.out.SetOrder(q.Context(), q.viewer, compose.Fact(q.PathValue("fact")), v.Kinds, v.Why); err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, v)
	}
	return q.see("/authority")
}
