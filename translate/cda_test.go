package translate_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmcr"
	"kmcr/fhir"
	"kmcr/translate"
)

// a report in the envelopes of ITK, with one coded section and one of text.
const report = `<?xml version="1.0" encoding="UTF-8"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><itk:DistributionEnvelope xmlns:itk="urn:nhs-itk:ns:201005"><itk:payloads count="1"><itk:payload id="x">
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<id root="A709A442-3CF4-476E-8377-376500E829C9"/><code code="819551000000100" codeSystem="2.16.840.1.113883.2.1.3.2.4.15"/><title>NHS 111 Report</title><effectiveTime value="201701012000+00"/>
<setId root="411910CF-1A76-4330-98FE-C345DDEE5553"/>
<recordTarget><patientRole><id root="2.16.840.1.113883.2.1.4.1" extension="9990000018"/><id root="2.16.840.1.113883.2.1.3.2.4.18.24" extension="77" assigningAuthorityName="RYE:SCAS 111"/>
<addr use="H"><streetAddressLine>1 Sample Road</streetAddressLine><postalCode>CT1 1ZZ</postalCode></addr><telecom value="tel:01227000000"/>
<patient><name><given>Ann</given><family>Sample</family></name><administrativeGenderCode code="2"/><birthTime value="19500203"/></patient>
<providerOrganization><id root="2.16.840.1.113883.2.1.3.2.4.19.1" extension="G82001"/><name>The practice</name></providerOrganization></patientRole></recordTarget>
<author><assignedAuthor><assignedPerson><name>Nurse Bell</name></assignedPerson></assignedAuthor></author>
<componentOf><encompassingEncounter><id root="1" extension="C9"/><effectiveTime><low value="20170101193000+0000"/><high value="20170101195000+0000"/></effectiveTime></encompassingEncounter></componentOf>
<component><structuredBody><component><section><title>Patient's Reported Condition</title><text>chest pain <script>alert(1)</script><content styleCode="Bold">since &lt;noon&gt;</content></text></section></component>
<component><section><code code="48765-2"/><title>Allergies</title><text><list><item ID="a1">Penicillin rash</item></list></text>
<entry><act><statusCode code="active"/><entryRelationship typeCode="SUBJ"><observation><id root="2" extension="9"/><effectiveTime><low value="2001"/></effectiveTime>
<participant><participantRole><playingEntity><code nullFlavor="UNK"><originalText><reference value="#a1"/></originalText></code></playingEntity></participantRole></participant></observation></entryRelationship></act></entry>
<entry><supply/></entry></section></component></structuredBody></component>
</ClinicalDocument></itk:payload></itk:payloads></itk:DistributionEnvelope></s:Body></s:Envelope>`

func TestAReportOfNHS111(t *testing.T) {
	c, err := translate.XML([]byte(report), false)
	if err != nil {
		t.Fatal(err)
	}
	r := parsed(t, c.Body)
	for _, i := range fhir.Validate(r) {
		if i.Severity == "error" {
			t.Errorf("not R4: %s %s", i.Expression, i.Diagnostics)
		}
	}
	byType := map[string]fhir.Value{}
	for _, e := range r.Root().Get("entry").Items() {
		byType[e.First("resource.resourceType").Text()] = e.Get("resource")
	}
	says := func(kind, path, want string) {
		t.Helper()
		if got := byType[kind].First(path).Text(); got != want {
			t.Errorf("%s.%s is %q, want %q", kind, path, got, want)
		}
	}
	says("Patient", "identifier.value", "9990000018")
	says("Patient", "identifier.system", "https://fhir.nhs.uk/Id/nhs-number")
	says("Patient", "birthDate", "1950-02-03")
	says("Patient", "gender", "female")
	says("Patient", "generalPractitioner.identifier.value", "G82001")
	says("Encounter", "period.start", "2017-01-01T19:30:00+00:00")
	says("DocumentReference", "author.display", "Nurse Bell")
	says("DocumentReference", "date", "2017-01-01T20:00:00+00:00")
	says("AllergyIntolerance", "code.text", "Penicillin rash")
	says("AllergyIntolerance", "onsetDateTime", "2001")
	if n := byType["DocumentReference"].Get("content").Len(); n != 2 {
		t.Errorf("%d contents; want the text and the document as it was sent", n)
	}
	if lost := strings.Join(c.Unmapped, ";"); !strings.Contains(lost, "supply") {
		t.Errorf("an entry that is not read is not listed: %q", lost)
	}
	text := document(t, byType["DocumentReference"].First("content.attachment.data").Text())
	if !strings.Contains(text, "since &lt;noon&gt;") || strings.Contains(text, "script") || !strings.Contains(text, "<h2>Patient's Reported Condition</h2>") {
		t.Errorf("the text is %s", text)
	}
}

