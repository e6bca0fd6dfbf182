package kmcr

import (
	"errors"
	"fmt"
)

// Kind says what sort of failure an Error is, so that each edge (page, FHIR
// API, MLLP, command line) can answer in its own way. It is the only thing a
// program may decide on; the words are for people.
type Kind string

// The kinds of failure.
const (
	// Invalid: the input breaks a rule of its format or of this service. Resending it unchanged will not help.
	Invalid Kind = "invalid"
	// NotFound: there is no such thing, or the asker may not know that there is.
	NotFound Kind = "not-found"
	// Gone: it was there and has been deleted by its contributor.
	Gone Kind = "gone"
	// Conflict: the state has moved on since the asker looked (If-Match), or two claims exclude each other.
	Conflict Kind = "conflict"
	// Precondition: a condition the asker set was not met, or matched more than one thing.
	Precondition Kind = "precondition"
	// Unauthenticated: nobody has signed in, or the credential is not valid.
	Unauthenticated Kind = "unauthenticated"
	// StepUp: the asker has to prove once more, or more strongly, who they are before this.
	StepUp Kind = "step-up"
	// Refused: the asker is known and may not have it; Remedy says what is lawful next.
	Refused Kind = "refused"
	// TooLarge: over a limit on size, depth or count.
	TooLarge Kind = "too-large"
	// TooOften: the asker does this more often than anybody's work asks for; it may be done again later.
	TooOften Kind = "too-often"
	// Unsupported: a format, version, type or parameter that this service does not handle.
	Unsupported Kind = "unsupported"
	// Unavailable: something this service depends on cannot be reached now; the same request may succeed later.
	Unavailable Kind = "unavailable"
	// Fault: a defect in this service.
	Fault Kind = "fault"
)

// Error is a failure with words for two readers: Message says what happened
// and where, to the person at the edge; Remedy says what to do about it; Err
// is the cause, for the operator's log only. Neither Message nor Remedy ever
// holds an identifier of a person.
type Error struct {
	Kind    Kind
	Message string
	Remedy  string
	// Where is the place in the input: a FHIRPath expression, an HL7 position (PID-3.1), a CSV line and column.
	Where string
	Err   error
}

// Error returns the message, the place and the cause.
func (e *Error) Error() string {
	s := e.Message
	if e.Where != "" {
		s = e.Where + ": " + s
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error of a kind; %w keeps the cause.
func Errorf(kind Kind, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Message: err.Error(), Err: errors.Unwrap(err)}
}

// KindOf tells the kind of err: that of the first Error in its chain, Fault
// for any other error, and "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Fault
}
