package match

// Every field is compared on a scale of its own, from agreement to difference.
// What a step is worth stands in weights.json under the words of the step.

// The fields.
const (
	fieldNumber    = "NHS number"
	fieldBorn      = "date of birth"
	fieldFamily    = "family name"
	fieldGiven     = "given name"
	fieldSex       = "sex"
	fieldPostcode  = "postcode"
	fieldLine      = "address"
	fieldLocality  = "locality"
	fieldTelephone = "telephone"
	fieldPractice  = "practice"
	fieldLocal     = "local number"
	fieldKin       = "next of kin"
)

// level grades one comparison; a higher one is stronger agreement.
type level int

const (
	differs level = iota - 1
	unknown       // one side does not say
	weak          // an initial, a part of a date
	near          // could be a slip, could be somebody else
	close         // spelt alike, a known short form, digits changed over
	exact
)

// step is one step of a scale.
type step struct {
	words string
	level level
}

// scale is how a field is compared. Step 0 of a finding is "one side does not
// say"; step n is steps[n-1].
type scale struct {
	field string
	steps []step
}

// Places of the fields in a pattern.
const (
	atNumber = iota
	atBorn
	atFamily
	atGiven
	atSex
	atPostcode
	atLine
	atLocality
	atTelephone
	atPractice
	atLocal
	atKin
	fieldCount
)

// The steps of each field, by name.
const (
	numberAgrees, numberSlip, numberDiffers                                                           = 1, 2, 3
	bornAgrees, bornSwapped, bornSlip, bornYear, bornPart, bornDiffers                                = 1, 2, 3, 4, 5, 6
	familyAgrees, familyPart, familyAlike, familySwapped, familyNear, familyDiffers                   = 1, 2, 3, 4, 5, 6
	givenAgrees, givenForm, givenAlike, givenMiddle, givenSwapped, givenInitial, givenTwin, givenNear = 1, 2, 3, 4, 5, 6, 7, 8
	givenDiffers                                                                                      = 9
	setAgrees, setAlike, setPart, setDiffers                                                          = 1, 2, 3, 4
	agreesOnly, differsOnly                                                                           = 1, 2
	kinAgrees, kinPart, kinDiffers                                                                    = 1, 2, 3
)

// scales are in the order of the places.
var scales = [fieldCount]scale{
	{fieldNumber, []step{{"agrees", exact}, {"differs by one slip", near}, {"differs", differs}}},
	{fieldBorn, []step{{"agrees", exact}, {"agrees with day and month changed over", close}, {"differs by one slip in day or month", close},
		{"differs by one slip in the year", near}, {"agrees as far as it is given", weak}, {"differs", differs}}},
	{fieldFamily, []step{{"agrees", exact}, {"agrees in part", close}, {"is spelt alike", close}, {"and given name agree, changed over", close},
		{"is spelt somewhat alike", near}, {"differs", differs}}},
	{fieldGiven, []step{{"agrees", exact}, {"is a form of the same name", close}, {"is spelt alike", close}, {"agrees with a middle name", close},
		{"and family name agree, changed over", close}, {"agrees as an initial", weak}, {"is another name spelt alike", near}, {"is spelt somewhat alike", near},
		{"differs", differs}}},
	{fieldSex, []step{{"agrees", exact}, {"differs", differs}}},
	{fieldPostcode, []step{{"agrees", exact}, {"is written alike", close}, {"is of the same district", weak}, {"differs", differs}}},
	{fieldLine, []step{{"agrees", exact}, {"is written alike", close}, {"is in the same street", weak}, {"differs", differs}}},
	{fieldLocality, []step{{"agrees", exact}, {"is written alike", close}, {"agrees in part", weak}, {"differs", differs}}},
	{fieldTelephone, []step{{"agrees", exact}, {"differs by one slip", near}, {"differs", differs}}},
	{fieldPractice, []step{{"agrees", exact}, {"differs", differs}}},
	{fieldLocal, []step{{"agrees", exact}, {"differs by one slip", near}, {"differs", differs}}},
	{fieldKin, []step{{"agrees by name and telephone", exact}, {"agrees by name or telephone", weak}, {"is somebody else", differs}}},
}

// said are the words of each step of each field ("date of birth agrees").
var said = func() (all [fieldCount][]string) {
	for place, s := range scales {
		for _, st := range s.steps {
			all[place] = append(all[place], s.field+" "+st.words)
		}
	}
	return all
}()

// pattern is the steps of one pair, by place.
type pattern [fieldCount]uint8

func (p pattern) level(place int) level {
	if p[place] == 0 {
		return unknown
	}
	return scales[place].steps[p[place]-1].level
}
