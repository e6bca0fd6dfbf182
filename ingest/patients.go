package ingest

import (
	"context"
	"slices"
	"strings"

	"kmcr"
	"kmcr/match"
	"kmcr/store"
	"kmcr/translate"
)

// claims reads what each Patient of the request claims, and returns with it
// the hashes of the names that are to be locked while they are looked up.
func (a *attempt) claims() ([]translate.Claims, []uint64) {
	claims := make([]translate.Claims, len(a.tasks))
	var names []uint64
	lock := func(name string) { names = append(names, hash64(string(a.c.Code), name)) }
	for i := range a.tasks {
		t := &a.tasks[i]
		if t.entry.id != "" {
			lock(t.kind + "/" + t.entry.id)
		}
		for _, search := range []string{t.query, t.ifNoneExist} {
			if search != "" {
				lock(t.kind + "?" + search)
			}
		}
		if t.kind != "Patient" || t.resource == nil || t.failed != nil {
			continue
		}
		claims[i] = claimsOf(t.resource, t.fullURL)
		if t.method == "PUT" && t.entry.id != "" {
			claims[i].Key = "id|" + t.entry.id
			claims[i].Aliases = union([]string{"Patient/" + t.entry.id}, claims[i].Aliases)
		}
		lock(claims[i].Key)
		for _, n := range claims[i].Aliases {
			lock(n)
		}
	}
	return claims, names
}

