package web

import (
	"fmt"
	"net/url"
	"strconv"

	"kmcr"
	"kmcr/audit"
	"kmcr/disclose"
)

// use shows how much the record is used, and an estimate of the time that it saves with how it is made.
func (s *site) use(q *ask) error {
	days, err := daysAsked(q.URL.Query())
	if err != nil {
		return err
	}
	u, err := s.out.Use(q.Context(), q.viewer, days)
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, u)
	}
	v := useView{Usage: u, Choices: []int{7, 28, 91, 365}, Least: hoursOf(u.Saved.LeastMinutes), Most: hoursOf(u.Saved.MostMinutes), Tables: []useTable{
		{"By role", "Role", u.ByRole}, {"By organisation", "Organisation", u.Organisation}, {"By task", "Task", u.ByTask},
	}}
	return s.show(q, "use", page{Title: "Use and time saved", Here: "/use", Body: v})
}

// useView is the use of the record for its page.
type useView struct {
	*disclose.Usage
	Choices     []int
	Least, Most string
	Tables      []useTable
}

type useTable struct {
	Title, What string
	Rows        []audit.Counted
}

func daysAsked(v url.Values) (int, error) {
	typed := v.Get("days")
	if typed == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(typed)
	if err != nil {
		return 0, &kmcr.Error{Kind: kmcr.Invalid, Where: "days", Message: "the number of days cannot be read", Remedy: "Give a number, for example 28."}
	}
	return n, nil
}

// hoursOf writes minutes as hours where there are many.
func hoursOf(minutes float64) string {
	if minutes < 120 {
		return fmt.Sprintf("%.0f minutes", minutes)
	}
	return number(int(minutes/60)) + " hours"
}
