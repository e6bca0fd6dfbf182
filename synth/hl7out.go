package synth

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"kmcr"
)

// hospitalMessages are what a hospital's HL7 v2 interface sends about one
// person, in order (ITK HL7 v2.4 UK; ORU, MDM and SIU v2.4).
func (w *World) hospitalMessages(c kmcr.Contributor, p *Person, events []Event) ([][]byte, error) {
	var out [][]byte
	for i, e := range events {
		trigger, known := hl7Triggers[e.Do]
		if !known {
			return nil, fmt.Errorf("synth: %s cannot say %q as HL7 v2", c.Code, e.Do)
		}
		h := &hospital{w: w, c: c, p: p, e: e, number: p.local(c.Code), control: fmt.Sprintf("%s%s%03d", c.SendingFacility, strings.ReplaceAll(p.local(c.Code), " ", ""), i)}
		if e.Fields["number"] != "" {
			h.number = e.Fields["number"]
		}
		out = append(out, []byte(strings.Join(h.segments(trigger), "\r")+"\r"))
	}
	return out, nil
}

var hl7Triggers = map[string]string{
	"register": "ADT^A28", "admit": "ADT^A01", "transfer": "ADT^A02", "discharge": "ADT^A03", "attend": "ADT^A04",
	"died": "ADT^A31", "merge": "ADT^A40", "result": "ORU^R01", "letter": "MDM^T02", "appointment": "SIU^S12",
}

type hospital struct {
	w       *World
	c       kmcr.Contributor
	p       *Person
	e       Event
	number  string
	control string
}

func ts(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("20060102150405")
}

