package match

// The working thresholds, in log2 odds. Above certain a link is made where the
// rules allow it; between doubtful and certain a person is asked.
const (
	certain  = 10 // a thousand to one
	doubtful = 0  // even
)

// evidence is one pair as the rules see it.
type evidence struct {
	pattern
	middle   level
	soft     bool // a number is not verified by its sender, or one of the two is of the range that nobody is given
	alone    bool // those compared are known not to live with their kin
	personal bool // numbers of other registers are known to be nobody else's
	score    float64
}

// judge applies the rules that stand above the weights, in the order in which
// a records officer would.
func (e evidence) judge() (Outcome, string) {
	switch e.pattern[atNumber] {
	case numberAgrees:
		return e.sameNumber()
	case numberSlip, numberDiffers:
		return e.otherNumber()
	}
	return e.noNumber()
}

// sameNumber: the number agrees; date of birth and name have to agree as well.
func (e evidence) sameNumber() (Outcome, string) {
	if e.alone && e.score >= certain {
		if outcome, rule := e.noKin(); outcome == Same {
			return outcome, rule
		}
	}
	switch {
	case e.level(atBorn) != exact:
		return Ask, "the number agrees, but the date of birth does not confirm it"
	case e.level(atFamily) < close:
		return Ask, "the number agrees, but the family name does not confirm it"
	case e.level(atGiven) < weak || e.level(atGiven) == near:
		return Ask, "the number agrees, but the given name does not confirm it"
	case e.middle == differs || e.middle == near:
		return Ask, "the number agrees, but a further given name does not confirm it"
	case e.level(atSex) == differs && (e.level(atGiven) < exact || e.level(atFamily) < exact):
		return Ask, "the number agrees, but sex and name do not confirm it"
	}
	return Same, "number, date of birth and name agree"
}

// otherNumber: two valid numbers that differ are two people, unless
// everything else is the same, when one of the numbers may be wrong.
func (e evidence) otherNumber() (Outcome, string) {
	if e.namedAndBornExactly() && e.level(atSex) != differs && e.middle != differs && (e.soft || e.placed()) {
		return Ask, "the numbers differ, but all else is the same: one of them may be wrong"
	}
	return Different, "two numbers are two people"
}

// noNumber: one of the two has no number.
func (e evidence) noNumber() (Outcome, string) {
	likely := e.score >= doubtful && e.plausible()
	switch {
	case !likely && e.namedAndBornExactly() && e.level(atSex) != differs:
		return Ask, "name and date of birth agree, and much else does not"
	case !likely:
		return Different, "too little speaks for one person"
	case e.score < certain:
		return Ask, "likely, but not certain"
	case e.alone:
		return e.noKin()
	case e.level(atSex) == differs:
		return Ask, "all but the sex agrees"
	case e.level(atLocal) == exact && e.middle != differs && e.level(atBorn) >= near && e.level(atFamily) >= close && e.level(atGiven) >= close:
		return Same, "a number of another register, name and date of birth agree"
	case e.personal && e.middle != differs && e.ownNumber():
		return Same, "a number of another register agrees, which is hardly ever another person's here, and so does what else is known"
	case e.middle == differs || e.middle == near || e.middle == close:
		return Ask, "all but a further given name agrees"
	case !e.bornSurely():
		return Ask, "the date of birth does not confirm it"
	case e.level(atFamily) < close:
		return Ask, "the family name does not confirm it"
	case e.level(atLocal) == differs:
		return Ask, "another register has two numbers for them"
	case e.level(atGiven) < exact && !(e.changedOver() && e.level(atBorn) == exact):
		return Ask, "the given name does not confirm it in full"
	case !e.placed():
		return Ask, "name and date of birth agree, but nothing else ties the two together"
	}
	return Same, "name, date of birth and place agree"
}

// plausible: of one who has no number, what could be one person's.
func (e evidence) plausible() bool {
	named := e.level(atFamily) >= weak || e.level(atGiven) >= weak
	switch {
	case e.alone:
		return true
	case e.level(atLocal) == exact:
		return named || e.level(atBorn) > unknown
	case e.personal && e.level(atLocal) == near && e.level(atFamily) >= close && e.level(atGiven) >= close && e.level(atBorn) != differs:
		return true
	case e.level(atBorn) == unknown:
		return e.level(atFamily) == exact && e.level(atGiven) == exact && e.reachable()
	case e.level(atBorn) == differs:
		return false // father and son
	case e.level(atGiven) == differs:
		return false // brothers and sisters
	}
	return named
}

