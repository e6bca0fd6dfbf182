package ingest

import (
	"fmt"
	"maps"
	"slices"

	"kmcr"
	"kmcr/match"
	"kmcr/store"
)

// manyPeople is how many people of whom no two can be one carry one number of
// one contributor when the number is its placeholder.
const manyPeople = 3

// bearer is one patient that carries a number.
type bearer struct {
	patient     kmcr.PatientID
	contributor kmcr.ContributorCode
	id          match.Identity
}

func bearerOf(p *store.Patient, id match.Identity) bearer { return bearer{p.ID, p.Contributor, id} }

// mostBearers bounds how many different bearers of a number at one contributor are compared with one another.
const mostBearers = 48

// placeholderOf names the contributors that have given one number to many
// unlike people. It stands in for a number there and says of nobody who they are.
// In what order they carry it makes no difference.
func placeholderOf(bearers []bearer) (out []kmcr.ContributorCode) {
	of := map[kmcr.ContributorCode][]match.Identity{}
	for _, b := range bearers {
		b.id.NHS = ""
		of[b.contributor] = append(of[b.contributor], b.id)
	}
	for c, ids := range of {
		if len(ids) >= manyPeople && areMany(ids) {
			out = append(out, c)
		}
	}
	return out
}

// areMany tells whether there are many people among those described of whom no two can be one.
func areMany(ids []match.Identity) bool {
	if len(ids) > mostBearers {
		words := map[string]match.Identity{}
		for _, id := range ids {
			words[fmt.Sprint(id)] = id
		}
		ids = ids[:0]
		for _, w := range slices.Sorted(maps.Keys(words))[:min(len(words), mostBearers)] {
			ids = append(ids, words[w])
		}
	}
	var others []*match.Profile
	for _, id := range ids {
		p := match.Prepare(id)
		if unlike(p, others, manyPeople-1) {
			return true
		}
		others = append(others, p)
	}
	return false
}

// unlike tells whether n of others can be neither p nor one another.
func unlike(p *match.Profile, others []*match.Profile, n int) bool {
	if n == 0 {
		return true
	}
	var apart []*match.Profile
	for _, q := range others {
		if couldBeOne(p, q) {
			continue
		}
		if unlike(q, apart, n-1) {
			return true
		}
		apart = append(apart, q)
	}
	return false
}

// couldBeOne: nothing that is known of both parts them.
func couldBeOne(p, q *match.Profile) bool {
	v := match.Standard().Compare(p, q)
	return v.Outcome != match.Different || !v.Contradicts()
}

// turned are the others who carry a number of which one more bearer makes, or made, a placeholder; placeholder tells whether it is
// one with that bearer, for any contributor.
func turned(one bearer, others []bearer) (all []kmcr.PatientID, placeholder bool) {
	with := placeholderOf(append(slices.Clone(others), one))
	if len(with) == 0 {
		return nil, false
	}
	before := placeholderOf(others)
	for _, b := range others {
		if slices.Contains(with, b.contributor) && !slices.Contains(before, b.contributor) {
			all = append(all, b.patient)
		}
	}
	return all, true
}

// numbersMislead tells whether, with one who comes, numbers do not say what they seem to: that which it carries is a placeholder, or
// somebody goes by one that has been replaced. made are those for whom it became a placeholder by this.
func numbersMislead(one bearer, circles [][]member) (mislead bool, made []kmcr.PatientID) {
	id := one.id
	ids := []*match.Identity{&id}
	var others []bearer
	for _, members := range circles {
		for _, m := range members {
			if id.NHS != "" && m.id.NHS == id.NHS {
				others = append(others, bearerOf(m.patient, m.id))
			}
			other := m.id
			ids = append(ids, &other)
		}
	}
	made, mislead = turned(one, others)
	return mislead || len(inForce(ids)) > 0, made
}
