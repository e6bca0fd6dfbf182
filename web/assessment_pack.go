package web

import "kmcr/compose"

// assessmentPack is what an occupational therapist reads before a visit: home, function, risks, equipment, who is involved.
var assessmentPack = recordPage{
	Stem: "assessment-pack", Title: "Assessment pack",
	Parts: func(r *compose.Record) []member {
		v := packFor(r)
		return []member{{"home", v.Home}, {"services", v.Services}, {"function", v.Function}, {"assessments", r.Assessments}, {"equipment", v.Equipment}, {"problems", v.Active}, {"alerts", r.Alerts}, {"plans", r.Plans}, {"contacts", r.Contacts}}
	},
	Body: func(_ *ask, r *compose.Record) (any, error) { return packFor(r), nil },
}

// packView is what the pack picks out of the record.
type packView struct {
	Home, Services    []compose.Service
	Function          []result // the newest of each measure of function, weight and height among them
	Equipment, Active []compose.Item
	Ahead             []compose.Item
}

func packFor(r *compose.Record) packView {
	v := packView{Active: active(r.Problems.Items), Ahead: ahead(r)}
	for _, s := range r.SocialCare.Items {
		switch {
		case s.Kind == "Social context" || mentions(s.Title, "accommodation", "household", "access", "lives"):
			v.Home = append(v.Home, s)
		case s.Active:
			v.Services = append(v.Services, s)
		}
	}
	for _, t := range r.Observations.Items {
		if newest := t.Newest(); newest != nil && mentions(t.Name, "mobil", "barthel", "fall", "transfer", "gait", "rockwood", "frailty", "weight", "height", "bmi", "body mass", "pain", "cognit", "grip", "balance", "function", "waterlow", "must", "continence") {
			v.Function = append(v.Function, result{t, *newest})
		}
	}
	for _, i := range r.Other.Items {
		if mentions(i.Kind, "device") || mentions(i.Title, "equipment", "wheelchair", "hoist", "frame", "rail", "commode") {
			v.Equipment = append(v.Equipment, i)
		}
	}
	return v
}
