package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"kmcr"
	"kmcr/ingest"
	"kmcr/store"
)

type contributorCommand struct {
	Add         contributorAdd         `cmd:"" help:"Add a source system, and an API client of the same code."`
	List        contributorList        `cmd:"" help:"List source systems."`
	Live        contributorLive        `cmd:"" help:"Let everybody see what a source system that was tried out states."`
	Certificate contributorCertificate `cmd:"" help:"Say by which client certificates (PEM) an HL7 v2 sender over TLS is known; those before are no longer."`
	Pause       contributorPause       `cmd:"" help:"Stop taking in what a source system sends."`
	Resume      contributorResume      `cmd:"" help:"Take it in again."`
}

type contributorAdd struct {
	Code         string `arg:"" help:"Lower-case letters, digits and hyphens."`
	Organisation string `required:"" help:"ODS code of the organisation whose system it is."`
	Format       string `required:"" help:"hl7v2, fhir-r4, gpconnect-stu3, cld-csv, case-csv, cin-xml, ssda903, mhsds-csv …"`
	Name         string `help:"Name for readers; the code where none is given."`

	SendingApplication string   `help:"MSH-3 by which an HL7 v2 sender without a certificate is known."`
	SendingFacility    string   `help:"MSH-4 likewise."`
	TestOnly           bool     `help:"Try it out: what it states is seen by its testers and nobody else until kmcr contributor live."`
	Training           bool     `help:"Of HL7 v2: the sender marks what is real as training or debugging too (MSH-11 T or D); apply it all the same."`
	Tester             []string `help:"Account that sees it meanwhile; may be given several times."`
	Strictness         string   `enum:",refuse,profiles,park,keep" default:"" help:"What becomes of a resource that breaks R4: refuse, profiles (refuse also what breaks the UK Core profile it names), park, keep; usual: refuse over HTTP, park from files."`
	Whole              bool     `help:"Of FHIR R4: a collection Bundle is all that it says of the patient in it; what it does not state again has ended."`
	Authority          int      `default:"50" help:"Higher is preferred where contributors disagree."`
}

var contributorCode = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// Run adds the contributor and its API client.
func (c *contributorAdd) Run(ctx context.Context, settings *Settings, s streams) error {
	if !contributorCode.MatchString(c.Code) {
		return exit{exitUsage, fmt.Errorf("a contributor's code has lower-case letters, digits and hyphens only, at most 64: %q has not", c.Code)}
	}
	if err := knownFormat(c.Format); err != nil {
		return err
	}
	if c.Whole && kmcr.Format(c.Format) != kmcr.FormatFHIR {
		return exit{exitUsage, fmt.Errorf("--whole is for contributors of %s: the other forms say themselves what is whole (integration guide)", kmcr.FormatFHIR)}
	}
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	var old kmcr.Contributor
	if found, err := h.db.Get(ctx, store.KindContributor, c.Code, &old); err != nil || found {
		if found {
			err = &kmcr.Error{Kind: kmcr.Conflict, Message: "there is a contributor " + c.Code + " already"}
		}
		return err
	}
	add := kmcr.Contributor{Code: kmcr.ContributorCode(c.Code), Organisation: kmcr.ODS(c.Organisation), Name: c.Name, Format: kmcr.Format(c.Format),
		SendingApplication: c.SendingApplication, SendingFacility: c.SendingFacility, Authority: c.Authority,
		TestOnly: c.TestOnly, Testers: c.Tester, Strictness: kmcr.Strictness(c.Strictness), Whole: c.Whole, Training: c.Training}
	if add.Name == "" {
		add.Name = c.Code
	}
	var known kmcr.Organisation
	if found, err := h.db.Get(ctx, store.KindOrganisation, c.Organisation, &known); err == nil && !found {
		fmt.Fprintf(s.err, "kmcr: organisation %s is not known yet; nobody of it can read until: kmcr organisation add %s --name … --signatory\n", c.Organisation, c.Organisation)
	}
	if err := h.administer(ctx, "contributor add", map[string]string{"contributor": c.Code}, func(tx *store.Tx) error {
		return tx.Put(store.KindContributor, c.Code, add)
	}); err != nil {
		return err
	}
	return h.ensureClient(ctx, settings.Data, c.Code, add.Code)
}