var hl7Escapes = strings.NewReplacer(`\`, `\E\`, "|", `\F\`, "^", `\S\`, "&", `\T\`, "~", `\R\`)

func esc(s string) string { return hl7Escapes.Replace(s) }

func (h *hospital) segments(trigger string) []string {
	s := []string{fmt.Sprintf(`MSH|^~\&|%s|%s|KMCR|QKS|%s||%s|%s|P|2.4|||||GBR|UNICODE UTF-8|EN`, h.c.SendingApplication, h.c.SendingFacility, ts(h.e.At), trigger, h.control)}
	kind, event, _ := strings.Cut(trigger, "^")
	switch kind {
	case "ADT":
		s = append(s, fmt.Sprintf("EVN|%s|%s||||%s", event, ts(h.e.At), ts(h.e.At)), h.pid())
		if event == "A40" {
			return append(s, "MRG|"+h.e.Fields["other"]+"^^^"+h.c.SendingFacility+"^PI")
		}
		s = append(s, fmt.Sprintf("PD1|||%s^^%s", esc(strings.ToUpper(organisationName(h.p.Practice))), h.p.Practice))
		if k := h.p.Kin; k != nil {
			s = append(s, fmt.Sprintf("NK1|1|%s^%s^^^%s|%s||%s", esc(k.Family), esc(k.Given), k.Title, h.p.KinHow, k.Telephone))
		}
		if event != "A28" && event != "A31" {
			s = append(s, h.pv1(event))
			expected := ""
			if t, ok := h.w.day(h.e, "expected"); ok {
				expected = ts(t)
			}
			s = append(s, fmt.Sprintf("PV2|||%s||||||%s", "^"+esc(h.e.Fields["reason"]), expected))
			if a := strings.Split(h.e.Fields["allergy"], "^"); len(a) == 3 {
				s = append(s, fmt.Sprintf("AL1|1|DA|%s^%s^SCT|MO|%s|%s", a[0], esc(a[1]), esc(a[2]), ts(h.e.At)[:8]))
			}
			if h.e.Fields["code"] != "" {
				s = append(s, fmt.Sprintf("DG1|1||%s^%s^SCT|||A", h.e.Fields["code"], esc(h.e.Fields["display"])))
			}
		}
	case "ORU":
		t := tests[h.e.Fields["test"]]
		s = append(s, h.pid(), h.pv1(""), fmt.Sprintf("OBR|1||%s^LAB|%s^%s^SCT|||%s|||||||%s||||||||%s||CH|F", h.control, t.code, t.display, ts(h.e.At), ts(h.e.At), ts(h.e.At)),
			fmt.Sprintf("OBX|1|NM|%s^%s^SCT||%s|%s|%s-%s|%s|||F|||%s", t.code, t.display, h.e.Fields["value"], t.unit, t.low, t.high, abnormal(h.e.Fields["value"], t), ts(h.e.At)))
	case "MDM":
		s = append(s, fmt.Sprintf("EVN|%s|%s", event, ts(h.e.At)), h.pid(), h.pv1(""),
			fmt.Sprintf("TXA|1|DS^Discharge summary|TX|%s|||%s||C123456^Fairhurst^Tom^^^Dr||||%s||||%s|AU", ts(h.e.At), ts(h.e.At), h.control, esc(h.e.Fields["title"])),
			fmt.Sprintf("OBX|1|ED|^%s||^application^pdf^Base64^%s||||||F", esc(h.e.Fields["title"]), base64.StdEncoding.EncodeToString(letterPDF(h.e.Fields["title"], h.e.Fields["text"]))),
			fmt.Sprintf("OBX|2|TX|^%s||%s||||||F", esc(h.e.Fields["title"]), esc(h.e.Fields["text"])))
	case "SIU":
		s = append(s, fmt.Sprintf("SCH|%s|%s|||||%s|%s|30|m|^^30^%s^%s|||||||||||||Booked", h.control, h.control, "ROUTINE^Follow-up", "FU^Follow-up", ts(h.e.At), ts(h.e.At.Add(30*time.Minute))),
			h.pid(), "RGS|1", fmt.Sprintf("AIS|1||%s^%s|%s", strings.ToUpper(strings.ReplaceAll(h.e.Fields["clinic"], " ", "")), esc(h.e.Fields["clinic"]), ts(h.e.At)),
			fmt.Sprintf("AIL|1||%s^^^%s", esc(h.e.Fields["clinic"]), h.c.SendingFacility))
	}
	return s
}

func (h *hospital) pid() string {
	p, died, dead := h.p, "", "N"
	if h.e.Do == "died" || (!p.Died.IsZero() && h.e.Fields["discharge-method"] == "4") {
		died, dead = ts(p.Died), "Y"
	}
	sex := map[string]string{"female": "F", "male": "M"}[p.Sex]
	given, born := p.Given, p.Born.Format("20060102")
	if wrong := h.e.Fields["as-given"]; wrong != "" { // the form of somebody else
		given, born = wrong, h.e.Fields["as-born"]
	}
	return fmt.Sprintf("PID|1||%s^^^%s^PI~%s^^^NHS^NH||%s^%s^^^%s^^L||%s|%s|||%s^^%s^^%s^GBR^H||%s||||||||||||||||%s|%s||01",
		h.number, h.c.SendingFacility, p.NHS, esc(p.Family), esc(given), p.Title, born, sex, esc(p.Line), p.Town, p.Postcode, p.Telephone, died, dead)
}

func (h *hospital) pv1(event string) string {
	f := h.e.Fields
	class, ward, prior := "I", f["ward"], ""
	if h.e.Do == "attend" {
		class = "E"
	}
	if h.e.Do == "transfer" {
		ward, prior = f["to"], f["ward"]+"^^^"+h.c.SendingFacility
	}
	admitted, discharged := "", ""
	switch event {
	case "A01", "A04":
		admitted = ts(h.e.At)
	case "A03":
		discharged = ts(h.e.At)
	}
	// PV1-2 class, 3 location, 4 admission method, 6 prior location, 7 attending, 10 specialty, 14 source, 19 spell, 36 method, 37 destination, 44 and 45 times.
	fields := make([]string, 46)
	fields[0], fields[1], fields[2], fields[3], fields[4], fields[6] = "PV1", "1", class, esc(ward)+"^Bay 2^Bed 4^"+h.c.SendingFacility, f["method"], prior
	fields[7], fields[10], fields[14], fields[19] = "C123456^Fairhurst^Tom^^^Dr", "300", f["source"], f["spell"]
	fields[36], fields[37], fields[44], fields[45] = f["discharge-method"], f["destination"], admitted, discharged
	return strings.TrimRight(strings.Join(fields, "|"), "|")
}

func abnormal(value string, t test) string {
	var v, low, high float64
	fmt.Sscan(value, &v)
	fmt.Sscan(t.low, &low)
	fmt.Sscan(t.high, &high)
	switch {
	case v < low:
		return "L"
	case v > high:
		return "H"
	}
	return ""
}

// letterPDF is a one-page PDF with a title and lines of text.
func letterPDF(title, text string) []byte {
	safe := strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`)
	var page strings.Builder
	fmt.Fprintf(&page, "BT /F1 16 Tf 60 780 Td (%s) Tj /F1 11 Tf 0 -30 Td 15 TL ", safe.Replace(title))
	for words := strings.Fields(text); len(words) > 0; {
		n := min(11, len(words))
		fmt.Fprintf(&page, "(%s) Tj T* ", safe.Replace(strings.Join(words[:n], " ")))
		words = words[n:]
	}
	page.WriteString("ET")
	objects := []string{"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
		fmt.Sprintf("<</Length %d>>stream\n%s\nendstream", page.Len(), page.String()), "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"}
	var pdf strings.Builder
	pdf.WriteString("%PDF-1.4\n")
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = pdf.Len()
		fmt.Fprintf(&pdf, "%d 0 obj%s endobj\n", i+1, o)
	}
	xref := pdf.Len()
	fmt.Fprintf(&pdf, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&pdf, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&pdf, "trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, xref)
	return []byte(pdf.String())
}
