package synth

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"strings"
	"time"

	"kmcr"
)

type object = map[string]any

const (
	snomed    = "http://snomed.info/sct"
	nhsSystem = "https://fhir.nhs.uk/Id/nhs-number"
	odsSystem = "https://fhir.nhs.uk/Id/ods-organization-code"
)

// bundle is what one contributor's FHIR system sends about one person: a
// transaction with the Patient and everything it states of them.
func (w *World) bundle(c kmcr.Contributor, p *Person, events []Event) ([]byte, error) {
	b := &bundler{w: w, c: c, p: p}
	b.patient(events)
	for i, e := range events {
		write, known := fhirWriters[e.Do]
		if !known {
			return nil, fmt.Errorf("synth: %s cannot say %q as FHIR", c.Code, e.Do)
		}
		write(b, e, fmt.Sprintf("%s-%d", e.Do, i))
	}
	return json.Marshal(object{"resourceType": "Bundle", "type": "transaction", "entry": b.entries})
}

type bundler struct {
	w       *World
	c       kmcr.Contributor
	p       *Person
	entries []object
	staff   map[string]string
}

func (b *bundler) uuid(name string) string {
	h := sha256.Sum256([]byte(string(b.c.Code) + "|" + b.p.ID + "|" + string(b.p.NHS) + "|" + name))
	s := hex.EncodeToString(h[:16])
	return "urn:uuid:" + s[:8] + "-" + s[8:12] + "-4" + s[13:16] + "-8" + s[17:20] + "-" + s[20:32]
}

func (b *bundler) add(name string, r object) string {
	url := b.uuid(name)
	if _, has := r["identifier"]; !has && r["resourceType"] != "Practitioner" {
		r["identifier"] = []object{{"system": "urn:kmcr:synthetic:" + string(b.c.Code), "value": strings.TrimPrefix(url, "urn:uuid:")}}
	}
	b.entries = append(b.entries, object{"fullUrl": url, "resource": r, "request": object{"method": "POST", "url": r["resourceType"]}})
	return url
}

func (b *bundler) me() object { return object{"reference": b.uuid("patient")} }

// by is a reference to a member of staff, sent along in the Bundle.
func (b *bundler) by(name string) object {
	if name == "" {
		name = "Dr A Nwosu"
	}
	if b.staff == nil {
		b.staff = map[string]string{}
	}
	if b.staff[name] == "" {
		given, family := name, ""
		if i := strings.LastIndexByte(name, ' '); i > 0 {
			given, family = name[:i], name[i+1:]
		}
		b.staff[name] = b.add("staff-"+name, object{"resourceType": "Practitioner",
			"identifier": []object{{"system": "https://fhir.nhs.uk/Id/sds-user-id", "value": fmt.Sprintf("%d", 555000000+len(name)*7919)}},
			"name":       []object{{"text": name, "family": family, "given": []string{given}}}})
	}
	return object{"reference": b.staff[name], "display": name}
}

func coded(e Event) object {
	c := object{"text": e.Fields["display"]}
	if e.Fields["code"] != "" {
		c["coding"] = []object{{"system": snomed, "code": e.Fields["code"], "display": e.Fields["display"]}}
	}
	return c
}

func status(system, code string) object {
	return object{"coding": []object{{"system": "http://terminology.hl7.org/CodeSystem/" + system, "code": code}}}
}

func stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05Z07:00") }

func date(t time.Time) string { return t.Format("2006-01-02") }

