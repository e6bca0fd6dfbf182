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

// Group links profiles into people: the likeliest pairs first.
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
	slices.SortFunc(ask, likeliest)
	g := Groups{Of: make([]int, len(profiles))}
	for i := range g.Of {
		g.Of[i] = i
	}
	for _, s := range same {
		g.join(s.pair)
	}
	for i := range g.Of {
		g.Of[i] = g.find(i)
	}
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

func (g *Groups) find(i int) int {
	for g.Of[i] != i {
		g.Of[i] = g.Of[g.Of[i]]
		i = g.Of[i]
	}
	return i
}

func (g *Groups) join(pair [2]int) {
	a, b := g.find(pair[0]), g.find(pair[1])
	g.Of[max(a, b)] = min(a, b)
}
