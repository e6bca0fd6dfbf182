package main

import (
	"context"
	"fmt"

	"kmcr/disclose"
)

type retentionCommand struct {
	List    retentionList    `cmd:"" help:"For how long each class of record is kept, and why."`
	Set     retentionSet     `cmd:"" help:"Keep a class for another number of years."`
	Due     retentionDue     `cmd:"" help:"What is past its period. It reads every record."`
	Destroy retentionDestroy `cmd:"" help:"Destroy the keys of what is past its period; this cannot be undone."`
}

type retentionList struct{}

// Run lists the periods.
func (c *retentionList) Run(ctx context.Context, settings *Settings, s streams) error {
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	all, err := h.out.Retention(ctx)
	if err != nil {
		return err
	}
	if settings.JSON {
		return printJSON(s.out, map[string]any{"classes": all})
	}
	for _, k := range all {
		fmt.Fprintf(s.out, "%-14s %3d years from %-10s %s\n", k.Class, k.Years, k.Since, k.Source)
	}
	return nil
}

type retentionSet struct {
	Class  string `arg:""`
	Years  int    `required:""`
	Source string `required:"" help:"Where the period comes from."`
}

// Run sets a period.
func (c *retentionSet) Run(ctx context.Context, settings *Settings) error {
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	return h.out.SetRetention(ctx, operator(), c.Class, c.Years, c.Source)
}

type retentionDue struct{}

// Run lists what is due.
func (c *retentionDue) Run(ctx context.Context, settings *Settings, s streams) error {
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	due, err := h.out.Due(ctx)
	if err != nil {
		return err
	}
	return tellDue(settings, s, "due", due, len(due))
}

type retentionDestroy struct {
	Reason string `required:"" help:"Who approved it, and when; at least 10 characters."`
}

// Run destroys what is due.
func (c *retentionDestroy) Run(ctx context.Context, settings *Settings, s streams) error {
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	due, err := h.out.Due(ctx)
	if err != nil {
		return err
	}
	n, err := h.out.Destroy(ctx, operator(), due, c.Reason)
	if err != nil {
		return err
	}
	return tellDue(settings, s, "destroyed", due, n)
}

func tellDue(settings *Settings, s streams, what string, due []disclose.Due, n int) error {
	if settings.JSON {
		return printJSON(s.out, map[string]any{what: n, "records": due})
	}
	for _, d := range due {
		fmt.Fprintf(s.out, "%d %-20s %-14s until %s\n", d.Patient, d.Contributor, d.Class, d.Until.Format("2006-01-02"))
	}
	_, err := fmt.Fprintf(s.out, "%d %s\n", n, what)
	return err
}
