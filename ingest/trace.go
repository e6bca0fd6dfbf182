package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"kmcr"
	"kmcr/fhir"
	"kmcr/match"
	"kmcr/pds"
	"kmcr/store"
	"kmcr/translate"
)

// Traced is what became of asking the national demographics service about a contributor's patient.
type Traced string

// What becomes of it. Only Confirmed, Replaced and NumberFound take anything over: the others are for the contributor to mend.
const (
	Confirmed   Traced = "confirmed"       // number, date of birth and name are one person's
	Replaced    Traced = "replaced"        // likewise, and the number has been replaced by another
	NumberFound Traced = "number found"    // there was no number, and one person is like that
	Differs     Traced = "somebody else's" // the number is of somebody who is not, or not surely, this person
	NotKnown    Traced = "not known"       // nobody has the number, or nobody is like that
	NotValid    Traced = "no longer valid" // the record of the number was a mistake
	SeveralLike Traced = "several"         // more than one person is like that
	TooLittle   Traced = "too little"      // no number, and too little else to ask with
	Unusable    Traced = "unusable answer" // what was answered cannot be understood, or the question was refused; asked again the next day
)

// tracing is what is kept of the last question about a patient.
type tracing struct {
	At    time.Time
	Asked string // digest of what was asked with, so that a patient who has changed is asked about again
	What  Traced
}

// holds is for how long what came of a question is not asked again.
func (t tracing) holds() time.Duration {
	if t.What == Unusable {
		return unusableAgain
	}
	return askedAgain
}

const (
	// askedAgain is after how long a patient is asked about again though nothing has changed: people move, die and are restricted.
	askedAgain = 30 * 24 * time.Hour
	// unusableAgain is the same after an answer that could not be used.
	unusableAgain = 24 * time.Hour
	// longestWait is how long the service is left alone at most, when it fails again and again.
	longestWait = time.Hour
	// atLeast is the shortest time between two questions: five a second is what the service allows by default.
	atLeast = 200 * time.Millisecond
	// betweenSweeps is how long it is until newcomers are looked for again.
	betweenSweeps = time.Minute
)

// Tracer asks the national demographics service about the patients of all contributors and sends what it says through the
// same door as everybody's statements, as those of a contributor of its own.
type Tracer struct {
	in    *Service
	ask   *pds.Client
	as    kmcr.ContributorCode
	Pause time.Duration // between two questions; 0: five a second
}

// NewTracer checks that the contributor in whose name the answers stand is known.
func NewTracer(ctx context.Context, in *Service, ask *pds.Client, as kmcr.ContributorCode) (*Tracer, error) {
	if _, err := in.directory.contributor(ctx, as); err != nil {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "there is no contributor " + string(as) + " for what the national demographics service says",
			Remedy: "Add it: kmcr organisation add X26 --name 'NHS England' --kind national --signatory; kmcr contributor add " + string(as) + " --organisation X26 --format fhir-r4", Err: err}
	}
	return &Tracer{in: in, ask: ask, as: as, Pause: atLeast}, nil
}

// Run sweeps until ctx ends.
func (t *Tracer) Run(ctx context.Context) {
	failing := betweenSweeps // doubled with each sweep that the service broke off
	for ctx.Err() == nil {
		wait := betweenSweeps
		err := t.Sweep(ctx)
		var busy *pds.Busy
		switch {
		case errors.As(err, &busy):
			wait = max(failing, busy.After)
			failing = min(2*failing, longestWait)
			t.in.log.Warn("the national demographics service is asked again later", "error", busy.Error())
		case err != nil && ctx.Err() == nil:
			t.in.log.Error("tracing stopped", "error", err.Error())
			wait, failing = failing, min(2*failing, longestWait)
		default:
			failing = betweenSweeps
		}
		sleep(ctx, wait)
	}
}

// Sweep asks once about every patient who has not been asked about, or has changed, or was asked about long ago. A *pds.Busy
// ends it; what was answered before stands.
func (t *Tracer) Sweep(ctx context.Context) error {
	return t.in.db.EachPatient(ctx, func(p *store.Patient) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if p.Register || p.Erased() || p.MergedInto != 0 || p.Contributor == t.as {
			return nil
		}
		return t.trace(ctx, p)
	})
}

