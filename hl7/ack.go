package hl7

import (
	"strings"
	"time"

	"kmcr"
)

// Verdict is what an acknowledgement says of a message.
type Verdict int

// The verdicts.
const (
	Accepted Verdict = iota // AA, in enhanced mode CA
	Failed                  // AE, in enhanced mode CE
	Refused                 // AR, in enhanced mode CR
)

// Condition is a message error condition code of HL7 table 0357.
type Condition string

// The conditions that we answer with.
const (
	MessageAccepted       Condition = "0"
	SegmentSequenceError  Condition = "100"
	RequiredFieldMissing  Condition = "101"
	DataTypeError         Condition = "102"
	TableValueNotFound    Condition = "103"
	UnsupportedType       Condition = "200"
	UnsupportedEvent      Condition = "201"
	UnsupportedProcessing Condition = "202"
	UnsupportedVersion    Condition = "203"
	UnknownKey            Condition = "204"
	DuplicateKey          Condition = "205"
	RecordLocked          Condition = "206"
	ApplicationError      Condition = "207"
)

// conditionWords are the words of table 0357.
var conditionWords = map[Condition]string{
	MessageAccepted: "Message accepted", SegmentSequenceError: "Segment sequence error",
	RequiredFieldMissing: "Required field missing", DataTypeError: "Data type error",
	TableValueNotFound: "Table value not found", UnsupportedType: "Unsupported message type",
	UnsupportedEvent: "Unsupported event code", UnsupportedProcessing: "Unsupported processing id",
	UnsupportedVersion: "Unsupported version id", UnknownKey: "Unknown key identifier",
	DuplicateKey: "Duplicate key identifier", RecordLocked: "Application record locked",
	ApplicationError: "Application internal error",
}

// Answer is what an acknowledgement says.
type Answer struct {
	Verdict Verdict
	// Application makes it an application acknowledgement (AA, AE, AR) although the sender asked for enhanced mode.
	Application bool
	ControlID   string    // MSH-10 of the acknowledgement
	At          time.Time // MSH-7
	// Condition, Where ("PID-3") and Text go into an ERR segment when Condition is neither "" nor MessageAccepted.
	// Text is read by people and engines' logs: never an identifier of a person.
	Condition Condition
	Where     string
	Text      string
}

// Enhanced tells whether the sender asks for enhanced acknowledgements: MSH-15 or MSH-16 is set.
func (m *Message) Enhanced() bool {
	h := m.Segment("MSH")
	return h.Get(15, 1) != "" || h.Get(16, 1) != ""
}

// WantsApplication tells whether, in enhanced mode, MSH-16 asks for an
// application acknowledgement of this verdict (AL always, ER errors, SU success).
func (m *Message) WantsApplication(v Verdict) bool {
	switch strings.ToUpper(m.Segment("MSH").Get(16, 1)) {
	case "AL":
		return true
	case "ER":
		return v != Accepted
	case "SU":
		return v == Accepted
	}
	return false
}

// Code is MSA-1 for a verdict in the mode that the message asks for.
func (m *Message) Code(v Verdict) string {
	if m.Enhanced() {
		return [...]string{"CA", "CE", "CR"}[v]
	}
	return [...]string{"AA", "AE", "AR"}[v]
}

// Header reads the MSH segment alone, with the recommended delimiters where
// MSH-2 is not fit to be used: so that a message that Parse refuses can still
// be answered. The error is kmcr.Invalid where there is no MSH or no MSH-10.
func Header(raw []byte) (*Message, error) {
	body, err := afterMark(raw)
	if err != nil {
		return nil, err
	}
	body = trimBlank(body)
	if !beginsHeader(body) || !isMark(body[3]) {
		return nil, unreadable("MSH", "the message has no readable MSH segment")
	}
	line := headerLine(body)
	marks, err := readDelimiters(line)
	if err != nil {
		marks = standard
		marks.field = body[3]
	}
	m := &Message{raw: raw, marks: marks}
	m.segments = []Segment{{text: mendUTF8(line), marks: &m.marks}}
	if m.ControlID() == "" {
		return nil, unreadable("MSH-10", "the message has no control id")
	}
	return m, nil
}

func unreadable(where, message string) error {
	return &kmcr.Error{Kind: kmcr.Invalid, Where: where, Message: message, Remedy: "Send a message that begins with a complete MSH segment."}
}

// Ack answers a message: MSH with sender and receiver changed about, MSA, and
// ERR where there is something to say. Segments end in CR.
func Ack(m *Message, a Answer) []byte {
	d := m.marks
	h := m.Segment("MSH")
	raw := func(n int) string { return h.field(n) }
	code := m.Code(a.Verdict)
	if a.Application {
		code = [...]string{"AA", "AE", "AR"}[a.Verdict]
	}
	var b strings.Builder
	segment := func(name string, fields ...string) {
		line := name
		for _, f := range fields {
			line += string(rune(d.field)) + f
		}
		b.WriteString(strings.TrimRight(line, string(rune(d.field))))
		b.WriteByte('\r')
	}
	esc := d.escapeText
	encoding := raw(2)
	if _, err := readDelimiters([]byte(h.text)); err != nil { // those that were sent can be used by nobody
		encoding = `^~\&`
	}
	segment("MSH", encoding, raw(5), raw(6), raw(3), raw(4), FormatTime(a.At), "", d.ackType(m.Event()),
		esc(a.ControlID), orElse(raw(11), "P"), orElse(raw(12), "2.4"))
	segment("MSA", code, raw(10), esc(a.Text))
	if a.Condition != "" && a.Condition != MessageAccepted {
		segment("ERR", d.errorFields(m.Version(), a)...)
	}
	return []byte(b.String())
}

// ackType is MSH-9: ACK^A01^ACK.
func (d *delimiters) ackType(event string) string {
	if event == "" {
		return "ACK"
	}
	c := string(rune(d.component))
	return "ACK" + c + d.escapeText(event) + c + "ACK"
}

// errorFields are the fields of ERR: from v2.5 location, condition, severity
// and text; before it one field with all of them.
func (d *delimiters) errorFields(version string, a Answer) []string {
	c := string(rune(d.component))
	segment, field, _ := strings.Cut(d.escapeText(a.Where), "-")
	words := d.escapeText(conditionWords[a.Condition])
	if version != "" && version < "2.5" {
		sub := "&"
		if d.subcomponent != 0 {
			sub = string(rune(d.subcomponent))
		}
		return []string{strings.Join([]string{segment, "1", field, string(a.Condition) + sub + words + sub + "HL70357"}, c)}
	}
	location := ""
	if segment != "" {
		location = segment + c + "1" + c + strings.ReplaceAll(field, ".", c)
	}
	if field == "" {
		location = strings.TrimRight(location, c)
	}
	return []string{"", location, string(a.Condition) + c + words + c + "HL70357", "E", "", "", "", d.escapeText(a.Text)}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
