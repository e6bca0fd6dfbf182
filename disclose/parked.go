package disclose

import (
	"context"
	"strings"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/store"
)

// ParkedMessage is one message that could not be applied.
type ParkedMessage struct {
	ID          int64                `json:"id"`
	Contributor kmcr.ContributorCode `json:"contributor"`
	Format      kmcr.Format          `json:"format"`
	ReceivedAt  time.Time            `json:"receivedAt"`
	Reason      string               `json:"reason"`           // code: "identity-missing", …
	Detail      string               `json:"detail,omitempty"` // in words, with the place
	Raw         string               `json:"raw,omitempty"`    // as received; only when one is shown
}

// mostParked is how many parked messages are listed at once, oldest first.
const mostParked = 300

// Parked lists what waits for somebody, without what it says; for roles that work on feeds.
func (s *Service) Parked(ctx context.Context, v kmcr.Viewer) ([]ParkedMessage, error) {
	_, e, err := s.work(ctx, v, access.WorkFeeds)
	if err != nil {
		return nil, err
	}
	var out []ParkedMessage
	err = s.db.Messages(ctx, "", store.Parked, func(m store.Message) error {
		if len(out) < mostParked {
			out = append(out, parkedMessage(m))
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	return out, s.audit(ctx, e)
}

// ShowParked opens one with the bytes that came, which is a look at personal data and audited as that.
func (s *Service) ShowParked(ctx context.Context, v kmcr.Viewer, id int64) (*ParkedMessage, error) {
	_, e, err := s.work(ctx, v, access.WorkFeeds)
	if err != nil {
		return nil, err
	}
	m, err := s.db.MessageByID(ctx, id)
	if err != nil {
		return nil, unavailable(err)
	}
	e.Detail = map[string]string{"message": m.ReceivedAt.UTC().Format(time.RFC3339Nano), "contributor": string(m.Contributor)}
	if m.State != store.Parked {
		return nil, &kmcr.Error{Kind: kmcr.Conflict, Message: "the message is " + string(m.State) + ", not parked", Remedy: "The list of the feeds shows those that are."}
	}
	raw, err := s.db.Raw(ctx, id)
	if err != nil {
		return nil, unavailable(err)
	}
	p := parkedMessage(*m)
	p.Raw = strings.ReplaceAll(string(raw), "\r", "\n")
	return &p, s.audit(ctx, e)
}

func parkedMessage(m store.Message) ParkedMessage {
	return ParkedMessage{ID: m.ID, Contributor: m.Contributor, Format: m.Format, ReceivedAt: m.ReceivedAt, Reason: m.Reason, Detail: m.Detail}
}

// OrganisationName is an organisation's name as the register has it, "" for one it has not.
func (s *Service) OrganisationName(ctx context.Context, o kmcr.ODS) string {
	p, err := s.parties(ctx)
	if err != nil {
		return ""
	}
	if known := p.organisation(o); known != nil {
		return known.Name
	}
	return ""
}
