package notify_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/e2e/house"
	"kmcr/store"
)

// notice is what a receiver reads of a notification.
type notice struct {
	ID    string
	Type  string // of Parameters
	Event string // its number
	Focus string
	whole string
}

func readNotice(t testing.TB, body []byte) notice {
	var b struct {
		ID    string
		Entry []struct {
			FullURL  string
			Resource struct {
				Parameter []struct {
					Name, ValueCode, ValueString string
					Part                         []struct {
						Name, ValueString string
						ValueReference    struct{ Reference string }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(body, &b); err != nil || len(b.Entry) == 0 {
		t.Errorf("this is no notification: %s", body)
		return notice{}
	}
	n := notice{ID: b.ID, whole: string(body)}
	for _, p := range b.Entry[0].Resource.Parameter {
		if p.Name == "type" {
			n.Type = p.ValueCode
		}
		for _, part := range p.Part {
			switch part.Name {
			case "event-number":
				n.Event = part.ValueString
			case "focus":
				n.Focus = part.ValueReference.Reference
			}
		}
	}
	return n
}

// inbox is a receiver that writes down what it took.
type inbox struct {
	mu   sync.Mutex
	took []notice
}

func (i *inbox) take(t testing.TB, r *http.Request) notice {
	body, _ := io.ReadAll(r.Body)
	n := readNotice(t, body)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.took = append(i.took, n)
	return n
}

func (i *inbox) events() (all []notice) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, n := range i.took {
		if n.Type == "event-notification" {
			all = append(all, n)
		}
	}
	return all
}

// any tells whether anything came.
func (i *inbox) any() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.took) > 0
}

// until waits for something that happens by itself.
func until(t testing.TB, what string, f func() bool) {
	t.Helper()
	for range 600 {
		if f() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("it never came that %s", what)
}

func person(h *house.House, n int) (kmcr.PersonID, string) {
	ids := h.Sent("hospital", fmt.Sprintf(`urn:uuid:00000000-0000-4000-8000-0000000000%02d {"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"%s"}],"name":[{"family":"Fox%d","given":["Ada"]}],"birthDate":"1941-03-05"}`, n, house.NHS(n), n))
	for _, location := range ids {
		return h.PersonOf(location), location
	}
	return 0, ""
}

// stay sends a stay in hospital under an identifier.
func stay(h *house.House, patient, number, status string, begun time.Time) {
	h.Sent("hospital", fmt.Sprintf(`urn:uuid:00000000-0000-4000-8000-000000000099 {"resourceType":"Encounter","identifier":[{"system":"urn:visit","value":%q}],"status":%q,"class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"},"subject":{"reference":%q},"period":{"start":%q},"reasonCode":[{"text":"CANARY"}]}`,
		number, status, patient, begun.Format(time.RFC3339)))
}

func subscription(h *house.House, more string) string {
	return `{"resourceType":"Subscription","status":"requested","reason":"test","criteria":"urn:kmcr:topic:admission","channel":{"type":"rest-hook","endpoint":"` + h.Receiver + `/take","payload":"application/fhir+json"` + more + `}}`
}

func worker(h *house.House) house.Asker {
	return h.Somebody(kmcr.Viewer{Account: "grace", Name: "Grace", Role: kmcr.RoleSocialWorker, Organisation: "RVV", Team: "east"})
}

// A receiver that fails, and hangs, gets the notification once it takes it: in order, by ids alone, and after the handshake.
func TestANotificationArrivesInTheEnd(t *testing.T) {
	h := house.New(t)
	grace := worker(h)
	p, at := person(h, 1)
	h.Involve(kmcr.Involvement{Person: p, Kind: "caseload", Organisation: "RVV", Team: "east", From: h.Now.AddDate(0, -1, 0)})
	var box inbox
	var tries int
	h.Receives(func(w http.ResponseWriter, r *http.Request) {
		n := box.take(t, r)
		if n.Type == "event-notification" {
			switch tries++; tries {
			case 1:
				w.WriteHeader(http.StatusInternalServerError)
			case 2:
				time.Sleep(1500 * time.Millisecond) // longer than it is waited for
			}
		}
	})
	made := grace.Ask("POST", "/fhir/R4/Subscription", subscription(h, `,"extension":[{"url":"http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-timeout","valueUnsignedInt":1}]`))
	if made.Status != 201 {
		t.Fatalf("subscribing answers %d: %s", made.Status, made.Body)
	}
	address := strings.TrimPrefix(made.Header.Get("Location"), "http://kmcr.test")
	until(t, "the handshake makes it active", func() bool { return strings.Contains(grace.Get(address).Body, `"active"`) })
	stay(h, at, "V1", "in-progress", h.Now.Add(-time.Hour))
	until(t, "the third attempt is made", func() bool { h.Pass(time.Second); h.Told.Wake(); return len(box.events()) >= 3 })
	all := box.events()
	if all[0].ID != all[1].ID || all[1].ID != all[2].ID || all[2].Event != "1" || !strings.Contains(all[2].Focus, "/Encounter/") {
		t.Errorf("what came is %+v", all)
	}
	if strings.Contains(all[2].whole, "CANARY") || strings.Contains(all[2].whole, "Fox") {
		t.Errorf("a notification holds content: %s", all[2].whole)
	}
	until(t, "it is written down as delivered", func() bool { d, _ := h.DB.Troubled(t.Context(), 9); return len(d) == 0 })
	status := grace.Get(address + "/$status")
	if status.Status != 200 || !strings.Contains(status.Body, "query-status") || !strings.Contains(status.Body, `"events-since-subscription-start","valueString":"1"`) {
		t.Errorf("$status answers %d %s", status.Status, status.Body)
	}
	if other := h.Somebody(kmcr.Viewer{Account: "sam", Role: kmcr.RoleSocialWorker, Organisation: "RVV"}).Get(address); other.Status != 404 {
		t.Errorf("somebody else's subscription answers %d", other.Status)
	}
	if got := grace.Ask("DELETE", address, ""); got.Status != 204 || grace.Get(address).Status != 404 {
		t.Errorf("deleting answers %d", got.Status)
	}
}

// A receiver that sends on to an address that is not on the list gets nothing there, and whoever tends the feeds sees it.
func TestARedirectLeavesNotTheList(t *testing.T) {
	h := house.New(t)
	grace := worker(h)
	p, at := person(h, 1)
	h.Involve(kmcr.Involvement{Person: p, Kind: "caseload", Organisation: "RVV", Team: "east", From: h.Now.AddDate(0, -1, 0)})
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s came to an address that is not on the list", r.Method, r.URL)
	}))
	defer elsewhere.Close()
	var box inbox
	h.Receives(func(w http.ResponseWriter, r *http.Request) {
		if n := box.take(t, r); n.Type == "event-notification" {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}
	})
	if made := grace.Ask("POST", "/fhir/R4/Subscription", subscription(h, "")); made.Status != 201 {
		t.Fatalf("subscribing answers %d: %s", made.Status, made.Body)
	}
	until(t, "the handshake arrives", func() bool { h.Told.Wake(); return len(box.took) > 0 })
	stay(h, at, "V1", "in-progress", h.Now.Add(-time.Hour))
	until(t, "it is given up", func() bool {
		h.Pass(time.Second)
		d, _ := h.DB.Troubled(t.Context(), 9)
		return len(d) == 1 && d[0].State == "dead" && strings.Contains(d[0].Notice.Why, "not on the list")
	})
	engineer := h.Somebody(kmcr.Viewer{Account: "ivy", Role: kmcr.RoleIntegrationEngineer, Organisation: "RVV"})
	if seen := engineer.Get("/deliveries"); !strings.Contains(seen.Body, "not on the list") || strings.Contains(seen.Body, "Fox") {
		t.Errorf("who tends the feeds sees %s", seen.Body)
	}
	for _, endpoint := range []string{elsewhere.URL, "http://user@" + strings.TrimPrefix(h.Receiver, "http://"), "https://169.254.169.254/"} {
		body := strings.Replace(subscription(h, ""), h.Receiver+"/take", endpoint, 1)
		if got := grace.Ask("POST", "/fhir/R4/Subscription", body); got.Status != 403 {
			t.Errorf("%s is taken: %d", endpoint, got.Status)
		}
	}
}

