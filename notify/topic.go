package notify

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"kmcr"
	"kmcr/fhir"
	"kmcr/terms"
)

// The topics of which somebody can be told.
const (
	Admission    = "admission"
	Attendance   = "attendance"
	Discharge    = "discharge"
	Death        = "death"
	Withdrawn    = "cancel-admission" // what was told of a stay is taken back
	DidNotAttend = "did-not-attend"
	Appointment  = "appointment"
	NewDocument  = "new-document"
	Medicine     = "medicine"
	NewAllergy   = "new-allergy"
	Safeguarding = "safeguarding"
	PlanChanged  = "plan-changed"
	NewResult    = "new-result"
	Suspend      = "suspend-package"
	Restart      = "restart-package"
)

// Topics lists them with their words.
var Topics = []struct{ Code, Words string }{
	{Admission, "Admitted to hospital"}, {Attendance, "At an emergency department"}, {Discharge, "Discharged from hospital"}, {Death, "Died"},
	{Withdrawn, "An admission that was cancelled"}, {DidNotAttend, "Did not attend an appointment"}, {Appointment, "An appointment made, changed or cancelled"},
	{NewDocument, "A new document"}, {Medicine, "A new or changed medicine"}, {NewAllergy, "A new allergy or reaction"}, {Safeguarding, "Safeguarding information"},
	{PlanChanged, "A new or changed plan"}, {NewResult, "A new result"}, {Suspend, "A package to be suspended"}, {Restart, "A package to begin again"},
}

// KnownTopic tells whether there is such a topic.
func KnownTopic(code string) bool {
	return slices.ContainsFunc(Topics, func(t struct{ Code, Words string }) bool { return t.Code == code })
}

// Changed is the detail of an event that says more of what was told before.
const Changed = "changed"

// Retracted is the detail of an event that takes back what was told before: it was an error, or has been put right.
const Retracted = "retracted"

// recent is how far back something may lie of which somebody is told: what a
// contributor sends of earlier times (a whole record, for example) is no news.
const recent = 28 * 24 * time.Hour

// TopicOf says of what those who follow a patient should be told when a
// statement becomes is; was is how it stood before, nil for a new one. topic is
// "" for nothing, detail Changed where the same topic has been told of before, or
// the code of a result.
func TopicOf(now time.Time, was, is *kmcr.Statement) (topic, detail string) {
	if is == nil || is.Internal || is.Late || is.Type != "Encounter" && is.Type != "Patient" && !dated(is.Body, now) {
		return "", ""
	}
	switch {
	case is.Type == "Encounter":
		return encounterTopic(now, was, is)
	case is.Deleted:
		return "", ""
	case inError(is) && is.Type != "Appointment":
		if was == nil || was.Deleted || inError(was) {
			return "", ""
		}
		if topic, _ := TopicOf(now, nil, was); topic != "" {
			return topic, Retracted
		}
		return "", ""
	case is.Section == kmcr.Safeguarding:
		return ifRecent(Safeguarding, now, is)
	}
	switch is.Type {
	case "Patient":
		switch {
		case deceased(is) && !deceased(was):
			return ifRecent(Death, now, is)
		case deceased(was) && !deceased(is):
			return Death, Retracted
		}
	case "Appointment":
		return appointmentTopic(now, was, is)
	case "DocumentReference", "Composition":
		if was == nil {
			return ifRecent(NewDocument, now, is)
		}
	case "MedicationRequest", "MedicationStatement":
		return ifRecent(Medicine, now, is)
	case "AllergyIntolerance":
		if was == nil && !terms.NoKnownAllergy(fhir.Of(is).Root().First("code.coding.code").Text()) {
			return ifRecent(NewAllergy, now, is)
		}
	case "CarePlan":
		return ifRecent(PlanChanged, now, is)
	case "DiagnosticReport", "Observation":
		if topic, _ = ifRecent(NewResult, now, is); topic != "" && was == nil && is.Section == kmcr.Results {
			return topic, codesOf(fhir.Of(is).Root().Get("code"))
		}
	}
	return "", ""
}

// mostCodes is how many codes of one result are told apart.
const mostCodes = 8

// codesOf are all codes of a concept, as "system|code" with spaces between them: the sender's own often stands first.
func codesOf(concept fhir.Value) string {
	var all []string
	for _, c := range concept.Get("coding").Items() {
		if code := c.Get("code").Text(); code != "" && !strings.ContainsAny(code, " |") && len(all) < mostCodes {
			all = append(all, c.Get("system").Text()+"|"+code)
		}
	}
	return strings.Join(all, " ")
}

// isOfKind tells whether one of the codes is that which is asked for: "system|code", "|code" for one without a system, or a code of any.
func isOfKind(codes, kind string) bool {
	return slices.ContainsFunc(strings.Fields(codes), func(c string) bool {
		return c == kind || !strings.Contains(kind, "|") && c[strings.LastIndexByte(c, '|')+1:] == kind
	})
}

