package translate

import (
	"strings"
	"time"

	"kmcr"
	"kmcr/hl7"
)

// fullDemographics are the ADT events whose PID is the sender's whole picture
// of the patient. Demographics that travel with another event, a result or a
// letter are fewer and often older, and never replace these.
const fullDemographics = "A01 A02 A03 A04 A05 A06 A07 A08 A14 A28 A31 A43"

// beforeAll is the time of such travelling demographics: any other is newer.
var beforeAll = time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC)

// patient reads PID and PD1: claims of who it is, and the Patient resource.
func (r *reader) patient(g *group) error {
	claims, err := r.claims(g.pid)
	if err != nil {
		return err
	}
	pd1 := r.read(g.first("PD1"))
	claims.Practice = practice(pd1)
	r.out.Patients = append(r.out.Patients, claims)
	s := r.state(g, PatientKey, r.patientResource(g.pid, pd1, claims, r.hides(g, pd1)))
	if r.m.Type() != "ADT" || !has(fullDemographics, r.event) {
		s.At = beforeAll
	}
	if g.patient > 0 {
		s.Key = PatientKey // each group is a patient of its own
	}
	return nil
}

// claims reads who the patient is.
func (r *reader) claims(pid hl7.Segment) (Claims, error) {
	c := Claims{NHSStatus: nhsStatus(pid)}
	r.nhsNumber(pid, &c)
	own, aliases := r.localKeys(pid)
	switch {
	case own != "":
		c.Key, c.Aliases = own, aliases
	case c.NHS != "":
		c.Key = "NHS|" + string(c.NHS)
	default:
		return c, missingIdentity("PID-3", "PID has neither a local identifier nor a valid NHS number")
	}
	for _, f := range pid.Repetitions(5) {
		if n := readName(f); n != (Name{}) {
			c.Names = append(c.Names, n)
		}
	}
	for _, f := range pid.Repetitions(9) {
		if n := readName(f); n != (Name{}) {
			n.Use = orElse(n.Use, "nickname")
			c.Names = append(c.Names, n)
		}
	}
	if d, err := hl7.ParseDate(pid.Get(7, 1)); err == nil {
		c.Born = d.Day()
		if !believable(d.Time) {
			r.flag("PID-7: a date of birth that is not believable")
		}
	} else if sent := clear(pid.Get(7, 1)); sent != "" {
		c.BornAsSent = sent
		r.note("PID-7: not a date; kept in the message as received")
	}
	c.Sex = r.sex(pid)
	for _, f := range pid.Repetitions(11) {
		if a := readAddress(f); len(a.Lines) > 0 || a.Postcode != "" {
			c.Addresses = append(c.Addresses, a)
		}
	}
	for _, field := range []int{13, 14, 40} {
		for _, f := range pid.Repetitions(field) {
			if t := readTelephone(f); t.value != "" && t.system != "email" && t.system != "url" {
				c.Telephones = appendOnce(c.Telephones, t.value)
			}
		}
	}
	c.Died = r.died(pid)
	return c, nil
}

// sex is PID-8 as FHIR's administrative gender.
func (r *reader) sex(pid hl7.Segment) string {
	sent := strings.ToUpper(clear(pid.Get(8, 1)))
	if sent == "" {
		return ""
	}
	if s, ok := sexes[sent]; ok {
		return s
	}
	r.note("PID-8: not a code of table 0001; shown as unknown")
	return "unknown"
}

// died is PID-29, or "yes" where PID-30 alone says so.
func (r *reader) died(pid hl7.Segment) string {
	when := r.date(pid, 29)
	yes := strings.EqualFold(clear(pid.Get(30, 1)), "Y")
	no := strings.EqualFold(clear(pid.Get(30, 1)), "N")
	switch {
	case when != "" && no:
		r.flag("PID-29 has a date of death and PID-30 says that the patient is alive")
		return ""
	case when != "":
		return when
	case yes:
		return "yes"
	}
	return ""
}