// Whoever has lost the right by the time of sending, in whichever way, is sent nothing, and that is written down.
func TestRightsLostMeanNothingSent(t *testing.T) {
	as := func(h *house.House, grace house.Asker, change func(*kmcr.Viewer)) {
		h.Forget(grace)
		v := grace.Viewer
		change(&v)
		h.Somebody(v)
	}
	for name, lose := range map[string]func(h *house.House, grace house.Asker, p kmcr.PersonID){
		"the account is gone":        func(h *house.House, grace house.Asker, _ kmcr.PersonID) { h.Forget(grace) },
		"the relationship has ended": func(h *house.House, _ house.Asker, _ kmcr.PersonID) { h.Pass(49 * time.Hour) },
		"the role is another": func(h *house.House, grace house.Asker, _ kmcr.PersonID) {
			as(h, grace, func(v *kmcr.Viewer) { v.Role = kmcr.RoleAdministrator })
		},
		"the team is another": func(h *house.House, grace house.Asker, _ kmcr.PersonID) {
			as(h, grace, func(v *kmcr.Viewer) { v.Team = "west" })
		},
		"the person objects": func(h *house.House, _ house.Asker, p kmcr.PersonID) { h.Object(p, access.Objection{}) },
		"the organisation left": func(h *house.House, _ house.Asker, _ kmcr.PersonID) {
			h.Write(func(tx *store.Tx) error {
				return tx.Put(store.KindOrganisation, "G82051", kmcr.Organisation{ODS: "G82051", Name: "Second Practice"})
			})
		},
		"a stronger sign-in is asked for": func(h *house.House, _ house.Asker, _ kmcr.PersonID) {
			h.Write(func(tx *store.Tx) error {
				return tx.Put(store.KindOrganisation, "G82051", kmcr.Organisation{ODS: "G82051", Name: "Second Practice", Signatory: true, Assurance: 3})
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := house.New(t)
			grace := h.Somebody(kmcr.Viewer{Account: "grace", Name: "Grace", Role: kmcr.RoleSocialWorker, Organisation: "G82051", Team: "east"})
			p, at := person(h, 1)
			h.Involve(kmcr.Involvement{Person: p, Kind: "caseload", Organisation: "G82051", Team: "east", From: h.Now.AddDate(0, -1, 0), Until: h.Now.Add(48 * time.Hour)})
			var box inbox
			fails := true
			var mu sync.Mutex
			h.Receives(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				if n := box.take(t, r); fails && n.Type == "event-notification" {
					w.WriteHeader(http.StatusServiceUnavailable)
				}
			})
			grace.Ask("POST", "/fhir/R4/Subscription", subscription(h, ""))
			until(t, "the handshake arrives", func() bool { h.Told.Wake(); return box.any() })
			stay(h, at, "V1", "in-progress", h.Now.Add(-time.Hour))
			until(t, "it has failed once", func() bool { return len(box.events()) > 0 })
			lose(h, grace, p)
			time.Sleep(1100 * time.Millisecond) // for as long registers may be read again
			mu.Lock()
			fails = false
			before := len(box.events())
			mu.Unlock()
			until(t, "it is withheld", func() bool {
				h.Pass(time.Minute)
				d, _ := h.DB.Troubled(t.Context(), 9)
				return len(d) == 1 && d[0].State == "withheld"
			})
			if n := len(box.events()); n != before {
				t.Errorf("%d were sent after that", n-before)
			}
		})
	}
}

