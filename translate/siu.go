package translate

import (
	"strconv"
	"strings"
	"time"

	"kmcr/hl7"
)

// fillerStatuses are HL7 table 0278 as statuses of an Appointment.
var fillerStatuses = map[string]string{
	"BOOKED": "booked", "OVERBOOK": "booked", "PENDING": "pending", "WAITLIST": "waitlist", "STARTED": "arrived", "COMPLETE": "fulfilled",
	"NOSHOW": "noshow", "CANCELLED": "cancelled", "CANCELED": "cancelled", "DC": "cancelled", "DELETED": "entered-in-error", "BLOCKED": "booked",
}

// appointment reads SIU: S12 booked, S13 rescheduled, S14 changed, S15
// cancelled, S16 discontinued, S17 deleted, S26 not attended, and others by SCH-25.
func (r *reader) appointment(g *group) {
	sch := r.read(g.first("SCH"))
	r.take("RGS", "TQ1")
	if !sch.Exists() {
		r.note("SCH: the message %s has no appointment in it", r.event)
		return
	}
	a := r.readAppointment(g, sch)
	s := r.state(g, "Appointment|"+r.appointmentKey(sch), r.appointmentResource(g, sch, a))
	s.Deleted = a.status == "entered-in-error"
	switch a.status {
	case "cancelled", "entered-in-error":
		r.out.Event = "appointment-cancelled"
	case "noshow":
		r.out.Event = "appointment-missed"
	default:
		r.out.Event = "appointment"
	}
	r.looseObservations(g)
}

// booking is an appointment as its segments tell it.
type booking struct {
	status                    string
	start, end                string // instants
	minutes                   string
	services, people, places  []hl7.Segment // AIS, AIP, AIL
	notes                     []string
	reason, kind, eventReason concept
}

// appointmentKey is the filler's number of the appointment, else the placer's, else its time.
func (r *reader) appointmentKey(sch hl7.Segment) string {
	if k := entityKey(sch, 2); k != "" {
		return k
	}
	if k := entityKey(sch, 1); k != "" {
		return "placer " + k
	}
	r.flag("SCH-1, SCH-2: the appointment has no number")
	if at := moment(sch.Get(11, 4)); at != "" {
		return "at " + at
	}
	return "message " + r.m.ControlID()
}

func (r *reader) readAppointment(g *group, sch hl7.Segment) booking {
	a := booking{services: g.named("AIS"), people: g.named("AIP"), places: g.named("AIL"),
		reason: r.first(sch, 7, "0276"), kind: r.first(sch, 8, "0277"), eventReason: r.first(sch, 6, "SCH-6")}
	for _, s := range g.segments {
		switch s.Name() {
		case "AIS", "AIP", "AIL", "AIG":
			r.read(s)
		case "NTE":
			if text := noteText(r.read(s)); text != "" {
				a.notes = appendOnce(a.notes, text)
			}
		}
	}
	r.times(g, sch, &a)
	a.status = r.appointmentStatus(sch, a)
	return a
}

// appointmentStatus is what the event says, else SCH-25. FHIR's booked
// appointments have a time: one without is proposed.
func (r *reader) appointmentStatus(sch hl7.Segment, a booking) string {
	said := fillerStatuses[strings.ToUpper(strings.ReplaceAll(clear(sch.Get(25, 1)), " ", ""))]
	status := orElse(said, "booked")
	switch r.event {
	case "S15", "S16":
		status = "cancelled"
	case "S17":
		status = "entered-in-error"
	case "S26":
		status = "noshow"
	}
	if a.start == "" && has("booked pending arrived fulfilled noshow waitlist", status) {
		r.flag("SCH-11: the appointment has no time")
		if status == "booked" || status == "pending" {
			return "proposed"
		}
	}
	return status
}

