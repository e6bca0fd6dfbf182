package match

import (
	_ "embed"
	"encoding/json"
	"math"
	"strings"

	"kmcr"
)

// Weights is the readable form of a model (Fellegi and Sunter 1969): how
// often each step of each field is seen of one person, and of two.
type Weights struct {
	Version string `json:"version"`
	From    string `json:"from"` // of what data they were estimated
	// Prior is the log2 odds that a patient and a candidate drawn from the population are one person.
	Prior  float64       `json:"prior"`
	Fields []FieldWeight `json:"fields"`
}

// FieldWeight is the steps of one field.
type FieldWeight struct {
	Field string       `json:"field"`
	Steps []StepWeight `json:"steps"`
}

// StepWeight is the share of pairs of one person, and of pairs of two, that
// are seen at this step; Weight is log2 of the one over the other.
type StepWeight struct {
	Words  string  `json:"words"`
	Same   float64 `json:"same"`
	Other  float64 `json:"other"`
	Weight float64 `json:"weight"`
}

// Model judges pairs by weights and by how common names are. It is never changed once made.
type Model struct {
	prior     float64
	same      [fieldCount][]float64
	other     [fieldCount][]float64
	weights   [fieldCount][]float64
	families  map[string]float64 // share of people by folded family name
	given     map[string]float64
	rare      float64 // the share of a name that is on no list
	namesFrom float64 // a given name of at least this share is a name that people have
	alone     bool    // no two people of those compared share a home
	personal  bool    // a number of another register is hardly ever another person's among those compared
}

//go:embed weights.json
var weightsData []byte

// standard is the model by which patients are placed.
var standard = mustStandard()

func mustStandard() *Model {
	var w Weights
	if err := json.Unmarshal(weightsData, &w); err != nil {
		panic("match: weights.json: " + err.Error())
	}
	m, err := NewModel(w)
	if err != nil {
		panic(err)
	}
	m.families, m.given = commonFamilies, commonGiven
	return m
}

// Standard returns the model by which patients are placed.
func Standard() *Model { return standard }

// NewModel makes a model of weights. Every field and step must be there; the
// weights of the file are not read but reckoned afresh from the shares.
func NewModel(w Weights) (*Model, error) {
	m := &Model{prior: w.Prior, rare: rareName}
	for place, s := range scales {
		m.same[place], m.other[place] = make([]float64, len(s.steps)), make([]float64, len(s.steps))
		for i, st := range s.steps {
			found := w.step(s.field, st.words)
			if found == nil || found.Same <= 0 || found.Other <= 0 {
				return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "the weights lack a step", Where: s.field + " " + st.words, Remedy: "Estimate them again (kmcr match estimate)."}
			}
			m.same[place][i], m.other[place][i] = found.Same, found.Other
		}
	}
	m.reckon()
	return m, nil
}

func (w Weights) step(field, words string) *StepWeight {
	for i := range w.Fields {
		if w.Fields[i].Field != field {
			continue
		}
		for k := range w.Fields[i].Steps {
			if w.Fields[i].Steps[k].Words == words {
				return &w.Fields[i].Steps[k]
			}
		}
	}
	return nil
}

// Weights gives the model in its readable form.
func (m *Model) Weights(version, from string) Weights {
	w := Weights{Version: version, From: from, Prior: round(m.prior)}
	for place, s := range scales {
		f := FieldWeight{Field: s.field}
		for i, st := range s.steps {
			f.Steps = append(f.Steps, StepWeight{st.words, round(m.same[place][i]), round(m.other[place][i]), round(m.weights[place][i])})
		}
		w.Fields = append(w.Fields, f)
	}
	return w
}

// round keeps four significant digits.
func round(x float64) float64 {
	if x == 0 {
		return 0
	}
	scale := math.Pow(10, 3-math.Floor(math.Log10(math.Abs(x))))
	return math.Round(x*scale) / scale
}

