package web

import (
	"kmcr"
	"kmcr/compose"
)

var appointments = recordPage{
	Stem: "appointments", Title: "Appointments and referrals", Sections: []kmcr.Section{kmcr.Appointments, kmcr.Referrals},
	Parts: func(r *compose.Record) []member {
		return []member{{"appointments", r.Appointments}, {"referrals", r.Referrals}}
	},
}
