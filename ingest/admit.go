package ingest

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"

	"kmcr"
	"kmcr/hl7"
	"kmcr/store"
	"kmcr/translate"
)

// no is why a message is not taken: a condition of table 0357, and words for
// whoever reads the sender's log.
type no struct {
	condition hl7.Condition
	where     string
	text      string
	reason    string // of the ledger
}

// admit finds the contributor of a message and tells whether its kind is taken.
// Resending what is refused here does not help.
func (n *line) admit(ctx context.Context, m *hl7.Message) (kmcr.Contributor, *no) {
	c, why := n.whose(ctx, m)
	switch {
	case why != nil:
		return c, why
	case m.ControlID() == "":
		return c, &no{hl7.RequiredFieldMissing, "MSH-10", "the message has no control id", "control-id-missing"}
	}
	return c, unsupported(m, c)
}

// unsupported tells why a message of this kind is not taken; nil where it is.
func unsupported(m *hl7.Message, c kmcr.Contributor) *no {
	switch p := m.Segment("MSH").Get(11, 1); {
	case !slices.Contains([]string{"", "P", "T", "D"}, p):
		return &no{hl7.UnsupportedProcessing, "MSH-11", "the processing id is not P, T or D", "processing-unsupported"}
	case m.Version() != "" && !strings.HasPrefix(m.Version(), "2."):
		return &no{hl7.UnsupportedVersion, "MSH-12", "the version is not 2.1 to 2.9", "version-unsupported"}
	case m.Type() == "":
		return &no{hl7.UnsupportedType, "MSH-9", "the message does not say its type", "type-unsupported"}
	}
	if slices.Contains([]string{"ADT", "ORU", "MDM", "SIU"}, m.Type()) {
		return nil
	}
	if _, err := translate.HL7(m, c); kmcr.KindOf(err) == kmcr.Unsupported {
		return &no{hl7.UnsupportedType, "MSH-9", "messages of this type are not taken in", "type-unsupported"}
	}
	return nil
}

// rehearsals are the processing ids (MSH-11, table 0103) of what is not meant for anybody's record.
var rehearsals = map[string]parking{
	"T": {reason: "training", detail: "MSH-11 T: it is marked as a training message, and the sender is not being tried out"},
	"D": {reason: "debugging", detail: "MSH-11 D: it is marked as a debugging message, and the sender is not being tried out"},
}

// rehearsal tells why a message from a feed is kept out of a live record: it is marked as not real, and the sender is neither tried
// out (nobody but its testers sees what it states) nor known to mark everything so. Nil where it is taken for real.
func (s *Service) rehearsal(m *hl7.Message, c kmcr.Contributor) *parking {
	why, marked := rehearsals[m.Segment("MSH").Get(11, 1)]
	if !marked || !s.InUse || c.TestOnly || c.Training {
		return nil
	}
	return &why
}

// refuse counts a message that is not taken, and says so; false closes the connection.
func (n *line) refuse(ctx context.Context, m *hl7.Message, c kmcr.ContributorCode, raw []byte, why *no) bool {
	ack := hl7.Ack(m, hl7.Answer{Verdict: hl7.Refused, ControlID: n.s.controlID(), At: n.s.Now(), Condition: why.condition, Where: why.where, Text: why.text})
	entry := &store.Message{Contributor: c, Format: kmcr.FormatHL7v2, ControlID: m.ControlID(), ReceivedAt: n.s.Now(), State: store.Rejected, Reason: why.reason, Detail: why.where + ": " + why.text, Answer: ack, Hash: sha256.Sum256(raw)}
	dup, err := n.s.accept(ctx, entry, raw, nil)
	if err != nil {
		n.s.counts.answered("closed", false)
		return false
	}
	if dup != nil && dup.Answer != nil {
		ack = dup.Answer
	}
	n.s.counts.answered(m.Code(hl7.Refused), dup != nil)
	return n.answer(ack)
}

// refuseRaw answers what could not be parsed, where its header can be read.
func (n *line) refuseRaw(raw []byte, err error, condition hl7.Condition, reason string) bool {
	ctx := context.Background()
	header, bad := hl7.Header(raw)
	if bad != nil {
		entry := &store.Message{Contributor: nobody, Format: kmcr.FormatHL7v2, ReceivedAt: n.s.Now(), State: store.Rejected, Reason: reason, Detail: detailOf(err), Hash: sha256.Sum256(raw)}
		if _, err := n.s.accept(ctx, entry, raw, nil); err != nil {
			n.s.log.Error("a message that cannot be read could not be counted", "error", err.Error())
		}
		n.s.counts.answered("closed", false)
		return false
	}
	c, _ := n.whose(ctx, header)
	return n.refuse(ctx, header, c.Code, raw, &no{condition, placeOf(err), detailOf(err), reason})
}

func placeOf(err error) string {
	var e *kmcr.Error
	if errors.As(err, &e) {
		return e.Where
	}
	return ""
}
