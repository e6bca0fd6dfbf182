package match

import (
	"slices"
	"strconv"
	"strings"

	"kmcr"
)

// TokenEdition counts the changes of what Tokens gives for the same identity. A store that was filled under an earlier edition is
// given the tokens of this one before anybody is placed.
const TokenEdition = 5

// NumberToken is the token of those who carry an NHS number.
func NumberToken(n kmcr.NHSNumber) string { return string(n) + "|nhs" }

// Tokens are those under which others are looked for who may be the same person, each "near|kind|value…": those of one near are of the
// same date of birth, postcode, street, telephone or number, and the store keeps them side by side, so that whoever comes is put down
// and looked for in few places. The kinds: nhs, the number; nd, the sound of a name and the date of birth with day and month in either
// order, nf the same of a given name's known forms; dp, date of birth and postcode, ds date of birth and street; np and nm, the sound of
// a name with a postcode or a telephone, ns with a street and where it is, fs the sounds of both names with a street wherever it is,
// for a county has many a 1 High Street: each of these with the year of birth and with the day and month, one of which a slip leaves
// as it was, so that not everybody is found who has a relative or a namesake there; fp and fm, the sounds of both names with a postcode
// or a telephone, for those whose birth is not known; nl, dl and pl, a local number with the sound of a name, the date of birth or a
// postcode, never by itself.
func (p *Profile) findable() []string {
	t := p.ofBirthAndNumbers()
	for _, b := range p.birthParts() {
		p.addHome(&t, b)
	}
	for _, n := range p.names {
		for _, both := range n.bothSounds() {
			t.where(p, "f", both)
		}
	}
	return t.all
}

// Kept are the tokens that the store keeps of somebody: those under which others look for the same person, and the sounds of the family
// name with the postcode, by which people look for a person.
func (p *Profile) Kept() []string {
	t := tokens{slices.Clone(p.Tokens())}
	for _, n := range p.names {
		for _, s := range sounds(n.family) {
			for _, c := range p.postcodes {
				t.add(c, "sp", s)
			}
		}
	}
	return t.all
}

// among are the tokens under which somebody is looked for in one file: as Tokens, but whenever somebody was born. Where no relatives
// are, the date of birth may be wholly wrong.
func (p *Profile) among() []string {
	if p.inFile == nil {
		t := p.ofBirthAndNumbers()
		p.addHome(&t, "")
		p.inFile = t.all
	}
	return p.inFile
}

// addHome adds the tokens of names with where somebody lives or is reached, and with a part of the date of birth.
func (p *Profile) addHome(t *tokens, born string) {
	streets, places := p.streets(), p.places()
	for _, n := range p.names {
		for _, s := range n.eitherSound() {
			t.where(p, "n", s+"|"+born)
			for _, street := range streets {
				for _, place := range places {
					t.add(street, "ns", s, place, born)
				}
			}
		}
		for _, both := range n.bothSounds() {
			for _, street := range streets {
				t.add(street, "fs", both, born)
			}
		}
	}
}

// eitherSound are the sounds of the family name and of the given names.
func (n plainName) eitherSound() []string { return append(sounds(n.family), sounds(n.given)...) }

// bothSounds are the sounds of family name and given names, two and two, whichever is which.
func (n plainName) bothSounds() (all []string) {
	for _, f := range sounds(n.family) {
		for _, g := range sounds(n.given) {
			all = append(all, min(f, g)+"|"+max(f, g))
		}
	}
	return all
}

// tokens are the tokens of one, each once.
type tokens struct{ all []string }

func (t *tokens) add(near, kind string, values ...string) {
	token := near + "|" + kind
	for _, v := range values {
		token += "|" + v
	}
	if !slices.Contains(t.all, token) {
		t.all = append(t.all, token)
	}
}

// where adds a value with each postcode and each telephone.
func (t *tokens) where(p *Profile, kind, value string) {
	for _, c := range p.postcodes {
		t.add(c, kind+"p", value)
	}
	for _, n := range p.telephones {
		t.add(n, kind+"m", value)
	}
}

// ofBirthAndNumbers are the tokens of a number, of a whole date of birth, and of a local number.
func (p *Profile) ofBirthAndNumbers() (t tokens) {
	if p.number != "" {
		t.all = append(t.all, NumberToken(p.number))
	}
	for _, n := range p.superseded {
		if token := NumberToken(n); !slices.Contains(t.all, token) {
			t.all = append(t.all, token)
		}
	}
	if len(p.born) == 10 {
		p.addBorn(&t, eitherOrder(p.born))
	}
	for _, l := range p.locals {
		for _, c := range p.postcodes {
			t.add(c, "pl", l)
		}
		for _, n := range p.names {
			for _, s := range n.eitherSound() {
				t.add(strings.ReplaceAll(l, "|", " "), "nl", s)
			}
		}
	}
	return t
}

// addBorn adds the tokens of a whole date of birth; near is that date in either order.
func (p *Profile) addBorn(t *tokens, near string) {
	for _, c := range p.postcodes {
		t.add(near, "dp", p.born, c)
	}
	for _, s := range p.streets() {
		t.add(near, "ds", p.born, s)
	}
	for _, l := range p.locals {
		t.add(near, "dl", p.born, l)
	}
	for _, n := range p.names {
		for _, s := range n.eitherSound() {
			t.add(near, "nd", s)
		}
		if len(n.given) > 0 {
			for _, i := range formsOf[n.given[0]] {
				t.add(near, "nf", strconv.Itoa(i), p.born)
			}
		}
	}
}

// birthParts are the year, and the day and month, as far as they are known.
func (p *Profile) birthParts() []string {
	switch {
	case len(p.born) == 10:
		return []string{p.born[:4], p.born[5:]}
	case p.born != "":
		return []string{p.born[:4]}
	}
	return nil
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

// sharesToken tells whether the two can be found by one another; among, in one file.
func sharesToken(a, b *Profile, among bool) bool {
	if a.number != "" && a.number == b.number || sharesBirthAndSound(a, b) { // most do, and to make all tokens of both takes long
		return true
	}
	x, y := a.Tokens(), b.Tokens()
	if among {
		x, y = a.among(), b.among()
	}
	return slices.ContainsFunc(x, func(t string) bool { return slices.Contains(y, t) })
}

// sharesBirthAndSound tells whether the two share a token of the kind nd.
func sharesBirthAndSound(a, b *Profile) bool {
	if len(a.born) != 10 || len(b.born) != 10 || eitherOrder(a.born) != eitherOrder(b.born) {
		return false
	}
	return slices.ContainsFunc(a.names, func(x plainName) bool {
		sounds := x.eitherSound()
		return slices.ContainsFunc(b.names, func(y plainName) bool {
			return slices.ContainsFunc(y.eitherSound(), func(s string) bool { return slices.Contains(sounds, s) })
		})
	})
}

// eitherOrder is the same for a date and for that date with day and month changed over.
func eitherOrder(date string) string {
	if s := swapDayMonth(date); s != "" && s < date {
		return s
	}
	return date
}
