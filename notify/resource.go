package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kmcr"
	"kmcr/fhir"
	"kmcr/store"
)

// The FHIR R4 form of subscriptions to topics: the R5 backport implementation guide, 1.1.
const (
	backport       = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
	topicPrefix    = "urn:kmcr:topic:"
	filterCriteria = backport + "backport-filter-criteria"
	payloadContent = backport + "backport-payload-content"
	heartbeatTime  = backport + "backport-heartbeat-period"
	timeoutTime    = backport + "backport-timeout"
)

// ReadSubscription reads a Subscription resource. criteria is the topic (urn:kmcr:topic:CODE, or urn:kmcr:topic:any), a filter is
// TYPE?patient=Patient/REF and code=CODE.
func ReadSubscription(body []byte) (Subscription, error) {
	r, err := fhir.Parse(body)
	if err != nil {
		return Subscription{}, err
	}
	root := r.Root()
	if r.Type() != "Subscription" {
		return Subscription{}, invalid("resourceType", "this is no Subscription", "Send one.")
	}
	x := Subscription{Reason: root.Get("reason").Text(), Channel: root.First("channel.type").Text(), Endpoint: root.First("channel.endpoint").Text()}
	topic, _, _ := strings.Cut(root.Get("criteria").Text(), "?")
	topic = topic[strings.LastIndexAny(topic, ":/")+1:]
	if topic == "" {
		return x, invalid("criteria", "the topic is missing", "Give urn:kmcr:topic: and one of "+strings.Join(topicCodes(), ", ")+", or any.")
	}
	if topic != "any" {
		x.Topics = []string{topic}
	}
	for _, e := range root.Path("_criteria.extension") {
		if e.Get("url").Text() == filterCriteria {
			if err := x.filter(e.Get("valueString").Text()); err != nil {
				return x, err
			}
		}
	}
	for _, e := range root.Path("channel._payload.extension") {
		if e.Get("url").Text() == payloadContent {
			x.Content = e.Get("valueCode").Text()
		}
	}
	if p := root.First("channel.payload").Text(); p != "" && p != "application/fhir+json" && x.Channel == Hook {
		return x, &kmcr.Error{Kind: kmcr.Unsupported, Where: "channel.payload", Message: "notifications are sent as application/fhir+json"}
	}
	for _, e := range root.Path("channel.extension") {
		n, _ := strconv.Atoi(e.Get("valueUnsignedInt").Text())
		switch e.Get("url").Text() {
		case heartbeatTime:
			x.Heartbeat = n
		case timeoutTime:
			x.Timeout = n
		}
	}
	for _, h := range root.Path("channel.header") {
		x.Header = append(x.Header, h.Text())
	}
	if end := root.Get("end").Text(); end != "" {
		if x.End, err = time.Parse(time.RFC3339Nano, end); err != nil {
			return x, invalid("end", "this is not an instant", "Write 2026-12-31T00:00:00Z.")
		}
	}
	return x, nil
}

// filter reads one filter.
func (x *Subscription) filter(s string) error {
	_, query, _ := strings.Cut(s, "?")
	for one := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(one, "=")
		switch strings.Split(name, ":")[0] {
		case "":
		case "patient", "subject":
			value = value[strings.LastIndexByte(value, '/')+1:]
			if _, err := kmcr.ParseRef(value); err != nil {
				return err
			}
			x.Person = kmcr.Ref(value)
		case "code":
			if plain, err := url.PathUnescape(value); err == nil {
				value = plain
			}
			x.Kind = value
		default:
			return &kmcr.Error{Kind: kmcr.Unsupported, Where: "_criteria.extension", Message: "filters are by patient and by code"}
		}
	}
	return nil
}

type object = map[string]any

func extension(url, kind string, value any) object { return object{"url": url, kind: value} }

// Resource writes a subscription as a Subscription resource. Headers may hold secrets and are not given back.
func (x *Subscription) Resource() []byte {
	topic := "any"
	if len(x.Topics) > 0 {
		topic = strings.Join(x.Topics, ",")
	}
	channel := object{"type": x.Channel, "endpoint": x.Endpoint}
	if x.Channel == Hook {
		channel["payload"] = "application/fhir+json"
		channel["_payload"] = object{"extension": []object{extension(payloadContent, "valueCode", x.Content)}}
	} else {
		channel["endpoint"] = "mailto:" + x.Endpoint
	}
	var more []object
	if x.Heartbeat > 0 {
		more = append(more, extension(heartbeatTime, "valueUnsignedInt", x.Heartbeat))
	}
	if x.Timeout > 0 {
		more = append(more, extension(timeoutTime, "valueUnsignedInt", x.Timeout))
	}
	if more != nil {
		channel["extension"] = more
	}
	reason := x.Reason
	if reason == "" {
		reason = "to be told"
	}
	r := object{"resourceType": "Subscription", "id": x.ID, "meta": object{"profile": []string{backport + "backport-subscription"}}, "status": x.Status, "reason": reason,
		"criteria": topicPrefix + topic, "channel": channel}
	if f := x.filters(); f != "" {
		r["_criteria"] = object{"extension": []object{extension(filterCriteria, "valueString", f)}}
	}
	if x.Failure != "" {
		r["error"] = x.Failure
	}
	if !x.End.IsZero() {
		r["end"] = x.End.Format(time.RFC3339)
	}
	return asJSON(r)
}

func (x *Subscription) filters() string {
	var all []string
	if x.Person != "" {
		all = append(all, "patient=Patient/"+string(x.Person))
	}
	if x.Kind != "" {
		all = append(all, "code="+x.Kind)
	}
	if all == nil {
		return ""
	}
	return "Basic?" + strings.Join(all, "&")
}

