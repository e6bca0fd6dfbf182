package disclose

import (
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/store"
)

// sight is what of a person's record a viewer may see.
type sight struct {
	permitted []*kmcr.Statement
	who       []*kmcr.Statement    // not permitted, but who is involved by them may be told
	withheld  map[kmcr.Section]int // left out for its labels, or because it says where the person is
	others    int                  // withheld until it is asked for, because it concerns other people
	left      int                  // how many are left out, for whatever reason
	hidden    *whereabouts         // nil: there is nothing to hide
	recorded  map[kmcr.PatientID]time.Time
	unnamed   map[kmcr.PatientID]bool // patients whose contributor may not be named
}

// see judges a whole record: item by item, with what hangs together, and
// without the whereabouts of somebody who must not be found.
func (o *opening) see(all []*kmcr.Statement) sight { return o.look(all, o.shy || hides(all)) }

// look is see with the whereabouts hidden whatever all says of them.
func (o *opening) look(all []*kmcr.Statement, hide bool) sight {
	all = o.parties.labelled(all)
	permitted, withheld := o.decision.Items(o.facts, all)
	v := sight{permitted: permitted, withheld: map[kmcr.Section]int{}, left: len(withheld), recorded: map[kmcr.PatientID]time.Time{}, unnamed: map[kmcr.PatientID]bool{}}
	v.who = o.decision.Involved(o.facts, permitted, withheld)
	for _, w := range withheld {
		v.leaveOut(w.Statement, w.ByLabel)
		if w.ByLabel && o.decision.Protected(o.facts, w.Statement) {
			v.others++
		}
	}
	if hide {
		v.hide(o)
	}
	v.nameSources(o.patients)
	for n, s := range v.permitted {
		if access.OpensDoor(s) {
			v.permitted[n] = access.MaskDoor(s)
		}
	}
	return v
}

// labelled gives statements with the labels of the sets that their organisations have added.
func (p parties) labelled(all []*kmcr.Statement) []*kmcr.Statement {
	if p.sets == nil {
		return all
	}
	organisation := map[kmcr.ContributorCode]kmcr.ODS{}
	for _, c := range p.contributors {
		organisation[c.Code] = c.Organisation
	}
	out := make([]*kmcr.Statement, len(all))
	for n, s := range all {
		out[n] = p.sets.Labelled(organisation[s.Contributor], s)
	}
	return out
}

func (v *sight) leaveOut(s *kmcr.Statement, said bool) {
	if said {
		v.withheld[s.Section]++
	}
	if s.Section != kmcr.Demographics {
		v.unnamed[s.ID.Patient] = true
	}
}

// hide masks what says where the person is.
func (v *sight) hide(o *opening) {
	v.hidden, o.masked = whereaboutsOf(o), true
	kept := make([]*kmcr.Statement, 0, len(v.permitted))
	for _, s := range v.permitted {
		if m := v.hidden.masked(s); m != nil {
			kept = append(kept, m)
			continue
		}
		v.left++
		v.leaveOut(s, true)
	}
	v.permitted = kept
	who := v.who
	v.who = nil
	for _, s := range who {
		if m := v.hidden.masked(s); m != nil && !v.hidden.sources[s.Contributor] {
			v.who = append(v.who, m)
		}
	}
}

// nameSources says of each patient when something that may be seen was last
// said, and that a contributor all of whose entries are withheld may not be
// named: that a clinic knows somebody can be all that there is to hide.
func (v *sight) nameSources(patients []*store.Patient) {
	for _, s := range v.permitted {
		if s.Section != kmcr.Demographics {
			delete(v.unnamed, s.ID.Patient)
		}
		if s.Recorded.After(v.recorded[s.ID.Patient]) {
			v.recorded[s.ID.Patient] = s.Recorded
		}
	}
	for _, p := range patients {
		if v.hidden != nil && v.hidden.sources[p.Contributor] {
			v.unnamed[p.ID] = true
		}
	}
	if len(v.unnamed) == 0 {
		return
	}
	kept := v.permitted[:0]
	for _, s := range v.permitted {
		if s.Section != kmcr.Demographics || !v.unnamed[s.ID.Patient] {
			kept = append(kept, s)
		}
	}
	v.permitted = kept
}

// identities are what contributors say of who the person is, as the viewer may see it.
func (v sight) identities(o *opening) []identity {
	ids := identities(o.patients, o.parties, v.recorded, v.hidden != nil)
	for n := range ids {
		if v.unnamed[ids[n].patient.ID] {
			ids[n].contributor = kmcr.Contributor{Code: maskedSource, Authority: ids[n].contributor.Authority}
		}
	}
	return ids
}

// sees tells whether one version of a statement may be shown beside the rest
// of what is known, and gives it as it may be shown.
func (o *opening) sees(all []*kmcr.Statement, x *kmcr.Statement) *kmcr.Statement {
	if ok, _ := o.decision.Item(o.facts, o.parties.labelled([]*kmcr.Statement{x})[0]); !ok {
		return nil
	}
	beside := make([]*kmcr.Statement, 0, len(all)+1)
	for _, s := range all {
		if s.ID != x.ID {
			beside = append(beside, s)
		}
	}
	for _, s := range o.see(append(beside, x)).permitted {
		if s.ID == x.ID {
			return s
		}
	}
	return nil
}
