package web

import (
	"kmcr"
	"kmcr/compose"
)

// testView is one test with its values over time.
type testView struct {
	compose.Test
	Graph *graph // nil where there is nothing to draw
}

// test shows one kind of result over time, as a graph and as its table.
func (s *site) test(q *ask) error {
	asking, err := recordPage{Stem: "test", Sections: []kmcr.Section{kmcr.Results, kmcr.Observations}}.asking(q)
	if err != nil {
		return err
	}
	r, err := s.out.Ask(q.Context(), q.viewer, q.PathValue("ref"), q.where(), asking)
	if err != nil {
		return err
	}
	for _, all := range [][]compose.Test{r.Results.Items, r.Observations.Items} {
		for _, t := range all {
			if testKey(t) != q.PathValue("test") {
				continue
			}
			if q.wantsJSON() {
				return q.writeParts(r, member{"test", t})
			}
			return s.show(q, "test", page{Title: t.Name, Record: r, Here: "results", At: asked(q), Body: testView{t, draw(t)}})
		}
	}
	return &kmcr.Error{Kind: kmcr.NotFound, Message: "this record holds no such test", Remedy: "Open the results of this person and choose one."}
}