func document(t *testing.T, data string) string {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestXMLThatIsNotRead(t *testing.T) {
	for name, c := range map[string]struct {
		xml  string
		kind kmcr.Kind
	}{
		"a DOCTYPE":                   {`<!DOCTYPE x [<!ENTITY a "b">]><ClinicalDocument>&a;</ClinicalDocument>`, kmcr.Invalid},
		"an entity":                   {`<ClinicalDocument>&a;</ClinicalDocument>`, kmcr.Invalid},
		"too deep":                    {strings.Repeat("<a>", 300) + strings.Repeat("</a>", 300), kmcr.TooLarge},
		"not well formed":             {`<ClinicalDocument><a></ClinicalDocument>`, kmcr.Invalid},
		"another document":            {`<rss/>`, kmcr.Unsupported},
		"a document of no patient":    {`<ClinicalDocument xmlns="urn:hl7-org:v3"/>`, kmcr.Invalid},
		"an encoding that is other":   {`<?xml version="1.0" encoding="EBCDIC"?><a/>`, kmcr.Invalid},
		"two documents after another": {`<a/><b/>`, kmcr.Invalid},
	} {
		if _, err := translate.XML([]byte(c.xml), false); kmcr.KindOf(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// every published document becomes R4 with its patient and what it says.
func TestPublishedCDA(t *testing.T) {
	seen := 0
	for _, set := range []string{"itk-cda-111/*.xml", "c-cda/*.ccda"} {
		names, _ := filepath.Glob("../../shared/data/transfer-of-care-documents/" + set)
		for _, n := range names {
			seen++
			data, err := os.ReadFile(n)
			if err != nil {
				t.Fatal(err)
			}
			c, err := translate.XML(data, false)
			if err != nil {
				t.Errorf("%s: %v", filepath.Base(n), err)
				continue
			}
			r := parsed(t, c.Body)
			for _, i := range fhir.Validate(r) {
				if i.Severity == "error" {
					t.Errorf("%s: %s %s", filepath.Base(n), i.Expression, i.Diagnostics)
				}
			}
			kinds := map[string]int{}
			for _, e := range r.Root().Get("entry").Items() {
				kinds[e.First("resource.resourceType").Text()]++
			}
			if kinds["Patient"] == 0 || kinds["DocumentReference"] == 0 {
				t.Errorf("%s: %v", filepath.Base(n), kinds)
			}
		}
	}
	if seen == 0 {
		t.Skip("SKIPPED, NOT TESTED: the sample data is not beside this project")
	}
}

func FuzzXML(f *testing.F) {
	f.Add([]byte(report))
	f.Add([]byte(`<Bundle xmlns="http://hl7.org/fhir"><type value="document"/><entry><resource><Observation><context><reference value="x"/></context></Observation></resource></entry></Bundle>`))
	f.Add([]byte(`<ClinicalDocument><recordTarget><patientRole/></recordTarget><component><nonXMLBody><text representation="B64">aGk=</text></nonXMLBody></component></ClinicalDocument>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := translate.XML(data, true)
		if err != nil {
			return
		}
		if _, err := fhir.Parse(c.Body); err != nil {
			t.Fatalf("%v: %s", err, c.Body)
		}
	})
}

// What an entry denies, intends or limits is not what another one states.
func TestEntriesThatDenyIntendOrLimit(t *testing.T) {
	const allergy = `<entry><act><statusCode code="active"/><entryRelationship typeCode="SUBJ"><observation negationInd="true"><value code="%s"/><participant><participantRole><playingEntity>%s</playingEntity></participantRole></participant></observation></entryRelationship></act></entry>`
	const medicine = `<entry><substanceAdministration negationInd="%s" moodCode="EVN"><statusCode code="active"/>%s<consumable><manufacturedProduct><manufacturedMaterial><code code="%s" codeSystem="2.16.840.1.113883.6.96" displayName="Warfarin"/></manufacturedMaterial></manufacturedProduct></consumable></substanceAdministration></entry>`
	const procedure = `<entry><procedure %s><code code="80146002" codeSystem="2.16.840.1.113883.6.96"/><statusCode code="%s"/></procedure></entry>`
	const result = `<entry><observation><code code="1" displayName="eGFR"/>%s</observation></entry>`
	const penicillin = `<code code="764146007" codeSystem="2.16.840.1.113883.6.96" displayName="Penicillin"/>`
	for name, c := range map[string]struct{ section, entry, kind, path, want string }{
		"no allergy to one substance":       {"48765-2", fmt.Sprintf(allergy, "419199007", penicillin), "AllergyIntolerance", "verificationStatus.coding.code", "refuted"},
		"that substance stands":             {"48765-2", fmt.Sprintf(allergy, "419199007", penicillin), "AllergyIntolerance", "code.coding.code", "764146007"},
		"no allergy at all":                 {"48765-2", fmt.Sprintf(allergy, "419199007", `<code nullFlavor="NA"/>`), "AllergyIntolerance", "code.coding.code", "716186003"},
		"no allergy to drugs":               {"48765-2", fmt.Sprintf(allergy, "416098002", ""), "AllergyIntolerance", "code.coding.code", "409137002"},
		"a medicine that is not taken":      {"10160-0", fmt.Sprintf(medicine, "true", "", "48603004"), "MedicationStatement", "status", "not-taken"},
		"no medicines":                      {"10160-0", fmt.Sprintf(medicine, "true", "", "410942007"), "MedicationStatement", "status", ""},
		"a medicine that is taken":          {"10160-0", fmt.Sprintf(medicine, "false", "", "48603004"), "MedicationStatement", "status", "active"},
		"a dose between two":                {"10160-0", fmt.Sprintf(medicine, "false", `<doseQuantity><low value="1"/><high value="2"/></doseQuantity>`, "48603004"), "MedicationStatement", "dosage.doseAndRate.doseRange.high.value", "2"},
		"a procedure that was not done":     {"47519-4", fmt.Sprintf(procedure, `negationInd="true" moodCode="EVN"`, "completed"), "Procedure", "status", "not-done"},
		"a procedure that is intended":      {"47519-4", fmt.Sprintf(procedure, `moodCode="INT"`, "active"), "Procedure", "status", "preparation"},
		"a procedure that was done":         {"47519-4", fmt.Sprintf(procedure, `moodCode="EVN"`, "completed"), "Procedure", "status", "completed"},
		"a result is one of a laboratory":   {"30954-2", fmt.Sprintf(result, `<value xsi:type="PQ" value="6.10" unit="mmol/L"/>`), "Observation", "category.coding.code", "laboratory"},
		"a vital sign is not":               {"8716-3", fmt.Sprintf(result, `<value xsi:type="PQ" value="6.10" unit="mmol/L"/>`), "Observation", "category.coding.code", "vital-signs"},
		"above a limit":                     {"30954-2", fmt.Sprintf(result, `<value xsi:type="IVL_PQ"><low value="90" inclusive="false"/></value>`), "Observation", "valueQuantity.comparator", ">"},
		"at most":                           {"30954-2", fmt.Sprintf(result, `<value xsi:type="IVL_PQ"><high value="5"/></value>`), "Observation", "valueQuantity.comparator", "<="},
		"between two":                       {"30954-2", fmt.Sprintf(result, `<value xsi:type="IVL_PQ"><low value="5"/><high value="9"/></value>`), "Observation", "valueRange.high.value", "9"},
		"one in so many":                    {"30954-2", fmt.Sprintf(result, `<value xsi:type="RTO"><numerator xsi:type="INT" value="1"/><denominator xsi:type="INT" value="128"/></value>`), "Observation", "valueRatio.denominator.value", "128"},
		"yes or no":                         {"30954-2", fmt.Sprintf(result, `<value xsi:type="BL" value="false"/>`), "Observation", "valueBoolean", "false"},
		"an instant":                        {"30954-2", fmt.Sprintf(result, `<value xsi:type="TS" value="20170101"/>`), "Observation", "valueDateTime", "2017-01-01"},
		"not known, but put in words":       {"30954-2", fmt.Sprintf(result, `<value xsi:type="CD" nullFlavor="OTH"><originalText>Growth of mixed organisms</originalText></value>`), "Observation", "valueString", "Growth of mixed organisms"},
		"a value that nobody here can tell": {"30954-2", fmt.Sprintf(result, `<value xsi:type="GLIST_TS"><head value="2017"/></value>`), "Observation", "valueString", ""},
	} {
		t.Run(name, func(t *testing.T) {
			from, to := strings.Index(report, `<code code="48765-2"/>`), strings.Index(report, `</section></component></structuredBody>`)
			converted, err := translate.XML([]byte(report[:from]+`<code code="`+c.section+`"/>`+c.entry+report[to:]), false)
			if err != nil {
				t.Fatal(err)
			}
			r := parsed(t, converted.Body)
			for _, i := range fhir.Validate(r) {
				if i.Severity == "error" {
					t.Errorf("not R4: %s %s", i.Expression, i.Diagnostics)
				}
			}
			got := ""
			for _, e := range r.Root().Get("entry").Items() {
				if e.First("resource.resourceType").Text() == c.kind {
					got = e.Get("resource").First(c.path).Text()
				}
			}
			if got != c.want {
				t.Errorf("%s.%s is %q, want %q; not read: %v", c.kind, c.path, got, c.want, converted.Unmapped)
			}
			if c.want == "" && !strings.Contains(strings.Join(converted.Unmapped, ";"), "not read") {
				t.Errorf("what is not read is not listed: %v", converted.Unmapped)
			}
		})
	}
}
