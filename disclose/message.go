package disclose

import (
	"context"
	"strings"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/store"
)

// Explanation is what a message says, without whom it says it of (ingest.Explain, handed over by cmd/kmcr).
type Explanation struct {
	States   []string `json:"states,omitempty"`
	Unmapped []string `json:"unmapped,omitempty"`
	Flags    []string `json:"flags,omitempty"`
	Problem  string   `json:"problem,omitempty"`
}

// Message is one ledger entry from its bytes to where it shows, for the integration engineer.
type Message struct {
	ParkedMessage
	State     store.State `json:"state"`
	Flag      string      `json:"flag,omitempty"`
	Answer    string      `json:"answer,omitempty"` // the acknowledgement that was sent
	Masked    bool        `json:"masked"`           // letters and digits of Raw are x and 9
	Parts     []Part      `json:"parts,omitempty"`
	Explained Explanation `json:"explained"`
	// Statements are those of which the message is the source.
	Statements []MessageStatement `json:"statements,omitempty"`
}

// Part is one kind of part of a message, and how often it stands in it: a segment, a column, a member.
type Part struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// MessageStatement is one version of one statement that a message made, without what it says.
type MessageStatement struct {
	Type    string       `json:"type"`
	Section kmcr.Section `json:"section"`
	Version int          `json:"version"`
	At      time.Time    `json:"at"`
	// Standing is "current", "superseded", "late", "ended", or "evidence" of one that is kept as part of a longer story and shown nowhere by itself.
	Standing string `json:"standing"`
	// Shows is the page of the record on which it stands; "" where it is shown nowhere by itself.
	Shows string `json:"shows,omitempty"`
}

// Message opens one message with letters and digits masked; with a reason, as
// it was sent, which is a look at personal data and audited as that.
func (s *Service) Message(ctx context.Context, v kmcr.Viewer, id int64, reason string) (*Message, error) {
	p, e, err := s.work(ctx, v, access.WorkFeeds)
	if err != nil {
		return nil, err
	}
	e.Where, e.Reason = "/feeds/messages", reason
	m, err := s.db.MessageByID(ctx, id)
	if err != nil {
		e.Allowed = false
		if failed := s.audit(ctx, e); failed != nil {
			return nil, failed
		}
		return nil, unavailable(err)
	}
	e.Detail = map[string]string{"message": m.ReceivedAt.UTC().Format(time.RFC3339Nano), "contributor": string(m.Contributor), "masked": "yes"}
	out := &Message{ParkedMessage: parkedMessage(*m), State: m.State, Flag: m.Flag, Masked: reason == ""}
	raw, err := s.db.Raw(ctx, id)
	switch {
	case kmcr.KindOf(err) == kmcr.NotFound: // rejected, or the statements are the message themselves
	case err != nil:
		return nil, unavailable(err)
	default:
		out.Parts = partsOf(raw)
		if s.explain != nil {
			out.Explained = s.explain(p.contributor(m.Contributor), *m, raw)
		}
		out.Raw = readable(raw)
	}
	out.Answer = readable(m.Answer)
	if out.Masked {
		out.Raw, out.Answer = masked(out.Raw), masked(out.Answer)
	} else {
		e.Detail["masked"] = "no"
	}
	if out.Statements, err = s.madeBy(ctx, m.ID); err != nil {
		return nil, err
	}
	return out, s.audit(ctx, e)
}

func readable(raw []byte) string {
	return strings.ReplaceAll(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\r", "\n")
}

// madeBy lists the statements that a message made.
func (s *Service) madeBy(ctx context.Context, id int64) ([]MessageStatement, error) {
	patient, err := s.db.PatientOfMessage(ctx, id)
	if err != nil || patient == 0 {
		return nil, unavailable(err)
	}
	all, err := s.db.Compartments(ctx, patient)
	if err != nil || all[0] == nil {
		return nil, unavailable(err)
	}
	var out []MessageStatement
	for _, head := range all[0].All() {
		for _, x := range all[0].Versions(head.ID) {
			if x.MessageID == id {
				out = append(out, madeStatement(head, x))
			}
		}
	}
	return out, nil
}

func madeStatement(head, x *kmcr.Statement) MessageStatement {
	out := MessageStatement{Type: x.Type, Section: x.Section, Version: x.Version, At: x.At, Standing: "superseded"}
	switch {
	case x.Internal:
		out.Standing = "evidence"
	case x.Late:
		out.Standing = "late"
	case x == head && x.Deleted:
		out.Standing = "ended"
	case x == head:
		out.Standing, out.Shows = "current", pageOf(x.Section)
	}
	return out
}

// pageOf is the page of the record on which a section stands.
func pageOf(s kmcr.Section) string {
	switch s {
	case kmcr.Demographics, kmcr.Alerts:
		return "the summary"
	case kmcr.Administrative:
		return ""
	case kmcr.OtherSection:
		return "other statements"
	}
	return strings.ReplaceAll(string(s), "-", " ")
}

// Recent lists the newest messages of a contributor, without what they say.
func (s *Service) Recent(ctx context.Context, v kmcr.Viewer, c kmcr.ContributorCode) ([]Message, error) {
	_, e, err := s.work(ctx, v, access.WorkFeeds)
	if err != nil {
		return nil, err
	}
	e.Where, e.Detail = "/feeds/{contributor}", map[string]string{"contributor": string(c)}
	all, err := s.db.Recent(ctx, c, mostRecent)
	if err != nil {
		return nil, unavailable(err)
	}
	out := make([]Message, len(all))
	for n, m := range all {
		out[n] = Message{ParkedMessage: parkedMessage(m), State: m.State, Flag: m.Flag, Masked: true}
	}
	return out, s.audit(ctx, e)
}

// mostRecent is how many messages of a contributor are listed.
const mostRecent = 50
