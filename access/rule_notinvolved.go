package access

var notInvolved = Rule{
	Name:   "nobody else",
	Says:   "Neither the viewer nor the viewer's team or organisation is known to be involved in this person's care.",
	Source: "Common law duty of confidentiality; Caldicott principle 4",
	judge: func(f Facts) Decision {
		return refuse(f, "If you do give this person care, ask a colleague who is involved to add you, or have the referral, appointment or admission recorded. "+nextInEmergency(f))
	},
}

func nextInEmergency(f Facts) string {
	if !f.Policy.of(f.Viewer.Role).breaksGlass {
		return "In an emergency, ask somebody whose role may open the record."
	}
	return "In an emergency you may open the record for eight hours by giving a reason; the privacy officer will read it."
}
