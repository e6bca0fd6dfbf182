package ingest

import (
	"cmp"
	"context"
	"slices"

	"kmcr/fhir"
)

// findReplaced finds the merges that Patients of the request tell of: those
// with a link of type replaced-by (R4 Patient.link).
func (a *attempt) findReplaced(ctx context.Context) ([]merging, error) {
	var out []merging
	for i := range a.tasks {
		t := &a.tasks[i]
		if t.kind != "Patient" || t.resource == nil || t.of == nil || t.keep || t.failed != nil || t.method == "DELETE" {
			continue
		}
		var by *subject
		for _, reference := range replacedBy(t.resource) {
			into, err := a.replacing(ctx, reference)
			switch {
			case err != nil:
				return nil, err
			case into == nil:
				return nil, &parking{reason: "merge-unknown", detail: linkOf(t) + ": the patient that is to take this one in has not been heard of", missing: []string{reference}}
			case into == t.of:
				return nil, &parking{reason: "merge-itself", detail: linkOf(t) + ": the patient is to be merged into itself"}
			case by != nil && by != into:
				return nil, &parking{reason: "merge-several", detail: linkOf(t) + ": the patient is said to be replaced by two others, and it is not known by which"}
			}
			if by == nil {
				out = append(out, merging{from: t.of, into: into})
			}
			by = into
		}
	}
	return out, nil
}

// linkOf names the links of an entry: those of a resource that was sent by itself stand in no entry.
func linkOf(t *task) string { return cmp.Or(t.expression, "Patient") + ".link" }

func replacedBy(r *fhir.Resource) []string {
	var out []string
	for _, l := range r.Root().Get("link").Items() {
		if l.Get("type").Text() == "replaced-by" {
			if ref := l.First("other.reference").Text(); ref != "" {
				out = append(out, ref)
			}
		}
	}
	return out
}

// replacing finds the patient that a link names, in the request or stored.
func (a *attempt) replacing(ctx context.Context, reference string) (*subject, error) {
	if x := a.people[reference]; x != nil {
		return x, nil
	}
	return a.cast.find(ctx, reference)
}

// replace carries the merges out, and takes those back that a Patient no longer tells of.
func (a *attempt) replace(ctx context.Context, merges []merging) error {
	told := &application{s: a.s, c: a.c, cast: a.cast, plan: a.plan}
	for i := range a.tasks {
		t := &a.tasks[i]
		if t.kind != "Patient" || t.method != "PUT" || t.of == nil || t.of.patient.MergedInto == 0 || slices.ContainsFunc(merges, func(m merging) bool { return m.from == t.of }) {
			continue
		}
		into, err := a.cast.findID(ctx, t.of.patient.MergedInto)
		if err != nil {
			return err
		}
		if into != nil {
			told.part(t.of, into)
		}
	}
	return told.merge(ctx, merges)
}
