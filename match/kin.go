package match

import "slices"

// plainKin is somebody's next of kin made ready for comparison.
type plainKin struct {
	name       plainName
	telephones []string
}

// plainKins leaves out who has no family name and given name: "Mum" and "Matron" are in every family and every home.
func plainKins(all []Kin) (out []plainKin) {
	for _, k := range all {
		for _, n := range plainNames([]Name{k.Name}) {
			if n.joined != "" && len(n.given) > 0 {
				out = append(out, plainKin{n, telephones(k.Telephones)})
			}
		}
	}
	return out
}

// compareKin compares those whom two name: some name several, so the best agreement counts.
func (m *Model) compareKin(a, b []plainKin) uint8 {
	best := uint8(0)
	for _, x := range a {
		for _, y := range b {
			if n := m.compareOneKin(x, y); best == 0 || n < best {
				best = n
			}
		}
	}
	return best
}

func (m *Model) compareOneKin(x, y plainKin) uint8 {
	given := m.compareFirst(x.name.given, y.name.given)
	named := m.compareFamily(x.name, y.name) <= familyAlike && given <= givenAlike
	rung := slices.ContainsFunc(x.telephones, func(t string) bool { return slices.Contains(y.telephones, t) })
	switch {
	case named && rung:
		return kinAgrees
	case named || rung:
		return kinPart
	}
	return kinDiffers
}
