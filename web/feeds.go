package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kmcr"
	"kmcr/disclose"
	"kmcr/ingest"
)

// feedsView is the counters of every contributor, and what could not be applied.
type feedsView struct {
	Feeds  []feedRow
	Parked []disclose.ParkedMessage
	Listed bool // Parked is known
}

// feedRow is one contributor with its parked messages by reason, most first.
type feedRow struct {
	disclose.Feed
	ingest.Live
	Reasons []reasonCount
	// Lag is for how long the message that has waited longest has waited; "" for none.
	Lag string
}

type reasonCount struct {
	Reason string
	Count  int64
}

// counts are the counters of a contributor or of all, named as in kmcr status --json.
type counts struct {
	Received int64 `json:"received"`
	Applied  int64 `json:"applied"`
	Parked   int64 `json:"parked"`
	Rejected int64 `json:"rejected"`
	Waiting  int64 `json:"waiting"`
}

// feedJSON is one contributor for a reader of JSON.
type feedJSON struct {
	Contributor  kmcr.ContributorCode `json:"contributor"`
	Name         string               `json:"name"`
	Organisation kmcr.ODS             `json:"organisation"`
	Format       kmcr.Format          `json:"format"`
	Paused       bool                 `json:"paused"`
	Late         bool                 `json:"late"`
	LastHeard    time.Time            `json:"last_heard,omitzero"`
	counts
	ByReason map[string]int64 `json:"parkedByReason"`
	TestOnly bool             `json:"test_only"`
	LastHour int64            `json:"last_hour"`
	Ack50    float64          `json:"ack_p50_ms"`
	Ack99    float64          `json:"ack_p99_ms"`
	Waiting  time.Time        `json:"waiting_since,omitzero"`
	Expires  time.Time        `json:"certificate_expires,omitzero"`
}

// counters are the feeds for a reader of JSON, and their sum.
func counters(all []disclose.Feed, live map[kmcr.ContributorCode]ingest.Live) (feeds []feedJSON, total counts) {
	feeds = []feedJSON{}
	for _, f := range all {
		c := counts{f.Tally.Received, f.Tally.Applied, f.Tally.Parked, f.Tally.Rejected, f.Tally.Waiting}
		feeds = append(feeds, feedJSON{f.Contributor.Code, f.Contributor.Name, f.Contributor.Organisation, f.Contributor.Format, f.Contributor.Paused, f.Late, f.Tally.LastHeard, c, f.Parked,
			f.Contributor.TestOnly, live[f.Contributor.Code].LastHour, milliseconds(live[f.Contributor.Code].Ack50), milliseconds(live[f.Contributor.Code].Ack99), f.Waiting, f.Expires})
		total = counts{total.Received + c.Received, total.Applied + c.Applied, total.Parked + c.Parked, total.Rejected + c.Rejected, total.Waiting + c.Waiting}
	}
	return feeds, total
}

// feeds is the integration engineer's work list.
func (s *site) feeds(q *ask) error {
	all, err := s.out.Feeds(q.Context(), q.viewer)
	if err != nil {
		return err
	}
	v := feedsView{Listed: s.Parked != nil}
	if v.Listed {
		if v.Parked, err = s.Parked(q.Context(), q.viewer); err != nil {
			return err
		}
	}
	if q.wantsJSON() {
		feeds, total := counters(all, s.in.Live())
		return q.writeJSON(0, map[string]any{"feeds": feeds, "total": total, "parked": list(v.Parked)})
	}
	live := s.in.Live()
	for _, f := range all {
		v.Feeds = append(v.Feeds, rowOf(f, live))
	}
	return s.show(q, "feeds", page{Title: "Feeds", Here: "/feeds", Body: v})
}

func reasons(counts map[string]int64) (all []reasonCount) {
	for r, n := range counts {
		all = append(all, reasonCount{r, n})
	}
	slices.SortFunc(all, func(a, b reasonCount) int {
		if a.Count != b.Count {
			return int(b.Count - a.Count)
		}
		return strings.Compare(a.Reason, b.Reason)
	})
	return all
}

func rowOf(f disclose.Feed, live map[kmcr.ContributorCode]ingest.Live) feedRow {
	row := feedRow{Feed: f, Live: live[f.Contributor.Code], Reasons: reasons(f.Parked)}
	if !f.Waiting.IsZero() {
		row.Lag = time.Since(f.Waiting).Round(time.Second).String()
	}
	return row
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// Acknowledged is how long the sender waits, in words; "" where that is not known.
func (r feedRow) Acknowledged() string {
	if r.Ack99 == 0 {
		return ""
	}
	return fmt.Sprintf("half within %.1f ms, 99 of 100 within %.1f ms", milliseconds(r.Ack50), milliseconds(r.Ack99))
}

// feedView is one contributor with its newest messages.
type feedView struct {
	feedRow
	Messages []disclose.Message
	Testers  string
}

// feed shows one contributor.
func (s *site) feed(q *ask) error {
	row, err := s.feedOf(q, kmcr.ContributorCode(q.PathValue("contributor")))
	if err != nil {
		return err
	}
	messages, err := s.out.Recent(q.Context(), q.viewer, row.Contributor.Code)
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		feeds, _ := counters([]disclose.Feed{row.Feed}, map[kmcr.ContributorCode]ingest.Live{row.Contributor.Code: row.Live})
		return q.writeJSON(0, map[string]any{"feed": feeds[0], "testers": list(row.Contributor.Testers), "messages": list(messages)})
	}
	return s.show(q, "feed", page{Title: row.Contributor.Name, Here: "/feeds", Body: feedView{row, messages, strings.Join(row.Contributor.Testers, " ")}})
}

// feedOf finds one of the feeds; NotFound where there is none.
func (s *site) feedOf(q *ask, code kmcr.ContributorCode) (feedRow, error) {
	all, err := s.out.Feeds(q.Context(), q.viewer)
	if err != nil {
		return feedRow{}, err
	}
	for _, f := range all {
		if f.Contributor.Code == code {
			return rowOf(f, s.in.Live()), nil
		}
	}
	return feedRow{}, &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such contributor", Remedy: "The list of the feeds shows those there are."}
}

// changeFeed pauses or resumes a contributor, or says whether it is tried out and by whom.
func (s *site) changeFeed(q *ask) error {
	form, err := q.sent()
	if err != nil {
		return err
	}
	row, err := s.feedOf(q, kmcr.ContributorCode(q.PathValue("contributor")))
	if err != nil {
		return err
	}
	code := row.Contributor.Code
	switch form("state") {
	case "paused":
		err = s.in.Pause(q.Context(), code, true, q.viewer)
	case "resumed":
		err = s.in.Pause(q.Context(), code, false, q.viewer)
	case "test-only":
		err = s.in.Trial(q.Context(), code, true, strings.Fields(form("testers")), q.viewer)
	case "live":
		err = s.in.Trial(q.Context(), code, false, nil, q.viewer)
	default:
		err = &kmcr.Error{Kind: kmcr.Invalid, Message: "the state is paused, resumed, test-only or live", Remedy: "Choose one."}
	}
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"contributor": code, "state": form("state")})
	}
	return q.see("/feeds/" + string(code))
}

// sent gives the values that were sent, by form or as JSON, by name.
func (q *ask) sent() (func(name string) string, error) {
	if q.sentJSON() {
		v := map[string]any{}
		if err := q.readJSON(&v); err != nil {
			return nil, err
		}
		return func(name string) string { text, _ := v[name].(string); return text }, nil
	}
	if err := q.form(); err != nil {
		return nil, err
	}
	return q.PostFormValue, nil
}