// reckon makes the weights of the shares.
func (m *Model) reckon() {
	for place := range scales {
		m.weights[place] = make([]float64, len(m.same[place]))
		for i := range m.weights[place] {
			m.weights[place][i] = math.Log2(m.same[place][i] / m.other[place][i])
		}
	}
}

func (m *Model) weight(place int, step uint8) float64 {
	if step == 0 {
		return 0
	}
	return m.weights[place][step-1]
}

// rarer is by how much agreement on this very name says more, or less, than
// agreement on any name.
func (m *Model) rarer(shares map[string]float64, name string, place int) float64 {
	share, ok := shares[name]
	if !ok {
		share = m.rare
	}
	return math.Log2(m.other[place][0] / max(share, m.rare))
}

// isName tells whether a given name is one that people have.
func (m *Model) isName(s string) bool {
	return m.given[s] >= m.namesFrom && m.given[s] > 0 || m.namesFrom == 0 && formsOf[s] != nil
}

// Compare judges two. It is symmetric and pure.
func (m *Model) Compare(a, b *Profile) Verdict {
	p, name := m.pattern(a, b)
	v := Verdict{Score: m.prior, Reasons: make([]Reason, 0, fieldCount), further: name.middle == differs || name.middle == near}
	for place, step := range p {
		if step == 0 {
			continue
		}
		w := m.weight(place, step)
		switch {
		case place == atFamily && name.shared != "":
			w += m.rarer(m.families, name.shared, place)
		case place == atGiven && name.sharedGiven != "":
			w += m.rarer(m.given, name.sharedGiven, place)
		}
		v.Score += w
		v.Reasons = append(v.Reasons, Reason{Field: scales[place].field, Words: said[place][step-1], Weight: w, differs: p.level(place) == differs || p.level(place) == near})
	}
	v.Outcome, v.Rule = evidence{p, name.middle, a.soft || b.soft || a.number.Test() != b.number.Test(), m.alone, m.personal, v.Score}.judge()
	if v.Outcome != Different && !sharesToken(a, b, m.alone) {
		v.Outcome, v.Rule = Different, "they have too little in common"
	}
	return v
}

// pattern compares field by field.
func (m *Model) pattern(a, b *Profile) (pattern, nameFinding) {
	name := m.compareNames(a.names, b.names)
	return pattern{
		atNumber:    compareNumbers(a, b),
		atBorn:      compareBorn(a.born, b.born),
		atFamily:    name.family,
		atGiven:     name.given,
		atSex:       compareOne(a.sex, b.sex),
		atPostcode:  compareSets(a.postcodes, b.postcodes, comparePostcode),
		atLine:      compareSets(a.lines, b.lines, compareLine),
		atLocality:  compareSets(a.localities, b.localities, compareLocality),
		atTelephone: compareSets(a.telephones, b.telephones, compareDigits),
		atPractice:  compareOne(a.practice, b.practice),
		atLocal:     compareLocals(a.locals, b.locals),
		atKin:       m.compareKin(a.kin, b.kin),
	}, name
}

// nameShares counts how common folded names are among profiles.
func nameShares(profiles []*Profile) (families, given map[string]float64) {
	families, given = map[string]float64{}, map[string]float64{}
	n := float64(max(len(profiles), 1))
	for _, p := range profiles {
		for _, name := range p.names {
			if name.joined != "" {
				families[name.joined] += 1 / n
			}
			if len(name.given) > 0 {
				given[name.given[0]] += 1 / n
			}
		}
	}
	return families, given
}

// tableOf reads lines of "share name name …", shares in people per
// 100,000; of a name that stands in several the largest counts.
func tableOf(text string, share func(string) float64) map[string]float64 {
	out := map[string]float64{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		for _, w := range words[min(1, len(words)):] {
			out[w] = max(out[w], share(words[0])/100000)
		}
	}
	return out
}
