package match

import (
	"slices"
	"strconv"
)

// Tokens returns the strings under which an identity is to be found as a
// candidate: each is "kind|value"; two identities that Compare could call
// Same or Ask share at least one. The store keeps them keyed (HMAC).
//
// The kinds: nhs, the number; nd, the sound of a name and the date of birth
// (nt with day and month in either order, nf a given name's known forms); dp,
// date of birth and postcode; np and nm, the sound of a name with a postcode
// or a telephone.
func Tokens(id Identity) []string {
	var out []string
	add := func(kind string, values ...string) {
		t := kind
		for _, v := range values {
			t += "|" + v
		}
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	if valid(id.NHS) {
		add("nhs", string(id.NHS))
	}
	born := realDate(id.Born)
	places, phones := postcodes(id.Postcodes), telephones(id.Telephones)
	if len(born) == 10 {
		for _, p := range places {
			add("dp", born, p)
		}
	}
	for _, n := range plainNames(id.Names) {
		for _, s := range append(sounds(n.family), sounds(n.given)...) {
			if len(born) == 10 {
				add("nd", s, born)
				add("nt", s, eitherOrder(born))
			}
			for _, p := range places {
				add("np", s, p)
			}
			for _, p := range phones {
				add("nm", s, p)
			}
		}
		if len(n.given) > 0 && len(born) == 10 {
			for _, i := range formsOf[n.given[0]] {
				add("nf", strconv.Itoa(i), born)
			}
		}
	}
	return out
}

// eitherOrder is the same for a date and for that date with day and month changed over.
func eitherOrder(date string) string {
	if s := swapDayMonth(date); s != "" && s < date {
		return s
	}
	return date
}