// What is kept for the daily digest is sent together, in the morning, and what comes in quiet hours waits for their end.
func TestADigestIsSentInTheMorning(t *testing.T) {
	h := house.New(t)
	grace := worker(h)
	p, at := person(h, 1)
	h.Involve(kmcr.Involvement{Person: p, Kind: "caseload", Organisation: "RVV", Team: "east", From: h.Now.AddDate(0, -1, 0)})
	var box inbox
	h.Receives(func(_ http.ResponseWriter, r *http.Request) { box.take(t, r) })
	if got := grace.Ask("POST", "/subscriptions", `{"channel":"rest-hook","endpoint":"`+h.Receiver+`/take","topics":["admission"],"digest":true}`); got.Status != 200 {
		t.Fatalf("subscribing answers %d: %s", got.Status, got.Body)
	}
	until(t, "the handshake arrives", func() bool { h.Told.Wake(); return box.any() })
	stay(h, at, "V1", "in-progress", h.Now.Add(-time.Hour))
	stay(h, at, "V2", "in-progress", h.Now.Add(-30*time.Minute))
	for range 20 { // nothing comes while the day lasts
		h.Told.Wake()
		time.Sleep(20 * time.Millisecond)
	}
	if n := len(box.events()); n != 0 {
		t.Fatalf("%d came at once", n)
	}
	london, err := time.LoadLocation("Europe/London")
	h.Must(err)
	morning := h.Now.In(london)
	morning = time.Date(morning.Year(), morning.Month(), morning.Day(), 8, 0, 0, 0, london)
	if !morning.After(h.Now) {
		morning = morning.AddDate(0, 0, 1)
	}
	h.Pass(morning.Sub(h.Now) - time.Minute)
	h.Told.Wake()
	time.Sleep(200 * time.Millisecond)
	if n := len(box.events()); n != 0 {
		t.Errorf("%d came a minute too early", n)
	}
	h.Pass(2 * time.Minute)
	until(t, "the digest arrives", func() bool { h.Told.Wake(); return len(box.events()) > 0 })
	time.Sleep(200 * time.Millisecond)
	for _, n := range box.events() {
		if strings.Contains(n.whole, "CANARY") {
			t.Errorf("the digest holds content: %s", n.whole)
		}
	}
	t.Logf("%d notifications in the morning", len(box.events()))
}