func (t *Tracer) trace(ctx context.Context, p *store.Patient) error {
	claims, err := readClaims(p.Claims)
	if err != nil {
		return err
	}
	id := identityOf(claims)
	asked := digest([]byte(strings.Join([]string{string(id.NHS), id.Born, id.Sex, fmt.Sprint(id.Names), fmt.Sprint(id.Postcodes)}, "\x00")))
	key := strconv.FormatInt(int64(p.ID), 10)
	var last tracing
	if found, err := t.in.db.Get(ctx, store.KindTrace, key, &last); err != nil || found && last.Asked == asked && t.in.Now().Sub(last.At) < last.holds() {
		return err
	}
	what, err := t.question(ctx, claims, id)
	if err != nil {
		var busy *pds.Busy
		kind := kmcr.KindOf(err)
		if errors.As(err, &busy) || ctx.Err() != nil || kind == kmcr.Unavailable { // it lets nobody in: asking about others does not help
			return err
		}
		t.in.log.Log(ctx, slog.LevelWarn, "a patient could not be traced", "contributor", string(p.Contributor), "error", err.Error())
		if kind != kmcr.Invalid {
			return nil // ours, not the service's
		}
		what = Unusable
	}
	return t.in.db.WriteLater(ctx, func(tx *store.Tx) error {
		return tx.Put(store.KindTrace, key, tracing{At: t.in.Now(), Asked: asked, What: what})
	})
}

// question asks about one patient and takes over what is surely about it.
func (t *Tracer) question(ctx context.Context, claims *translate.Claims, id match.Identity) (Traced, error) {
	var a pds.Answer
	var err error
	what := Confirmed
	if id.NHS != "" {
		sleep(ctx, t.Pause)
		a, err = t.ask.Lookup(ctx, id.NHS)
	} else {
		q := queryOf(claims, id)
		if !q.Whole() {
			return TooLittle, nil
		}
		sleep(ctx, t.Pause)
		what = NumberFound
		a, err = t.ask.Search(ctx, q)
	}
	if err != nil {
		return "", err
	}
	switch a.Outcome {
	case pds.NotFound:
		return NotKnown, nil
	case pds.Invalid:
		return NotValid, nil
	case pds.Several:
		return SeveralLike, nil
	case pds.Superseded:
		what = Replaced
	}
	theirs, err := claimsOfAnswer(a)
	if err != nil {
		return "", err
	}
	// Somebody whose whereabouts must not be found is taken over even where it is not sure that it is this person: the two then
	// stand apart until a person has decided, and it is better hidden for a day than found.
	verdict := match.Compare(id, identityOf(theirs)).Outcome
	if verdict != match.Same && !(a.Restricted && verdict == match.Ask) {
		return Differs, nil
	}
	answer, err := t.in.FHIR(ctx, Interaction{Contributor: t.as, Method: http.MethodPut, Type: "Patient", ID: string(a.Number), Body: a.Patient})
	if err != nil {
		return "", err
	}
	if answer.Status >= http.StatusBadRequest {
		return "", kmcr.Errorf(kmcr.Invalid, "what the national demographics service said was not taken in (%d)", answer.Status)
	}
	if verdict != match.Same {
		return Differs, nil
	}
	return what, nil
}

// queryOf is what is asked with where there is no number.
func queryOf(claims *translate.Claims, id match.Identity) pds.Query {
	q := pds.Query{Born: id.Born, Sex: id.Sex}
	for _, n := range id.Names {
		if n.Family != "" {
			q.Family = n.Family
			q.Given, _, _ = strings.Cut(n.Given, " ")
			break
		}
	}
	for _, a := range claims.Addresses {
		if a.Postcode != "" && a.Use != "old" {
			q.Postcode = a.Postcode
			break
		}
	}
	return q
}

// claimsOfAnswer reads who the answer says it is about.
func claimsOfAnswer(a pds.Answer) (*translate.Claims, error) {
	r, err := fhir.Parse(a.Patient)
	if err != nil {
		return nil, err
	}
	claims := claimsOf(r, "")
	return &claims, nil
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
