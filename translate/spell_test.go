package translate

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kmcr/hl7"
)

// adtEvent writes an ADT message about spell S1; fields are set as "PV1-3=Ward^Bay", "PV2-9=…", "MSH-7=…".
func adtEvent(trigger, at string, fields ...string) string {
	segments := map[string][]string{
		"MSH": {"MSH", `^~\&`, "PAS", "RVV", "KMCR", "QKS", at, "", "ADT^" + trigger, "C" + trigger + at, "P", "2.4"},
		"EVN": {"EVN", trigger, at},
		"PID": {"PID", "1", "", "A1^^^RVV^PI~9990000018^^^NHS^NH", "", "Fox^Ada", "", "19410305", "F"},
		"PV1": make([]string, 46),
		"PV2": make([]string, 10),
	}
	segments["PV1"][0], segments["PV1"][2], segments["PV1"][19], segments["PV2"][0] = "PV1", "I", "S1", "PV2"
	for _, f := range fields {
		place, value, _ := strings.Cut(f, "=")
		var name string
		var n int
		if _, err := fmt.Sscanf(strings.Replace(place, "-", " ", 1), "%s %d", &name, &n); err != nil {
			panic(err)
		}
		if name == "MSH" {
			n--
		}
		for len(segments[name]) <= n {
			segments[name] = append(segments[name], "")
		}
		segments[name][n] = value
	}
	var lines []string
	for _, name := range []string{"MSH", "EVN", "PID", "PV1", "PV2"} {
		lines = append(lines, strings.Join(segments[name], "|"))
	}
	return strings.Join(lines, "\r")
}

// fragmentOf reads a message and gives its fragment.
func fragmentOf(t testing.TB, message string) Statement {
	m, err := hl7.Parse([]byte(message), "")
	if err != nil {
		t.Fatal(err)
	}
	out, err := HL7(m, hospital)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range out.Statements {
		if s.Fold != "" {
			return s
		}
	}
	t.Fatal("no fragment in ", message)
	return Statement{}
}

func fold(t testing.TB, messages ...string) string {
	var fragments [][]byte
	for _, m := range messages {
		s := fragmentOf(t, m)
		if s.Fold != "Encounter|S1" {
			t.Fatalf("fold %q", s.Fold)
		}
		fragments = append(fragments, s.Resource)
	}
	s, err := Fold("Encounter|S1", fragmentsOf(t, fragments...))
	if err != nil || s.Key != "Encounter|S1" {
		t.Fatal(s.Key, err)
	}
	return string(s.Resource)
}

// told is what matters of an Encounter, in one line.
func told(t testing.TB, encounter string) string {
	var e struct {
		Status string
		Period struct{ Start, End string }
		Class  struct{ Code string }
		Reason []struct{ Text string } `json:"reasonCode"`
		Stays  []struct {
			Location struct{ Display string }
			Status   string
			Period   struct{ Start, End string }
		} `json:"location"`
		Extension       []struct{ URL, ValueString, ValueDateTime string }
		Hospitalization struct {
			Extension            []struct{ ValueCodeableConcept struct{ Text string } }
			DischargeDisposition struct{ Text string }
		}
	}
	if err := json.Unmarshal([]byte(encounter), &e); err != nil {
		t.Fatal(err)
	}
	short := func(s string) string {
		if len(s) > 16 {
			return s[8:10] + "T" + s[11:16]
		}
		return s
	}
	out := []string{e.Status, e.Class.Code, short(e.Period.Start) + "–" + short(e.Period.End)}
	for _, s := range e.Stays {
		out = append(out, fmt.Sprintf("%s(%s %s–%s)", s.Location.Display, s.Status, short(s.Period.Start), short(s.Period.End)))
	}
	for _, r := range e.Reason {
		out = append(out, r.Text)
	}
	for _, x := range e.Hospitalization.Extension {
		out = append(out, x.ValueCodeableConcept.Text)
	}
	if d := e.Hospitalization.DischargeDisposition.Text; d != "" {
		out = append(out, d)
	}
	for _, x := range e.Extension {
		out = append(out, strings.TrimPrefix(x.URL, "urn:kmcr:")+"="+x.ValueString+short(x.ValueDateTime))
	}
	return strings.Join(out, " ")
}

var (
	a01 = adtEvent("A01", "202601010900", "PV1-3=Ash^1^2", "PV1-4=21", "PV1-44=202601010845", "PV2-3=^Fall", "PV2-9=20260109")
	a02 = adtEvent("A02", "202601021000", "PV1-3=Birch^3^1", "PV1-6=Ash^1^2")
	a12 = adtEvent("A12", "202601021100", "PV1-3=Ash^1^2")
	a03 = adtEvent("A03", "202601051200", "PV1-3=Birch^3^1", "PV1-36=1", "PV1-37=19", "PV1-45=202601051130")
	a13 = adtEvent("A13", "202601051300", "PV1-3=Birch^3^1")
	a11 = adtEvent("A11", "202601010930", "PV1-3=Ash^1^2")
)

