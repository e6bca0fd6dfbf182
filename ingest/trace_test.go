package ingest_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"kmcr"
	"kmcr/ingest"
	"kmcr/pds"
)

// national is a demographics service with what it knows by number.
type national struct {
	*httptest.Server
	known map[string]string // number: Patient
	now   map[string]string // number: the one that replaced it
	asked atomic.Int64
	busy  atomic.Bool
}

func entry(number, family, given, born, sex, more string) string {
	return fmt.Sprintf(`{"resourceType":"Patient","id":%q,"identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":%[1]q,"extension":[{"url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus","valueCodeableConcept":{"coding":[{"code":"01"}]}}]}],"name":[{"family":%q,"given":[%q]}],"birthDate":%q,"gender":%q%s}`,
		number, family, given, born, sex, more)
}

func nation(t *testing.T) *national {
	n := &national{known: map[string]string{}, now: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /Patient/{number}", func(w http.ResponseWriter, r *http.Request) {
		number := r.PathValue("number")
		n.asked.Add(1)
		if n.now[number] != "" {
			number = n.now[number]
		}
		switch {
		case n.busy.Load():
			w.WriteHeader(http.StatusTooManyRequests)
		case n.known[number] == "":
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"processing","details":{"coding":[{"code":"RESOURCE_NOT_FOUND"}]}}]}`)
		default:
			fmt.Fprint(w, n.known[number])
		}
	})
	mux.HandleFunc("GET /Patient", func(w http.ResponseWriter, r *http.Request) {
		n.asked.Add(1)
		var found []string
		for _, number := range slices.Sorted(maps.Keys(n.known)) {
			if p := n.known[number]; strings.Contains(p, r.FormValue("family")) && strings.Contains(p, r.FormValue("given")) && strings.Contains(p, strings.TrimPrefix(r.FormValue("birthdate"), "eq")) {
				found = append(found, `{"resource":`+p+`}`)
			}
		}
		fmt.Fprintf(w, `{"resourceType":"Bundle","type":"searchset","entry":[%s]}`, strings.Join(found, ","))
	})
	n.Server = httptest.NewServer(mux)
	t.Cleanup(n.Close)
	return n
}

func (h *house) tracer(n *national) *ingest.Tracer {
	h.Helper()
	ask, err := pds.New(pds.Config{Base: n.URL})
	h.must(err)
	tr, err := ingest.NewTracer(h.ctx(), h.in, ask, "pds")
	h.must(err)
	tr.Pause = 0
	return tr
}

// traced gives the counts of a contributor's report.
func (h *house) traced(c kmcr.ContributorCode) map[ingest.Traced]int {
	h.Helper()
	rates, err := ingest.LinkRates(h.ctx(), h.db)
	h.must(err)
	for _, r := range rates {
		if r.Contributor == c {
			return r.Traced
		}
	}
	return nil
}

// beside tells which contributors know the person of a patient.
func (h *house) beside(c kmcr.ContributorCode, key string) string {
	h.Helper()
	p, err := h.db.PatientByKey(h.ctx(), c, key)
	h.must(err)
	if p == nil {
		h.Fatalf("%s has no patient %s", c, key)
	}
	linked, err := h.db.Links(h.ctx(), p.Person)
	h.must(err)
	var all []string
	for _, l := range linked {
		all = append(all, string(l.Contributor))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func TestWhatTheNationalServiceSays(t *testing.T) {
	const confirmed, old, current, misapplied, unknown, hidden = "9990000018", "9990000026", "9990000034", "9990000042", "9990000050", "9990000069"
	h, n := build(t), nation(t)
	n.known[confirmed] = entry(confirmed, "Fox", "Ada", "1941-03-05", "female", `,"deceasedDateTime":"2026-01-02"`)
	n.known[current] = entry(current, "Nowak", "Piotr", "1980-05-06", "male", "")
	n.now[old] = current
	n.known[misapplied] = entry(misapplied, "Green", "Ivy", "1931-11-30", "female", "")
	n.known[hidden] = entry(hidden, "Hale", "Rosa", "1990-02-03", "female", `,"meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]}`)
	n.known["9990000077"] = entry("9990000077", "Patel", "Asha", "1992-01-07", "female", `,"address":[{"line":["1 Sea Road"],"postalCode":"CT9 1AA"}]`)

	h.register(1, numbered(ada, confirmed), "")
	h.register(2, numbered(piotr, old), "")
	h.register(3, numbered(ruth, misapplied), "")
	h.register(4, numbered(person{"Little", "Tom", "2001-09-10", "male", "CT1 2XY", "4 Mill Lane", ""}, unknown), "")
	h.register(5, person{"Patel", "Asha", "1992-01-07", "female", "CT9 1AA", "1 Sea Road", ""}, "")
	h.fhir(201, ingest.Interaction{Method: "POST", Type: "Patient", Body: []byte(`{"resourceType":"Patient","identifier":[{"system":"urn:gp","value":"6"}],"name":[{"family":"Nobody"}]}`)})
	h.register(7, numbered(person{"Hale", "Rosa", "1990-02-03", "female", "CT1 2XY", "4 Mill Lane", ""}, hidden), "")
	h.tell("1", "A28", 2, numbered(person{"Nowak", "Piotr", "1980-05-06", "male", "ME7 4AB", "1 New Road", ""}, current), "")
	if got := h.beside("hospital", "RVV|H2"); got != "hospital" {
		t.Fatalf("before anybody was asked the two numbers were one person: %s", got)
	}

	tracer := h.tracer(n)
	h.must(tracer.Sweep(h.ctx()))
	want := map[ingest.Traced]int{ingest.Confirmed: 2, ingest.Replaced: 1, ingest.Differs: 1, ingest.NotKnown: 1, ingest.NumberFound: 1, ingest.TooLittle: 1}
	if got := h.traced("gp"); !maps.Equal(got, want) {
		t.Errorf("traced: %v, want %v", got, want)
	}
	for patient, want := range map[string]string{"1": "gp pds", "2": "gp hospital pds", "3": "gp", "4": "gp", "5": "gp pds", "7": "gp pds"} {
		if got := h.beside("gp", "urn:gp|"+patient); got != want {
			t.Errorf("patient %s is known to %s, want %s", patient, got, want)
		}
	}

	asked := n.asked.Load()
	h.must(tracer.Sweep(h.ctx()))
	if n.asked.Load() != asked {
		t.Errorf("%d questions were asked again", n.asked.Load()-asked)
	}
	h.register(4, numbered(person{"Little", "Tom", "2001-09-10", "male", "CT1 2XY", "4 Mill Lane", ""}, misapplied), "")
	h.must(tracer.Sweep(h.ctx()))
	if n.asked.Load() != asked+1 {
		t.Errorf("one patient has another number: %d questions more", n.asked.Load()-asked)
	}
	h.balanced()
}

