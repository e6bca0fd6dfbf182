package access

import "kmcr"

var purposeKnown = Rule{
	Name:   "purpose",
	Says:   "A record is opened for direct care or in an emergency, about a named person, at a known time; for nothing else.",
	Source: "Health and Social Care Act 2012 s.251B; Caldicott principle 1",
	judge: func(f Facts) Decision {
		known := f.Purpose == kmcr.DirectCare || f.Purpose == kmcr.BreakGlass
		if !known || f.Person == 0 || f.Now.IsZero() {
			return refuse(f, "Say for what purpose the record is wanted: direct care, or an emergency.")
		}
		return Decision{}
	},
}
