package synth

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"kmcr"
)

// Message is one thing that a contributor's system sends: a FHIR transaction
// Bundle, an HL7 v2 message, or a whole Client Level Data file.
type Message struct {
	Contributor kmcr.ContributorCode
	Format      kmcr.Format
	At          time.Time
	Body        []byte
	Person      int // whom it is about, by number; 0 for a file about many
}

// Messages gives all that the contributors send about people, each person's
// from each hospital in order of time.
func (w *World) Messages(people []*Person) ([]Message, error) {
	var out []Message
	var returns []Event
	var whose []*Person
	for _, c := range Contributors() {
		for n, p := range people {
			events := slices.Clone(p.Events)
			events = slices.DeleteFunc(events, func(e Event) bool { return e.From != c.Code })
			if len(events) == 0 {
				continue
			}
			sort.SliceStable(events, func(i, j int) bool { return events[i].At.Before(events[j].At) })
			switch c.Format {
			case kmcr.FormatFHIR:
				body, err := w.bundle(c, p, events)
				if err != nil {
					return nil, err
				}
				out = append(out, Message{c.Code, c.Format, events[len(events)-1].At, body, n + 1})
			case kmcr.FormatHL7v2:
				bodies, err := w.hospitalMessages(c, p, events)
				if err != nil {
					return nil, err
				}
				for i, b := range bodies {
					out = append(out, Message{c.Code, c.Format, events[i].At, b, n + 1})
				}
			case kmcr.FormatCLD:
				for _, e := range events {
					returns, whose = append(returns, e), append(whose, p)
				}
			}
		}
		if c.Format == kmcr.FormatCLD && len(returns) > 0 {
			out = append(out, Message{c.Code, c.Format, w.Now, w.cld(returns, whose), 0})
		}
	}
	return out, nil
}

// cldColumns are columns of the Release 2 return (domain: Client Level Data).
var cldColumns = []string{"LA Code", "Reporting Period Start Date", "Reporting Period End Date", "NHS Number", "LA Person Unique Identifier", "First Name", "Last Name",
	"GP Practice Name", "GP Practice Code", "Gender", "Ethnicity", "Date of Birth", "Date of Death", "Client Type", "Primary Support Reason", "Postcode",
	"Accommodation Status", "Employment Status", "Has Unpaid Carer", "Client Funding Status", "Event Type", "Event Reference", "Event Start Date", "Event End Date",
	"Event Description", "Event Outcome", "Request: Route of Access", "Assessment Type", "Service Type", "Service Component", "Delivery Mechanism",
	"Provider CQC Location Name", "Provider CQC Location ID", "Review Reason", "Unit Cost", "Cost Frequency (Unit Type)", "Planned units per week"}

func (w *World) cld(events []Event, whose []*Person) []byte {
	var buf bytes.Buffer
	out := csv.NewWriter(&buf)
	out.Write(cldColumns)
	inCareHome := map[*Person]bool{} // every row of somebody says where they live now
	for i, e := range events {
		component := strings.ToLower(e.Fields["component"])
		if strings.Contains(component, "residential") || strings.Contains(component, "nursing") {
			inCareHome[whose[i]] = true
		}
	}
	for i, e := range events {
		p := whose[i]
		row := map[string]string{"LA Code": string(KentCouncil), "Reporting Period Start Date": date(w.days(-90)), "Reporting Period End Date": date(w.days(-1)),
			"NHS Number": p.NHS.String(), "LA Person Unique Identifier": p.local("adult-social-care"), "First Name": p.Given, "Last Name": p.Family,
			"GP Practice Name": organisationName(p.Practice), "GP Practice Code": string(p.Practice), "Gender": map[string]string{"female": "Female", "male": "Male"}[p.Sex],
			"Ethnicity": "No data: Undeclared or not known", "Date of Birth": date(p.Born), "Client Type": "Service user", "Primary Support Reason": e.Fields["reason"],
			"Postcode": p.Postcode, "Accommodation Status": "Settled mainstream housing with family or friends", "Client Funding Status": "Fully social care funded",
			"Event Reference": fmt.Sprintf("%s-%d", p.local("adult-social-care"), i), "Event Start Date": date(e.At)}
		if e.Fields["postcode"] != "" {
			row["Postcode"] = e.Fields["postcode"]
		}
		if inCareHome[p] {
			row["Accommodation Status"] = "Registered care home"
		}
		switch e.Do {
		case "service":
			row["Event Type"], row["Service Type"], row["Service Component"] = "Service", e.Fields["type"], e.Fields["component"]
			row["Delivery Mechanism"], row["Provider CQC Location Name"], row["Planned units per week"] = "CASSR managed personal budget", e.Fields["provider"], e.Fields["units"]
		case "assessment":
			row["Event Type"], row["Assessment Type"], row["Event Outcome"], row["Event End Date"] = "Assessment", e.Fields["type"], e.Fields["outcome"], date(e.At.AddDate(0, 0, 5))
		case "review":
			row["Event Type"], row["Review Reason"], row["Event Outcome"], row["Event End Date"] = "Review", e.Fields["type"], e.Fields["outcome"], date(e.At.AddDate(0, 0, 1))
		}
		record := make([]string, len(cldColumns))
		for j, name := range cldColumns {
			record[j] = row[name]
		}
		out.Write(record)
	}
	out.Flush()
	return buf.Bytes()
}