// isNHS tells whether an identifier (CX) is an NHS number by its type, its authority or its object identifier.
func isNHS(f hl7.Field) bool {
	kind, authority, oid := strings.ToUpper(clear(f.Get(5, 1))), strings.ToUpper(clear(f.Get(4, 1))), clear(f.Get(4, 2))
	return has("NH NHS NHSNMBR NHSNBR NHSNO NNGBR", kind) || has("NHS NHSNBR NHSNMBR NHSNO", authority) || authority == "NHS NUMBER" ||
		oid == "2.16.840.1.113883.2.1.4.1" || authority == "2.16.840.1.113883.2.1.4.1"
}

// nhsNumber finds the NHS number among PID-3, PID-2 and PID-4. Two that differ are none.
func (r *reader) nhsNumber(pid hl7.Segment, c *Claims) {
	for _, field := range []int{3, 2, 4} {
		for _, f := range pid.Repetitions(field) {
			sent := clear(f.Get(1, 1))
			if sent == "" || !isNHS(f) {
				continue
			}
			n, err := kmcr.ParseNHSNumber(sent)
			switch {
			case err != nil:
				c.NHSAsSent = sent
				r.flag("PID-3: an NHS number that is not valid")
			case c.NHS != "" && c.NHS != n:
				r.flag("PID-3: two different NHS numbers; neither is taken")
				c.NHSAsSent, c.NHS = string(c.NHS)+" "+string(n), ""
				return
			default:
				c.NHS = n
			}
		}
	}
}

// nhsStatus is PID-32 where it is an NHS number status indicator code, 01 to 08.
func nhsStatus(pid hl7.Segment) string {
	for _, f := range pid.Repetitions(32) {
		if s := clear(f.Get(1, 1)); len(s) == 2 && s >= "01" && s <= "08" {
			return s
		}
	}
	return ""
}

// localKeys chooses the patient's own identifier at the contributor: of PID-3,
// else PID-2, else PID-4, a medical record number first, then a patient
// internal one, then any other that is about a patient.
func (r *reader) localKeys(pid hl7.Segment) (own string, others []string) {
	for _, field := range []int{3, 2, 4} {
		best := len(localTypes) + 1
		for _, f := range pid.Repetitions(field) {
			rank, ok := localRank(f)
			key := r.localKey(f)
			if !ok || key == "" {
				continue
			}
			switch {
			case own == "" || rank < best && field == 3:
				if own != "" {
					others = appendOnce(others, own)
				}
				own, best = key, rank
			case key != own:
				others = appendOnce(others, key)
			}
		}
	}
	return own, others
}

// localTypes are identifier types (table 0203) of a patient at an organisation, the best first; others about a patient rank after them.
var localTypes = []string{"MR", "PI", "MRN", "PT", "MRT", ""}

// notPatients are types of identifiers that are not of the patient as such, or not the contributor's.
const notPatients = "SS AN VN VISITID DL PPN PRC BC MA MC MCD MCR XX ACSN EI EN NIIP TAX"

func localRank(f hl7.Field) (rank int, ok bool) {
	kind := strings.ToUpper(clear(f.Get(5, 1)))
	if isNHS(f) || has(notPatients, kind) {
		return 0, false
	}
	for i, t := range localTypes {
		if t == kind {
			return i, true
		}
	}
	return len(localTypes), true
}

// localKey is authority|number. Without an authority the identifier is the sending facility's.
func (r *reader) localKey(f hl7.Field) string {
	n := clear(f.Get(1, 1))
	if n == "" {
		return ""
	}
	_, facility := r.m.Sender()
	authority := orElse(clear(f.Get(4, 1)), orElse(clear(f.Get(4, 2)), orElse(clear(f.Get(6, 1)), facility)))
	return strings.ToUpper(authority) + "|" + n
}

// practice is the ODS code of the GP practice in PD1-3 (XON): the identifier in component 3 or 10.
func practice(pd1 hl7.Segment) kmcr.ODS {
	for _, f := range pd1.Repetitions(3) {
		for _, n := range []int{3, 10} {
			if s := strings.ToUpper(clear(f.Get(n, 1))); isODS(s) {
				return kmcr.ODS(s)
			}
		}
	}
	return ""
}