// times finds when it begins and ends: SCH-11, TQ1, or the resources booked.
// An appointment whose length nobody says ends when it begins.
func (r *reader) times(g *group, sch hl7.Segment, a *booking) {
	begin, finish := sch.Get(11, 4), sch.Get(11, 5)
	duration, unit := clear(sch.Get(9, 1)), clear(sch.Get(10, 1))
	if tq := g.first("TQ1"); clear(begin) == "" {
		begin, finish = tq.Get(7, 1), tq.Get(8, 1)
	}
	for _, at := range []struct {
		name                  string
		start, duration, unit int
	}{{"AIS", 4, 7, 8}, {"AIG", 8, 11, 12}, {"AIL", 6, 9, 10}, {"AIP", 6, 9, 10}} {
		s := g.first(at.name)
		if clear(begin) == "" {
			begin = s.Get(at.start, 1)
		}
		if duration == "" {
			duration, unit = clear(s.Get(at.duration, 1)), clear(s.Get(at.unit, 1))
		}
	}
	start, err := hl7.ParseDate(begin)
	if err != nil {
		if clear(begin) != "" {
			r.note("SCH-11: not a date; kept in the message as received")
		}
		return
	}
	length, known := lasting(duration, unit)
	a.start = startInstant(start)
	a.end = a.start
	if end, err := hl7.ParseDate(finish); err == nil && end.HasTime && !end.Time.Before(start.Time) {
		a.end = end.FHIR
	} else if known {
		a.end = start.Time.Add(length).Format("2006-01-02T15:04:05-07:00")
	}
	if known && length >= time.Minute {
		a.minutes = strconv.Itoa(int(length / time.Minute))
	}
}

// startInstant is the instant at which an appointment begins; of a day alone, its beginning.
func startInstant(d hl7.Date) string {
	if d.HasTime {
		return d.FHIR
	}
	return d.Time.Format("2006-01-02T15:04:05-07:00")
}

// lasting is a duration by its number and unit; minutes where no unit is said.
func lasting(value, unit string) (time.Duration, bool) {
	n, err := strconv.Atoi(value)
	if err != nil || n <= 0 || n > 100_000 {
		return 0, false
	}
	switch strings.ToLower(unit) {
	case "", "m", "min", "mins", "minutes", "minute":
		return time.Duration(n) * time.Minute, true
	case "s", "sec", "seconds":
		return time.Duration(n) * time.Second, true
	case "h", "hr", "hrs", "hours", "hour":
		return time.Duration(n) * time.Hour, true
	}
	return 0, false
}

func (r *reader) appointmentResource(g *group, sch hl7.Segment, a booking) *doc {
	d := resource("Appointment")
	d.array("identifier", func() {
		for i, kind := range []string{"PLAC", "FILL"} {
			if system, value := r.entity(firstOf(sch, i+1), "appointment"); value != "" {
				d.identifier("", system, value, kind)
			}
		}
	})
	d.text("status", a.status)
	if !a.eventReason.empty() && a.status == "cancelled" {
		d.concept("cancelationReason", a.eventReason)
	}
	d.array("serviceType", func() {
		for _, s := range a.services {
			if c := r.first(s, 3, "AIS-3"); !c.empty() {
				d.concept("", c)
			}
		}
	})
	if specialty := r.first(g.first("PV1"), 10, "0069"); !specialty.empty() {
		d.concepts("specialty", specialty)
	}
	if !a.kind.empty() {
		d.concept("appointmentType", a.kind)
	}
	if !a.reason.empty() {
		d.concepts("reasonCode", a.reason)
	}
	d.text("description", r.appointmentWords(a))
	d.text("start", a.start)
	d.text("end", a.end)
	d.raw("minutesDuration", a.minutes)
	d.text("comment", strings.Join(a.notes, "\n"))
	d.array("participant", func() { r.participants(d, g, sch, a) })
	return d
}

// appointmentWords is what the appointment is for, in words.
func (r *reader) appointmentWords(a booking) string {
	for _, s := range a.services {
		if c := r.first(s, 3, "AIS-3"); !c.empty() {
			return c.words()
		}
	}
	return orElse(a.reason.words(), a.kind.words())
}

// participants are the patient, the people and the places.
func (r *reader) participants(d *doc, g *group, sch hl7.Segment, a booking) {
	accepted := func() { d.text("status", "accepted") }
	d.object("", func() {
		d.reference("actor", "patient:")
		accepted()
	})
	for _, s := range a.people {
		for _, f := range s.Repetitions(3) {
			if number, name := r.person(f); number == "" && name == "" {
				continue
			}
			d.object("", func() {
				if c := r.first(s, 4, "AIP-4"); !c.empty() {
					d.concepts("type", c)
				}
				r.practitioner(d, "actor", f)
				accepted()
			})
		}
	}
	places := a.places
	if len(places) == 0 {
		places = g.named("PV1")
	}
	for _, s := range places {
		if p := readPlace(firstOf(s, 3)); !p.empty() {
			d.object("", func() {
				r.location(d, "actor", p)
				accepted()
			})
		}
	}
	if len(a.people) == 0 {
		if f := firstOf(g.first("PV1"), 7); f.Raw() != "" {
			if number, name := r.person(f); number+name != "" {
				d.object("", func() {
					r.practitioner(d, "actor", f)
					accepted()
				})
			}
		}
	}
}
