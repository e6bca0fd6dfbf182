package fhir_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"kmcr"
	"kmcr/fhir"
)

// JSON to XML and back is the same resource.
func TestXMLRoundTrip(t *testing.T) {
	for _, f := range files(t, "fhir-r4-examples", ".json") {
		r, err := fhir.Parse(f.data)
		if err != nil {
			t.Fatal(f.name, err)
		}
		asXML, err := r.ToXML()
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		back, err := fhir.FromXML(asXML)
		if err != nil {
			t.Errorf("%s: back: %v", f.name, err)
			continue
		}
		var sent, got any
		decode(t, r.Bytes(), &sent)
		decode(t, back, &got)
		if !reflect.DeepEqual(sent, got) {
			t.Errorf("%s: differs:\n%s\n%s", f.name, r.Bytes(), back)
		}
	}
}

func TestUKCoreExamplesAreRead(t *testing.T) {
	for _, f := range files(t, "uk-core-r4/examples", ".xml") {
		j, err := fhir.FromXML(f.data)
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		r, err := fhir.Parse(j)
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		wantValid(t, f.name, r)
		again, err := r.ToXML()
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		if twice, err := fhir.FromXML(again); err != nil || !reflect.DeepEqual(decoded(t, twice), decoded(t, j)) {
			t.Errorf("%s: differs after another round (%v)", f.name, err)
		}
	}
}

const head = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

func TestFromXML(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"arrays, booleans, numbers", head + `<Patient xmlns="http://hl7.org/fhir"><active value="true"/><name><given value="A"/><given value="B"/></name><multipleBirthInteger value="2"/></Patient>`,
			`{"resourceType":"Patient","active":true,"name":[{"given":["A","B"]}],"multipleBirthInteger":2}`},
		{"primitive extensions", `<Patient xmlns="http://hl7.org/fhir"><name><given value="A"/><given id="g"><extension url="u"><valueCode value="x"/></extension></given></name><birthDate id="b" value="1950"/></Patient>`,
			`{"resourceType":"Patient","name":[{"given":["A",null],"_given":[null,{"id":"g","extension":[{"url":"u","valueCode":"x"}]}]}],"birthDate":"1950","_birthDate":{"id":"b"}}`},
		{"decimals keep their digits", `<Observation xmlns="http://hl7.org/fhir"><valueQuantity><value value="1.500"/></valueQuantity></Observation>`,
			`{"resourceType":"Observation","valueQuantity":{"value":1.500}}`},
		{"contained", `<Basic xmlns="http://hl7.org/fhir"><contained><Organization><id value="o"/></Organization></contained></Basic>`,
			`{"resourceType":"Basic","contained":[{"resourceType":"Organization","id":"o"}]}`},
		{"a prefix, comments, white space", `<f:Basic xmlns:f="http://hl7.org/fhir"> <!-- hello --> <f:id value="1"/>` + "\n" + `</f:Basic> `, `{"resourceType":"Basic","id":"1"}`},
		{"the narrative as it stands", `<Basic xmlns="http://hl7.org/fhir"><text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">a &lt; <b class="x">é</b></div></text></Basic>`,
			`{"resourceType":"Basic","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a &lt; <b class=\"x\">é</b></div>"}}`},
		{"character references", `<Basic xmlns="http://hl7.org/fhir"><id value="&#65;&amp;&#xA;"/></Basic>`, `{"resourceType":"Basic","id":"A&\n"}`},
		{"a schema location", `<Basic xmlns="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"/>`, `{"resourceType":"Basic"}`},
		{"a byte-order mark", "\uFEFF" + head + `<Basic xmlns="http://hl7.org/fhir"/>`, `{"resourceType":"Basic"}`},
	} {
		got, err := fhir.FromXML([]byte(c.in))
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %v\ngot  %s\nwant %s", c.name, err, got, c.want)
		}
	}
}

