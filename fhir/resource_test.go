package fhir_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"kmcr/fhir"
)

func read(t testing.TB, s string) *fhir.Resource {
	t.Helper()
	r, err := fhir.Parse([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const zoe = `{"resourceType":"Patient","id":"p1","meta":{"profile":["http://x"]},
 "name":[{"use":"official","family":"Brown","given":["Zo\u00eb","Ann"]},{"family":"Green","given":["Z"]}],
 "active":true,"multipleBirthInteger":2,"nothing":null,
 "extension":[{"url":"u","valueDecimal":1.50}],
 "contained":[{"resourceType":"Organization","id":"o"}]}`

func TestValuesAreFoundByPath(t *testing.T) {
	root := read(t, zoe).Root()
	for path, want := range map[string][]string{
		"name.family":            {"Brown", "Green"},
		"name.given":             {"Zoë", "Ann", "Z"},
		"active":                 {"true"},
		"extension.valueDecimal": {"1.50"},
		"contained.resourceType": {"Organization"},
		"name.use.more":          nil,
		"nobody":                 nil,
		"nam":                    nil,
		"names":                  nil,
	} {
		var got []string
		for _, v := range root.Path(path) {
			got = append(got, v.Text())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
		first := ""
		if len(want) > 0 {
			first = want[0]
		}
		if got := root.First(path).Text(); got != first {
			t.Errorf("first %s: got %q, want %q", path, got, first)
		}
	}
	if v, name := root.Choice("multipleBirth"); name != "Integer" || v.Text() != "2" {
		t.Errorf("the choice is %q %q", name, v.Text())
	}
	if !root.First("name.given").Is("Zoë") || root.First("name.given").Is("Zo") || !root.Get("active").Is("true") {
		t.Error("Is and Text disagree")
	}
}

func TestTheAbsentValueAnswersEmptily(t *testing.T) {
	var v fhir.Value
	v.Members(func(string, fhir.Value) { t.Error("it has a member") })
	if v.Exists() || v.Get("a").Exists() || v.First("a.b").Exists() || v.Path("") != nil || v.Items() != nil || v.Text() != "" ||
		v.Raw() != nil || v.Resource() != nil || v.Len() != 0 || v.Is("x") || v.IsObject() || v.IsArray() || v.IsString() {
		t.Error("the absent value says something")
	}
	if got := v.Get("a").Get("b").First("c").Text(); got != "" {
		t.Error(got)
	}
}

func TestAResourceInsideIsAResource(t *testing.T) {
	r := read(t, zoe)
	o := r.Root().First("contained").Resource()
	if o.Type() != "Organization" || o.ID() != "o" || string(o.Bytes()) != `{"resourceType":"Organization","id":"o"}` {
		t.Errorf("got %s", o.Bytes())
	}
	if r.Root().First("name").Resource() != nil {
		t.Error("a name is no resource")
	}
	if none := fhir.Trusted(nil); none.Type() != "" || none.ID() != "" || none.Bytes() != nil {
		t.Error("no bytes are no resource")
	}
}

func TestMembersComeInTheOrderSent(t *testing.T) {
	var got []string
	read(t, `{"b":1,"a":2,"\"":3}`).Root().Members(func(name string, v fhir.Value) { got = append(got, name+v.Text()) })
	if !slices.Equal(got, []string{"b1", "a2", `"3`}) {
		t.Errorf("got %q", got)
	}
}

const letter = `{"resourceType":"DocumentReference","id":"d","subject":{"reference":"Patient/1"},
 "contained":[{"resourceType":"Group","id":"g","managingEntity":{"reference":"Organization/2"},"member":[{"entity":{"reference":"#x"}}]}],
 "author":[{"display":"me","reference":"urn:uuid:3"},{"reference":"Practitioner\/4"}],
 "extension":[{"url":"urn:uuid:no","valueReference":{"reference":"Patient/5"}},
  {"url":"Binary/no","valueExpression":{"language":"text/x","reference":"http://no"}}],
 "content":[{"attachment":{"url":"urn:uuid:6"}},{"attachment":{"url":"Binary/7"}},{"attachment":{"url":"https://no"}}],
 "reference":"no"}`

func TestReferencesAreThoseOfReferencesAndAttachments(t *testing.T) {
	r := read(t, letter)
	var got []string
	for _, ref := range r.References() {
		got = append(got, ref.Value)
		if raw := string(r.Bytes()[ref.Start:ref.End]); raw[0] != '"' || raw[len(raw)-1] != '"' || len(raw) < len(ref.Value)+2 {
			t.Errorf("%s does not stand at its place: %s", ref.Value, raw)
		}
	}
	want := []string{"Patient/1", "Organization/2", "#x", "urn:uuid:3", "Practitioner/4", "Patient/5", "urn:uuid:6", "Binary/7"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	inside := r.Root().First("contained").Resource()
	if refs := inside.References(); len(refs) != 2 || string(inside.Bytes()[refs[0].Start:refs[0].End]) != `"Organization/2"` {
		t.Errorf("inside: %v", refs)
	}
}

func TestBodyTakesOutIDAndMetaAndResolves(t *testing.T) {
	for _, c := range []struct{ name, in, body, meta string }{
		{"resourceType comes first", `{"id":"1","active":true,"resourceType":"Patient"}`, `{"resourceType":"Patient","active":true}`, ``},
		{"nothing else", `{"resourceType":"Basic"}`, `{"resourceType":"Basic"}`, ``},
		{"meta", `{"meta":{"tag":[]},"resourceType":"Basic","id":"x"}`, `{"resourceType":"Basic"}`, `{"tag":[]}`},
		{"ids and metas further in stay", `{"resourceType":"Basic","contained":[{"resourceType":"Basic","id":"c","meta":{"source":"s"}}],"code":{"id":"e"}}`,
			`{"resourceType":"Basic","contained":[{"resourceType":"Basic","id":"c","meta":{"source":"s"}}],"code":{"id":"e"}}`, ``},
		{"references", `{"resourceType":"Basic","subject":{"reference":"Patient/1","display":"A"},"author":{"reference":"urn:uuid:2"},"extension":[{"url":"u","valueReference":{"reference":"#frag"}}]}`,
			`{"resourceType":"Basic","subject":{"reference":"Patient/new","display":"A"},"author":{"reference":"urn:uuid:2"},"extension":[{"url":"u","valueReference":{"reference":"#frag"}}]}`, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			body, meta := read(t, c.in).Body(func(ref string) string {
				return map[string]string{"Patient/1": "Patient/new", "#frag": "wrong"}[ref]
			})
			if string(body) != c.body || string(meta) != c.meta {
				t.Errorf("got  %s %s\nwant %s %s", body, meta, c.body, c.meta)
			}
		})
	}
}

func TestRenderPutsIDAndMetaBack(t *testing.T) {
	for _, c := range []struct{ name, body, meta, want string }{
		{"without meta", `{"resourceType":"Basic"}`, ``, `{"resourceType":"Basic","id":"i","meta":{"versionId":"2","lastUpdated":"now","source":"s"}}`},
		{"with meta", `{"resourceType":"Basic","a":1}`, `{"profile":["p"],"versionId":"9","_lastUpdated":{"id":"x"},"tag":[{"code":"}\""}],"source":"old"}`,
			`{"resourceType":"Basic","id":"i","meta":{"versionId":"2","lastUpdated":"now","source":"s","profile":["p"],"tag":[{"code":"}\""}]},"a":1}`},
		{"with empty meta", `{"resourceType":"Basic","a":1}`, `{}`, `{"resourceType":"Basic","id":"i","meta":{"versionId":"2","lastUpdated":"now","source":"s"},"a":1}`},
	} {
		if got := string(fhir.Render([]byte("x"), []byte(c.body), []byte(c.meta), "i", "2", "now", "s")); got != "x"+c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
	if got := string(fhir.Render(nil, []byte(`{"resourceType":"Basic"}`), []byte(`{"versionId":"9"}`), "", "", "", "")); got != `{"resourceType":"Basic","meta":{"versionId":"9"}}` {
		t.Errorf("empty ones leave what was sent: %s", got)
	}
	if got := string(fhir.Render(nil, []byte(`{"resourceType":"Basic"}`), nil, "", "", "", "")); got != `{"resourceType":"Basic"}` {
		t.Errorf("no meta at all: %s", got)
	}
}

// What is read back is what was sent, but for id and meta.
func TestKeptAndRenderedIsWhatWasSent(t *testing.T) {
	for _, f := range realJSON(t) {
		r, err := fhir.Parse(f.data)
		if err != nil || r.Type() == "" {
			continue
		}
		body, meta := r.Body(func(string) string { return "" })
		back := fhir.Trusted(fhir.Render(nil, body, meta, "new", "", "", ""))
		var sent, got map[string]any
		decode(t, r.Bytes(), &sent)
		decode(t, back.Bytes(), &got)
		if got["id"] != "new" {
			t.Errorf("%s: the id is %v", f.name, got["id"])
		}
		delete(sent, "id")
		delete(got, "id")
		if m, ok := sent["meta"].(map[string]any); ok && len(m) == 0 {
			delete(sent, "meta")
		}
		if !reflect.DeepEqual(sent, got) {
			t.Errorf("%s: read back differently", f.name)
		}
	}
}

func decode(t testing.TB, data []byte, into any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		t.Fatal(err)
	}
}

func TestWhatBelongsToAPatient(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{`{"resourceType":"Observation","performer":[{"reference":"Practitioner/9"},{"reference":"Patient/2"}],"subject":{"reference":"Patient/1"}}`, []string{"Patient/1", "Patient/2"}},
		{`{"resourceType":"AllergyIntolerance","recorder":{"reference":"urn:uuid:r","type":"Practitioner"},"patient":{"reference":"urn:uuid:p"}}`, []string{"urn:uuid:p"}},
		{`{"resourceType":"Appointment","participant":[{"actor":{"reference":"Location/1"}},{"actor":{"reference":"http://host/fhir/Patient/1/_history/2"}}]}`, []string{"http://host/fhir/Patient/1/_history/2"}},
		{`{"resourceType":"Encounter","subject":{"reference":"Patient?identifier=x|1"}}`, []string{"Patient?identifier=x|1"}},
		{`{"resourceType":"Coverage","payor":[{"reference":"Patient/2"}],"beneficiary":{"reference":"Patient/1"}}`, []string{"Patient/1", "Patient/2"}},
		{`{"resourceType":"Condition","subject":{"reference":"#p"}}`, nil},
		{`{"resourceType":"Condition","subject":{"reference":"Group/1"}}`, nil},
		{`{"resourceType":"Patient","link":[{"other":{"reference":"Patient/2"}}]}`, nil},
		{`{"resourceType":"Organization"}`, nil},
	} {
		if got := read(t, c.in).CompartmentReferences(); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q", c.in, got)
		}
	}
	for name, want := range map[string]bool{"Patient": true, "Observation": true, "Organization": false, "Nothing": false, "": false} {
		if fhir.InPatientCompartment(name) != want {
			t.Errorf("%s belongs: %v", name, !want)
		}
	}
}

func TestReferenceType(t *testing.T) {
	for reference, want := range map[string]string{
		"Patient/1": "Patient", "http://h/fhir/Patient/1": "Patient", "Patient/1/_history/2": "Patient", "Patient?identifier=http://x/Y/1": "Patient",
		"urn:uuid:1": "", "#p": "", "": "", "1": "", "Patient": "", "http://host": "", "Patient/1#x": "Patient", "/1": "",
	} {
		if got := fhir.ReferenceType(reference); got != want {
			t.Errorf("%s: got %q, want %q", reference, got, want)
		}
	}
}