// dated tells cheaply whether a statement names a month of late at all.
func dated(body []byte, now time.Time) bool {
	for _, t := range []time.Time{now, now.Add(-recent), now.Add(recent)} {
		if bytes.Contains(body, t.AppendFormat([]byte{'"'}, "2006-01")) {
			return true
		}
	}
	return false
}

// ifRecent is a topic where what the statement tells of is of late.
func ifRecent(topic string, now time.Time, s *kmcr.Statement) (string, string) {
	root := fhir.Of(s).Root()
	at := s.At
	for _, path := range []string{"deceasedDateTime", "effectiveDateTime", "issued", "created", "period.start", "effectivePeriod.start", "recordedDate", "authoredOn", "dateAsserted", "date", "start"} {
		if t, ok := moment(root.First(path).Text()); ok {
			at = t
			break
		}
	}
	if now.Sub(at) > recent || at.After(now.Add(recent)) {
		return "", ""
	}
	return topic, ""
}

// moment reads a FHIR dateTime; a partial one is its beginning.
func moment(s string) (time.Time, bool) {
	for _, form := range []string{time.RFC3339Nano, time.DateOnly, "2006-01", "2006"} {
		if t, err := time.Parse(form, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// inError tells whether a statement says of itself that it was an error.
func inError(s *kmcr.Statement) bool {
	root := fhir.Of(s).Root()
	return root.Get("status").Is("entered-in-error") || root.First("verificationStatus.coding.code").Is("entered-in-error")
}

func deceased(s *kmcr.Statement) bool {
	if s == nil || s.Deleted {
		return false
	}
	root := fhir.Of(s).Root()
	return root.Get("deceasedDateTime").Exists() || root.Get("deceasedBoolean").Text() == "true"
}

// encounterTopic tells of a stay in hospital or emergency attendance by how it stands.
func encounterTopic(now time.Time, was, is *kmcr.Statement) (topic, detail string) {
	before, after := stageOf(was, now), stageOf(is, now)
	switch {
	case after == "" && before != "" && before != Withdrawn:
		return Withdrawn, ""
	case after == "" || after == Withdrawn && (before == "" || before == Withdrawn):
		return "", ""
	case before == after:
		if bytes.Equal(was.Body, is.Body) {
			return "", ""
		}
		return after, Changed
	}
	return after, ""
}

// stageOf is how an Encounter stands, as a topic; "" for one of which nobody is told.
func stageOf(s *kmcr.Statement, now time.Time) string {
	if s == nil || s.Deleted {
		return ""
	}
	root := fhir.Of(s).Root()
	kind := map[string]string{"IMP": Admission, "ACUTE": Admission, "NONAC": Admission, "OBSENC": Admission, "SS": Admission, "EMER": Attendance, "": Admission, "UNK": Admission}[root.First("class.code").Text()]
	status := root.Get("status").Text()
	if kind == "" || status == "planned" {
		return ""
	}
	begun, hasBegun := moment(root.First("period.start").Text())
	ended, hasEnded := moment(root.First("period.end").Text())
	last := s.At
	if hasBegun {
		last = begun
	}
	if hasEnded && !ended.After(now.Add(24*time.Hour)) && ended.After(last) {
		last = ended
	}
	switch {
	case now.Sub(last) > recent || last.After(now.Add(24*time.Hour)):
		return ""
	case status == "cancelled" || status == "entered-in-error":
		return Withdrawn
	case status == "finished" || hasEnded && !ended.After(now.Add(24*time.Hour)):
		if died(root) {
			return Death
		}
		if kind == Attendance {
			return Attendance
		}
		return Discharge
	}
	return kind
}

// died tells whether a stay ended with death (NHS Data Dictionary: discharge method 4, destination 79).
func died(root fhir.Value) bool {
	for _, x := range root.Path("hospitalization.extension") {
		if strings.Contains(x.Get("url").Text(), "DischargeMethod") && x.First("valueCodeableConcept.coding.code").Text() == "4" {
			return true
		}
	}
	code := root.First("hospitalization.dischargeDisposition.coding.code").Text()
	return code == "79" || code == "exp"
}

// appointmentTopic tells of an appointment that was made, changed, cancelled or missed.
func appointmentTopic(now time.Time, was, is *kmcr.Statement) (topic, detail string) {
	root := fhir.Of(is).Root()
	start, ok := moment(root.Get("start").Text())
	if !ok || now.Sub(start) > recent {
		return "", ""
	}
	missed := was != nil && fhir.Of(was).Root().Get("status").Is("noshow")
	switch status := root.Get("status").Text(); {
	case status == "noshow":
		if !missed {
			return DidNotAttend, ""
		}
	case missed:
		return DidNotAttend, Retracted
	case status == "fulfilled" || status == "arrived" || status == "checked-in" || status == "entered-in-error":
	case start.After(now) || status == "cancelled":
		if was == nil {
			return Appointment, ""
		}
		return Appointment, Changed
	}
	return "", ""
}
