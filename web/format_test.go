package web

import (
	"testing"
	"time"

	"kmcr/compose"
)

func TestDatesAreShownAtThePrecisionAtWhichTheyWereRecorded(t *testing.T) {
	for _, c := range []struct {
		in           any
		short, long  string
		machine, day string
	}{
		{compose.Date("2019"), "2019", "2019", "2019", "2019"},
		{compose.Date("2019-03"), "Mar-2019", "March 2019", "2019-03", "Mar-2019"},
		{compose.Date("2019-03-05"), "05-Mar-2019", "5 March 2019", "2019-03-05", "05-Mar-2019"},
		{compose.Date("2019-07-05T23:30:00Z"), "06-Jul-2019 00:30", "6 July 2019 at 00:30", "2019-07-05T23:30:00Z", "06-Jul-2019"},
		{compose.Date("2019-01-05T13:45:30.123+00:00"), "05-Jan-2019 13:45", "5 January 2019 at 13:45", "2019-01-05T13:45:30.123+00:00", "05-Jan-2019"},
		{"spring 2019", "spring 2019", "spring 2019", "", "spring 2019"},
		{time.Date(2026, 6, 1, 8, 5, 0, 0, time.UTC), "01-Jun-2026 09:05", "1 June 2026 at 09:05", "2026-06-01T09:05:00+01:00", "01-Jun-2026"},
	} {
		m := when(c.in)
		if m == nil || m.Short != c.short || m.Long != c.long || m.Machine != c.machine {
			t.Errorf("%v: %+v, want %s, %s, %s", c.in, m, c.short, c.long, c.machine)
		}
		if d := day(c.in); d.Short != c.day {
			t.Errorf("day of %v: %s, want %s", c.in, d.Short, c.day)
		}
	}
	for _, nothing := range []any{compose.Date(""), "", time.Time{}, 5} {
		if when(nothing) != nil || day(nothing) != nil {
			t.Errorf("%#v is shown as a date", nothing)
		}
	}
}

func TestDatesAsTyped(t *testing.T) {
	for in, want := range map[string]string{
		"5/3/1943": "1943-03-05", "05-Mar-1943": "1943-03-05", "5 mar 1943": "1943-03-05", "5 March 1943": "1943-03-05", "1943-03-05": "1943-03-05", "05.03.1943": "1943-03-05",
		"3/1943": "", "31/2/1943": "", "yesterday": "", "": "",
	} {
		if got, ok := typedDate(in); got != want || ok != (want != "") {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestAGraphIsDrawnOnlyFromWhatCanBeDrawn(t *testing.T) {
	v := func(n float64, text string, on compose.Date) compose.Value {
		return compose.Value{Text: text, Number: n, Date: on, Low: "4", High: "6"}
	}
	for name, c := range map[string]struct {
		test  compose.Test
		drawn int
	}{
		"two values":         {compose.Test{Numeric: true, Values: []compose.Value{v(5, "5", "2020"), v(4.5, "4.5", "2019-02")}}, 2},
		"one value":          {compose.Test{Numeric: true, Values: []compose.Value{v(5, "5", "2020")}}, 0},
		"words":              {compose.Test{Values: []compose.Value{v(0, "positive", "2020"), v(0, "negative", "2019")}}, 0},
		"one without a date": {compose.Test{Numeric: true, Values: []compose.Value{v(5, "5", "2020"), v(5, "5", ""), v(6, "6", "2018")}}, 2},
		"all the same":       {compose.Test{Numeric: true, Values: []compose.Value{v(5, "5", "2020"), v(5, "5", "2020")}}, 2},
	} {
		g := draw(c.test)
		if c.drawn == 0 {
			if g != nil {
				t.Errorf("%s: drawn", name)
			}
			continue
		}
		if g == nil || len(g.Points) != c.drawn || g.Band == nil || len(g.Up) < 2 || len(g.Up) > 12 {
			t.Errorf("%s: %+v", name, g)
		}
	}
}

func TestAxesHaveRoundSteps(t *testing.T) {
	for _, c := range []struct{ low, high float64 }{{0, 1}, {38, 90}, {0.001, 0.0032}, {7, 7}, {-3, 12}, {0, 123456}} {
		steps := nice(c.low, c.high)
		if steps[0] > c.low || steps[len(steps)-1] < c.high || len(steps) > 12 {
			t.Errorf("%v to %v: %v", c.low, c.high, steps)
		}
	}
}