func (b *bundler) patient(events []Event) {
	p, line, postcode, telephone := b.p, b.p.Line, b.p.Postcode, b.p.Telephone
	for _, e := range events {
		if e.Do == "register" && e.Fields["line"] != "" {
			line, postcode, telephone = e.Fields["line"], e.Fields["postcode"], e.Fields["telephone"]
		}
	}
	names := []object{{"use": "official", "family": p.Family, "given": []string{p.Given}, "prefix": []string{p.Title}}}
	if p.Preferred != "" {
		names = append(names, object{"use": "usual", "given": []string{p.Preferred}, "family": p.Family})
	}
	identifiers := []object{
		{"use": "usual", "system": "urn:kmcr:synthetic:" + string(b.c.Code) + ":patient", "value": p.local(b.c.Code)},
	}
	if b.c.Code != "childrens-social-care" { // children's services often hold no NHS number
		identifiers = append(identifiers, object{"system": nhsSystem, "value": p.NHS.String(), "extension": []object{{
			"url":                  "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus",
			"valueCodeableConcept": object{"coding": []object{{"system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland", "code": "01", "display": "Number present and verified"}}}}}})
	}
	r := object{"resourceType": "Patient", "active": true, "identifier": identifiers, "name": names, "gender": p.Sex, "birthDate": date(p.Born),
		"telecom":             []object{{"system": "phone", "value": telephone, "use": "home"}},
		"address":             []object{b.home(events, line, postcode)},
		"generalPractitioner": []object{{"identifier": object{"system": odsSystem, "value": string(p.Practice)}}}}
	if p.Kin != nil {
		r["contact"] = []object{{"relationship": []object{{"text": p.KinHow}}, "name": object{"family": p.Kin.Family, "given": []string{p.Kin.Given}}, "telecom": []object{{"system": "phone", "value": p.Kin.Telephone}}}}
	}
	b.add("patient", r)
}

// home is where the person lives, from when where a register event says so ("since" is days from now).
func (b *bundler) home(events []Event, line, postcode string) object {
	home := object{"use": "home", "line": []string{line}, "city": b.p.Town, "postalCode": postcode}
	for _, e := range events {
		if t, ok := b.w.day(e, "since"); ok && e.Do == "register" {
			home["period"] = object{"start": date(t)}
		}
	}
	return home
}

