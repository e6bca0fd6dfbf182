package match

import (
	"math"
	"slices"
)

const (
	samplePairs = 300_000 // pairs drawn for the shares of two people
	rounds      = 40      // of expectation and maximisation, at most
	settled     = 1e-5    // when no share moves by more, the estimate stands
	trust       = 20.0    // how many pairs the start counts for, where data are few
	blockLimit  = 400     // a token of more records than this finds nobody by itself
)

// Candidates lists the pairs of profiles that share a token, each once, in order.
func Candidates(profiles []*Profile) [][2]int {
	byToken := map[string][]int{}
	for i, p := range profiles {
		for _, t := range p.among() {
			byToken[t] = append(byToken[t], i)
		}
	}
	seen := map[[2]int]bool{}
	var pairs [][2]int
	for _, block := range byToken {
		if len(block) > blockLimit {
			continue
		}
		for x, i := range block {
			for _, j := range block[x+1:] {
				if pair := [2]int{i, j}; !seen[pair] {
					seen[pair] = true
					pairs = append(pairs, pair)
				}
			}
		}
	}
	slices.SortFunc(pairs, func(a, b [2]int) int {
		if a[0] != b[0] {
			return a[0] - b[0]
		}
		return a[1] - b[1]
	})
	return pairs
}

// Estimate fits a model to people of whom nobody has said who is who: the
// shares among pairs of two people from pairs drawn at random, those among
// pairs of one person by expectation maximisation over the candidates
// (Dempster, Laird and Rubin 1977; Winkler 1988). start is where it begins,
// and what it keeps of fields that the data do not have.
func Estimate(profiles []*Profile, candidates [][2]int, start *Model) *Model {
	families, given := nameShares(profiles)
	n := float64(len(profiles))
	m := &Model{prior: start.prior, same: start.same, other: start.other, families: families, given: given, rare: 1 / max(n, 2), namesFrom: 3 / max(n, 1)}
	if len(profiles) < 50 {
		m.families, m.given, m.rare, m.namesFrom = start.families, start.given, start.rare, start.namesFrom
		m.reckon()
		return m
	}
	m.reckon()
	m.other = m.shares(drawPairs(profiles), start.other)
	m.reckon()
	seen := map[pattern]float64{}
	for _, c := range candidates {
		p, _ := m.pattern(profiles[c[0]], profiles[c[1]])
		seen[p]++
	}
	all := n * (n - 1) / 2
	m.prior = math.Log2(float64(len(candidates))/3+1) - math.Log2(all)
	f := fitting{Model: m, kin: start.same, kinPrior: m.prior, seen: seen, order: sorted(seen), all: all}
	for range rounds {
		if f.round(start) < settled {
			break
		}
	}
	m.alone = len(profiles) >= enough && f.homes < n*fewKin && !relatives(seen)
	m.personal = personal(seen)
	return m
}

// relatives tells whether what sets a person apart is another's more often than slips would have it, among those of one address and
// family name: in a file of nothing but twins, or fathers and sons, the estimate takes them for what one person looks like. The same
// where it is the NHS number that two share, in a file of numbers that were misapplied.
func relatives(seen map[pattern]float64) bool {
	for _, place := range []int{atGiven, atBorn, atNumber, atLocal} {
		known, others := 0.0, 0.0
		for p, n := range seen {
			together := p.level(atLine) >= close && p.level(atFamily) >= close || p.level(atNumber) == exact
			if !together || p.level(place) == unknown {
				continue
			}
			known += n
			if p.level(place) == differs || place == atGiven && p.level(place) == near {
				others += n
			}
		}
		if known >= enoughShared && others > known/3 {
			return true
		}
	}
	return false
}

// personal tells whether the numbers of other registers are each one person's. Pairs who share one have then slips in given name and
// date of birth now and then, and both at once no oftener than chance brings the two together; where a number is often written down
// for a relative, or for whoever stood beside in the list, both differ at once, and where it tells nothing most differ in something.
func personal(seen map[pattern]float64) bool {
	shared, given, born, both := 0.0, 0.0, 0.0, 0.0
	for p, n := range seen {
		if p.level(atLocal) != exact || p.level(atGiven) == unknown || p.level(atBorn) == unknown {
			continue
		}
		shared += n
		if p.level(atGiven) == differs {
			given += n
		}
		if p.level(atBorn) == differs {
			born += n
			if p.level(atGiven) == differs {
				both += n
			}
		}
	}
	chance := given * born / max(shared, 1)
	return shared >= enoughShared && given+born-both < shared/2 && both <= chance+math.Sqrt(chance)+shared*fewOthers
}

// Of so many pairs who share a number, fewer than this share may look like two people beyond what chance explains.
const (
	enoughShared = 100
	fewOthers    = 0.001
)

