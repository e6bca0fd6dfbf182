package match

import (
	"slices"
	"strconv"
	"strings"
)

// TokenEdition counts the changes of what Tokens gives for the same identity. A store that was filled under an earlier edition is
// given the tokens of this one before anybody is placed.
const TokenEdition = 4

// findable are the tokens. The kinds: nhs, the number; nd, the sound of a
// name and the date of birth with day and month in either order, nf the same of
// a given name's known forms; dp, date of birth and postcode, ds date of birth and
// street; np and nm, the sound of a name with a postcode or a telephone; ns,
// that with a street and where it is, fs, the sounds of both names with a
// street wherever it is, for a county has many a 1 High Street; nl, dl and pl,
// a local number with the sound of a name, the date of birth or a postcode,
// never by itself.
func (p *Profile) findable() []string {
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
	if p.number != "" {
		add("nhs", string(p.number))
	}
	for _, n := range p.superseded {
		add("nhs", string(n))
	}
	streets, places := p.streets(), p.places()
	whole := len(p.born) == 10
	for _, c := range p.postcodes {
		if whole {
			add("dp", p.born, c)
		}
	}
	for _, s := range streets {
		if whole {
			add("ds", p.born, s)
		}
	}
	for _, l := range p.locals {
		if whole {
			add("dl", p.born, l)
		}
		for _, c := range p.postcodes {
			add("pl", c, l)
		}
	}
	for _, n := range p.names {
		for _, s := range append(sounds(n.family), sounds(n.given)...) {
			if whole {
				add("nd", s, eitherOrder(p.born))
			}
			for _, c := range p.postcodes {
				add("np", s, c)
			}
			for _, t := range p.telephones {
				add("nm", s, t)
			}
			for _, l := range p.locals {
				add("nl", s, l)
			}
		}
		for _, street := range streets {
			for _, s := range append(sounds(n.family), sounds(n.given)...) {
				for _, place := range places {
					add("ns", s, street, place)
				}
			}
			for _, f := range sounds(n.family) {
				for _, g := range sounds(n.given) {
					add("fs", min(f, g), max(f, g), street)
				}
			}
		}
		if len(n.given) > 0 && whole {
			for _, i := range formsOf[n.given[0]] {
				add("nf", strconv.Itoa(i), p.born)
			}
		}
	}
	return out
}

// streets are the sounds of the first address lines with their numbers.
func (p *Profile) streets() []string {
	var out []string
	for _, l := range p.lines {
		number, street := houseNumber(l)
		first, _, _ := strings.Cut(street, " ")
		if s := sound(first); s != "" {
			out = append(out, number+s)
		}
	}
	return out
}

// places are the sounds of the localities; where there are none, the districts of the postcodes: a postcode of this country without
// its last three characters.
func (p *Profile) places() []string {
	var out []string
	for _, l := range p.localities {
		first, _, _ := strings.Cut(l, " ")
		if s := sound(first); s != "" {
			out = append(out, s)
		}
	}
	for _, c := range p.postcodes {
		if len(c) > 4 && len(p.localities) == 0 {
			out = append(out, c[:len(c)-3])
		}
	}
	return out
}

// sharesToken tells whether the two can be found by one another.
func sharesToken(a, b *Profile) bool {
	return slices.ContainsFunc(a.Tokens(), func(t string) bool { return slices.Contains(b.Tokens(), t) })
}

// eitherOrder is the same for a date and for that date with day and month changed over.
func eitherOrder(date string) string {
	if s := swapDayMonth(date); s != "" && s < date {
		return s
	}
	return date
}