// knownFormat tells what is wrong with the name of a format.
func knownFormat(name string) error {
	if slices.Contains(kmcr.Formats, kmcr.Format(name)) {
		return nil
	}
	words := make([]string, len(kmcr.Formats))
	for i, f := range kmcr.Formats {
		words[i] = string(f)
	}
	return exit{exitUsage, fmt.Errorf("--format must be one of %s", strings.Join(words, ", "))}
}

type contributorList struct{}

// Run lists the contributors.
func (c *contributorList) Run(ctx context.Context, settings *Settings, s streams) error {
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	return h.db.List(ctx, store.KindContributor, func(key string, body []byte) error {
		var c kmcr.Contributor
		if err := json.Unmarshal(body, &c); err != nil {
			return err
		}
		if settings.JSON {
			return printJSON(s.out, map[string]any{"code": c.Code, "organisation": c.Organisation, "name": c.Name, "format": c.Format, "paused": c.Paused, "test_only": c.TestOnly, "testers": c.Testers,
				"authority": c.Authority, "sending_application": c.SendingApplication, "sending_facility": c.SendingFacility, "sections": c.Sections})
		}
		state := ""
		if c.Paused {
			state = "  paused"
		}
		_, err := fmt.Fprintf(s.out, "%-24s %-8s %-16s %s%s\n", c.Code, c.Organisation, c.Format, c.Name, state)
		return err
	})
}

type contributorCertificate struct {
	Code  string   `arg:""`
	Files []string `arg:"" optional:"" help:"Certificates in PEM form; none to be known by MSH-3 and MSH-4 again."`
}

// Run keeps the fingerprints and when they expire.
func (c *contributorCertificate) Run(ctx context.Context, settings *Settings, s streams) error {
	var all []kmcr.Certificate
	for _, file := range c.Files {
		found, err := readCertificates(file)
		if err != nil {
			return exit{exitUsage, err}
		}
		all = append(all, found...)
	}
	err := settings.changeContributor(ctx, "contributor certificate", c.Code, func(k *kmcr.Contributor) { k.Certificates = all })
	for _, one := range all {
		if err == nil {
			_, err = fmt.Fprintf(s.out, "%s known by %s until %s\n", c.Code, one.Fingerprint, one.Until.UTC().Format(time.DateOnly))
		}
	}
	return err
}

func readCertificates(file string) ([]kmcr.Certificate, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the certificate cannot be read: %w", err)
	}
	var all []kmcr.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		parsed, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s holds a certificate that cannot be read: %w", file, err)
		}
		if !parsed.IsCA {
			all = append(all, kmcr.Certificate{Fingerprint: ingest.Fingerprint(parsed.Raw), Until: parsed.NotAfter})
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s holds no client certificate in PEM form", file)
	}
	return all, nil
}

type contributorLive struct {
	Code string `arg:""`
}

// Run ends the trial.
func (c *contributorLive) Run(ctx context.Context, settings *Settings) error {
	return settings.changeContributor(ctx, "contributor live", c.Code, func(k *kmcr.Contributor) { k.TestOnly, k.Testers = false, nil })
}

type contributorPause struct {
	Code string `arg:""`
}

// Run pauses.
func (c *contributorPause) Run(ctx context.Context, settings *Settings) error {
	return settings.setPaused(ctx, c.Code, true)
}

type contributorResume struct {
	Code string `arg:""`
}

// Run resumes.
func (c *contributorResume) Run(ctx context.Context, settings *Settings) error {
	return settings.setPaused(ctx, c.Code, false)
}

func (s *Settings) setPaused(ctx context.Context, code string, paused bool) error {
	what := map[bool]string{true: "contributor pause", false: "contributor resume"}[paused]
	return s.changeContributor(ctx, what, code, func(c *kmcr.Contributor) { c.Paused = paused })
}

// changeContributor changes what is known of a contributor, audited.
func (s *Settings) changeContributor(ctx context.Context, what, code string, change func(*kmcr.Contributor)) error {
	h, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	c, err := h.contributor(ctx, kmcr.ContributorCode(code))
	if err != nil {
		return err
	}
	change(&c)
	return h.administer(ctx, what, map[string]string{"contributor": code}, func(tx *store.Tx) error { return tx.Put(store.KindContributor, code, c) })
}
