package web

import (
	"math"
	"strconv"
	"strings"
	"time"

	"kmcr/compose"
)

// graph is a trend as the template draws it: lengths in SVG units, as text.
type graph struct {
	Width, Height, Left, Right, Bottom int
	Points                             []dot
	Line                               string // path through the points, oldest first
	Band                               *band
	Across, Up                         []tick
	Unit                               string
	Last, Before                       *compose.Value
	LastX, LastY                       string
}

// Breadth is the width of what is drawn between the axes.
func (g *graph) Breadth() int { return g.Right - g.Left }

// Figures is where the figures of the upright axis end.
func (g *graph) Figures() int { return g.Left - 8 }

// Dates is the line on which the dates stand.
func (g *graph) Dates() int { return g.Bottom + 26 }

// dot is one value; Hollow is one that was given as less or more than a figure.
type dot struct {
	X, Y, Label string
	Out, Hollow bool
	Corners     string // of the mark of a value out of range
}

// band is the reference range, where the newest value has one.
type band struct{ Y, Height, Words string }

// tick is one line of an axis.
type tick struct{ At, Words string }

const (
	graphWidth, graphHeight = 640, 260
	graphLeft, graphRight   = 56, 566
	graphTop, graphBottom   = 20, 220
)

// draw makes the graph of a numeric test. Points, not bars; one unit; the
// values stand beside it in a table at the precision at which they were
// recorded. nil means that there are not two dated values to draw.
func draw(t compose.Test) *graph {
	values, times := drawable(t)
	if !t.Numeric || len(values) < 2 {
		return nil
	}
	low, high := spread(values)
	g := &graph{
		Width: graphWidth, Height: graphHeight, Left: graphLeft, Right: graphRight, Bottom: graphBottom,
		Unit: t.Unit, Last: &values[len(values)-1], Before: &values[len(values)-2],
	}
	steps := nice(low, high)
	bottom, top := steps[0], steps[len(steps)-1]
	y := scale(bottom, top, graphBottom, graphTop)
	from, to := times[0], times[len(times)-1]
	x := func(t time.Time) float64 {
		return scale(0, to.Sub(from).Seconds(), graphLeft+12, graphRight-12)(t.Sub(from).Seconds())
	}
	for _, s := range steps {
		g.Up = append(g.Up, tick{unit(y(s)), strconv.FormatFloat(s, 'f', -1, 64)})
	}
	g.Across = []tick{{unit(x(from)), day(values[0].Date).Short}, {unit(x(to)), day(g.Last.Date).Short}}
	g.Band = referenceBand(*g.Last, bottom, top, y)
	for i, v := range values {
		px, py := x(times[i]), y(v.Number)
		g.Points = append(g.Points, mark(v, px, py))
		command := "L"
		if i == 0 {
			command = "M"
		}
		g.Line += command + unit(px) + " " + unit(py)
	}
	g.LastX, g.LastY = unit(x(to)+14), unit(y(g.Last.Number))
	return g
}

// mark is the dot of a value: a diamond where it is flagged, a ring where it is not exact.
func mark(v compose.Value, x, y float64) dot {
	d := dot{X: unit(x), Y: unit(y), Label: v.Text, Out: v.Flag != "" && v.Flag != "normal", Hollow: inexact(v)}
	d.Corners = unit(x) + "," + unit(y-7) + " " + unit(x+7) + "," + unit(y) + " " + unit(x) + "," + unit(y+7) + " " + unit(x-7) + "," + unit(y)
	return d
}

// inexact tells whether a value was given with a comparator.
func inexact(v compose.Value) bool {
	return len(v.Text) > 0 && (v.Text[0] == '<' || v.Text[0] == '>')
}

// drawable gives the values that can be drawn, oldest first, and when they are of.
func drawable(t compose.Test) (values []compose.Value, times []time.Time) {
	for i := len(t.Values) - 1; i >= 0; i-- {
		v := t.Values[i]
		if v.Cancelled || !strings.ContainsAny(v.Text, "0123456789") { // no figure to draw
			continue
		}
		if at, ok := v.Date.Time(); ok && !math.IsNaN(v.Number) && !math.IsInf(v.Number, 0) {
			values, times = append(values, v), append(times, at)
		}
	}
	return values, times
}

// spread is the least and the greatest of the values and of the newest reference range.
func spread(values []compose.Value) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		low, high = min(low, v.Number), max(high, v.Number)
	}
	last := values[len(values)-1]
	for _, s := range []string{last.Low, last.High} {
		if n, err := strconv.ParseFloat(s, 64); err == nil {
			low, high = min(low, n), max(high, n)
		}
	}
	return low, high
}

// nice gives the steps of an axis that holds low and high: 1, 2 or 5 times a power of ten apart.
func nice(low, high float64) []float64 {
	if high <= low {
		low, high = low-1, high+1
	}
	rough := (high - low) / 4
	power := math.Pow(10, math.Floor(math.Log10(rough)))
	step := 10 * power
	for _, m := range []float64{1, 2, 5} {
		if m*power >= rough {
			step = m * power
			break
		}
	}
	decimals := max(0, int(-math.Floor(math.Log10(step))))
	var all []float64
	for i := math.Floor(low / step); ; i++ {
		v, _ := strconv.ParseFloat(strconv.FormatFloat(i*step, 'f', decimals, 64), 64)
		all = append(all, v)
		if v >= high || len(all) > 12 {
			return all
		}
	}
}

// referenceBand is the range of the newest value, cut to what is drawn.
func referenceBand(last compose.Value, bottom, top float64, y func(float64) float64) *band {
	low, errLow := strconv.ParseFloat(last.Low, 64)
	high, errHigh := strconv.ParseFloat(last.High, 64)
	if errLow != nil && errHigh != nil {
		return nil
	}
	if errLow != nil {
		low = bottom
	}
	if errHigh != nil {
		high = top
	}
	if low > high {
		return nil
	}
	return &band{unit(y(high)), unit(y(low) - y(high)), reference(last)}
}

// reference is a value's reference range in words.
func reference(v compose.Value) string {
	switch {
	case v.Low != "" && v.High != "":
		return v.Low + " to " + v.High
	case v.Low != "":
		return v.Low + " or more"
	case v.High != "":
		return v.High + " or less"
	}
	return ""
}

// scale maps the range a to b onto p to q.
func scale(a, b, p, q float64) func(float64) float64 {
	if a == b {
		return func(float64) float64 { return (p + q) / 2 }
	}
	return func(v float64) float64 { return p + (v-a)/(b-a)*(q-p) }
}

func unit(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }
