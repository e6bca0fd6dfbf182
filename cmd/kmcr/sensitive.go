package main

import (
	"context"
	"encoding/json"
	"fmt"

	"kmcr"
	"kmcr/access"
	"kmcr/store"
)

type sensitiveCommand struct {
	Add    sensitiveAdd    `cmd:"" help:"Add a set, or change one. It holds for what was sent before too, on the next request."`
	List   sensitiveList   `cmd:"" help:"The sets that organisations have added."`
	Remove sensitiveRemove `cmd:"" help:"Take a set away."`
}

type sensitiveAdd struct {
	Name         string   `arg:"" help:"A name for the set."`
	Codes        []string `arg:"" help:"Codes; one of ICD-10 may end with * behind its three signs."`
	Organisation string   `required:"" help:"ODS code of the organisation whose systems it is for."`
	Topic        string   `default:"SEX" help:"SEX, MH, SUD, SAFEG-CH, SAFEG-AD or THIRD-PARTY."`
	System       string   `help:"Text that the coding's system must contain, such as snomed or icd-10; any where none is given."`
	Source       string   `required:"" help:"Where the set comes from."`
}

// Run adds the set.
func (c *sensitiveAdd) Run(ctx context.Context, settings *Settings) error {
	set := access.SensitiveSet{Name: c.Name, Organisation: kmcr.ODS(c.Organisation), System: c.System, Topic: kmcr.Label(c.Topic), Codes: c.Codes, Source: c.Source}
	if err := set.Check(); err != nil {
		return err
	}
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	found, err := h.db.Get(ctx, store.KindOrganisation, c.Organisation, new(kmcr.Organisation))
	if err == nil && !found {
		err = &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such organisation", Remedy: "Add it with kmcr organisation add."}
	}
	if err != nil {
		return err
	}
	return h.administer(ctx, "sensitive add", map[string]string{"set": c.Name, "organisation": c.Organisation, "topic": c.Topic, "codes": fmt.Sprint(len(c.Codes))}, func(tx *store.Tx) error {
		return tx.Put(store.KindSensitive, c.Name, set)
	})
}

type sensitiveList struct{}

// Run lists the sets.
func (c *sensitiveList) Run(ctx context.Context, settings *Settings, s streams) error {
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	sets := []access.SensitiveSet{}
	err = h.db.List(ctx, store.KindSensitive, func(_ string, body []byte) error {
		var one access.SensitiveSet
		if err := json.Unmarshal(body, &one); err != nil {
			return err
		}
		sets = append(sets, one)
		return nil
	})
	if err != nil {
		return err
	}
	if settings.JSON {
		return printJSON(s.out, map[string]any{"sets": sets})
	}
	for _, one := range sets {
		fmt.Fprintf(s.out, "%-20s %-8s %-12s %d codes  %s\n", one.Name, one.Organisation, one.Topic, len(one.Codes), one.Source)
	}
	return nil
}

type sensitiveRemove struct {
	Name string `arg:""`
}

// Run takes the set away.
func (c *sensitiveRemove) Run(ctx context.Context, settings *Settings) error {
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	return h.administer(ctx, "sensitive remove", map[string]string{"set": c.Name}, func(tx *store.Tx) error { return tx.Remove(store.KindSensitive, c.Name) })
}