// What a subscriber may not have is not listed either, and carries nothing along: of a result that is withheld and an admission, in
// one e-mail after the quiet hours, the admission is told.
func TestWhatIsWithheldIsNotListedAndTakesNothingAlong(t *testing.T) {
	h := house.New(t)
	grace := worker(h)
	p, at := person(h, 1)
	h.Involve(kmcr.Involvement{Person: p, Kind: "caseload", Organisation: "RVV", Team: "east", From: h.Now.AddDate(0, -1, 0)})
	if got := grace.Ask("POST", "/subscriptions", `{"channel":"email","endpoint":"grace@kent.test","topics":["admission","new-result"]}`); got.Status != 403 {
		t.Errorf("a topic that the role does not see is answered %d: %s", got.Status, got.Body)
	}
	quiet := h.Now.Add(time.Hour).In(time.FixedZone("", 0))
	if london, err := time.LoadLocation("Europe/London"); err == nil {
		quiet = quiet.In(london)
	}
	if got := grace.Ask("POST", "/subscriptions", `{"channel":"email","endpoint":"grace@kent.test","quietFrom":"`+quiet.Add(-2*time.Hour).Format("15:04")+`","quietUntil":"`+quiet.Format("15:04")+`"}`); got.Status != 200 {
		t.Fatalf("subscribing answers %d: %s", got.Status, got.Body)
	}
	h.Sent("hospital", fmt.Sprintf(`urn:uuid:00000000-0000-4000-8000-000000000098 {"resourceType":"Observation","status":"final","category":[{"coding":[{"code":"laboratory"}]}],"code":{"text":"Potassium"},"valueString":"x","subject":{"reference":%q},"effectiveDateTime":%q}`,
		at, h.Now.Format(time.RFC3339)))
	stay(h, at, "V1", "in-progress", h.Now.Add(-time.Hour))
	until(t, "both are dealt", func() bool {
		h.Told.Wake()
		return strings.Contains(grace.Get("/subscriptions").Body, "quiet hours")
	})
	if list := grace.Get("/subscriptions").Body; strings.Contains(list, `"topic":"new-result"`) || !strings.Contains(list, `"topic":"admission"`) {
		t.Errorf("before it is told the list says %s", list)
	}
	h.Pass(2 * time.Hour)
	until(t, "the letter arrives", func() bool { h.Told.Wake(); return len(h.Letters.Taken()) > 0 })
	if list := grace.Get("/subscriptions").Body; strings.Contains(list, `"topic":"new-result"`) || strings.Contains(list, "withheld") {
		t.Errorf("afterwards the list says %s", list)
	}
}