// isODS tells whether s has the form of an ODS code: three to eight capitals and digits, a letter among them.
func isODS(s string) bool {
	letter := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'A' && c <= 'Z':
			letter = true
		case c < '0' || c > '9':
			return false
		}
	}
	return letter && len(s) >= 3 && len(s) <= 8
}

// readName reads a person's name (XPN).
func readName(f hl7.Field) Name {
	part := func(n int) string { return clear(f.Get(n, 1)) }
	n := Name{Use: nameUse(part(7)), Prefix: part(5), Family: part(1), Given: strings.Join(strings.Fields(part(2)+" "+part(3)), " ")}
	if n.Family == "" && n.Given == "" {
		return Name{}
	}
	return n
}

// nameUse is HL7 table 0200 as FHIR's use.
func nameUse(kind string) string {
	switch strings.ToUpper(kind) {
	case "L", "CURRENT":
		return "official"
	case "D":
		return "usual"
	case "N", "A":
		return "nickname"
	case "M":
		return "maiden"
	case "T", "TEMP":
		return "temp"
	case "S":
		return "anonymous"
	case "P", "PREVIOUS", "OLD":
		return "old"
	}
	return ""
}

// readAddress reads an address (XAD, AD).
func readAddress(f hl7.Field) Address {
	a := Address{Use: addressUse(clear(f.Get(7, 1))), Postcode: strings.ToUpper(clear(f.Get(5, 1)))}
	for _, n := range []int{1, 2, 3, 4} {
		if line := clear(f.Get(n, 1)); line != "" {
			a.Lines = append(a.Lines, line)
		}
	}
	return a
}

// addressUse is HL7 table 0190 as FHIR's use.
func addressUse(kind string) string {
	switch strings.ToUpper(kind) {
	case "H", "HOME", "L", "P":
		return "home"
	case "B", "O", "BUSINESS", "WORK":
		return "work"
	case "C", "TEMP", "TMP":
		return "temp"
	case "BA":
		return "old"
	case "BI":
		return "billing"
	}
	return ""
}

// telephone is a FHIR ContactPoint.
type telephone struct{ system, use, value string }

// readTelephone reads a telecommunication number (XTN).
func readTelephone(f hl7.Field) telephone {
	part := func(n int) string { return clear(f.Get(n, 1)) }
	use, equipment := strings.ToUpper(part(2)), strings.ToUpper(part(3))
	t := telephone{system: "phone", value: orElse(part(1), part(12))}
	if t.value == "" {
		t.value = strings.Join(strings.Fields(strings.Join([]string{part(5), part(6), part(7)}, " ")), " ")
	}
	switch {
	case equipment == "FX":
		t.system = "fax"
	case equipment == "INTERNET" || equipment == "X.400" || use == "NET":
		t.system = "email"
		t.value = orElse(part(4), t.value)
	case t.value == "" && part(4) != "":
		t.system, t.value = "email", part(4)
	}
	switch {
	case equipment == "CP" || use == "MOBILE" || use == "PRS":
		t.use = "mobile"
	case use == "PRN" || use == "HOME" || use == "VHN":
		t.use = "home"
	case use == "WPN" || use == "WORK" || use == "ASN":
		t.use = "work"
	}
	return t
}