// fhirWriters say each kind of event as FHIR R4.
var fhirWriters = map[string]func(b *bundler, e Event, name string){
	"register": func(*bundler, Event, string) {},
	"problem": func(b *bundler, e Event, name string) {
		b.add(name, object{"resourceType": "Condition", "subject": b.me(), "code": coded(e), "clinicalStatus": status("condition-clinical", "active"),
			"verificationStatus": status("condition-ver-status", "confirmed"), "category": []object{status("condition-category", "problem-list-item")},
			"onsetDateTime": date(e.At), "recordedDate": stamp(e.At), "recorder": b.by("")})
	},
	"medicine": func(b *bundler, e Event, name string) {
		r := object{"resourceType": "MedicationStatement", "subject": b.me(), "status": "active",
			"medicationCodeableConcept": object{"text": e.Fields["name"], "coding": []object{{"system": snomed, "code": e.Fields["code"], "display": e.Fields["name"]}}},
			"dateAsserted":              stamp(e.At), "effectivePeriod": object{"start": date(e.At)},
			"dosage": []object{{"text": e.Fields["dose"], "route": object{"text": e.Fields["route"]}, "timing": object{"code": object{"text": e.Fields["frequency"]}}, "asNeededBoolean": e.Fields["frequency"] == "when needed"}}}
		if t, ok := b.w.day(e, "issued"); ok {
			r["extension"] = []object{{"url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-MedicationStatementLastIssueDate", "valueDateTime": date(t)}}
		}
		if t, ok := b.w.day(e, "stopped"); ok {
			r["status"], r["effectivePeriod"] = "stopped", object{"start": date(e.At), "end": date(t)}
		}
		b.add(name, r)
	},
	"allergy": func(b *bundler, e Event, name string) {
		b.add(name, object{"resourceType": "AllergyIntolerance", "patient": b.me(), "code": coded(e), "clinicalStatus": status("allergyintolerance-clinical", "active"),
			"verificationStatus": status("allergyintolerance-verification", "confirmed"), "recordedDate": stamp(e.At), "recorder": b.by(""),
			"reaction": []object{{"manifestation": []object{{"text": e.Fields["reaction"]}}, "severity": e.Fields["severity"]}}})
	},
	"no-allergies": func(b *bundler, e Event, name string) {
		e.Fields = fields("code", "716186003", "display", "No known allergy")
		b.add(name, object{"resourceType": "AllergyIntolerance", "patient": b.me(), "code": coded(e), "clinicalStatus": status("allergyintolerance-clinical", "active"),
			"verificationStatus": status("allergyintolerance-verification", "confirmed"), "recordedDate": stamp(e.At), "recorder": b.by("")})
	},
	"result": func(b *bundler, e Event, name string) {
		t := tests[e.Fields["test"]]
		b.add(name, object{"resourceType": "Observation", "status": "final", "subject": b.me(), "category": []object{status("observation-category", "laboratory")},
			"code": object{"text": t.display, "coding": []object{{"system": snomed, "code": t.code, "display": t.display}}}, "effectiveDateTime": stamp(e.At),
			"valueQuantity":  object{"value": json.Number(e.Fields["value"]), "unit": t.unit, "system": "http://unitsofmeasure.org", "code": t.unit},
			"referenceRange": []object{{"low": object{"value": json.Number(t.low), "unit": t.unit}, "high": object{"value": json.Number(t.high), "unit": t.unit}}}})
	},
	"blood-pressure": func(b *bundler, e Event, name string) {
		part := func(code, display, v string) object {
			return object{"code": object{"coding": []object{{"system": snomed, "code": code, "display": display}}, "text": display},
				"valueQuantity": object{"value": json.Number(v), "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}}
		}
		b.add(name, object{"resourceType": "Observation", "status": "final", "subject": b.me(), "category": []object{status("observation-category", "vital-signs")},
			"code":              object{"text": "Blood pressure", "coding": []object{{"system": snomed, "code": "75367002", "display": "Blood pressure"}}},
			"component":         []object{part("271649006", "Systolic blood pressure", e.Fields["systolic"]), part("271650006", "Diastolic blood pressure", e.Fields["diastolic"])},
			"effectiveDateTime": stamp(e.At), "performer": []object{b.by("")}})
	},
	"contact": func(b *bundler, e Event, name string) {
		b.add(name, object{"resourceType": "Encounter", "status": "finished", "class": object{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB", "display": "ambulatory"},
			"subject": b.me(), "period": object{"start": stamp(e.At), "end": stamp(e.At.Add(15 * time.Minute))}, "reasonCode": []object{{"text": e.Fields["reason"]}},
			"participant": []object{{"individual": b.by(e.Fields["with"])}}, "serviceProvider": object{"identifier": object{"system": odsSystem, "value": string(b.c.Organisation)}, "display": b.orgName()}})
	},
	"immunisation": func(b *bundler, e Event, name string) {
		b.add(name, object{"resourceType": "Immunization", "status": "completed", "patient": b.me(), "vaccineCode": object{"text": e.Fields["product"], "coding": []object{{"system": snomed, "code": e.Fields["code"], "display": e.Fields["display"]}}}, "occurrenceDateTime": date(e.At)})
	},
	"alert": func(b *bundler, e Event, name string) { b.flag(e, name, "safety", "Safety") },
	"safeguarding": func(b *bundler, e Event, name string) {
		b.flag(e, name, "safeguarding", "Safeguarding")
	},
	"team": func(b *bundler, e Event, name string) {
		who := b.by(e.Fields["name"])
		b.add(name, object{"resourceType": "CareTeam", "status": "active", "name": e.Fields["team"], "subject": b.me(), "period": object{"start": date(e.At)},
			"participant":          []object{{"role": []object{{"text": e.Fields["role"]}}, "member": who}},
			"managingOrganization": []object{{"identifier": object{"system": odsSystem, "value": string(b.c.Organisation)}, "display": b.orgName()}},
			"telecom":              b.phones(e)})
		b.add(name+"-episode", object{"resourceType": "EpisodeOfCare", "status": "active", "patient": b.me(), "period": object{"start": date(e.At)}, "type": []object{{"text": e.Fields["team"]}},
			"managingOrganization": object{"identifier": object{"system": odsSystem, "value": string(b.c.Organisation)}, "display": b.orgName()}})
	},
	"relative": func(b *bundler, e Event, name string) {
		r := object{"resourceType": "RelatedPerson", "active": true, "patient": b.me(), "relationship": []object{{"text": e.Fields["how"]}}}
		if p := b.w.Person(e.Fields["person"]); p != nil {
			r["name"], r["birthDate"] = []object{{"family": p.Family, "given": []string{p.Given}}}, date(p.Born)
		} else {
			r["name"] = []object{{"text": e.Fields["name"]}}
		}
		if t := e.Fields["telephone"]; t != "" {
			r["telecom"] = []object{{"system": "phone", "value": t}}
		}
		b.add(name, r)
	},
	"missed":      func(b *bundler, e Event, name string) { b.appointment(e, name, "noshow", e.At) },
	"appointment": func(b *bundler, e Event, name string) { b.appointment(e, name, "booked", e.At.Add(10*time.Hour)) },
	"plan": func(b *bundler, e Event, name string) {
		b.add(name, object{"resourceType": "CarePlan", "status": "active", "intent": "plan", "title": e.Fields["title"], "description": e.Fields["text"], "subject": b.me(), "created": date(e.At), "author": b.by(e.Fields["with"])})
	},
	"consent": func(b *bundler, e Event, name string) {
		b.add(name, object{"resourceType": "Consent", "status": "active", "scope": status("consentscope", "adr"), "category": []object{{"text": e.Fields["title"]}}, "patient": b.me(), "dateTime": date(e.At),
			"policyRule": object{"text": e.Fields["title"]}})
	},
	"placement": func(b *bundler, e Event, name string) {
		home := kmcr.ODS(e.Fields["home"])
		b.add(name, object{"resourceType": "EpisodeOfCare", "status": "active", "patient": b.me(), "period": object{"start": date(e.At)}, "type": []object{{"text": "Care home resident"}},
			"managingOrganization": object{"identifier": object{"system": odsSystem, "value": string(home)}, "display": organisationName(home)}})
	},
}

func (b *bundler) appointment(e Event, name, status string, at time.Time) {
	b.add(name, object{"resourceType": "Appointment", "status": status, "description": e.Fields["title"], "start": stamp(at), "end": stamp(at.Add(time.Hour)),
		"participant": []object{{"status": "accepted", "actor": b.me()}, {"status": "accepted", "actor": b.by(e.Fields["with"])}}})
}

// phones are the telephone of a team and its duty line.
func (b *bundler) phones(e Event) []object {
	phones := []object{{"system": "phone", "value": e.Fields["telephone"]}}
	if d := e.Fields["duty"]; d != "" {
		phones = append(phones, object{"system": "phone", "value": d, "extension": []object{{"url": "http://hl7.org/fhir/StructureDefinition/contactpoint-comment", "valueString": "duty line, " + e.Fields["hours"]}}})
	}
	return phones
}

func (b *bundler) flag(e Event, name, code, display string) {
	detail := e.Fields["title"]
	if e.Fields["text"] != "" {
		detail += ". " + e.Fields["text"]
	}
	concept := object{"text": detail}
	if e.Fields["code"] != "" {
		concept["coding"] = []object{{"system": snomed, "code": e.Fields["code"], "display": e.Fields["display"]}}
	}
	flag := object{"resourceType": "Flag", "status": "active", "category": []object{{"text": display, "coding": []object{{"system": "http://terminology.hl7.org/CodeSystem/flag-category", "code": code, "display": display}}}},
		"code": concept, "subject": b.me(), "period": object{"start": date(e.At)}}
	if lead := e.Fields["lead"]; lead != "" {
		flag["author"] = b.by(lead)
	}
	if t, ok := b.w.day(e, "review"); ok {
		flag["extension"] = []object{{"url": "https://fhir.example.org/StructureDefinition/next-review", "valueDate": date(t)}}
	}
	if t, ok := b.w.day(e, "ended"); ok {
		flag["status"], flag["period"] = "inactive", object{"start": date(e.At), "end": date(t)}
	}
	b.add(name, flag)
}

func (b *bundler) orgName() string { return organisationName(b.c.Organisation) }

func organisationName(ods kmcr.ODS) string {
	for _, o := range Organisations() {
		if o.ODS == ods {
			return o.Name
		}
	}
	return string(ods)
}
