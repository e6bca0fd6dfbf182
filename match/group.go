package match

import "slices"

// Groups are people found among profiles, and the questions left.
type Groups struct {
	// Of gives each profile its group.
	Of []int
	// Questions are pairs of profiles of different groups about whom a person
	// has to be asked: one for each pair of groups, the likeliest.
	Questions [][2]int
}

// scored is a candidate pair that was judged.
type scored struct {
	pair    [2]int
	verdict Verdict
}

// Group links profiles into people: the likeliest pairs first. A slip is not made twice: two groups of which each has a number of its
// own that two of its records bear are not joined, however alike they are, and a person is asked.
func (m *Model) Group(profiles []*Profile, candidates [][2]int) Groups {
	var same, ask []scored
	for _, c := range candidates {
		v := m.Compare(profiles[c[0]], profiles[c[1]])
		switch v.Outcome {
		case Same:
			same = append(same, scored{c, v})
		case Ask:
			ask = append(ask, scored{c, v})
		}
	}
	likeliest := func(a, b scored) int {
		switch {
		case a.verdict.Score > b.verdict.Score:
			return -1
		case a.verdict.Score < b.verdict.Score:
			return 1
		}
		return slices.Compare(a.pair[:], b.pair[:])
	}
	slices.SortFunc(same, likeliest)
	g := Groups{Of: make([]int, len(profiles))}
	members := make([][]int, len(profiles))
	for i := range g.Of {
		g.Of[i], members[i] = i, []int{i}
	}
	for _, s := range same {
		a, b := g.Of[s.pair[0]], g.Of[s.pair[1]]
		switch {
		case a == b:
		case numbersOfTheirOwn(profiles, members[a], members[b]):
			ask = append(ask, s)
		default:
			for _, i := range members[b] {
				g.Of[i] = a
			}
			members[a], members[b] = append(members[a], members[b]...), nil
		}
	}
	slices.SortFunc(ask, likeliest)
	asked := map[[2]int]bool{}
	for _, s := range ask {
		a, b := g.Of[s.pair[0]], g.Of[s.pair[1]]
		between := [2]int{min(a, b), max(a, b)}
		if a != b && !asked[between] {
			asked[between] = true
			g.Questions = append(g.Questions, s.pair)
		}
	}
	return g
}

// numbersOfTheirOwn tells whether each of two groups has a number of one register that two of its records bear, and they are two.
func numbersOfTheirOwn(profiles []*Profile, a, b []int) bool {
	x, y := borneTwice(profiles, a), borneTwice(profiles, b)
	return len(x) > 0 && len(y) > 0 && compareLocals(x, y) == numberDiffers
}

// borneTwice are the numbers of other registers that at least two of some bear.
func borneTwice(profiles []*Profile, some []int) (twice []string) {
	bearers := map[string]int{}
	for _, i := range some {
		for _, n := range profiles[i].locals {
			if bearers[n]++; bearers[n] == 2 {
				twice = append(twice, n)
			}
		}
	}
	return twice
}
