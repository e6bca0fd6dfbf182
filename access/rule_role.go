package access

var roleKnown = Rule{
	Name:   "role known",
	Says:   "The viewer's role must be one that the agreement lists; a role that is not listed opens nothing.",
	Source: "National RBAC database; role by section matrix (the policy in force)",
	judge: func(f Facts) Decision {
		if !f.Policy.knows(f.Viewer.Role) {
			return Decision{Outcome: Unknown}
		}
		return Decision{}
	},
}

var opensRecords = Rule{
	Name:   "role opens records",
	Says:   "Records are opened by the roles that give care; other jobs have lists of their own and do not open them.",
	Source: "Caldicott principles 3 and 4 (minimum necessary, need to know)",
	judge: func(f Facts) Decision {
		if k := f.Policy.of(f.Viewer.Role).kind; k == kindClinical || k == kindSocial {
			return Decision{}
		}
		return refuse(f, "Your role works with lists, not with records. Somebody who gives this person care can open the record.")
	},
}
