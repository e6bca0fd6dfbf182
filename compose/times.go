package compose

import (
	"regexp"
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
	Night:      {"night", "nights", "bedtime", "nightly", "nocte", "bed"},
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
	said = strings.Join(append([]string{said, m.AsNeeded, m.Frequency}, m.Times...), "; ")
	for _, t := range TimesOfDay {
		if names(said, timeWords[t]) {
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

// clauseEnds part directions into clauses: what one denies the next may say.
var clauseEnds = regexp.MustCompile(`[.,;:()\n–]|\bbut\b|\binstead\b`)

var apostrophes = strings.NewReplacer("don't", "not", "don’t", "not")

// onlyAfter are words that name a time of day only after some others: before bed is a time, bed rest and a cup of tea are none.
var onlyAfter = map[string][]string{"bed": {"before", "to", "at"}, "tea": {"at", "with", "before", "after"}}

// names tells whether directions say any of some words, other than to deny them: "not at night" names no time.
func names(directions string, any []string) bool {
	for _, clause := range clauseEnds.Split(apostrophes.Replace(strings.ToLower(directions)), -1) {
		words := strings.FieldsFunc(clause, notInWord)
		for n, w := range words {
			if denies(words, n) {
				break
			}
			if after, some := onlyAfter[w]; slices.Contains(any, w) && (!some || n > 0 && slices.Contains(after, words[n-1])) {
				return true
			}
		}
	}
	return false
}

// denies tells whether the word at n denies what follows it in its clause; "no more than two" denies nothing but a third.
func denies(words []string, n int) bool {
	if !slices.Contains([]string{"not", "never", "avoid", "except", "no", "without", "omit"}, words[n]) {
		return false
	}
	next := words[min(n+1, len(words)-1):]
	return len(next) == 0 || !slices.Contains(next[:min(2, len(next))], "more") && !slices.Contains(next[:min(2, len(next))], "exceed")
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
