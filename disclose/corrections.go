package disclose

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"kmcr"
	"kmcr/access"
	"kmcr/audit"
	"kmcr/compose"
	"kmcr/store"
	"kmcr/terms"
)

// mostReported is how many letters a report or an answer may hold.
const mostReported = 1000

// correctionKey is where the corrections about a contributor's patient are kept: with the patient, so that they follow its links.
func correctionKey(p kmcr.PatientID) string { return strconv.FormatInt(int64(p), 10) }

// Report asks the contributor of a statement to correct it. Whoever may see the statement may report it; the report and its audit entry
// are one commit. Errors: as Record; kmcr.NotFound for a statement that the record does not show to the viewer, kmcr.Invalid without words.
func (s *Service) Report(ctx context.Context, v kmcr.Viewer, ref, statement, says string) error {
	o, err := s.open(ctx, v, ref, "report", "/people/{ref}/report")
	if err != nil {
		return err
	}
	head, err := s.reported(ctx, o, statement)
	if err != nil {
		return err
	}
	if says, err = inWords(says, "says"); err != nil {
		return err
	}
	o.entry.Shown = []audit.Shown{{ID: head.ID, Version: head.Version}}
	k := compose.Correction{
		Statement: head.ID.String(), Type: head.Type, Contributor: head.Contributor, Says: says,
		By: v.Name + ", " + terms.RoleName(v.Role), Asked: o.facts.Now, State: compose.Asked,
	}
	return s.changeCorrections(ctx, head.ID.Patient, o.entry, func(all []compose.Correction) ([]compose.Correction, error) {
		k.ID = len(all) + 1
		return append(all, k), nil
	})
}

// reported finds the statement among what the viewer may see of the person; what it may not see is answered, and audited, as not there.
func (s *Service) reported(ctx context.Context, o *opening, statement string) (*kmcr.Statement, error) {
	compartments, err := s.compartments(ctx, o.patients)
	if err != nil {
		return nil, err
	}
	id, _ := kmcr.ParseStatementID(statement)
	for _, c := range compartments {
		if head := c.Head(id); head != nil && !head.Deleted {
			if ok, _ := o.decision.Item(o.facts, head); ok {
				return head, nil
			}
		}
	}
	o.entry.Allowed, o.entry.Rule = false, "There is no such entry, or the viewer may not see it."
	if err := s.audit(ctx, o.entry); err != nil {
		return nil, err
	}
	return nil, noStatement()
}

func inWords(s, where string) (string, error) {
	s = strings.TrimSpace(s)
	if len([]rune(s)) < 5 || len([]rune(s)) > mostReported {
		return "", &kmcr.Error{Kind: kmcr.Invalid, Where: where, Message: "say in words what is wrong and what is right, in at most 1000 characters", Remedy: "For example: she stopped taking this in June."}
	}
	return s, nil
}

// changeCorrections reads, changes and keeps the corrections about a patient with the audit entry, in one commit.
func (s *Service) changeCorrections(ctx context.Context, p kmcr.PatientID, e *audit.Entry, change func([]compose.Correction) ([]compose.Correction, error)) error {
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		var all []compose.Correction
		if _, err := tx.Get(store.KindCorrection, correctionKey(p), &all); err != nil {
			return err
		}
		all, err := change(all)
		if err != nil {
			return err
		}
		if err := tx.Put(store.KindCorrection, correctionKey(p), all); err != nil {
			return err
		}
		entry := *e
		return tx.Audit(&entry)
	})
	return unavailable(err)
}

// corrections reads what was reported of a person's patients.
func (s *Service) corrections(ctx context.Context, patients []*store.Patient) ([]compose.Correction, error) {
	var out []compose.Correction
	for _, p := range patients {
		var all []compose.Correction
		if _, err := s.db.Get(ctx, store.KindCorrection, correctionKey(p.ID), &all); err != nil {
			return nil, unavailable(err)
		}
		out = append(out, all...)
	}
	return out, nil
}

// Corrections lists what has been reported, open ones first, for whoever sees to it that contributors answer; audited.
func (s *Service) Corrections(ctx context.Context, v kmcr.Viewer) ([]compose.Correction, error) {
	_, e, err := s.work(ctx, v, access.WorkMatches)
	if err != nil {
		return nil, err
	}
	e.Where = "/corrections"
	return s.listCorrections(ctx, e, "")
}

