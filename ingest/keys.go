package ingest

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"

	"kmcr/fhir"
)

// A statement's key is the contributor's own identity for it: what stays the
// same when the same thing is sent again. A PUT names it; for anything else it
// is the business identifiers where no other entry has the same ones, else
// the id or address in the Bundle, else the content.

// nameKeys gives every task its key. Two entries never share one.
func (a *attempt) nameKeys() {
	n := len(a.tasks)
	said := make([]string, n)
	count := make(map[string]int, n)
	for i := range a.tasks {
		if said[i] = a.tasks[i].saidKey(); said[i] != "" {
			count[said[i]]++
		}
	}
	taken := make(map[string]bool, n)
	for i := range a.tasks {
		t := &a.tasks[i]
		t.key = said[i]
		if t.key == "" || count[t.key] > 1 {
			t.key = t.placeKey()
		}
		if taken[t.key] {
			t.key = t.kind + "|content|" + digest(t.content())
		}
		for n, base := 2, t.key; taken[t.key]; n++ {
			t.key = base + "#" + strconv.Itoa(n)
		}
		taken[t.key] = true
	}
}

// saidKey is the key that the contributor says itself: an id that it PUTs, or
// business identifiers; "" where there are none.
func (t *task) saidKey() string {
	switch {
	case t.entry.id != "":
		return t.kind + "|id|" + t.entry.id
	case t.resource == nil || t.kind == "Patient":
		return "" // a patient's own statement is named when the patient is found
	}
	return identifiersKey(t.kind, t.resource)
}

func (t *task) placeKey() string {
	switch {
	case t.resource != nil && t.resource.ID() != "":
		return t.kind + "|id|" + t.resource.ID()
	case t.fullURL != "":
		return t.kind + "|url|" + t.fullURL
	}
	return t.kind + "|content|" + digest(t.content())
}

func (t *task) content() []byte {
	if t.resource == nil {
		return []byte(t.query)
	}
	return t.resource.Bytes()
}

// coded are the types of which several share an identifier, that of the
// specimen or order, and differ by their code.
var coded = []string{"Observation", "DiagnosticReport", "ServiceRequest", "Procedure", "Specimen"}

func identifiersKey(kind string, r *fhir.Resource) string {
	root := r.Root()
	var parts []string
	for _, i := range root.Get("identifier").Items() {
		if value := i.Get("value").Text(); value != "" {
			parts = append(parts, identifierAlias(i.Get("system").Text(), value))
		}
	}
	if parts == nil {
		return ""
	}
	slices.Sort(parts)
	key := kind
	for _, p := range parts {
		key += "|" + p
	}
	if slices.Contains(coded, kind) {
		code := root.Get("code")
		if c := code.First("coding"); c.Exists() {
			return key + "|" + c.Get("system").Text() + "|" + c.Get("code").Text()
		}
		if text := code.Get("text").Text(); text != "" {
			return key + "|" + text
		}
	}
	return key
}

// digest names content.
func digest(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:16])
}
