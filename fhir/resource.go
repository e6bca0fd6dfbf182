package fhir

// Resource is a FHIR R4 resource: its bytes, proven to be strict JSON
// (RFC 8259, no duplicate keys, valid UTF-8, depth at most 64) and free of
// insignificant white space, and an index over them. Numbers and strings keep
// the form in which they were sent. It is never changed once made, and may be
// read by many at once.
type Resource struct{ root Value }

// Type is resourceType, "" where there is none.
func (r *Resource) Type() string { return r.root.Get("resourceType").Text() }

// ID is the id as sent, "" where there is none.
func (r *Resource) ID() string { return r.root.Get("id").Text() }

// Bytes is the compact JSON. The caller must not change it.
func (r *Resource) Bytes() []byte { return r.root.Raw() }

// Root is the resource as a value.
func (r *Resource) Root() Value { return r.root }

// document is compact JSON and its index.
type document struct {
	data  []byte
	nodes []node
}

// node is one JSON value of a document. Nodes stand in the order of their
// start (a container before what it holds), so that the first child of node i
// is i+1 and the children end where nodes[i].next begins. What kind of value
// it is, its first byte says.
type node struct {
	start, end uint32 // the value is data[start:end]
	key        uint32 // where the opening quote of its member name stands; 0 for the root and array items
	next       int32  // the node after this one and all that it holds
}

// name is the member name of n, without quotes. Names are kept in the one
// canonical form, so equal names have equal bytes.
func (d *document) name(n *node) []byte {
	if n.key == 0 {
		return nil
	}
	return d.data[n.key+1 : n.start-2]
}
