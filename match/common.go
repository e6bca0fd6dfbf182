package match

import (
	_ "embed"
	"strconv"
)

// rareName is the share of people who bear a name that is on neither list.
const rareName = 0.00003

//go:embed families.txt
var familiesText string

//go:embed given.txt
var givenText string

// The common names of Britain with their shares, to the order of magnitude
// that matters here: whether a name in common says much or little.
var (
	commonFamilies = tableOf(familiesText, perHundredThousand)
	commonGiven    = tableOf(givenText, perHundredThousand)
)

func perHundredThousand(s string) float64 {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic("match: a share of names is no number: " + s)
	}
	return n
}