func TestFromXMLRefuses(t *testing.T) {
	basic := func(inside string) string { return `<Basic xmlns="http://hl7.org/fhir">` + inside + `</Basic>` }
	for _, c := range []struct{ name, in, where, says string }{
		{"nothing", ``, "", "no element"},
		{"a DOCTYPE", `<!DOCTYPE Basic [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + basic(""), "line 1 column 1", "DOCTYPE"},
		{"an entity", basic(`<id value="&x;"/>`), "", "entity"},
		{"a named HTML entity in the narrative", basic(`<text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">&nbsp;</div></text>`), "", "entity"},
		{"a processing instruction", basic(`<?php x?>`), "line 1 column 36", "processing instruction"},
		{"a processing instruction in the narrative", basic(`<text><div xmlns="http://www.w3.org/1999/xhtml"><?x?></div></text>`), "", "processing instruction"},
		{"a second XML declaration", head + basic(``) + head, "", ""},
		{"Latin-1 declared", `<?xml version="1.0" encoding="ISO-8859-1"?>` + basic(""), "line 1 column 1", "encoding"},
		{"not UTF-8", basic("\xff"), "line 1 column 36", "UTF-8"},
		{"not well formed", basic("<id>"), "", "well formed"},
		{"cut off", `<Basic xmlns="http://hl7.org/fhir"><id value="1"/>`, "", "well formed"},
		{"an attribute twice", basic(`<id value="1" value="2"/>`), "Basic.id", "twice"},
		{"an unknown attribute", basic(`<id valu="1"/>`), "Basic.id", "attribute"},
		{"an unknown element", basic(`<nme value="1"/>`), "Basic.nme", "no such element"},
		{"an unknown resource", `<Basics xmlns="http://hl7.org/fhir"/>`, "", "no R4 resource"},
		{"a datatype as resource", `<HumanName xmlns="http://hl7.org/fhir"/>`, "", "no R4 resource"},
		{"another namespace", `<Basic/>`, "Basic", "no R4 resource"},
		{"an element of another namespace", basic(`<id xmlns="urn:x" value="1"/>`), "Basic.id", "no such element"},
		{"text", basic(`<id>1</id>`), "Basic.id", "text stands"},
		{"CDATA", basic(`<![CDATA[x]]>`), "Basic", "text stands"},
		{"an empty primitive", basic(`<id/>`), "Basic.id", "neither a value"},
		{"an empty element", basic(`<code/>`), "Basic.code", "empty"},
		{"twice what is there once", basic(`<id value="1"/><id value="2"/>`), "Basic.id", "only once"},
		{"an id as an element", basic(`<code><id value="1"/></code>`), "Basic.code.id", "no such element"},
		{"no boolean", `<Patient xmlns="http://hl7.org/fhir"><active value="1"/></Patient>`, "Patient.active", "true or false"},
		{"no number", `<Patient xmlns="http://hl7.org/fhir"><multipleBirthInteger value="01"/></Patient>`, "Patient.multipleBirthInteger", "number"},
		{"a huge number", `<Observation xmlns="http://hl7.org/fhir"><valueQuantity><value value="1e999"/></valueQuantity></Observation>`, "Observation.valueQuantity.value", "number"},
		{"an empty contained", basic(`<contained/>`), "Basic.contained[0]", "must hold"},
		{"two in one contained", basic(`<contained><Basic/><Basic/></contained>`), "Basic.contained[0]", "more than one"},
		{"a narrative without namespace", basic(`<text><div>x</div></text>`), "Basic.text.div", "namespace"},
		{"a narrative with a prefix", basic(`<text><h:div xmlns:h="http://www.w3.org/1999/xhtml">x</h:div></text>`), "Basic.text.div", "prefix"},
		{"two roots", basic("") + basic(""), "", "more after"},
	} {
		_, err := fhir.FromXML([]byte(c.in))
		var e *kmcr.Error
		if !errors.As(err, &e) || e.Kind != kmcr.Invalid || c.where != "" && e.Where != c.where || !strings.Contains(e.Message, c.says) {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
	deep := basic(strings.Repeat(`<extension url="u">`, 100) + strings.Repeat(`</extension>`, 100))
	if _, err := fhir.FromXML([]byte(deep)); kmcr.KindOf(err) != kmcr.TooLarge {
		t.Errorf("too deep: %v", err)
	}
}

func TestToXMLEscapes(t *testing.T) {
	r := read(t, `{"resourceType":"Basic","id":"a<&\">\n\t\r'","language":"é😀"}`)
	got, err := r.ToXML()
	want := head[:len(head)-1] + `<Basic xmlns="http://hl7.org/fhir"><id value="a&lt;&amp;&quot;&gt;&#xA;&#x9;&#xD;'"/><language value="é😀"/></Basic>`
	if err != nil || string(got) != want {
		t.Errorf("%v\ngot  %s\nwant %s", err, got, want)
	}
}

func TestToXMLRefuses(t *testing.T) {
	for name, in := range map[string]string{
		"an unknown type":         `{"resourceType":"Basics"}`,
		"an unknown element":      `{"resourceType":"Basic","nme":1}`,
		"a control character":     `{"resourceType":"Basic","id":"\u0001"}`,
		"a script for narrative":  `{"resourceType":"Basic","text":{"div":"<div><script>x</script></div>"}}`,
		"a div that breaks out":   `{"resourceType":"Basic","text":{"div":"<div></div><id value='x'/>"}}`,
		"a div that is left open": `{"resourceType":"Basic","text":{"div":"<div><p></div>"}}`,
		"a string for an object":  `{"resourceType":"Basic","code":"x"}`,
		"a string for a boolean":  `{"resourceType":"Patient","active":"true"}`,
	} {
		if _, err := read(t, in).ToXML(); kmcr.KindOf(err) != kmcr.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func FuzzXML(f *testing.F) {
	for _, s := range []string{
		head + `<Patient xmlns="http://hl7.org/fhir"><active value="true"/><name><given value="A"/><given id="g"><extension url="u"/></given></name></Patient>`,
		`<Basic xmlns="http://hl7.org/fhir"><text><div xmlns="http://www.w3.org/1999/xhtml">a<b>&lt;</b></div></text><contained><Basic/></contained></Basic>`,
		`<!DOCTYPE x><x/>`, `<Basic xmlns="http://hl7.org/fhir"><id value="&#xA;"/>`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		j, err := fhir.FromXML(data)
		if err != nil {
			return
		}
		r, err := fhir.Parse(j)
		if err != nil {
			t.Fatalf("FromXML made what Parse refuses: %v\n%s", err, j)
		}
		if fhir.HasErrors(fhir.Validate(r)) {
			return
		}
		again, err := r.ToXML()
		if err != nil {
			t.Fatalf("a valid resource is not written: %v\n%s", err, j)
		}
		if back, err := fhir.FromXML(again); err != nil || !reflect.DeepEqual(decoded(t, back), decoded(t, j)) {
			t.Fatalf("differs after another round: %v\n%s\n%s", err, j, back)
		}
	})
}

func decoded(t testing.TB, data []byte) (v any) {
	decode(t, data, &v)
	return v
}