// Correction is what a reader reported of a statement and what its contributor answered.
type Correction = compose.Correction

// OwnCorrections lists what has been reported of the statements of the contributor whose client asks, open ones first; audited.
// Errors: kmcr.Refused for anybody else.
func (s *Service) OwnCorrections(ctx context.Context, v kmcr.Viewer, where string) ([]Correction, error) {
	e, err := s.answering(ctx, v, "read", where)
	if err != nil {
		return nil, err
	}
	return s.listCorrections(ctx, e, v.Contributor)
}

func (s *Service) listCorrections(ctx context.Context, e *audit.Entry, of kmcr.ContributorCode) ([]compose.Correction, error) {
	out := []compose.Correction{}
	err := s.db.List(ctx, store.KindCorrection, func(_ string, body []byte) error {
		var all []compose.Correction
		err := json.Unmarshal(body, &all)
		for _, k := range all {
			if of == "" || k.Contributor == of {
				out = append(out, k)
			}
		}
		return err
	})
	if err != nil {
		return nil, unavailable(err)
	}
	slices.SortStableFunc(out, func(a, b compose.Correction) int {
		if x, y := a.Open(), b.Open(); x != y {
			if x {
				return -1
			}
			return 1
		}
		return cmp.Or(b.Asked.Compare(a.Asked), cmp.Compare(a.Statement, b.Statement), cmp.Compare(a.ID, b.ID))
	})
	e.Detail = map[string]string{"corrections": strconv.Itoa(len(out))}
	return out, s.audit(ctx, e)
}

// answering decides whether a contributor's own client asks.
func (s *Service) answering(ctx context.Context, v kmcr.Viewer, action, where string) (*audit.Entry, error) {
	const alone = "A contributor's own system reads and answers what is reported of its statements."
	if v.Contributor == "" {
		if err := s.Refused(ctx, v, action, where, alone); err != nil {
			return nil, err
		}
		return nil, &kmcr.Error{Kind: kmcr.Refused, Message: alone, Remedy: "A records officer answers on the page of corrections."}
	}
	e := s.entry(v, action, where)
	e.Purpose, e.Allowed, e.Rule = kmcr.Administration, true, ownAlone
	return e, nil
}

// Answer keeps what the contributor answered to a correction, as a records officer enters it: compose.Corrected or compose.Stands, with
// its words. Errors: kmcr.Refused, kmcr.NotFound, kmcr.Invalid.
func (s *Service) Answer(ctx context.Context, v kmcr.Viewer, statement string, id int, state, answer string) error {
	_, e, err := s.work(ctx, v, access.WorkMatches)
	if err != nil {
		return err
	}
	e.Action, e.Where = "answer", "/corrections"
	return s.answerCorrection(ctx, e, "", statement, id, state, answer)
}

// AnswerOwn is Answer by the contributor's own system. Errors: as Answer; kmcr.NotFound also for another contributor's statement.
func (s *Service) AnswerOwn(ctx context.Context, v kmcr.Viewer, where, statement string, id int, state, answer string) error {
	e, err := s.answering(ctx, v, "answer", where)
	if err != nil {
		return err
	}
	return s.answerCorrection(ctx, e, v.Contributor, statement, id, state, answer)
}

func (s *Service) answerCorrection(ctx context.Context, e *audit.Entry, of kmcr.ContributorCode, statement string, id int, state, answer string) error {
	if state != compose.Corrected && state != compose.Stands {
		return &kmcr.Error{Kind: kmcr.Invalid, Where: "state", Message: "a correction is answered as corrected or as stands"}
	}
	answer, err := inWords(answer, "answer")
	if err != nil {
		return err
	}
	sid, ok := kmcr.ParseStatementID(statement)
	if !ok {
		return noStatement()
	}
	e.Patient = sid.Patient
	return s.changeCorrections(ctx, sid.Patient, e, func(all []compose.Correction) ([]compose.Correction, error) {
		for i := range all {
			if all[i].Statement == statement && all[i].ID == id && (of == "" || all[i].Contributor == of) {
				all[i].State, all[i].Answer, all[i].Answered = state, answer, s.now()
				return all, nil
			}
		}
		return nil, noStatement()
	})
}
