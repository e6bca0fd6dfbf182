package ingest

import (
	"slices"

	"kmcr"
	"kmcr/match"
)

// manyPeople is how many people who cannot be one carry one number of one
// contributor when the number is its placeholder.
const manyPeople = 3

// bearer is one patient that carries a number.
type bearer struct {
	contributor kmcr.ContributorCode
	id          match.Identity
}

// placeholderOf names the contributors that have given one number to many
// unlike people. It stands in for a number there and says of nobody who they are.
func placeholderOf(bearers []bearer) []kmcr.ContributorCode {
	unlike := map[kmcr.ContributorCode][]*match.Profile{}
	var out []kmcr.ContributorCode
	for _, b := range bearers {
		b.id.NHS = ""
		p := match.Prepare(b.id)
		if slices.ContainsFunc(unlike[b.contributor], func(q *match.Profile) bool { return couldBeOne(p, q) }) {
			continue
		}
		unlike[b.contributor] = append(unlike[b.contributor], p)
		if len(unlike[b.contributor]) == manyPeople {
			out = append(out, b.contributor)
		}
	}
	return out
}

// couldBeOne: nothing that is known of both parts them.
func couldBeOne(p, q *match.Profile) bool {
	v := match.Standard().Compare(p, q)
	return v.Outcome != match.Different || !v.Contradicts()
}

// placeholders names the contributors for which the number of x is one.
func placeholders(x *subject, own match.Identity, circles [][]member) []kmcr.ContributorCode {
	if own.NHS == "" {
		return nil
	}
	bearers := []bearer{{x.patient.Contributor, own}}
	for _, members := range circles {
		for _, m := range members {
			if m.id.NHS == own.NHS {
				bearers = append(bearers, bearer{m.patient.Contributor, m.id})
			}
		}
	}
	return placeholderOf(bearers)
}
