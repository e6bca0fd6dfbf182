package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"strings"

	"kmcr"
	"kmcr/match"
)

type matchCommand struct {
	Evaluate matchEvaluate `cmd:"" help:"Score a labelled CSV (FEBRL's columns, or record_id, person_id, nhs_number, given, family, born, sex, postcode, address, telephone)."`
}

type matchEvaluate struct {
	File string `arg:""`
}

// score is how well the verdicts agree with the truth of a labelled file.
type score struct {
	Records   int     `json:"records"`
	TruePairs int     `json:"true_pairs"`
	Links     int     `json:"links"`
	Right     int     `json:"links_right"`
	Asked     int     `json:"asked_right"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	Found     float64 `json:"found"`
	Review    float64 `json:"review"`
	F1        float64 `json:"f1"`
}

type labelled struct {
	person string
	id     match.Identity
}

// Run compares every pair of records that share a search token and scores the verdicts.
func (c *matchEvaluate) Run(ctx context.Context, settings *Settings, s streams) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	records, err := readLabelled(f)
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

func evaluate(records []labelled) score {
	r := score{Records: len(records)}
	sizes := map[string]int{}
	byToken := map[string][]int{}
	for i, rec := range records {
		sizes[rec.person]++
		for _, t := range match.Tokens(rec.id) {
			byToken[t] = append(byToken[t], i)
		}
	}
	for _, n := range sizes {
		r.TruePairs += n * (n - 1) / 2
	}
	seen := map[[2]int]bool{}
	reviewed := map[int]bool{}
	for _, block := range byToken {
		for x, i := range block {
			for _, j := range block[x+1:] {
				pair := [2]int{min(i, j), max(i, j)}
				if i == j || seen[pair] {
					continue
				}
				seen[pair] = true
				r.count(records, pair, reviewed)
			}
		}
	}
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
		r.Review = float64(len(reviewed)) / float64(r.Records)
	}
	return r
}

func (r *score) count(records []labelled, pair [2]int, reviewed map[int]bool) {
	same := records[pair[0]].person == records[pair[1]].person
	switch match.Compare(records[pair[0]].id, records[pair[1]].id).Outcome {
	case match.Same:
		r.Links++
		if same {
			r.Right++
		}
	case match.Ask:
		// The burden is the records that a person has to look at: the later one of each pair.
		reviewed[pair[1]] = true
		if same {
			r.Asked++
		}
	}
}

// readLabelled reads either kind of file; the heading line says which.
func readLabelled(in io.Reader) ([]labelled, error) {
	rows := csv.NewReader(in)
	rows.TrimLeadingSpace = true
	rows.FieldsPerRecord = -1
	head, err := rows.Read()
	if err != nil {
		return nil, fmt.Errorf("the file has no heading line: %w", err)
	}
	column := map[string]int{}
	for i, name := range head {
		column[strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))] = i
	}
	_, febrl := column["rec_id"]
	_, ours := column["person_id"]
	if !febrl && !ours {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "the heading line names neither rec_id nor person_id", Remedy: "Give FEBRL's columns, or record_id, person_id, nhs_number, given, family, born, sex, postcode, address, telephone."}
	}
	var out []labelled
	for line := 2; ; line++ {
		row, err := rows.Read()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		get := func(name string) string {
			if i, ok := column[name]; ok && i < len(row) {
				return strings.TrimSpace(row[i])
			}
			return ""
		}
		if febrl {
			out = append(out, febrlRecord(get))
		} else {
			out = append(out, ownRecord(get))
		}
	}
}

// febrlRecord reads FEBRL's columns; soc_sec_id is not used: it stands for a national number that this data does not have.
func febrlRecord(get func(string) string) labelled {
	parts := strings.Split(get("rec_id"), "-")
	person := get("rec_id")
	if len(parts) > 1 {
		person = parts[1]
	}
	born := get("date_of_birth")
	if len(born) == 8 {
		born = born[:4] + "-" + born[4:6] + "-" + born[6:]
	}
	id := match.Identity{Names: []match.Name{{Family: get("surname"), Given: get("given_name")}}, Born: born}
	if p := get("postcode"); p != "" {
		id.Postcodes = []string{p}
	}
	if l := strings.TrimSpace(get("street_number") + " " + get("address_1")); l != "" {
		id.Lines = []string{l}
	}
	return labelled{person, id}
}

func ownRecord(get func(string) string) labelled {
	id := match.Identity{Names: []match.Name{{Family: get("family"), Given: get("given")}}, Born: get("born"), Sex: get("sex"), NHSStatus: get("nhs_status")}
	if n, err := kmcr.ParseNHSNumber(get("nhs_number")); err == nil {
		id.NHS = n
	}
	for field, to := range map[string]*[]string{"postcode": &id.Postcodes, "address": &id.Lines, "telephone": &id.Telephones} {
		if v := get(field); v != "" {
			*to = []string{v}
		}
	}
	return labelled{get("person_id"), id}
}
