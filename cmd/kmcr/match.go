package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"kmcr/ingest"
	"kmcr/match"
	"kmcr/synth"
)

type matchCommand struct {
	Report   matchReport   `cmd:"" help:"How well each contributor's patients are linked, and why the others are not."`
	Sample   matchSample   `cmd:"" help:"Write a labelled CSV of synthetic people, households and slips included."`
	Estimate matchEstimate `cmd:"" help:"Estimate weights from a CSV of the same columns, without its labels, and print them."`
	Evaluate matchEvaluate `cmd:"" help:"Score a labelled CSV (FEBRL's columns, or record_id, person_id, nhs_number, given, family, born, sex, postcode, address, town, telephone, practice)."`
}

type matchReport struct{}

// Run prints how well each contributor's patients are linked, and why the others are not.
func (c *matchReport) Run(ctx context.Context, settings *Settings, s streams) error {
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	rates, err := ingest.LinkRates(ctx, h.db)
	if err != nil {
		return err
	}
	if settings.JSON {
		return printJSON(s.out, map[string]any{"contributors": rates})
	}
	for _, r := range rates {
		fmt.Fprintf(s.out, "%s: %d patients, %d linked (%.2f%%), %d merged away, %d with an open question, %d placeholder numbers of %d patients\n",
			r.Contributor, r.Patients, r.Linked, 100*r.Rate, r.Merged, r.Conflicts, r.Placeholders, r.Carriers)
		for _, why := range slices.Sorted(maps.Keys(r.Unlinked)) {
			fmt.Fprintf(s.out, "  not linked: %s: %d\n", why, r.Unlinked[why])
		}
		for _, what := range slices.Sorted(maps.Keys(r.Traced)) {
			fmt.Fprintf(s.out, "  national service: %s: %d\n", what, r.Traced[what])
		}
	}
	return nil
}

type matchSample struct {
	People int    `default:"5000" help:"How many people to draw."`
	Seed   uint64 `default:"1"`
}

// Run writes a labelled register of synthetic people, from which weights can be estimated.
func (c *matchSample) Run(ctx context.Context, s streams) error {
	out := csv.NewWriter(s.out)
	if err := out.WriteAll(synth.Register(c.Seed, c.People, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))); err != nil {
		return err
	}
	return out.Error()
}

type matchEstimate struct {
	File string `arg:""`
}

// Run prints the weights that fit the file, whose labels it does not look at, in the form of match/weights.json.
func (c *matchEstimate) Run(ctx context.Context, settings *Settings, s streams) error {
	records, err := labelledFile(c.File)
	if err != nil {
		return err
	}
	profiles := profilesOf(records)
	m := match.Estimate(profiles, match.Candidates(profiles), match.Standard())
	return printJSON(s.out, m.Weights("unnamed", fmt.Sprintf("expectation maximisation over %d records of one file", len(records))))
}

type matchEvaluate struct {
	Files []string `arg:"" name:"file" help:"One file, or several of the same people, scored together."`
}

// score is how well the verdicts agree with the truth of a labelled file.
type score struct {
	Records    int     `json:"records"`
	Unlabelled int     `json:"unlabelled"` // records of which the file does not say whose they are
	TruePairs  int     `json:"true_pairs"`
	Links      int     `json:"links"`
	Right      int     `json:"links_right"`
	Asked      int     `json:"asked_right"`
	Questions  int     `json:"questions"`
	Precision  float64 `json:"precision"`
	Recall     float64 `json:"recall"`
	Found      float64 `json:"found"`
	Review     float64 `json:"review"`
	F1         float64 `json:"f1"`
}

// Run finds who is who in the file without its labels, and scores the answer by them.
func (c *matchEvaluate) Run(ctx context.Context, settings *Settings, s streams) error {
	records, err := labelledFiles(c.Files)
	if err != nil {
		return err
	}
	r := evaluate(records)
	if settings.JSON {
		return printJSON(s.out, r)
	}
	_, err = fmt.Fprintf(s.out, "records %d, true pairs %d\nlinks %d, right %d\nprecision %.4f  recall %.4f  found (links and reviews) %.4f  F1 %.4f\nrecords sent to a person %.2f%%\n",
		r.Records, r.TruePairs, r.Links, r.Right, r.Precision, r.Recall, r.Found, r.F1, 100*r.Review)
	return err
}

// evaluate fits the weights to the records, whose labels it does not see,
// links them, and counts.
func evaluate(records []labelled) score {
	profiles := profilesOf(records)
	candidates := match.Candidates(profiles)
	return scoreOf(records, match.Estimate(profiles, candidates, match.Standard()).Group(profiles, candidates))
}

func profilesOf(records []labelled) []*match.Profile {
	profiles := make([]*match.Profile, len(records))
	for i, r := range records {
		profiles[i] = match.Prepare(r.id)
	}
	return profiles
}

// scoreOf counts pairs: linked are those of one group, found those besides
// whose groups a person is asked about.
func scoreOf(records []labelled, g match.Groups) score {
	r := score{Records: len(records), TruePairs: pairsBy(records, func(i int) string { return records[i].person })}
	r.Links = pairsBy(records, func(i int) string { return strconv.Itoa(g.Of[i]) })
	both := func(i int) string { return records[i].person + "/" + strconv.Itoa(g.Of[i]) }
	r.Right = pairsBy(records, both)
	sizes := map[string]int{}
	for i := range records {
		sizes[both(i)]++
	}
	for _, one := range records {
		if strings.HasPrefix(one.person, "\x00") {
			r.Unlabelled++
		}
	}
	asked := map[int]bool{}
	for _, q := range g.Questions {
		asked[q[0]], asked[q[1]] = true, true
		if person := records[q[0]].person; person == records[q[1]].person {
			r.Asked += sizes[both(q[0])] * sizes[both(q[1])]
		}
	}
	r.Questions = len(g.Questions)
	r.Precision, r.Recall, r.Found = 1, 1, 1
	if r.Links > 0 {
		r.Precision = float64(r.Right) / float64(r.Links)
	}
	if r.TruePairs > 0 {
		r.Recall = float64(r.Right) / float64(r.TruePairs)
		r.Found = float64(r.Right+r.Asked) / float64(r.TruePairs)
	}
	if r.Precision+r.Recall > 0 {
		r.F1 = 2 * r.Precision * r.Recall / (r.Precision + r.Recall)
	}
	if r.Records > 0 {
		r.Review = float64(len(asked)) / float64(r.Records)
	}
	return r
}

// pairsBy counts the pairs that share a label.
func pairsBy(records []labelled, label func(i int) string) int {
	sizes, pairs := map[string]int{}, 0
	for i := range records {
		l := label(i)
		pairs += sizes[l]
		sizes[l]++
	}
	return pairs
}
