package ingest

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"strconv"

	"kmcr"
	"kmcr/match"
	"kmcr/store"
	"kmcr/translate"
)

// LinkRate is how well the patients of one contributor are linked, for the
// contributor to mend at source. It holds counts only.
type LinkRate struct {
	Contributor kmcr.ContributorCode `json:"contributor"`
	Patients    int                  `json:"patients"`
	// Linked are those whose person another contributor knows too; Rate is their share.
	Linked int     `json:"linked"`
	Rate   float64 `json:"rate"`
	// Unlinked counts the others by the first reason that holds.
	Unlinked map[string]int `json:"unlinked"`
	Merged   int            `json:"merged"` // entries that its own system has given up
	// Conflicts are pairs with an open question in which one is of this contributor.
	Conflicts int `json:"conflicts"`
	// Placeholders are numbers that several people of this contributor carry who cannot be one; Carriers are their entries.
	Placeholders int `json:"placeholder_numbers"`
	Carriers     int `json:"placeholder_patients"`
	// Traced counts what the national demographics service said of them; empty where it is not asked.
	Traced map[Traced]int `json:"traced,omitempty"`
}

// LinkRates reckons the link rate of every contributor from all patients.
func LinkRates(ctx context.Context, db *store.DB) ([]LinkRate, error) {
	r := rating{rates: map[kmcr.ContributorCode]*LinkRate{}, knownTo: map[kmcr.PersonID][]kmcr.ContributorCode{},
		asked: map[kmcr.PatientID]bool{}, bearers: map[kmcr.NHSNumber][]bearer{}, traced: map[string]*tracing{}}
	reviews, err := db.Reviews(ctx, "open")
	if err != nil {
		return nil, err
	}
	for _, review := range reviews {
		r.asked[review.A], r.asked[review.B] = true, true
	}
	if err := db.EachPatient(ctx, r.know); err != nil {
		return nil, err
	}
	err = db.List(ctx, store.KindTrace, func(patient string, body []byte) error {
		var t tracing
		r.traced[patient] = &t
		return json.Unmarshal(body, &t)
	})
	if err != nil {
		return nil, err
	}
	if err := db.EachPatient(ctx, r.count); err != nil {
		return nil, err
	}
	return r.result(), nil
}

// rating is a report under way.
type rating struct {
	rates   map[kmcr.ContributorCode]*LinkRate
	knownTo map[kmcr.PersonID][]kmcr.ContributorCode
	asked   map[kmcr.PatientID]bool
	bearers map[kmcr.NHSNumber][]bearer
	traced  map[string]*tracing // by PatientID
}

// know notes who knows each person.
func (r *rating) know(p *store.Patient) error {
	if !p.Register && p.Person != 0 && p.MergedInto == 0 && !slices.Contains(r.knownTo[p.Person], p.Contributor) {
		r.knownTo[p.Person] = append(r.knownTo[p.Person], p.Contributor)
	}
	return nil
}

// count puts one patient to its contributor's account.
func (r *rating) count(p *store.Patient) error {
	if p.Register || p.Erased() {
		return nil
	}
	rate := r.rates[p.Contributor]
	if rate == nil {
		rate = &LinkRate{Contributor: p.Contributor, Unlinked: map[string]int{}}
		r.rates[p.Contributor] = rate
	}
	if p.MergedInto != 0 {
		rate.Merged++
		return nil
	}
	claims, err := readClaims(p.Claims)
	if err != nil {
		return err
	}
	rate.Patients++
	if t := r.traced[strconv.FormatInt(int64(p.ID), 10)]; t != nil {
		if rate.Traced == nil {
			rate.Traced = map[Traced]int{}
		}
		rate.Traced[t.What]++
	}
	if r.asked[p.ID] {
		rate.Conflicts++
	}
	id := identityOf(claims)
	if id.NHS != "" {
		r.bearers[id.NHS] = append(r.bearers[id.NHS], bearerOf(p, id))
	}
	if len(r.knownTo[p.Person]) > 1 {
		rate.Linked++
		return nil
	}
	if p.Person == 0 {
		rate.Unlinked["its Patient has not been sent"]++
		return nil
	}
	rate.Unlinked[unlinkedBecause(claims, r.asked[p.ID])]++
	return nil
}

func unlinkedBecause(c *translate.Claims, asked bool) string {
	id := identityOf(c)
	switch {
	case asked:
		return "waits for a person to decide"
	case len(id.Names) == 0:
		return "no name"
	case id.Born == "":
		return "no date of birth"
	case len(id.Born) < len("2006-01-02"):
		return "date of birth not whole"
	case c.NHSAsSent != "":
		return "NHS number not valid"
	case id.NHS == "" && len(match.Tokens(match.Identity{Postcodes: id.Postcodes, Names: id.Names, Telephones: id.Telephones})) == 0:
		return "no NHS number, no postcode and no telephone"
	case id.NHS == "":
		return "no NHS number, and nobody else knows the same person"
	}
	return "nobody else knows the same person"
}

// result adds the placeholders and puts the contributors in order.
func (r *rating) result() []LinkRate {
	for _, all := range r.bearers {
		if len(all) < manyPeople {
			continue
		}
		for _, c := range placeholderOf(all) {
			r.rates[c].Placeholders++
			for _, b := range all {
				if b.contributor == c {
					r.rates[c].Carriers++
				}
			}
		}
	}
	out := make([]LinkRate, 0, len(r.rates))
	for _, rate := range r.rates {
		if rate.Patients > 0 {
			rate.Rate = math.Round(10000*float64(rate.Linked)/float64(rate.Patients)) / 10000
		}
		out = append(out, *rate)
	}
	slices.SortFunc(out, func(a, b LinkRate) int {
		if a.Contributor < b.Contributor {
			return -1
		}
		return 1
	})
	return out
}
