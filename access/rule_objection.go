package access

import "time"

var objection = Rule{
	Name:   "objection",
	Says:   "This person has objected to the record being shared in this way; only an emergency, with a reason, opens it.",
	Source: "UK GDPR Article 21; Article 9(2)(c) (vital interests); IG Framework for Shared Care Records 3.1",
	judge: func(f Facts) Decision {
		if !objects(f) {
			return Decision{}
		}
		if d := breakGlass.judge(f); d.Outcome == Permitted {
			d.Rule = "This person has objected to sharing; the record is open in an emergency, for which a reason was given."
			return d
		}
		return refuse(f, "Ask the person, or use what your own organisation holds. "+nextInEmergency(f))
	},
}

func objects(f Facts) bool {
	for _, o := range f.Objections {
		if o.inForce(f.Now) &&
			(o.Organisation == "" || o.Organisation == f.Viewer.Organisation) &&
			(o.Role == "" || o.Role == f.Viewer.Role) {
			return true
		}
	}
	return false
}

func (o Objection) inForce(t time.Time) bool {
	return (o.From.IsZero() || !t.Before(o.From)) && (o.Until.IsZero() || t.Before(o.Until))
}
