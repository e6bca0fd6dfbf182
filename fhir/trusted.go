package fhir

import (
	"encoding/binary"
	"math/bits"
)

// bytesPerNodeCompact is of compact JSON, for the first size of the index.
const bytesPerNodeCompact = 18

// Trusted indexes bytes that Parse has proven before, without proving them
// again: several times faster. It keeps compact, which must not be changed
// afterwards. For bytes that Parse did not make, what it returns has no
// meaning.
func Trusted(compact []byte) *Resource {
	x := indexer{in: compact, nodes: make([]node, 0, len(compact)/bytesPerNodeCompact+minimumOfNodes)}
	if len(compact) == 0 || compact[0] != '{' {
		return &Resource{}
	}
	x.value(0, 0)
	return newResource(compact, x.nodes)
}

type indexer struct {
	in    []byte
	nodes []node
}

// value adds the value at i and all that it holds, and returns where it ends.
func (x *indexer) value(i int, key uint32) int {
	at := len(x.nodes)
	x.nodes = append(x.nodes, node{start: uint32(i), key: key})
	switch x.in[i] {
	case '{':
		i = x.members(i)
	case '[':
		i = x.items(i)
	case '"':
		i = stringEnd(x.in, i)
	default:
		i = scalarEnd(x.in, i)
	}
	n := &x.nodes[at]
	n.end = uint32(i)
	n.next = int32(len(x.nodes))
	return i
}

func (x *indexer) members(i int) int {
	i++
	for x.in[i] != '}' {
		if x.in[i] == ',' {
			i++
		}
		key := uint32(i)
		i = x.value(stringEnd(x.in, i)+1, key)
	}
	return i + 1
}

func (x *indexer) items(i int) int {
	i++
	for x.in[i] != ']' {
		if x.in[i] == ',' {
			i++
		}
		i = x.value(i, 0)
	}
	return i + 1
}

// stringEnd returns where the proven string that begins at i ends.
func stringEnd(in []byte, i int) int {
	i++
	for {
		if i+8 <= len(in) {
			w := binary.LittleEndian.Uint64(in[i:])
			quote := w ^ (everyByte * '"')
			slash := w ^ (everyByte * '\\')
			m := ((quote-everyByte)&^quote | (slash-everyByte)&^slash) & highBits
			if m == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(m) / 8
		}
		switch in[i] {
		case '"':
			return i + 1
		case '\\':
			i += 2
		default:
			i++
		}
	}
}

// scalarEnd returns where the proven number, true, false or null at i ends.
func scalarEnd(in []byte, i int) int {
	for i < len(in) && in[i] != ',' && in[i] != '}' && in[i] != ']' {
		i++
	}
	return i
}

// skip returns where the proven value at i ends.
func skip(in []byte, i int) int {
	switch in[i] {
	case '"':
		return stringEnd(in, i)
	case '{', '[':
		depth := 0
		for {
			switch in[i] {
			case '"':
				i = stringEnd(in, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
			i++
		}
	}
	return scalarEnd(in, i)
}
