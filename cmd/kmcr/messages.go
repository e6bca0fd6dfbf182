package main

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"time"

	"kmcr"
	"kmcr/store"
)

type statusCommand struct{}

type tallyJSON struct {
	Received  int64  `json:"received"`
	Applied   int64  `json:"applied"`
	Parked    int64  `json:"parked"`
	Rejected  int64  `json:"rejected"`
	Waiting   int64  `json:"waiting"`
	LastHeard string `json:"last_heard,omitempty"`
}

func tally(t store.Tally) tallyJSON {
	j := tallyJSON{t.Received, t.Applied, t.Parked, t.Rejected, t.Waiting, ""}
	if !t.LastHeard.IsZero() {
		j.LastHeard = t.LastHeard.UTC().Format(time.RFC3339Nano)
	}
	return j
}

// Run counts the ledger per contributor, with the total.
func (c *statusCommand) Run(ctx context.Context, settings *Settings, s streams) error {
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	tallies, err := h.db.Tallies(ctx)
	if err != nil {
		return err
	}
	err = h.db.List(ctx, store.KindContributor, func(key string, _ []byte) error {
		if _, spoke := tallies[kmcr.ContributorCode(key)]; !spoke {
			tallies[kmcr.ContributorCode(key)] = store.Tally{}
		}
		return nil
	})
	if err != nil {
		return err
	}
	answer := map[string]tallyJSON{}
	var total store.Tally
	var codes []string
	for code, t := range tallies {
		answer[string(code)] = tally(t)
		codes = append(codes, string(code))
		total.Received += t.Received
		total.Applied += t.Applied
		total.Parked += t.Parked
		total.Rejected += t.Rejected
		total.Waiting += t.Waiting
		if t.LastHeard.After(total.LastHeard) {
			total.LastHeard = t.LastHeard
		}
	}
	answer["total"] = tally(total)
	if settings.JSON {
		return printJSON(s.out, answer)
	}
	sort.Strings(codes)
	fmt.Fprintf(s.out, "%-24s %10s %10s %10s %10s %10s  %s\n", "contributor", "received", "applied", "parked", "rejected", "waiting", "last heard")
	for _, code := range append(codes, "total") {
		t := answer[code]
		fmt.Fprintf(s.out, "%-24s %10d %10d %10d %10d %10d  %s\n", code, t.Received, t.Applied, t.Parked, t.Rejected, t.Waiting, t.LastHeard)
	}
	return nil
}

type messageCommand struct {
	List messageList `cmd:"" help:"The ledger of a contributor, one message a line, oldest first."`
}

type messageList struct {
	Contributor string `help:"Whose; everybody's where none is named."`
	State       string `help:"waiting, applied, parked or rejected; any where none is named."`
}

// Run lists the ledger.
func (c *messageList) Run(ctx context.Context, settings *Settings, s streams) error {
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	return h.listMessages(ctx, settings, s, c.Contributor, store.State(c.State))
}

func (h *house) listMessages(ctx context.Context, settings *Settings, s streams, contributor string, state store.State) error {
	return h.db.Messages(ctx, kmcr.ContributorCode(contributor), state, func(m store.Message) error {
		if settings.JSON {
			return printJSON(s.out, messageJSON(m))
		}
		_, err := fmt.Fprintf(s.out, "%d %s %-9s %-20s %s %s %s\n", m.ID, m.ReceivedAt.UTC().Format(time.RFC3339), m.State, m.Contributor, m.ControlID, m.Reason, m.Detail)
		return err
	})
}

func messageJSON(m store.Message) map[string]any {
	j := map[string]any{"id": fmt.Sprint(m.ID), "contributor": m.Contributor, "control_id": m.ControlID, "received_at": m.ReceivedAt.UTC().Format(time.RFC3339Nano), "state": m.State}
	for k, v := range map[string]string{"reason": m.Reason, "detail": m.Detail, "flag": m.Flag} {
		if v != "" {
			j[k] = v
		}
	}
	return j
}

type parkedCommand struct {
	List    parkedList    `cmd:"" help:"What waits for somebody, and why."`
	Show    parkedShow    `cmd:"" help:"One message whole, with its reason."`
	Replay  parkedReplay  `cmd:"" help:"Take messages up again."`
	Discard parkedDiscard `cmd:"" help:"Give a message up."`
}

type parkedList struct {
	Contributor string `help:"Whose; everybody's where none is named."`
}

// Run lists parked messages.
func (c *parkedList) Run(ctx context.Context, settings *Settings, s streams) error {
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	return h.listMessages(ctx, settings, s, c.Contributor, store.Parked)
}

type parkedShow struct {
	ID int64 `arg:""`
}

// Run shows one message with its raw bytes; that is a look at personal data, and audited.
func (c *parkedShow) Run(ctx context.Context, settings *Settings, s streams) error {
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	m, err := h.db.MessageByID(ctx, c.ID)
	if err != nil {
		return err
	}
	if err := h.administer(ctx, "parked show", map[string]string{"message": fmt.Sprint(c.ID)}, func(*store.Tx) error { return nil }); err != nil {
		return err
	}
	raw, err := h.db.Raw(ctx, c.ID)
	if err != nil {
		return err
	}
	if settings.JSON {
		j := messageJSON(*m)
		j["raw"] = string(raw)
		return printJSON(s.out, j)
	}
	fmt.Fprintf(s.out, "message  %d of %s, received %s\nstate    %s\nreason   %s: %s\n\n%s\n", m.ID, m.Contributor, m.ReceivedAt.UTC().Format(time.RFC3339), m.State, m.Reason, m.Detail, strings.ReplaceAll(string(raw), "\r", "\n"))
	return nil
}

type parkedReplay struct {
	IDs []int64 `arg:""`
}

// Run replays.
func (c *parkedReplay) Run(ctx context.Context, settings *Settings, s streams) error {
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	if err := h.takeIn(ctx); err != nil {
		return err
	}
	for _, id := range c.IDs {
		if err := h.in.Replay(ctx, id, operator()); err != nil {
			return err
		}
	}
	if err := h.in.Quiet(ctx); err != nil {
		return err
	}
	still := 0
	for _, id := range c.IDs {
		m, err := h.db.MessageByID(ctx, id)
		if err != nil {
			return err
		}
		if m.State != store.Applied {
			still++
		}
		if settings.JSON {
			err = printJSON(s.out, messageJSON(*m))
		} else {
			_, err = fmt.Fprintf(s.out, "%d %s %s %s\n", m.ID, m.State, m.Reason, m.Detail)
		}
		if err != nil {
			return err
		}
	}
	if still > 0 {
		return exit{exitPartly, fmt.Errorf("%d of %d could still not be applied", still, len(c.IDs))}
	}
	return nil
}

type parkedDiscard struct {
	ID     int64  `arg:""`
	Reason string `required:"" help:"Why it is given up."`
}

// Run discards.
func (c *parkedDiscard) Run(ctx context.Context, settings *Settings) error {
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	if err := h.takeIn(ctx); err != nil {
		return err
	}
	return h.in.Discard(ctx, c.ID, c.Reason, operator())
}