// findPatients finds or makes the subject of every Patient entry.
func (a *attempt) findPatients(ctx context.Context, claims []translate.Claims) error {
	several := false
	for i := range a.tasks {
		t := &a.tasks[i]
		if t.kind != "Patient" {
			continue
		}
		if err := a.findPatient(ctx, t, claims[i]); err != nil {
			return err
		}
		if t.method == "DELETE" {
			continue
		}
		a.nameInRequest(t)
		several = several || a.only != nil && a.only != t.of
		a.only = t.of
	}
	if several {
		a.only = nil
	}
	for i := range a.tasks { // when all are known who carry a number
		if t := &a.tasks[i]; t.kind == "Patient" && t.method != "DELETE" && !t.keep {
			if err := a.welcome(ctx, t.of, claims[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// nameInRequest lets the addresses of a Patient entry lead to its subject, and
// names its statement.
func (a *attempt) nameInRequest(t *task) {
	if a.people == nil {
		a.people = map[string]*subject{}
	}
	if !t.of.described {
		t.key, t.of.described = translate.PatientKey, true
	}
	for _, name := range []string{t.fullURL, "Patient/" + t.entry.id, "Patient/" + t.resource.ID()} {
		if name != "" && name != "Patient/" {
			a.people[name] = t.of
		}
	}
}

func (a *attempt) findPatient(ctx context.Context, t *task, claims translate.Claims) error {
	x, err := a.patientAddressed(ctx, t)
	if err != nil || x != nil && (t.keep || t.method == "DELETE") {
		t.of, t.key = x, translate.PatientKey
		return err
	}
	if t.method == "DELETE" {
		return unknownHere(t)
	}
	if x == nil {
		if x, err = a.cast.find(ctx, append([]string{claims.Key}, claims.Aliases...)...); err != nil {
			return err
		}
	}
	if x != nil && becomesAnother(x, &claims) {
		if t.method != "" {
			return &parking{reason: "identity-changed", detail: place(t) + "was somebody else before: family name and date of birth are both others"}
		}
		if x, claims, err = a.another(ctx, t, claims); err != nil {
			return err
		}
	}
	if x == nil {
		x = a.cast.made(claims.Key, false)
	}
	t.of = x
	return x.claim(claims)
}

// becomesAnother tells whether what is now claimed of a patient is of another
// human being: no family name and no date of birth in common with before. An
// id that is given to somebody else must not take the record along.
func becomesAnother(x *subject, now *translate.Claims) bool {
	if x.claims == nil || x.claims.Born == "" || now.Born == "" || strings.HasPrefix(x.claims.Born, now.Born) || strings.HasPrefix(now.Born, x.claims.Born) {
		return false
	}
	families := func(c *translate.Claims) (out []string) {
		for _, n := range c.Names {
			if n.Family != "" {
				out = append(out, strings.ToLower(n.Family))
			}
		}
		return out
	}
	before, after := families(x.claims), families(now)
	return len(before) > 0 && len(after) > 0 && !slices.ContainsFunc(before, func(f string) bool { return slices.Contains(after, f) })
}

// another finds or makes the patient that carries the same id as somebody else
// in a set of statements, whose ids are good inside it alone.
func (a *attempt) another(ctx context.Context, t *task, claims translate.Claims) (*subject, translate.Claims, error) {
	claims.Key = claims.Key + "|" + whoTheySay(claims)
	claims.Aliases = nil
	x, err := a.cast.find(ctx, claims.Key)
	t.apart = true
	return x, claims, err
}

// patientAddressed finds the patient that the entry's address or search leads
// to; nil where it leads to none.
func (a *attempt) patientAddressed(ctx context.Context, t *task) (*subject, error) {
	search := t.ifNoneExist
	if t.query != "" {
		search = t.query
	}
	switch {
	case t.entry.id != "":
		x, err := a.cast.find(ctx, "Patient/"+t.entry.id)
		if x == nil && err == nil {
			if id, ok := kmcr.ParseStatementID(t.entry.id); ok && id == store.StatementIDFor(id.Patient, translate.PatientKey) {
				x, err = a.cast.findID(ctx, id.Patient)
			}
		}
		return x, err
	case search != "":
		found, err := a.patientsWhere(ctx, search, t.expression)
		if err != nil || len(found) == 0 {
			return nil, err
		}
		if len(found) > 1 {
			return nil, manyMatch(t)
		}
		t.keep = t.ifNoneExist != "" && t.method == "POST"
		return found[0], nil
	}
	return nil, nil
}

// patientsWhere finds the contributor's patients with an identifier.
func (a *attempt) patientsWhere(ctx context.Context, search, expression string) ([]*subject, error) {
	q, err := parseSearch(search, expression)
	if err != nil {
		return nil, err
	}
	switch {
	case q.id != "":
		x, err := a.cast.find(ctx, "Patient/"+q.id)
		return some(x), err
	case isNHSNumber(q.system):
		return a.patientsNumbered(ctx, q.value)
	}
	x, err := a.cast.find(ctx, identifierAlias(q.system, q.value))
	return some(x), err
}

func some(x *subject) []*subject {
	if x == nil {
		return nil
	}
	return []*subject{x}
}

// patientsNumbered finds the contributor's patients that carry an NHS number.
func (a *attempt) patientsNumbered(ctx context.Context, value string) ([]*subject, error) {
	n, err := kmcr.ParseNHSNumber(value)
	if err != nil {
		return nil, nil
	}
	var out []*subject
	for _, x := range a.cast.all {
		if x.claims != nil && x.claims.NHS == n {
			out = append(out, x)
		}
	}
	found, err := a.s.db.PatientsByToken(ctx, []string{match.NumberToken(n)}, candidates)
	if err != nil {
		return nil, err
	}
	for _, p := range found {
		if p.Contributor != a.c.Code || p.MergedInto != 0 || a.cast.byID[p.ID] != nil {
			continue
		}
		claims, err := readClaims(p.Claims)
		if err != nil {
			return nil, err
		}
		if claims.NHS == n {
			x, err := a.cast.known(p)
			if err != nil {
				return nil, err
			}
			out = append(out, x)
		}
	}
	return out, nil
}

func unknownHere(t *task) error {
	return &kmcr.Error{Kind: kmcr.NotFound, Where: t.expression, Message: "there is no such resource of this contributor's"}
}

func manyMatch(t *task) error {
	return &kmcr.Error{Kind: kmcr.Precondition, Where: t.expression, Message: "the search finds more than one", Remedy: "Search by an identifier that only one has."}
}