// Where of so many people fewer than this share have a relative at the same
// address, the records are of single people (a register of one kind), and the
// rules that keep relatives apart need not apply. Of any real population half do.
const (
	enough = 500
	fewKin = 0.01
)

// fitting is an estimate under way. Pairs are of three kinds: of one person,
// of two of one home, and of two strangers; without the second the first would
// be taken for it, for relatives agree on most of what is written down.
type fitting struct {
	*Model
	kin      [fieldCount][]float64 // shares among pairs of one home
	kinPrior float64               // log2
	kinPairs float64
	homes    float64 // those of them at one address
	seen     map[pattern]float64
	order    []pattern
	all      float64 // pairs there are
}

// ofOne are the fields that belong to a person and not to the home: relatives
// agree on them no more than strangers do.
var ofOne = [fieldCount]bool{atNumber: true, atBorn: true, atGiven: true, atSex: true, atLocal: true}

// drawPairs compares pairs that stride through the people, the same ones every time.
func drawPairs(profiles []*Profile) func(yield func(a, b *Profile) bool) {
	return func(yield func(a, b *Profile) bool) {
		n := len(profiles)
		total := min(samplePairs, n*(n-1)/2)
		state := uint64(0x9e3779b97f4a7c15)
		next := func() int {
			state ^= state << 13
			state ^= state >> 7
			state ^= state << 17
			return int(state % uint64(n))
		}
		for range total {
			i, j := next(), next()
			if i != j && !yield(profiles[i], profiles[j]) {
				return
			}
		}
	}
}

// shares counts the steps among pairs; few pairs move the start by little.
func (m *Model) shares(pairs func(yield func(a, b *Profile) bool), start [fieldCount][]float64) [fieldCount][]float64 {
	var counts [fieldCount][]float64
	for place := range scales {
		counts[place] = make([]float64, len(scales[place].steps))
	}
	for a, b := range pairs {
		p, _ := m.pattern(a, b)
		for place, step := range p {
			if step > 0 {
				counts[place][step-1]++
			}
		}
	}
	return smoothed(counts, start, 1)
}

// smoothed makes shares of counts, the start counting for so many pairs.
func smoothed(counts, start [fieldCount][]float64, pairs float64) [fieldCount][]float64 {
	var out [fieldCount][]float64
	for place := range counts {
		total := pairs
		for _, c := range counts[place] {
			total += c
		}
		out[place] = make([]float64, len(counts[place]))
		for i, c := range counts[place] {
			out[place][i] = max((c+pairs*start[place][i])/total, 1e-7)
		}
	}
	return out
}

// round is one of expectation and maximisation; it returns by how much the shares moved at most.
func (f *fitting) round(start *Model) float64 {
	var ones, homes [fieldCount][]float64
	for place := range scales {
		ones[place], homes[place] = make([]float64, len(scales[place].steps)), make([]float64, len(scales[place].steps))
	}
	matches := 0.0
	f.kinPairs, f.homes = 0, 0
	for _, p := range f.order {
		one, home := f.expect(p)
		matches += one
		f.kinPairs += home
		if p.level(atLine) >= close {
			f.homes += home
		}
		for place, step := range p {
			if step > 0 {
				ones[place][step-1] += one
				homes[place][step-1] += home
			}
		}
	}
	was := f.same
	f.same = smoothed(ones, start.same, trust)
	f.kin = smoothed(homes, start.same, trust)
	strangers := math.Log2(f.all - matches - f.kinPairs)
	f.prior, f.kinPrior = math.Log2(matches+1)-strangers, math.Log2(f.kinPairs+1)-strangers
	f.reckon()
	moved := 0.0
	for place := range was {
		for i := range was[place] {
			moved = max(moved, math.Abs(was[place][i]-f.same[place][i]))
		}
	}
	return moved
}

// expect is how many of the pairs of a pattern are of one person, and how many of one home.
func (f *fitting) expect(p pattern) (one, home float64) {
	same, kin := f.prior, f.kinPrior
	for place, step := range p {
		if step == 0 {
			continue
		}
		same += f.weights[place][step-1]
		if !ofOne[place] {
			kin += math.Log2(f.kin[place][step-1] / f.other[place][step-1])
		}
	}
	total := 1 + math.Exp2(same) + math.Exp2(kin)
	return f.seen[p] * math.Exp2(same) / total, f.seen[p] * math.Exp2(kin) / total
}

// sorted lists patterns in an order of their own, so that sums come out the same each time.
func sorted(seen map[pattern]float64) []pattern {
	all := make([]pattern, 0, len(seen))
	for p := range seen {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b pattern) int { return slices.Compare(a[:], b[:]) })
	return all
}
