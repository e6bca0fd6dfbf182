package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"kmcr"
	"kmcr/disclose"
	"kmcr/gpconnect"
	"kmcr/ingest"
	"kmcr/store"
)

// practices is where and how GP practices' systems are asked for the record of somebody who is looked at.
type practices struct {
	File   string `name:"gpconnect-practices" env:"KMCR_GPCONNECT_PRACTICES" help:"JSON file of the practices' systems that are asked when a record is opened ([{ods, base, asid, contributor}]); without it none is asked."`
	Proxy  string `name:"gpconnect-proxy" env:"KMCR_GPCONNECT_PROXY" help:"Address of the Spine Secure Proxy."`
	ASID   string `name:"gpconnect-asid" env:"KMCR_GPCONNECT_ASID" help:"Our ASID."`
	Issuer string `name:"gpconnect-issuer" env:"KMCR_GPCONNECT_ISSUER" help:"Our address, as it stands in the token."`
	ODS    string `name:"gpconnect-ods" env:"KMCR_GPCONNECT_ODS" help:"ODS code of the organisation that asks."`
}

const (
	// askAgain is how long an answer, or a failure, stands before the same practice is asked for the same person again.
	askAgain = 10 * time.Minute
	// asksAtOnce is how many practices are being asked at a time; more are left out until the next look.
	asksAtOnce = 16
)

// asker asks practices in the background: no page ever waits for one.
type asker struct {
	client *gpconnect.Client
	byODS  map[kmcr.ODS]gpconnect.Practice
	in     *ingest.Service
	log    *slog.Logger
	lives  context.Context
	room   chan struct{}
	under  sync.WaitGroup

	mu    sync.Mutex
	asked map[disclose.Seen]time.Time // without viewer
}

// asker is nil where no practice is to be asked.
func (p *practices) asker(ctx context.Context, h *house) (*asker, error) {
	if p.File == "" {
		return nil, nil
	}
	text, err := os.ReadFile(p.File)
	if err != nil {
		return nil, err
	}
	var all []gpconnect.Practice
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "the file of practices' systems cannot be read", Remedy: `Write it as [{"ods":"G82001","base":"https://…","asid":"…","contributor":"…"}].`, Err: err}
	}
	organisation := kmcr.Organisation{ODS: kmcr.ODS(p.ODS)}
	if _, err := h.db.Get(ctx, store.KindOrganisation, p.ODS, &organisation); err != nil {
		return nil, err
	}
	client, err := gpconnect.New(gpconnect.Config{Proxy: p.Proxy, ASID: p.ASID, Issuer: p.Issuer, Organisation: organisation, HTTP: &http.Client{}})
	if err != nil {
		return nil, err
	}
	a := &asker{client: client, byODS: map[kmcr.ODS]gpconnect.Practice{}, in: h.in, log: h.log, lives: ctx, room: make(chan struct{}, asksAtOnce), asked: map[disclose.Seen]time.Time{}}
	for _, x := range all {
		a.byODS[x.ODS] = x
	}
	return a, nil
}

// opened asks the practice of somebody whose record has just been opened, in its own time.
func (a *asker) opened(seen disclose.Seen) {
	practice, known := a.byODS[seen.Practice]
	if !known || a.lives.Err() != nil || !a.due(seen) {
		return
	}
	select {
	case a.room <- struct{}{}:
	default:
		return
	}
	a.under.Go(func() {
		defer func() { <-a.room }()
		a.ask(practice, seen)
	})
}

// due tells whether the practice has not been asked for the person lately, and notes that it is now.
func (a *asker) due(seen disclose.Seen) bool {
	key := disclose.Seen{NHS: seen.NHS, Practice: seen.Practice}
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	for k, at := range a.asked {
		if now.Sub(at) > askAgain {
			delete(a.asked, k)
		}
	}
	if _, lately := a.asked[key]; lately {
		return false
	}
	a.asked[key] = now
	return true
}

// ask takes in what the practice answers, as the contributor that stands for it.
func (a *asker) ask(p gpconnect.Practice, seen disclose.Seen) {
	body, err := a.client.Record(a.lives, p, seen.Viewer, seen.NHS)
	if err != nil {
		a.log.Warn("a practice's system gave no record", "practice", string(p.ODS), "kind", string(kmcr.KindOf(err)), "error", err.Error())
		return
	}
	answer, err := a.in.FHIR(a.lives, ingest.Interaction{Contributor: p.Contributor, Method: http.MethodPost, Body: body, Whole: true})
	if err != nil || answer.Status >= 300 {
		a.log.Warn("a practice's record could not be taken in", "practice", string(p.ODS), "status", answer.Status, "error", err)
	}
}

// close waits for what is under way, which ends with the context it was begun with.
func (a *asker) close() { a.under.Wait() }
