package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"kmcr"
	"kmcr/disclose"
	"kmcr/hl7"
	"kmcr/signin"
	"kmcr/store"
	"kmcr/synth"
)

// demonstration provisions a synthetic Kent and Medway: registers first, then
// everything that its contributors send, through the same sockets that they
// would use.
type demonstration struct {
	*house
	who      *signin.Service
	base     string
	mllp     string
	people   int
	progress io.Writer
}

// demoState is how far provisioning has come; a start after an interruption sends the same messages again, which changes nothing.
type demoState struct {
	Now    time.Time `json:"now"`
	People int       `json:"people"`
	Done   bool      `json:"done"`
}

const demoSeed = 20261123

func (d *demonstration) provision(ctx context.Context) error {
	var state demoState
	found, err := d.db.Get(ctx, store.KindSetting, "demonstration", &state)
	if err != nil || state.Done {
		return err
	}
	if !found {
		state = demoState{Now: time.Now(), People: d.people}
	}
	if err := d.registers(ctx, state); err != nil {
		return err
	}
	w, err := synth.Begin(demoSeed, state.People, state.Now)
	if err != nil {
		return err
	}
	start := time.Now()
	fmt.Fprintf(d.progress, "kmcr: sending what the systems of %d synthetic people say…\n", max(state.People, len(w.People)))
	if err := d.sendAll(ctx, w); err != nil {
		return err
	}
	if err := d.in.Quiet(ctx); err != nil {
		return err
	}
	if err := d.caseloads(ctx, w); err != nil {
		return err
	}
	fmt.Fprintf(d.progress, "kmcr: the synthetic Kent and Medway is in place after %s\n", time.Since(start).Round(time.Second/10))
	state.Done = true
	return d.administer(ctx, "serve --demo", nil, func(tx *store.Tx) error { return tx.Put(store.KindSetting, "demonstration", state) })
}

// registers puts organisations, contributors, accounts and clients in place.
func (d *demonstration) registers(ctx context.Context, state demoState) error {
	err := d.administer(ctx, "serve --demo", map[string]string{"registers": "demonstration"}, func(tx *store.Tx) error {
		for _, o := range synth.Organisations() {
			if err := tx.Put(store.KindOrganisation, string(o.ODS), o); err != nil {
				return err
			}
		}
		for _, c := range synth.Contributors() {
			if err := tx.Put(store.KindContributor, string(c.Code), c); err != nil {
				return err
			}
		}
		for _, a := range synth.Accounts() {
			if err := tx.Put(store.KindAccount, a.Name, signin.Account{Name: a.Name, Person: a.Person, Role: a.Role, Organisation: a.Organisation, Team: a.Team, Shows: a.Shows}); err != nil {
				return err
			}
		}
		if err := tx.Put(store.KindSetting, "demonstration-accounts", true); err != nil {
			return err
		}
		return tx.Put(store.KindSetting, "demonstration", state)
	})
	for _, c := range synth.Contributors() {
		if err == nil {
			err = d.who.EnsureClient(ctx, string(c.Code), c.Code)
		}
	}
	return err
}

// drawn is how many people are drawn and spoken of at a time: a great population does not fit in memory at once.
const drawn = 2000

func (d *demonstration) sendAll(ctx context.Context, w *synth.World) error {
	var done atomic.Int64
	stop := d.draw(&done, d.people)
	defer stop()
	for people := w.More(drawn); len(people) > 0; people = w.More(drawn) {
		messages, err := w.Messages(people)
		if err != nil {
			return err
		}
		if err := d.send(ctx, messages); err != nil {
			return err
		}
		done.Add(int64(len(people)))
		w.Forget()
	}
	return nil
}

// sideBySide is how many connections each contributor has.
const sideBySide = 4

type channel struct {
	contributor kmcr.ContributorCode
	number      int
}

