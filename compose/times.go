package compose

import (
	"slices"
	"strconv"
	"strings"
)

// The times of day at which medicines are given in a home.
const (
	Morning     = "Morning"
	Midday      = "Midday"
	Evening     = "Evening"
	Night       = "Night"
	WhenNeeded  = "When needed"
	TimeNotSaid = "Time of day not stated"
)

// TimesOfDay lists them in their order.
var TimesOfDay = []string{Morning, Midday, Evening, Night, WhenNeeded, TimeNotSaid}

// timeWords are the words by which directions name a time of day.
var timeWords = map[string][]string{
	Morning:    {"morning", "mornings", "breakfast", "mane", "waking"},
	Midday:     {"midday", "noon", "lunch", "lunchtime", "afternoon"},
	Evening:    {"evening", "evenings", "teatime", "dinner", "supper", "tea"},
	Night:      {"night", "nights", "bedtime", "nocte", "bed"},
	WhenNeeded: {"needed", "required", "prn", "necessary"},
}

// TimesOfDay are those at which this medicine is to be given, as its coded times or its words say. What says only how often is not
// spread over the day: nothing is guessed.
func (m Medicine) TimesOfDay() []string {
	var out []string
	said := m.Directions
	for _, other := range m.Also { // another strength has times of its own
		said += " " + other.Directions
	}
	words := strings.FieldsFunc(strings.ToLower(said+" "+m.AsNeeded+" "+m.Frequency+" "+strings.Join(m.Times, " ")), notInWord)
	for _, t := range TimesOfDay {
		if slices.ContainsFunc(timeWords[t], func(w string) bool { return slices.Contains(words, w) }) {
			out = append(out, t)
		}
	}
	for _, at := range m.Times {
		if t := partOfDay(at); t != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	if len(out) == 0 {
		return []string{TimeNotSaid}
	}
	return out
}

// partOfDay is the part of the day of a time on the clock, "" for words.
func partOfDay(at string) string {
	hour, _, ok := strings.Cut(at, ":")
	n, err := strconv.Atoi(hour)
	switch {
	case !ok || err != nil:
		return ""
	case n >= 4 && n < 11:
		return Morning
	case n >= 11 && n < 15:
		return Midday
	case n >= 15 && n < 20:
		return Evening
	}
	return Night
}
