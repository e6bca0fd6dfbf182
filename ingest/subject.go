package ingest

import (
	"bytes"
	"context"
	"reflect"
	"slices"
	"strings"
	"time"

	"kmcr"
	"kmcr/fhir"
	"kmcr/match"
	"kmcr/store"
	"kmcr/translate"
)

// subject is one of the contributor's patients of whom a message speaks, or a
// register compartment for what it says of nobody.
type subject struct {
	patient   *store.Patient
	fresh     bool              // not stored yet
	changed   bool              // claims or aliases are to be stored
	described bool              // the message holds its Patient
	claims    *translate.Claims // as they will be after this message
	before    *translate.Claims // as they stand, where what is now said of who somebody is differs from them as evidence; nil: it does not
	tokens    []string          // under which others are looked for who may be the same
	kept      []string          // under which it is found
	follows   *subject          // into which its own system has merged it
	parted    *subject          // from which its own system has parted it again
	aliases   []alias           // further names to store

	compartment *store.Compartment // nil for a fresh one
	said        []*kmcr.Statement  // in order
	block       *store.Block       // nil where nothing is new
	files       []fhir.File        // taken out of what is said

	seen      map[kmcr.PersonID][]*store.Patient // those by whom it was placed, as they were
	mixed     bool                               // all whom it may touch are to be linked afresh
	upset     []kmcr.PatientID                   // others who are to be linked afresh because of what is said of this one
	move      kmcr.PersonID                      // the person to whom the patient is to be linked instead; 0: stays
	moveWords string
	derived   []kmcr.Involvement
	involve   bool // derived differs from what there was
}

// alias is a name by which this contributor may speak of a patient, or of one statement.
type alias struct {
	key       string
	statement *kmcr.StatementID
}

// head is the latest version of a statement before this message.
func (s *subject) head(id kmcr.StatementID) *kmcr.Statement {
	if s.compartment == nil {
		return nil
	}
	return s.compartment.Head(id)
}

// saidAt is when a statement was last said, by its sender's clock.
func (s *subject) saidAt(id kmcr.StatementID) time.Time {
	if s.compartment == nil {
		return time.Time{}
	}
	return s.compartment.SaidAt(id)
}

// say adds to what the message says of the patient.
func (s *subject) say(st *kmcr.Statement) { s.said = append(s.said, st) }

// current is what the compartment says now.
func (s *subject) current() []*kmcr.Statement {
	if s.compartment == nil {
		return nil
	}
	return s.compartment.Current()
}

// claim takes over what a message says of who the patient is.
func (s *subject) claim(c translate.Claims) error {
	before := s.claims
	if before != nil && before.Key != "" {
		c.Key = before.Key
		c.Aliases = union(before.Aliases, c.Aliases)
		if c.Partial {
			complete(&c, before)
		}
		remember(&c, before)
		if c.Kin == nil {
			c.Kin = before.Kin // knowKin says what became of them
		}
	}
	kept, err := keepClaims(&c)
	if err != nil {
		return err
	}
	if s.fresh || !bytes.Equal(kept, s.patient.Claims) {
		s.changed = true
		if s.before == nil && !s.fresh && before != nil && !reflect.DeepEqual(match.Prepare(identityOf(before)), match.Prepare(identityOf(&c))) {
			s.before = before
		}
		p := *s.patient
		p.Claims = kept
		s.patient = &p
	}
	s.claims = &c
	profile := match.Prepare(identityOf(&c))
	s.tokens, s.kept = profile.Tokens(), profile.Kept()
	return nil
}

// redescribed tells whether somebody of whom something was known is described otherwise than before.
func (s *subject) redescribed() bool { return s.before != nil && s.before.Key != "" }

// complete takes over from before what claims that say only a part leave out.
func complete(c, before *translate.Claims) {
	if c.NHS == "" && c.NHSAsSent == "" {
		c.NHS, c.NHSStatus, c.NHSAsSent = before.NHS, before.NHSStatus, before.NHSAsSent
	}
	if len(c.Names) == 0 {
		c.Names = before.Names
	}
	if len(c.Addresses) == 0 {
		c.Addresses = before.Addresses
	}
	if len(c.Telephones) == 0 {
		c.Telephones = before.Telephones
	}
	for _, x := range []struct{ now, was *string }{{&c.Born, &before.Born}, {&c.Sex, &before.Sex}, {&c.Died, &before.Died}} {
		if *x.now == "" {
			*x.now = *x.was
		}
	}
	if c.Practice == "" {
		c.Practice = before.Practice
	}
}

// mostFormer is how many addresses and telephones of earlier times are kept.
const mostFormer = 8

// remember keeps where the patient lived and was reached, and the family name that it went by, before.
func remember(c, before *translate.Claims) {
	now := func(list []translate.Address, a translate.Address) bool {
		return slices.ContainsFunc(list, func(b translate.Address) bool {
			return a.Postcode == b.Postcode && slices.Equal(a.Lines, b.Lines)
		})
	}
	c.Former, c.FormerTelephones = nil, nil
	for _, a := range slices.Concat(before.Addresses, before.Former) {
		if !now(c.Addresses, a) && !now(c.Former, a) && len(c.Former) < mostFormer {
			c.Former = append(c.Former, a)
		}
	}
	rememberNames(c, before)
	for _, n := range before.Superseded { // a number that was replaced once stays replaced
		if n != c.NHS && !slices.Contains(c.Superseded, n) && len(c.Superseded) < mostFormer {
			c.Superseded = append(c.Superseded, n)
		}
	}
	for _, t := range slices.Concat(before.Telephones, before.FormerTelephones) {
		if !slices.Contains(c.Telephones, t) && !slices.Contains(c.FormerTelephones, t) && len(c.FormerTelephones) < mostFormer {
			c.FormerTelephones = append(c.FormerTelephones, t)
		}
	}
}

// rememberNames keeps the family names of before, with the given names of now: people marry. A given name that changed was a
// mistake, and may have been a twin's.
func rememberNames(c, before *translate.Claims) {
	c.FormerFamilies = nil
	families := slices.Clone(before.FormerFamilies)
	for _, n := range before.Names {
		if slices.ContainsFunc(c.Names, func(now translate.Name) bool { return sameGiven(n, now) }) {
			families = append(families, n.Family)
		}
	}
	for _, f := range families {
		now := slices.ContainsFunc(c.Names, func(n translate.Name) bool { return strings.EqualFold(n.Family, f) })
		if f != "" && !now && !slices.Contains(c.FormerFamilies, f) && len(c.FormerFamilies) < mostFormer {
			c.FormerFamilies = append(c.FormerFamilies, f)
		}
	}
}

// sameGiven tells whether two names have the first given name in common.
func sameGiven(a, b translate.Name) bool {
	x, y := strings.Fields(a.Given), strings.Fields(b.Given)
	return len(x) > 0 && len(y) > 0 && strings.EqualFold(x[0], y[0])
}

// answerTo adds names without changing the claims otherwise.
func (s *subject) answerTo(names []string) error {
	c := *s.claims
	c.Aliases = slices.Clone(c.Aliases)
	c.Aliases = union(c.Aliases, names)
	return s.claim(c)
}

// names are the names that lead to the patient besides its key. Those of the
// form Patient/id lead to its statement, and are stored with that.
func (s *subject) names() []string {
	if s.claims == nil {
		return nil
	}
	names := []string{}
	for _, n := range s.claims.Aliases {
		if n != s.patient.Key && !strings.HasPrefix(n, "Patient/") {
			names = append(names, n)
		}
	}
	return names
}

func union(a, b []string) []string {
	for _, x := range b {
		if !slices.Contains(a, x) {
			a = append(a, x)
		}
	}
	return a
}

// cast are the subjects of one message, each once.
type cast struct {
	s    *Service
	c    kmcr.Contributor
	all  []*subject
	byID map[kmcr.PatientID]*subject
}

func (s *Service) cast(c kmcr.Contributor) *cast {
	return &cast{s: s, c: c, byID: map[kmcr.PatientID]*subject{}}
}

// known gives the subject for a patient that is stored.
func (k *cast) known(p *store.Patient) (*subject, error) {
	if x := k.byID[p.ID]; x != nil {
		return x, nil
	}
	claims, err := readClaims(p.Claims)
	if err != nil {
		return nil, err
	}
	return k.add(&subject{patient: p, claims: claims}), nil
}

// made gives the subject for a patient that is not stored yet.
func (k *cast) made(key string, register bool) *subject {
	p := k.s.db.NewPatient(k.c.Code, key)
	p.Register = register
	return k.add(&subject{patient: p, fresh: true, changed: true})
}

func (k *cast) add(x *subject) *subject {
	k.byID[x.patient.ID] = x
	k.all = append(k.all, x)
	return x
}

// find looks for a patient under names in turn; nil where none is known.
func (k *cast) find(ctx context.Context, names ...string) (*subject, error) {
	asked := make([]string, 0, len(names)) // those before the first by which somebody of this message is known
	var here *subject
	for _, n := range names {
		if n == "" {
			continue
		}
		if i := slices.IndexFunc(k.all, func(x *subject) bool {
			return x.patient.Key == n || x.claims != nil && slices.Contains(x.claims.Aliases, n)
		}); i >= 0 {
			here = k.all[i]
			break
		}
		asked = append(asked, n)
	}
	p, err := k.s.db.PatientByKeys(ctx, k.c.Code, asked)
	if err != nil {
		return nil, err
	}
	if p != nil {
		if here, err = k.known(p); err != nil {
			return nil, err
		}
	}
	if here == nil {
		return nil, nil
	}
	return k.turnedOut(ctx, here)
}

// findID finds a patient of this contributor by our id.
func (k *cast) findID(ctx context.Context, id kmcr.PatientID) (*subject, error) {
	if x := k.byID[id]; x != nil {
		return x, nil
	}
	p, err := k.s.db.PatientByID(ctx, id)
	if err != nil || p == nil || p.Contributor != k.c.Code {
		return nil, err
	}
	return k.known(p)
}

// read fetches what is stored of every subject. The locks on patients are held until release.
func (k *cast) read(ctx context.Context) (release func(), err error) {
	var hashes []uint64
	var ids []kmcr.PatientID
	for _, x := range k.all {
		hashes = append(hashes, uint64(x.patient.ID))
		if !x.fresh {
			ids = append(ids, x.patient.ID)
		}
	}
	release = k.s.locks.patients.hold(hashes)
	if len(ids) == 0 {
		return release, nil
	}
	compartments, err := k.s.db.Compartments(ctx, ids...)
	if err != nil {
		release()
		return func() {}, err
	}
	for _, c := range compartments {
		if c == nil {
			continue
		}
		x := k.byID[c.Patient.ID]
		x.compartment = c
		if !x.changed {
			x.patient = c.Patient
		}
	}
	return release, nil
}