// noKin: among people of whom no two share a home, what differs is a slip or
// a change and not a relative; two of name, name and birth, or one of them
// and a number, have to agree all the same.
func (e evidence) noKin() (Outcome, string) {
	agree := 0
	for _, place := range []int{atFamily, atGiven, atBorn} {
		if e.level(place) >= near {
			agree++
		}
	}
	numbered := e.level(atLocal) >= near
	if numbered {
		agree++
	}
	switch {
	case numbered && !e.personal && e.level(atGiven) == differs && e.level(atBorn) == differs:
		return Ask, "a number agrees, but neither given name nor date of birth"
	case !numbered && (e.level(atGiven) == differs || e.level(atGiven) == unknown):
		return Ask, "another given name or none, and no number to confirm it"
	case !numbered && e.level(atBorn) == differs:
		return Ask, "another date of birth, and no number to confirm it"
	case e.level(atLocal) == differs && (e.level(atBorn) < close || e.level(atGiven) < close):
		return Ask, "another register has two numbers for them, and given name or date of birth does not confirm that they are one"
	}
	if e.level(atBorn) < near && e.changedOver() {
		agree-- // of two first names each may be either's: changed over they agree once
	}
	if agree >= 3 && e.somewhere() && (numbered || e.inOneStreet()) || agree >= 2 && (numbered || e.placed()) {
		return Same, "name or date of birth and place agree, and no relatives live together here"
	}
	return Ask, "likely, but little of it is of the person alone"
}

// ownNumber: where numbers of other registers are nobody else's, one that agrees needs some of name and birth beside it and nothing of
// the person against it. One that differs by a slip may be that of a brother who was registered on the same day.
func (e evidence) ownNumber() bool {
	if e.level(atGiven) == differs || e.level(atBorn) == differs {
		return false
	}
	own := 0
	for _, place := range []int{atGiven, atBorn} {
		if e.level(place) >= near {
			own++
		}
	}
	switch e.level(atLocal) {
	case exact:
		return own == 2 || own == 1 && (e.level(atFamily) >= near || e.level(atFamily) == unknown && e.placed())
	case near:
		return e.level(atGiven) == exact && e.level(atBorn) >= close && e.placed()
	}
	return false
}

// bornSurely: the whole date, or one slip in it that cannot part a father from his son.
func (e evidence) bornSurely() bool { return e.level(atBorn) >= close }

// namedAndBornExactly: family and first given name in full, and the whole date.
func (e evidence) namedAndBornExactly() bool {
	return e.level(atBorn) == exact && e.level(atFamily) == exact && e.level(atGiven) == exact
}

// changedOver: both names agree in full, each in the other's place, which no relative's do.
func (e evidence) changedOver() bool {
	return e.pattern[atGiven] == givenSwapped && e.pattern[atFamily] == familySwapped
}

// reachable: the two share a postcode or telephone, under which they can be found.
func (e evidence) reachable() bool {
	return e.level(atPostcode) == exact || e.level(atTelephone) == exact
}

// somewhere: one part of where is the same or nearly so, whatever the others say.
func (e evidence) somewhere() bool {
	return e.level(atLine) >= weak || e.level(atPostcode) >= close || e.level(atLocality) >= close
}

// inOneStreet: the house number differs or lacks, and the rest of where they live is the same but for slips.
func (e evidence) inOneStreet() bool {
	return e.level(atLine) >= weak && e.level(atPostcode) >= close && e.level(atLocality) >= close
}

// placed: something besides name and birth ties the two together. A house
// number and a street are in every town: something of where has to agree too.
// The same next of kin does as the same home does; brothers and sisters have both.
func (e evidence) placed() bool {
	home := e.level(atLine) >= close && (e.level(atPostcode) >= close || e.level(atLocality) >= close || e.level(atPostcode) == unknown && e.level(atLocality) == unknown)
	return home || e.reachable() || e.level(atKin) == exact
}
