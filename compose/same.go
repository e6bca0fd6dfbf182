package compose

import (
	"cmp"
	"slices"
	"strings"

	"kmcr/terms"
)

// sameMedicines puts statements of one medicine together: those that share a code, those of one ingredient given in one way,
// and those of one name where no ingredient is known. The order in which statements come changes nothing.
func sameMedicines(list []statedMedicine) [][]statedMedicine {
	groups := joined{}
	for i := range list {
		groups = append(groups, i)
	}
	ways := waysGiven(list)
	first := map[string]int{}
	for i, m := range list {
		for _, key := range medicineKeys(m.product, ways[m.product.Ingredient]) {
			if at, known := first[key]; known {
				groups.join(at, i)
			} else {
				first[key] = i
			}
		}
	}
	lines := map[int][]statedMedicine{}
	for i, m := range list {
		lines[groups.of(i)] = append(lines[groups.of(i)], m)
	}
	out := make([][]statedMedicine, 0, len(lines))
	for _, line := range lines {
		out = append(out, line)
	}
	slices.SortFunc(out, func(a, b []statedMedicine) int {
		return cmp.Or(cmp.Compare(a[0].e.ID.Patient, b[0].e.ID.Patient), cmp.Compare(a[0].e.ID.Hash, b[0].e.ID.Hash))
	})
	return out
}

// waysGiven lists for each ingredient the ways in which statements say that it is given.
func waysGiven(list []statedMedicine) map[string][]string {
	ways := map[string][]string{}
	for _, m := range list {
		if form := m.product.Form; form != "" && !slices.Contains(ways[m.product.Ingredient], form) {
			ways[m.product.Ingredient] = append(ways[m.product.Ingredient], form)
		}
	}
	return ways
}

// medicineKeys are the keys by which a statement meets others. A name that does not say how the medicine is given meets those
// that do only where they all agree: hydrocortisone may be the cream or the tablet.
func medicineKeys(p terms.Product, ways []string) []string {
	keys := slices.Clone(p.Codes)
	switch {
	case p.Ingredient == "":
		return append(keys, "name|"+p.Name)
	case len(ways) > 1:
		return append(keys, "ingredient|"+p.Ingredient+"|"+p.Form)
	}
	return append(keys, "ingredient|"+p.Ingredient)
}

// joinedBy says in words why statements are one line.
func joinedBy(list []statedMedicine) string {
	codes, ingredient, name := list[0].product.Codes, list[0].product.Ingredient, list[0].product.Name
	for _, m := range list[1:] {
		codes = slices.DeleteFunc(slices.Clone(codes), func(c string) bool { return !slices.Contains(m.product.Codes, c) })
		if m.product.Ingredient != ingredient {
			ingredient = ""
		}
		if m.product.Name != name {
			name = ""
		}
	}
	switch {
	case len(codes) > 0 && strings.HasPrefix(codes[len(codes)-1], "sct|"):
		return "same dm+d or SNOMED CT code"
	case len(codes) > 0:
		return "same RxNorm code"
	case ingredient != "":
		return "same ingredient (" + ingredient + ")"
	case name != "":
		return "same name as written"
	}
	return "some share a code, others an ingredient"
}

// medicineKey names a line for as long as the same statements make it.
func medicineKey(list []statedMedicine) string {
	least := ""
	for _, m := range list {
		key := m.product.Ingredient + "|" + m.product.Form + "|" + m.product.Name
		if least == "" || key < least {
			least = key
		}
	}
	return least
}

// joined is a set of groups: each place names another of its group, and the root of a group itself.
type joined []int

func (j joined) of(i int) int {
	for j[i] != i {
		i = j[i]
	}
	return i
}

func (j joined) join(a, b int) {
	a, b = j.of(a), j.of(b)
	j[max(a, b)] = min(a, b)
}

func (j joined) joinAll(list []int) {
	for _, n := range list[1:] {
		j.join(list[0], n)
	}
}
