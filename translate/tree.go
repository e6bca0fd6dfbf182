package translate

import (
	"slices"

	"kmcr/fhir"
)

// node is JSON that can be changed: what a resource of another release of
// FHIR is brought into the form of R4 with. Numbers keep their digits.
type node struct {
	kind    byte     // '{', '[', or 0 for a scalar
	raw     []byte   // of a scalar, as JSON
	members []member // of an object, in order
	items   []*node  // of an array
}

type member struct {
	name  string
	value *node
}

// treeOf copies a value.
func treeOf(v fhir.Value) *node {
	switch {
	case v.IsObject():
		n := &node{kind: '{'}
		v.Members(func(name string, m fhir.Value) { n.members = append(n.members, member{name, treeOf(m)}) })
		return n
	case v.IsArray():
		n := &node{kind: '['}
		for _, i := range v.Items() {
			n.items = append(n.items, treeOf(i))
		}
		return n
	}
	return &node{raw: v.Raw()}
}

// append writes the JSON.
func (n *node) append(b []byte) []byte {
	switch n.kind {
	case '{':
		b = append(b, '{')
		for i, m := range n.members {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, m.name), ':')
			b = m.value.append(b)
		}
		return append(b, '}')
	case '[':
		b = append(b, '[')
		for i, item := range n.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = item.append(b)
		}
		return append(b, ']')
	}
	return append(b, n.raw...)
}

// word makes a JSON string.
func word(s string) *node { return &node{raw: appendString(nil, s)} }

// scalar makes a JSON number, true or false, of its text.
func scalar(s string) *node { return &node{raw: []byte(s)} }

// object makes an object of names and values; those that are nil are left out.
func object(members ...any) *node {
	n := &node{kind: '{'}
	for i := 0; i+1 < len(members); i += 2 {
		if v, _ := members[i+1].(*node); v != nil {
			n.members = append(n.members, member{members[i].(string), v})
		}
	}
	return n
}

// list makes an array; nil of nothing.
func list(items ...*node) *node {
	items = slices.DeleteFunc(items, func(i *node) bool { return i == nil })
	if len(items) == 0 {
		return nil
	}
	return &node{kind: '[', items: items}
}

// get is the member of a name; nil where there is none.
func (n *node) get(name string) *node {
	if n == nil {
		return nil
	}
	for _, m := range n.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// take gives the member of a name and removes it.
func (n *node) take(name string) *node {
	if n == nil {
		return nil
	}
	for i, m := range n.members {
		if m.name == name {
			n.members = slices.Delete(n.members, i, i+1)
			return m.value
		}
	}
	return nil
}

// set puts a member; nil changes nothing.
func (n *node) set(name string, v *node) {
	if v == nil {
		return
	}
	for i, m := range n.members {
		if m.name == name {
			n.members[i].value = v
			return
		}
	}
	n.members = append(n.members, member{name, v})
}

// add puts values at the end of the array of a name.
func (n *node) add(name string, values ...*node) {
	all := append(n.get(name).each(), values...)
	n.set(name, list(all...))
}

// rename gives a member, and what stands beside it as _name, another name.
func (n *node) rename(from, to string) {
	for i := range n.members {
		switch n.members[i].name {
		case from:
			n.members[i].name = to
		case "_" + from:
			n.members[i].name = "_" + to
		}
	}
}

// each is the items of an array, or a single value as one item.
func (n *node) each() []*node {
	switch {
	case n == nil:
		return nil
	case n.kind == '[':
		return n.items
	}
	return []*node{n}
}

// first is the first item of an array, or the value.
func (n *node) first() *node {
	if all := n.each(); len(all) > 0 {
		return all[0]
	}
	return nil
}

// text is a string's text, or a scalar's JSON; "" for anything else.
func (n *node) text() string {
	if n == nil || n.kind != 0 || len(n.raw) == 0 {
		return ""
	}
	if n.raw[0] == '"' {
		return fhir.Unquote(n.raw)
	}
	return string(n.raw)
}

// empty tells whether nothing is said: null, "", or an object or array of nothing.
func (n *node) empty() bool {
	if n.kind == 0 {
		return string(n.raw) == "null" || string(n.raw) == `""`
	}
	return len(n.members) == 0 && len(n.items) == 0
}
