package access

var signatory = Rule{
	Name:   "organisation has signed",
	Says:   "The viewer's organisation must have signed the agreement in force; people of one that has not may not even find anybody.",
	Source: "Joint Controllers Agreement; UK GDPR Article 26",
	judge: func(f Facts) Decision {
		o := f.Organisation
		if o == nil || o.ODS != f.Viewer.Organisation || !o.Signatory {
			return Decision{Outcome: Unknown}
		}
		return Decision{}
	},
}