// patientResource writes the Patient.
func (r *reader) patientResource(pid, pd1 hl7.Segment, c Claims, hidden bool) *doc {
	d := resource("Patient")
	if hidden {
		d.object("meta", func() {
			d.array("security", func() { d.coding("", code{hl7Terminology + "v3-Confidentiality", "R", "restricted"}) })
		})
	}
	d.array("extension", func() { r.patientExtensions(d, pid) })
	d.array("identifier", func() { r.patientIdentifiers(d, pid, c) })
	if r.m.Type() == "ADT" && r.event == "A29" {
		d.raw("active", "false")
		r.flag("A29: the sender deleted this person")
	}
	d.array("name", func() {
		for _, f := range pid.Repetitions(5) {
			d.humanName("", f)
		}
		for _, f := range pid.Repetitions(9) {
			d.humanName("", f)
		}
	})
	d.array("telecom", func() {
		d.telephones(pid.Repetitions(13), "home")
		d.telephones(pid.Repetitions(14), "work")
		d.telephones(pid.Repetitions(40), "")
	})
	d.text("gender", c.Sex)
	d.text("birthDate", c.Born)
	if born, err := hl7.ParseDate(pid.Get(7, 1)); err == nil && born.HasTime && !born.Time.Equal(midnight(born.Time)) {
		d.object("_birthDate", func() {
			d.array("extension", func() {
				d.extension(hl7Definition+"patient-birthTime", func() { d.text("valueDateTime", born.FHIR) })
			})
		})
	}
	switch c.Died {
	case "":
		if strings.EqualFold(clear(pid.Get(30, 1)), "N") {
			d.raw("deceasedBoolean", "false")
		}
	case "yes":
		d.raw("deceasedBoolean", "true")
	default:
		d.text("deceasedDateTime", c.Died)
	}
	d.array("address", func() {
		for _, f := range pid.Repetitions(11) {
			d.address("", f)
		}
	})
	if s := r.first(pid, 16, "0002"); !s.empty() {
		if has(maritalStatuses, s.codings0()) {
			s.codings[0].system = hl7Terminology + "v3-MaritalStatus"
		}
		d.concept("maritalStatus", s)
	}
	switch strings.ToUpper(clear(pid.Get(24, 1))) {
	case "Y":
		if order := clear(pid.Get(25, 1)); isDigits(order) && len(order) < 3 && order[0] != '0' {
			d.raw("multipleBirthInteger", order)
		} else {
			d.raw("multipleBirthBoolean", "true")
		}
	case "N":
		d.raw("multipleBirthBoolean", "false")
	}
	if language := r.first(pid, 15, "0296"); !language.empty() {
		d.list("communication", func() { d.concept("language", language) })
	}
	d.array("generalPractitioner", func() { r.generalPractitioners(d, pd1, c) })
	r.provider(d, "managingOrganization")
	return d
}

// codings0 is the first code as sent.
func (c concept) codings0() string {
	if len(c.codings) == 0 {
		return ""
	}
	return c.codings[0].code
}

func midnight(t time.Time) time.Time {
	y, m, day := t.Date()
	return time.Date(y, m, day, 0, 0, 0, 0, t.Location())
}

func (r *reader) patientExtensions(d *doc, pid hl7.Segment) {
	for _, field := range []int{22, 10} {
		c := r.first(pid, field, map[int]string{22: "0189", 10: "0005"}[field])
		words, known := ethnicCategories[strings.ToUpper(c.codings0())]
		if known {
			d.extension(ukCore+"EthnicCategory", func() {
				sent := strings.ToUpper(c.codings0())
				text := c.text
				if strings.EqualFold(text, sent) {
					text = words
				}
				d.concept("valueCodeableConcept", concept{[]code{{ukCoreCodes + "EthnicCategoryEngland", sent, words}}, text})
			})
			break
		}
		if !c.empty() {
			d.extension(ukCore+"EthnicCategory", func() { d.concept("valueCodeableConcept", c) })
			break
		}
	}
	if religion := r.first(pid, 17, "0006"); !religion.empty() {
		d.extension(hl7Definition+"patient-religion", func() { d.concept("valueCodeableConcept", religion) })
	}
	if birthPlace := clear(pid.Get(23, 1)); birthPlace != "" {
		d.extension(hl7Definition+"patient-birthPlace", func() { d.object("valueAddress", func() { d.text("text", birthPlace) }) })
	}
	for _, f := range pid.Repetitions(6) {
		if n := readName(f); n.Family != "" {
			d.extension(hl7Definition+"patient-mothersMaidenName", func() { d.text("valueString", n.Family) })
			break
		}
	}
}