// send gives each contributor's messages to its own connections, side by side; what is about one person stays in order on one of them.
func (d *demonstration) send(ctx context.Context, messages []synth.Message) error {
	channels := map[channel][]synth.Message{}
	for _, m := range messages {
		c := channel{m.Contributor, m.Person % sideBySide}
		channels[c] = append(channels[c], m)
	}
	var wg sync.WaitGroup
	failed := make(chan error, len(channels))
	for c, list := range channels {
		wg.Go(func() {
			var err error
			switch list[0].Format {
			case kmcr.FormatHL7v2:
				err = d.sendHL7(ctx, list)
			case kmcr.FormatFHIR:
				err = d.sendFHIR(ctx, c.contributor, list)
			default:
				for _, m := range list {
					if _, e := d.in.Import(ctx, c.contributor, "return.csv", m.Body, nil); e != nil {
						err = e
					}
				}
			}
			if err != nil {
				failed <- fmt.Errorf("%s: %w", c.contributor, err)
			}
		})
	}
	wg.Wait()
	close(failed)
	var all error
	for err := range failed {
		all = errors.Join(all, err)
	}
	return all
}

func (d *demonstration) sendHL7(ctx context.Context, list []synth.Message) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", d.mllp)
	if err != nil {
		return err
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	for _, m := range list {
		if err := hl7.WriteFrame(conn, m.Body); err != nil {
			return err
		}
		ack, err := hl7.ReadFrame(in, 1<<20)
		if err != nil {
			return err
		}
		if !bytes.Contains(ack, []byte("MSA|AA|")) {
			return fmt.Errorf("a message was not accepted: %s", bytes.ReplaceAll(ack, []byte("\r"), []byte(" ")))
		}
	}
	return nil
}

func (d *demonstration) sendFHIR(ctx context.Context, code kmcr.ContributorCode, list []synth.Message) error {
	token, err := d.who.Token(ctx, string(code), "")
	if err != nil {
		return err
	}
	for _, m := range list {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.base+"/fhir/R4", bytes.NewReader(m.Body))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/fhir+json")
		r.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			return err
		}
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("a Bundle was answered %s: %.600s", resp.Status, body)
		}
	}
	return nil
}

// draw shows progress on a terminal every now and then until stopped.
func (d *demonstration) draw(done *atomic.Int64, total int) (stop func()) {
	f, ok := d.progress.(*os.File)
	if !ok || !isTerminal(f) {
		return func() {}
	}
	end := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(250 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-end:
				fmt.Fprintf(f, "\r%40s\r", "")
				return
			case <-tick.C:
				fmt.Fprintf(f, "\r  %d of %d people", done.Load(), total)
			}
		}
	})
	return func() { close(end); wg.Wait() }
}

// demoCaseloads says who has whom on a caseload, besides what statements themselves say.
var demoCaseloads = map[string][]string{
	"community-nurse":         {"margaret-hollis", "ronald-culpepper", "arjun-singh"},
	"mental-health-nurse":     {"kelly-marsh"},
	"social-worker":           {"margaret-hollis", "arjun-singh", "dennis-pocock"},
	"childrens-social-worker": {"ella-marsh", "noah-marsh", "jordan-reeve", "amy-tolhurst"},
	"occupational-therapist":  {"arjun-singh", "edith-pantling"},
	"duty-worker":             {"arjun-singh", "margaret-hollis"},
	"safeguarding-lead":       {"ella-marsh", "noah-marsh", "dennis-pocock"},
}

func (d *demonstration) caseloads(ctx context.Context, w *synth.World) error {
	gp := kmcr.Viewer{}
	for _, a := range synth.Accounts() {
		if a.Role == kmcr.RoleGP {
			gp = kmcr.Viewer{Account: a.Name, Name: a.Person, Role: a.Role, Organisation: a.Organisation, Assurance: 2}
		}
	}
	for _, a := range synth.Accounts() {
		for _, id := range demoCaseloads[a.Name] {
			found, err := d.out.Find(ctx, gp, disclose.Query{NHSNumber: w.Person(id).NHS.String()}, "kmcr serve --demo")
			if err != nil {
				return err
			}
			if len(found) != 1 {
				return fmt.Errorf("%s should be one person and is %d", id, len(found))
			}
			person, err := kmcr.ParseRef(string(found[0].Ref))
			if err != nil {
				return err
			}
			i := kmcr.Involvement{Person: person, Kind: "caseload", Organisation: a.Organisation, Team: a.Team, Account: a.Name, From: w.Now, Reason: "demonstration"}
			if err := d.administer(ctx, "serve --demo", map[string]string{"account": a.Name}, func(tx *store.Tx) error { return tx.AddInvolvement(&i) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeBase leaves our address where commands that print tokens find it.
func writeBase(data, base string) error {
	return os.WriteFile(filepath.Join(data, "base"), []byte(base+"\n"), 0o600)
}