func TestASpellIsWhatItsEventsTell(t *testing.T) {
	for _, c := range []struct {
		name     string
		messages []string
		want     string
	}{
		{"admitted", []string{a01}, "in-progress IMP 01T08:45– Ash, 1, 2(active 01T08:45–) Fall Emergency: emergency department expected-discharge=2026-01-09"},
		{"admitted twice", []string{a01, adtEvent("A01", "202601010900", "MSH-10=other", "PV1-3=Ash^1^2", "PV1-44=202601010845")}, "in-progress IMP 01T08:45– Ash, 1, 2(active 01T08:45–) Fall Emergency: emergency department expected-discharge=2026-01-09"},
		{"transferred", []string{a01, a02}, "in-progress IMP 01T08:45– Ash, 1, 2(completed 01T08:45–02T10:00) Birch, 3, 1(active 02T10:00–) Fall Emergency: emergency department expected-discharge=2026-01-09"},
		{"transfer cancelled", []string{a01, a02, a12}, "in-progress IMP 01T08:45– Ash, 1, 2(active 01T08:45–) Fall Emergency: emergency department expected-discharge=2026-01-09"},
		{"cancelled transfer, the admission unheard", []string{a02, a12}, "in-progress IMP – Ash, 1, 2(active –) data-quality=an admission that was not heard of"},
		{"discharged", []string{a01, a02, a03}, "finished IMP 01T08:45–05T11:30 Ash, 1, 2(completed 01T08:45–02T10:00) Birch, 3, 1(completed 02T10:00–05T11:30) Fall Emergency: emergency department On clinical advice or with clinical consent Usual place of residence expected-discharge=2026-01-09"},
		{"discharge cancelled", []string{a01, a02, a03, a13}, "in-progress IMP 01T08:45– Ash, 1, 2(completed 01T08:45–02T10:00) Birch, 3, 1(active 02T10:00–) Fall Emergency: emergency department expected-discharge=2026-01-09"},
		{"admission cancelled", []string{a01, a11}, "cancelled IMP 01T08:45– Ash, 1, 2(completed 01T08:45–) Fall Emergency: emergency department expected-discharge=2026-01-09"},
		{"discharged before admitted", []string{adtEvent("A01", "202601040900", "PV1-44=202601040845"), adtEvent("A03", "202601051200", "PV1-45=202601031130")},
			"finished IMP 04T08:45– data-quality=discharged (03-Jan-2026 11:30) before admitted; the time of discharge is not used"},
		{"an unknown admission cancelled", []string{a11}, "cancelled IMP – data-quality=cancellation of an admission that was not heard of"},
		{"admitted in 2099", []string{adtEvent("A01", "202601010900", "PV1-44=209901010845")},
			"in-progress IMP 01T09:00– data-quality=the time sent of the admission (01-Jan-2099 08:45) lies in the future or in no year that can be meant; it is not used"},
		{"admitted in 2099, and corrected", []string{adtEvent("A01", "202601010900", "PV1-44=209901010845"), adtEvent("A08", "202601010930", "PV1-44=202601010845")}, "in-progress IMP 01T08:45–"},
		{"discharge without an admission", []string{a03}, "finished IMP –05T11:30 Birch, 3, 1(completed –05T11:30) On clinical advice or with clinical consent Usual place of residence data-quality=discharge without an admission"},
		{"planned", []string{adtEvent("A05", "202512200900", "PV1-3=Ash", "PV2-8=202601010800")}, "planned IMP – Ash(planned –) expected-admission=01T08:00"},
		{"planned and come", []string{adtEvent("A05", "202512200900", "PV1-3=Ash^1^2", "PV2-8=202601010800"), a01}, "in-progress IMP 01T08:45– Ash, 1, 2(active 01T08:45–) Fall Emergency: emergency department expected-discharge=2026-01-09"},
		{"attended", []string{adtEvent("A04", "202601010900", "PV1-2=E", "PV1-3=ED")}, "arrived EMER 01T09:00– ED(active 01T09:00–)"},
		{"attended, then admitted", []string{adtEvent("A04", "202601010900", "PV1-2=E", "PV1-3=ED"), adtEvent("A06", "202601011200", "PV1-3=Ash")}, "in-progress IMP 01T09:00– ED(completed 01T09:00–01T12:00) Ash(active 01T12:00–)"},
		{"details changed after the discharge", []string{a01, a03, adtEvent("A08", "202601071200", "PV1-3=Elm", "PV2-3=^Broken hip")}, "finished IMP 01T08:45–05T11:30 Ash, 1, 2(completed 01T08:45–) Birch, 3, 1(completed –05T11:30) Broken hip Emergency: emergency department On clinical advice or with clinical consent Usual place of residence expected-discharge=2026-01-09"},
		{"a detail deleted", []string{a01, adtEvent("A08", "202601021200", `PV2-9=""`, `PV2-3=""`, `PV1-4=""`)}, "in-progress IMP 01T08:45– Ash, 1, 2(active 01T08:45–)"},
		{"an update alone", []string{adtEvent("A08", "202601021200", "PV1-3=Ash", "PV1-44=202601010845")}, "in-progress IMP 01T08:45– Ash(active 01T08:45–)"},
		{"an update that tells of the discharge", []string{a01, adtEvent("A08", "202601061200", "PV1-45=202601051130")}, "finished IMP 01T08:45–05T11:30 Ash, 1, 2(completed 01T08:45–05T11:30) Fall Emergency: emergency department expected-discharge=2026-01-09"},
		{"on leave", []string{a01, adtEvent("A21", "202601031200")}, "onleave IMP 01T08:45– Ash, 1, 2(active 01T08:45–) Fall Emergency: emergency department expected-discharge=2026-01-09"},
		{"a local admission method", []string{adtEvent("A01", "202601010900", "PV1-4=28b")}, "in-progress IMP 01T09:00– 28b"},
		{"a time in 2099", []string{a01, adtEvent("A03", "209901010900", "MSH-7=202601051200")}, "finished IMP 01T08:45–05T12:00 Ash, 1, 2(completed 01T08:45–05T12:00) Fall Emergency: emergency department expected-discharge=2026-01-09 data-quality=the time sent of the event (01-Jan-2099 09:00) lies in the future or in no year that can be meant; it is not used"},
		{"nothing but times in 2099", []string{adtEvent("A01", "209901010900", "MSH-7=209901010900")}, "in-progress IMP – data-quality=the time sent of the event (01-Jan-2099 09:00) lies in the future or in no year that can be meant; it is not used"},
		{"a discharge taken back that was not heard of", []string{adtEvent("A13", "202601010900")}, "in-progress IMP – data-quality=cancellation of a discharge that was not heard of"},
		{"a transfer taken back that was not heard of", []string{adtEvent("A12", "202601010900")}, "unknown IMP – data-quality=cancellation of a transfer that was not heard of"},
		{"an update of a stay that was not heard of", []string{adtEvent("A08", "202601010900")}, "in-progress IMP – data-quality=an admission that was not heard of"},
		{"the transfer that is taken back was not heard of", []string{a01, adtEvent("A08", "202601020900", "PV1-3=Birch^3^1"), adtEvent("A12", "202601030900", "PV1-3=Ash^1^2")}, "in-progress IMP 01T08:45– Ash, 1, 2(completed 01T08:45–02T09:00) Birch, 3, 1(completed 02T09:00–03T09:00) Ash, 1, 2(active 03T09:00–) Fall Emergency: emergency department expected-discharge=2026-01-09"},
	} {
		if got := told(t, fold(t, c.messages...)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestTheOrderOfArrivalChangesNothing(t *testing.T) {
	triggers := []string{"A01", "A02", "A03", "A04", "A05", "A08", "A11", "A12", "A13", "A21", "A22", "A06"}
	wards := []string{"", "Ash^1", "Birch^2", "Elm^3"}
	rapid.Check(t, func(t *rapid.T) {
		var messages []string
		for i := range rapid.IntRange(1, 9).Draw(t, "events") {
			minute := rapid.IntRange(0, 12).Draw(t, "minute") // some at the same time
			at := fmt.Sprintf("2026010109%02d", minute)
			fields := []string{"PV1-3=" + rapid.SampledFrom(wards).Draw(t, "ward"), fmt.Sprintf("MSH-10=%d", i)}
			switch rapid.IntRange(0, 4).Draw(t, "admitted") {
			case 0, 1:
				fields = append(fields, "PV1-44=202601010845")
			case 2:
				fields = append(fields, "PV1-44=20990101")
			case 3:
				fields = append(fields, "PV1-45=202512310845")
			}
			if rapid.IntRange(0, 5).Draw(t, "clock") == 0 { // a sender whose clock is wrong altogether
				fields, at = append(fields, "MSH-7=209901010900"), "209901010900"
			}
			if rapid.Bool().Draw(t, "reason") {
				fields = append(fields, fmt.Sprintf("PV2-3=^Reason %d", i))
			}
			messages = append(messages, adtEvent(rapid.SampledFrom(triggers).Draw(t, "trigger"), at, fields...))
		}
		var fragments [][]byte
		for _, m := range messages {
			parsed, err := hl7.Parse([]byte(m), "")
			if err != nil {
				t.Fatal(err)
			}
			out, err := HL7(parsed, hospital)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range out.Statements {
				if s.Fold != "" {
					fragments = append(fragments, s.Resource)
				}
			}
		}
		first, err := Fold("Encounter|S1", fragmentsOf(t, fragments...))
		if err != nil {
			t.Fatal(err)
		}
		other := rapid.Permutation(fragments).Draw(t, "arrival")
		other = append(other, other[0]) // and one of them twice
		second, err := Fold("Encounter|S1", fragmentsOf(t, other...))
		if err != nil {
			t.Fatal(err)
		}
		if string(first.Resource) != string(second.Resource) || !first.At.Equal(second.At) {
			t.Fatalf("arrival changes the spell:\n%s\n%s", first.Resource, second.Resource)
		}
	})
}

func TestAResentEventIsTheSameFragment(t *testing.T) {
	if fragmentOf(t, a01).Key != fragmentOf(t, adtEvent("A01", "202601010900", "MSH-10=other", "PV1-3=Ash^1^2", "PV1-4=21", "PV1-44=202601010845", "PV2-3=^Fall", "PV2-9=20260109")).Key {
		t.Error("the same event under another control id has another key")
	}
	if fragmentOf(t, a01).Key == fragmentOf(t, adtEvent("A01", "202601010900", "PV1-3=Elm")).Key {
		t.Error("two events have one key")
	}
}

// fragmentsOf reads fragments.
func fragmentsOf(t interface{ Fatal(...any) }, resources ...[]byte) []Fragment {
	var all []Fragment
	for _, r := range resources {
		f, err := ReadFragment(r)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}

func TestAVisitThatIsMovedIsEnteredInErrorWhereItWas(t *testing.T) {
	m, err := hl7.Parse([]byte(adtEvent("A45", "202601020900", "PV1-3=Ash^1^2", "PV1-44=202601010845")+"\rMRG|B7^^^RVV^PI||||S9\r"), "")
	if err != nil {
		t.Fatal(err)
	}
	out, err := HL7(m, hospital)
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Patients) != 2 || out.Patients[1].Key != "RVV|B7" || !out.Patients[1].Mention {
		t.Fatalf("the patients are %+v", out.Patients)
	}
	status := map[int]string{}
	for _, s := range out.Statements {
		if s.Fold != "" {
			whole, err := Fold(s.Fold, fragmentsOf(t, s.Resource))
			if err != nil {
				t.Fatal(err)
			}
			_, after, _ := strings.Cut(string(whole.Resource), `"status":"`)
			status[s.Patient], _, _ = strings.Cut(after, `"`)
		}
	}
	if status[0] != "in-progress" || status[1] != "entered-in-error" {
		t.Errorf("the visit is %q with its new patient and %q with the old one", status[0], status[1])
	}
}

// A story that goes on where it was left is the story told from its beginning, whatever comes late.
func TestAStoryGoesOnWhereItWasLeft(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 14).Draw(t, "events")
		var resources [][]byte
		for i := range n {
			trigger := rapid.SampledFrom([]string{"A01", "A02", "A08", "A03", "A13", "A12", "A11", "A21"}).Draw(t, "trigger")
			at := fmt.Sprintf("2026010109%02d", rapid.IntRange(0, 59).Draw(t, "minute"))
			m, err := hl7.Parse([]byte(adtEvent(trigger, at, fmt.Sprintf("PV1-3=Ward%d^1^%d", i%4, i))), "")
			if err != nil {
				t.Fatal(err)
			}
			out, err := HL7(m, hospital)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range out.Statements {
				if s.Fold != "" {
					resources = append(resources, s.Resource)
				}
			}
		}
		kept := fragmentsOf(t, resources...)
		for i := 1; i <= len(kept); i++ {
			onwards, err := Fold("Encounter|S1", kept[:i])
			if err != nil {
				t.Fatal(err)
			}
			afresh, err := Fold("Encounter|S1", fragmentsOf(t, resources[:i]...))
			if err != nil {
				t.Fatal(err)
			}
			if string(onwards.Resource) != string(afresh.Resource) || !onwards.At.Equal(afresh.At) {
				t.Fatalf("after %d events:\n%s\n%s", i, onwards.Resource, afresh.Resource)
			}
		}
	})
}