func (r *reader) patientIdentifiers(d *doc, pid hl7.Segment, c Claims) {
	for _, field := range []int{3, 2, 4} {
		for _, f := range pid.Repetitions(field) {
			value, kind := clear(f.Get(1, 1)), clear(f.Get(5, 1))
			switch {
			case value == "":
			case isNHS(f):
				r.nhsIdentifier(d, value, c)
			case field == 3 || r.localKey(f) != c.Key:
				d.identifier("", r.identifierSystem(clear(f.Get(4, 1)), clear(f.Get(4, 2)), "patient"), value, kind)
			}
		}
	}
	if account := clear(pid.Get(18, 1, 1)); account != "" {
		d.identifier("", r.identifierSystem(clear(pid.Get(18, 4, 1)), clear(pid.Get(18, 4, 2)), "account"), account, "AN")
	}
}

// nhsIdentifier writes an NHS number: one that is not valid under a system of its own, for it is nobody's.
func (r *reader) nhsIdentifier(d *doc, sent string, c Claims) {
	n, err := kmcr.ParseNHSNumber(sent)
	if err != nil {
		d.identifier("", "urn:kmcr:nhs-number-not-valid", sent, "")
		return
	}
	d.object("", func() {
		d.array("extension", func() {
			if c.NHSStatus != "" {
				d.extension(ukCore+"NHSNumberVerificationStatus", func() {
					d.concept("valueCodeableConcept", coded(ukCoreCodes+"NHSNumberVerificationStatusEngland", c.NHSStatus, ""))
				})
			}
		})
		d.text("system", nhsNumberSystem)
		d.text("value", string(n))
	})
}

// generalPractitioners are the practice and the practitioner of PD1-3 and PD1-4.
func (r *reader) generalPractitioners(d *doc, pd1 hl7.Segment, c Claims) {
	for _, f := range pd1.Repetitions(3) {
		number, name := orElse(clear(f.Get(3, 1)), clear(f.Get(10, 1))), clear(f.Get(1, 1))
		system := odsSystem
		if !isODS(strings.ToUpper(number)) {
			system = r.identifierSystem(clear(f.Get(6, 1)), clear(f.Get(6, 2)), "organisation")
		} else {
			number = strings.ToUpper(number)
		}
		r.organisation(d, "", system, number, name)
	}
	for _, f := range pd1.Repetitions(4) {
		r.practitioner(d, "", f)
	}
}

// humanName writes a name (XPN).
func (d *doc) humanName(name string, f hl7.Field) {
	n := readName(f)
	if n == (Name{}) {
		return
	}
	d.object(name, func() {
		d.text("use", n.Use)
		d.text("family", n.Family)
		d.array("given", func() {
			d.text("", clear(f.Get(2, 1)))
			d.text("", clear(f.Get(3, 1)))
		})
		d.array("prefix", func() { d.text("", n.Prefix) })
		d.array("suffix", func() {
			d.text("", clear(f.Get(4, 1)))
			d.text("", clear(f.Get(6, 1)))
		})
	})
}

// address writes an address (XAD).
func (d *doc) address(name string, f hl7.Field) {
	part := func(n int) string { return clear(f.Get(n, 1)) }
	country := part(6)
	d.object(name, func() {
		if part(1)+part(2)+part(3)+part(4)+part(5)+country == "" {
			return
		}
		d.text("use", addressUse(part(7)))
		d.array("line", func() {
			d.text("", part(1))
			d.text("", part(2))
		})
		d.text("city", part(3))
		d.text("district", part(4))
		d.text("postalCode", strings.ToUpper(part(5)))
		d.text("country", country)
	})
}

// telephones writes contact points, of a use where the number itself does not say.
func (d *doc) telephones(fields []hl7.Field, use string) {
	for _, f := range fields {
		t := readTelephone(f)
		if t.value == "" {
			continue
		}
		d.object("", func() {
			d.text("system", t.system)
			d.text("value", t.value)
			d.text("use", orElse(t.use, use))
		})
	}
}
