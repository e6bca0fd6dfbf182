package notify

import (
	"context"
	"slices"

	"kmcr"
	"kmcr/store"
)

// Wanted are the topics that somebody is alerted of in pages. What is left out is still listed, apart.
type Wanted struct {
	Topics []string `json:"topics"`
	// Own tells that they were chosen; else they are what the role has.
	Own bool `json:"own"`
}

// Has tells whether a topic is wanted. A topic that nobody can choose is always told.
func (w Wanted) Has(topic string) bool {
	return slices.Contains(w.Topics, topic) || !KnownTopic(topic)
}

// alwaysTold cannot be chosen away: who was told in error hears that it was, and who is asked hears what.
var alwaysTold = []string{Withdrawn, Suspend, Restart}

// DefaultTopics are what a role is alerted of where nobody has chosen.
func DefaultTopics(r kmcr.Role) []string {
	stays := []string{Admission, Attendance, Discharge, Death}
	switch r {
	case kmcr.RoleSocialWorker, kmcr.RoleChildrenSocialWorker, kmcr.RoleDutyWorker, kmcr.RoleSafeguardingLead, kmcr.RoleOccupationalTherapist:
		return append(stays, append(alwaysTold, Safeguarding, DidNotAttend, PlanChanged)...)
	case kmcr.RoleCarer:
		return append(stays, append(alwaysTold, PlanChanged, Medicine)...)
	case kmcr.RolePharmacist:
		return append(stays, append(alwaysTold, Medicine, NewAllergy)...)
	case kmcr.RoleGP:
		return append(stays, append(alwaysTold, NewDocument, Safeguarding, NewAllergy)...)
	case kmcr.RoleHospitalDoctor, kmcr.RoleEmergencyDoctor:
		return append(stays, append(alwaysTold, NewResult, Safeguarding, NewAllergy)...)
	}
	return append(stays, append(alwaysTold, Safeguarding, PlanChanged, NewAllergy, Medicine, DidNotAttend)...)
}

// WantedBy reads what somebody is alerted of.
func (s *Service) WantedBy(ctx context.Context, v kmcr.Viewer) (Wanted, error) {
	var w Wanted
	found, err := s.db.Get(ctx, store.KindWanted, v.Account, &w)
	if err == nil && !found {
		w = Wanted{Topics: DefaultTopics(v.Role)}
	}
	return w, err
}

// Want keeps what somebody wants to be alerted of; audited.
func (s *Service) Want(ctx context.Context, v kmcr.Viewer, topics []string) error {
	w := Wanted{Own: true, Topics: slices.Clone(alwaysTold)}
	for _, t := range topics {
		if !KnownTopic(t) {
			return s.refused(ctx, v, invalid("topics", "there is no such topic", "Choose from the list."))
		}
		if !slices.Contains(w.Topics, t) {
			w.Topics = append(w.Topics, t)
		}
	}
	return s.db.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		if err := tx.Put(store.KindWanted, v.Account, w); err != nil {
			return err
		}
		return tx.Audit(s.entry(v, "subscribe", map[string]string{"in": "pages"}))
	})
}
