package disclose

import (
	"kmcr"
	"kmcr/compose"
)

// Seen is a person whose record somebody has just been shown, for those who
// may fetch what others hold of them. It is told after the decision and the audit entry.
type Seen struct {
	Viewer kmcr.Viewer
	// NHS is the number on which all who know the person agree; Practice the one that they say. Nobody is told of a person without both.
	NHS      kmcr.NHSNumber
	Practice kmcr.ODS
}

// WhenOpened has f told of every person whose record is shown; f must not wait
// for anything. It is to be set before anybody is served.
func (s *Service) WhenOpened(f func(Seen)) { s.opened = f }

// tellOpened tells of a person, unless it is not clear who, or where their practice is.
func (s *Service) tellOpened(o *opening, all []compose.Demographics) {
	if s.opened == nil || o.facts.Viewer.Contributor != "" {
		return
	}
	seen := Seen{Viewer: o.facts.Viewer}
	for _, d := range all {
		if d.NHS != "" && seen.NHS != "" && d.NHS != seen.NHS || d.Practice != "" && seen.Practice != "" && d.Practice != seen.Practice {
			return
		}
		if d.NHS != "" {
			seen.NHS = d.NHS
		}
		if d.Practice != "" {
			seen.Practice = d.Practice
		}
	}
	if seen.NHS != "" && seen.Practice != "" {
		s.opened(seen)
	}
}
