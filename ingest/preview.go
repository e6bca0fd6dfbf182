package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"kmcr"
	"kmcr/store"
	"kmcr/translate"
)

// Explanation is what a message says, without whom it says it of.
type Explanation struct {
	// States are the kinds of statements it makes: resource types, in order.
	States []string
	// Unmapped is what is in no statement, and why; Flags are doubts about it.
	Unmapped, Flags []string
	// Problem is why it cannot be read; "" where it can.
	Problem string
}

// Explain reads a message as it was kept, changing nothing.
func Explain(c kmcr.Contributor, m store.Message, raw []byte) Explanation {
	r, err := readBy(translate.Account, c, m, raw)
	if err != nil {
		e := Explanation{Problem: detailOf(err)}
		var p *parking
		if errors.As(err, &p) {
			e.Problem = p.detail
		}
		if c := kmcr.KindOf(err); m.Format == kmcr.FormatFHIR && c != "" {
			e.Problem = "" // FHIR is stated as it was sent
		}
		return e
	}
	e := Explanation{Unmapped: r.Unmapped, Flags: r.Flags}
	for _, s := range r.Statements {
		e.States = append(e.States, typeIn(s.Resource))
	}
	return e
}

func typeIn(resource []byte) string {
	rest, ok := bytes.CutPrefix(resource, []byte(`{"resourceType":"`))
	if i := bytes.IndexByte(rest, '"'); ok && i >= 0 {
		return string(rest[:i])
	}
	return ""
}

// Change is what a message would do to one statement.
type Change struct {
	// What is "new", "changed", "unchanged", "late" or "ended".
	What    string       `json:"what"`
	Type    string       `json:"type"`
	Section kmcr.Section `json:"section"`
	// Members are the parts of the resource that would differ, by name; never what stands in them.
	Members []string `json:"members,omitempty"`
}

// Preview is what taking a message up would do.
type Preview struct {
	Changes []Change `json:"changes"`
	// NewPatients is how many patients would be heard of for the first time.
	NewPatients int `json:"new_patients"`
	// Reason and Detail are why it would still be parked; "" where it would be applied.
	Reason string `json:"reason,omitempty"`
	Detail string `json:"detail,omitempty"`

	Unmapped []string `json:"unmapped,omitempty"`
}

// Preview says what taking a parked message up would do, with other bytes where raw is not nil; it changes nothing.
func (s *Service) Preview(ctx context.Context, id int64, raw []byte) (*Preview, error) {
	m, err := s.parked(ctx, id)
	if err != nil {
		return nil, err
	}
	if m.Format == kmcr.FormatFHIR {
		return nil, onlySentAgain()
	}
	if raw == nil {
		if raw, err = s.db.Raw(ctx, id); err != nil {
			return nil, err
		}
	}
	c, err := s.directory.contributor(ctx, m.Contributor)
	if err != nil {
		return nil, err
	}
	out := &Preview{}
	err = s.guarded(func() error { return s.preview(ctx, c, *m, raw, out) })
	var p *parking
	if errors.As(err, &p) {
		out.Reason, out.Detail = p.reason, p.detail
		return out, nil
	}
	return out, err
}

func onlySentAgain() error {
	return &kmcr.Error{Kind: kmcr.Unsupported, Message: "what was sent as FHIR is mended by its contributor, who sends it again", Remedy: "Replay it where what it waits for has come, or discard it with the reason."}
}

// preview goes as far as applying goes before anything is written.
func (s *Service) preview(ctx context.Context, c kmcr.Contributor, m store.Message, raw []byte, out *Preview) error {
	if _, _, _, whole := translate.ReadClosing(raw); whole {
		return &parking{reason: "extract-doubtful", detail: "taken up, it ends what the extract does not tell of"}
	}
	reading, err := readBy(translate.Account, c, m, raw)
	if err != nil {
		return err
	}
	out.Unmapped = reading.Unmapped
	a := &application{s: s, c: c, cast: s.cast(c), reading: reading, dry: true}
	a.plan = &plan{contributor: c, ledger: &ledger{message: m, there: true}, received: s.Now(), raw: raw, where: "preview"}
	if err := a.run(ctx); err != nil {
		return err
	}
	for _, x := range a.cast.all {
		if x.fresh {
			out.NewPatients++
		}
		for _, st := range x.said {
			if !st.Internal {
				out.Changes = append(out.Changes, changeOf(x, st))
			}
		}
	}
	return nil
}

func changeOf(x *subject, st *kmcr.Statement) Change {
	ch := Change{What: "new", Type: st.Type, Section: st.Section}
	head := x.head(st.ID)
	switch {
	case head == nil:
	case x.saidAt(st.ID).After(st.At):
		ch.What = "late"
	case st.Deleted:
		ch.What = "ended"
	case bytes.Equal(head.Body, st.Body) && head.Deleted == st.Deleted:
		ch.What = "unchanged"
	default:
		ch.What, ch.Members = "changed", differing(head.Body, st.Body)
	}
	return ch
}

// differing are the members of two JSON objects that are not the same in both.
func differing(a, b []byte) (names []string) {
	var x, y map[string]json.RawMessage
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return nil
	}
	for n := range x {
		if !bytes.Equal(x[n], y[n]) {
			names = append(names, n)
		}
	}
	for n := range y {
		if _, there := x[n]; !there {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names
}

// Correct takes a parked message up as it should have been sent: what was sent
// is given up with the reason, and what is sent in its place is a message of its own that is applied like any other. Audited as by.
func (s *Service) Correct(ctx context.Context, id int64, raw []byte, reason string, by kmcr.Viewer) (corrected int64, err error) {
	if strings.TrimSpace(reason) == "" {
		return 0, &kmcr.Error{Kind: kmcr.Invalid, Message: "a message is not corrected without a reason", Remedy: "Say what was wrong and who agreed."}
	}
	m, err := s.parked(ctx, id)
	if err != nil {
		return 0, err
	}
	if m.Format == kmcr.FormatFHIR {
		return 0, onlySentAgain()
	}
	if _, err := s.Preview(ctx, id, raw); err != nil { // bytes that nothing can be made of are refused here
		return 0, err
	}
	next := &store.Message{Contributor: m.Contributor, Format: m.Format, ControlID: m.ControlID + " corrected", ReceivedAt: s.Now(), State: store.Waiting, Lane: m.Lane, Flag: "corrected from message " + strconv.FormatInt(id, 10)}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		n := *next
		if dup, err := tx.Accept(&n, raw); err != nil || dup != nil {
			if err == nil {
				err = &kmcr.Error{Kind: kmcr.Conflict, Message: "the same correction was made before", Remedy: "Discard the message."}
			}
			return err
		}
		next.ID = n.ID
		if err := tx.Settle(id, store.Rejected, "corrected", "as message "+strconv.FormatInt(n.ID, 10)+": "+reason); err != nil {
			return err
		}
		return tx.Audit(s.act("correct", m, reason, by))
	})
	if err == nil {
		s.inbox.add(next.ID, raw)
	}
	return next.ID, err
}
