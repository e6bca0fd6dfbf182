package fhir

// Resource is a FHIR R4 resource: its bytes, proven to be strict JSON
// (RFC 8259, no duplicate keys, valid UTF-8, depth at most 64) and free of
// insignificant white space, and an index over them. Numbers and strings keep
// the form in which they were sent.
type Resource struct{ root Value }

// Parse proves data strict, compacts it and indexes it. The error is a
// *kmcr.Error of kind Invalid or TooLarge with Where set to the place.
func Parse(data []byte) (*Resource, error) { panic("not built") }

// Trusted indexes bytes that Parse has proven before, without proving them
// again: several times faster.
func Trusted(compact []byte) *Resource { panic("not built") }

// FromXML turns a FHIR XML resource into FHIR JSON (R4, 2.6.1): any DOCTYPE,
// entity or processing instruction is refused.
func FromXML(data []byte) ([]byte, error) { panic("not built") }

// ToXML writes r as FHIR XML.
func (r *Resource) ToXML() ([]byte, error) { panic("not built") }

// Type is resourceType, "" where there is none.
func (r *Resource) Type() string { panic("not built") }

// ID is the id as sent, "" where there is none.
func (r *Resource) ID() string { panic("not built") }

// Bytes is the compact JSON.
func (r *Resource) Bytes() []byte { panic("not built") }

// Root is the resource as a value.
func (r *Resource) Root() Value { return r.root }

// Value is one JSON value inside a Resource. The zero Value is "absent", and
// every method of it answers emptily, so that paths need no checks.
type Value struct {
	doc  *document
	node int32
}

type document struct{}

// Exists tells whether the value is there.
func (v Value) Exists() bool { panic("not built") }

// Get returns the member called name of an object.
func (v Value) Get(name string) Value { panic("not built") }

// Path follows member names separated by dots; arrays on the way (and at the
// end) are flattened, as in FHIRPath: v.Path("code.coding.code").
func (v Value) Path(path string) []Value { panic("not built") }

// First is the first of Path, or the absent value.
func (v Value) First(path string) Value { panic("not built") }

// Items returns the elements of an array; a value that is not an array is its own single item; absent gives none.
func (v Value) Items() []Value { panic("not built") }

// Members calls f for each member of an object, in the order sent.
func (v Value) Members(f func(name string, member Value)) { panic("not built") }

// Text is the string, unescaped; a number, true or false in the form sent; "" for anything else.
func (v Value) Text() string { panic("not built") }

// Raw is the JSON of the value.
func (v Value) Raw() []byte { panic("not built") }

// Resource returns an object that has a resourceType as a Resource of its own
// (a Bundle entry, a contained resource), sharing the index.
func (v Value) Resource() *Resource { panic("not built") }

// Issue is one finding about a resource: severity "error", "warning" or
// "information"; code from the R4 issue-type value set; Expression is
// FHIRPath (Patient.name[0].given).
type Issue struct {
	Severity, Code, Expression, Diagnostics string
}

// Outcome writes issues as an OperationOutcome (compact JSON).
func Outcome(issues ...Issue) []byte { panic("not built") }

// Validate checks a resource, and those inside it, against the base R4
// structure definitions: known type and elements, cardinality, JSON types,
// primitive formats, choice types, required bindings that are held locally,
// reference form. It returns no issue of severity error for a valid one.
func Validate(r *Resource) []Issue { panic("not built") }

// Reference is a literal reference inside a resource: where it stands in
// Bytes (the JSON string with its quotes) and what it says.
type Reference struct {
	Start, End int
	Value      string
}

// References lists every Reference.reference (and, in a Bundle, none of
// fullUrl), in order of position.
func (r *Resource) References() []Reference { panic("not built") }

// Body prepares a resource for keeping: the JSON with its id and meta taken
// out and references replaced by resolve (which returns "" to leave one as it
// is). It always begins with {"resourceType":"T". Meta is the meta element as sent,
// nil where there was none.
func (r *Resource) Body(resolve func(reference string) string) (body, meta []byte) {
	panic("not built")
}

// Render writes a kept body for a reader: id, and meta (that which was sent,
// with versionId, lastUpdated and source set), put back after resourceType. It
// appends to dst.
func Render(dst, body, meta []byte, id, versionID, lastUpdated, source string) []byte {
	panic("not built")
}

// CompartmentReferences returns the references by which a resource of this
// type belongs to a patient (R4 CompartmentDefinition patient): for an
// Observation, subject and performer of type Patient …; the resource's own
// subject first.
func (r *Resource) CompartmentReferences() []string { panic("not built") }

// InPatientCompartment tells whether resources of this type can belong to a
// patient at all.
func InPatientCompartment(resourceType string) bool { panic("not built") }
