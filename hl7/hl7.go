package hl7

import "time"

// Message is one HL7 v2 message: its original bytes and its segments, split
// lazily. Delimiters are those of MSH-1 and MSH-2; segments end in CR, LF or
// CRLF; a byte-order mark before MSH is passed over.
type Message struct{}

// Parse reads a message. The error is a *kmcr.Error with Where like "MSH" or
// "line 3". charset overrides MSH-18 when not "".
func Parse(raw []byte, charset string) (*Message, error) { panic("not built") }

// Raw is the message as received.
func (m *Message) Raw() []byte { panic("not built") }

// Segments returns the segments named name ("PID", "OBX"), all of them when name is "".
func (m *Message) Segments(name string) []Segment { panic("not built") }

// Segment returns the first segment named name; an absent one answers emptily.
func (m *Message) Segment(name string) Segment { panic("not built") }

// Header fields by name.
func (m *Message) Type() string                           { panic("not built") } // MSH-9.1, "ADT"
func (m *Message) Event() string                          { panic("not built") } // MSH-9.2, or EVN-1, "A01"
func (m *Message) ControlID() string                      { panic("not built") } // MSH-10
func (m *Message) Sender() (application, facility string) { panic("not built") }
func (m *Message) At() (time.Time, bool)                  { panic("not built") } // EVN-2, else EVN-6, else MSH-7

// Segment is one segment of a message; fields count from 1 (MSH-1 is the separator).
type Segment struct{}

// Name is the three letters.
func (s Segment) Name() string { panic("not built") }

// Index is the position of the segment in its message, from 0.
func (s Segment) Index() int { panic("not built") }

// Get returns field.component.subcomponent of the first repetition, unescaped: s.Get(5, 1, 1). Missing ones are "".
func (s Segment) Get(field int, component ...int) string { panic("not built") }

// Repetitions returns the repetitions of a field.
func (s Segment) Repetitions(field int) []Field { panic("not built") }

// Raw is the segment as received, decoded to UTF-8 but not unescaped.
func (s Segment) Raw() string { panic("not built") }

// Field is one repetition of a field.
type Field struct{}

// Get returns component and subcomponent, unescaped.
func (f Field) Get(component ...int) string { panic("not built") }

// Raw is the repetition, not unescaped.
func (f Field) Raw() string { panic("not built") }