// asJSON writes what we made; it cannot fail.
func asJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return []byte("{}")
	}
	return b
}

// statusOf writes the status of a subscription as Parameters; kind is "handshake", "heartbeat", "event-notification" or "query-status", d the event of a notification.
func statusOf(base string, x *Subscription, kind string, d *store.Delivery) object {
	topic := "any"
	if len(x.Topics) > 0 {
		topic = strings.Join(x.Topics, ",")
	}
	parameters := []object{
		{"name": "subscription", "valueReference": object{"reference": base + "/Subscription/" + x.ID}},
		{"name": "topic", "valueCanonical": topicPrefix + topic},
		{"name": "status", "valueCode": x.Status},
		{"name": "type", "valueCode": kind},
	}
	sent := x.Sent
	if d != nil {
		sent = max(sent, d.Notice.Number)
		event := []object{{"name": "event-number", "valueString": strconv.FormatInt(d.Notice.Number, 10)}}
		if x.Content != ContentEmpty {
			event = append(event, object{"name": "timestamp", "valueInstant": d.Notice.Recorded.UTC().Format(time.RFC3339)},
				object{"name": "focus", "valueReference": object{"reference": focus(base, d)}},
				object{"name": "additional-context", "valueReference": object{"reference": base + "/Patient/" + string(d.Person.Ref())}})
		}
		parameters = append(parameters, object{"name": "events-since-subscription-start", "valueString": strconv.FormatInt(sent, 10)}, object{"name": "notification-event", "part": event})
	} else {
		parameters = append(parameters, object{"name": "events-since-subscription-start", "valueString": strconv.FormatInt(sent, 10)})
	}
	if x.Failure != "" {
		parameters = append(parameters, object{"name": "error", "valueCodeableConcept": object{"text": x.Failure}})
	}
	return object{"resourceType": "Parameters", "meta": object{"profile": []string{backport + "backport-subscription-status-r4"}}, "parameter": parameters}
}

// focus is the address of what a notification is about: a reader with the right opens it there.
func focus(base string, d *store.Delivery) string {
	if d.Notice.Type == "" || d.Notice.Type == "Patient" {
		return base + "/Patient/" + string(d.Person.Ref())
	}
	return base + "/" + d.Notice.Type + "/" + d.Notice.Statement.String()
}

// notification is a Bundle of one status, and for an event by id an entry without content that says what it is about. Its
// identifier is the same when it is sent again.
func notification(base string, x *Subscription, kind string, d *store.Delivery) []byte {
	shown := *x
	id := x.ID + "-" + kind
	if d != nil {
		id = x.ID + "-" + strconv.FormatInt(d.ID, 10)
	}
	entries := []object{{"fullUrl": base + "/Subscription/" + x.ID + "/$status", "resource": statusOf(base, &shown, kind, d),
		"request": object{"method": "GET", "url": "Subscription/" + x.ID + "/$status"}, "response": object{"status": "200"}}}
	if d != nil && x.Content != ContentEmpty {
		about := focus(base, d)
		entries = append(entries, object{"fullUrl": about, "request": object{"method": "PUT", "url": strings.TrimPrefix(about, base+"/")}, "response": object{"status": "200"}})
	}
	b := object{"resourceType": "Bundle", "id": id, "meta": object{"profile": []string{backport + "backport-subscription-notification-r4"}}, "type": "history", "entry": entries}
	if d != nil {
		b["timestamp"] = d.Notice.Recorded.UTC().Format(time.RFC3339)
	}
	return asJSON(b)
}

// Status answers $status of one of a viewer's subscriptions, or of all of them where id is "": a searchset of Parameters.
func (s *Service) Status(ctx context.Context, v kmcr.Viewer, id string) ([]byte, error) {
	own, err := s.Subscriptions(ctx, v)
	if err != nil {
		return nil, err
	}
	entries := []object{}
	for n := range own {
		if id == "" || own[n].ID == id {
			entries = append(entries, object{"fullUrl": s.base + "/Subscription/" + own[n].ID + "/$status", "resource": statusOf(s.base, &own[n], "query-status", nil), "search": object{"mode": "match"}})
		}
	}
	if id != "" && len(entries) == 0 {
		return nil, &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such subscription of yours"}
	}
	return asJSON(object{"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}), nil
}

// Search answers a search for a viewer's subscriptions by status, criteria, url (of the channel) and type.
func (s *Service) Search(ctx context.Context, v kmcr.Viewer, query map[string][]string) ([]byte, error) {
	own, err := s.Subscriptions(ctx, v)
	if err != nil {
		return nil, err
	}
	entries := []object{}
	for n := range own {
		if own[n].found(query) {
			entries = append(entries, object{"fullUrl": s.base + "/Subscription/" + own[n].ID, "resource": json.RawMessage(own[n].Resource()), "search": object{"mode": "match"}})
		}
	}
	return asJSON(object{"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}), nil
}

func (x *Subscription) found(query map[string][]string) bool {
	is := map[string]string{"status": x.Status, "url": x.Endpoint, "type": x.Channel, "_id": x.ID, "criteria": topicPrefix + strings.Join(x.Topics, ",")}
	for name, values := range query {
		have, known := is[name]
		for _, v := range values {
			if known && v != have {
				return false
			}
		}
	}
	return true
}

// String names a subscription without saying whose it is.
func (x *Subscription) String() string { return fmt.Sprintf("%s to %s", x.Channel, x.Endpoint) }