func TestABusyNationalServiceIsAskedAgain(t *testing.T) {
	h, n := build(t), nation(t)
	n.known["9990000018"] = entry("9990000018", "Fox", "Ada", "1941-03-05", "female", "")
	h.register(1, numbered(ada, "9990000018"), "")
	tracer := h.tracer(n)
	n.busy.Store(true)
	var busy *pds.Busy
	if err := tracer.Sweep(h.ctx()); !errors.As(err, &busy) || len(h.traced("gp")) != 0 {
		t.Fatalf("%v, %v", err, h.traced("gp"))
	}
	n.busy.Store(false)
	h.must(tracer.Sweep(h.ctx()))
	if h.beside("gp", "urn:gp|1") != "gp pds" {
		t.Error("it was not asked again")
	}
}

func TestTracingNeedsAContributor(t *testing.T) {
	h := build(t)
	if _, err := ingest.NewTracer(h.ctx(), h.in, nil, "nobody"); kmcr.KindOf(err) != kmcr.Invalid {
		t.Errorf("got %v", err)
	}
}

// A page of a gateway says nothing of anybody, and an answer that cannot be read is not asked for again in the next sweep.
func TestAnAnswerThatSaysNothingIsNobodysFate(t *testing.T) {
	for says, c := range map[string]struct {
		status int
		body   string
		busy   bool
	}{"a page": {404, "<html>no such host</html>", true}, "nothing": {404, "", true}, "no JSON": {200, "{", false}, "a refusal of one": {400, "", false}} {
		t.Run(says, func(t *testing.T) {
			h, asked := build(t), atomic.Int64{}
			n := &national{Server: httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked.Add(1)
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			}))}
			t.Cleanup(n.Close)
			h.register(1, numbered(ada, "9990000018"), "")
			tracer := h.tracer(n)
			var busy *pds.Busy
			if err := tracer.Sweep(h.ctx()); errors.As(err, &busy) != c.busy || !c.busy && err != nil {
				t.Fatalf("the sweep says %v", err)
			}
			if c.busy && len(h.traced("gp")) != 0 || !c.busy && h.traced("gp")[ingest.Unusable] != 1 {
				t.Errorf("the report says %v", h.traced("gp"))
			}
			if !c.busy {
				before := asked.Load()
				h.must(tracer.Sweep(h.ctx()))
				if asked.Load() != before {
					t.Error("it is asked again at once")
				}
			}
		})
	}
}
