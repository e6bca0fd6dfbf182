package access

import (
	"bytes"
	"encoding/json"
)

// The functions here walk compact, proven JSON in place. They keep nothing
// and allocate only where a name or string was sent with escapes.

// member returns the member of an object; nil where there is none.
func member(object []byte, name string) []byte {
	var found []byte
	members(object, func(n, value []byte) bool {
		if string(n) == name {
			found = value
		}
		return found == nil
	})
	return found
}

// members calls f for each member of an object until it returns false.
func members(object []byte, f func(name, value []byte) bool) {
	if len(object) == 0 || object[0] != '{' {
		return
	}
	for i := 1; i < len(object) && object[i] == '"'; {
		end := skip(object, i)
		if end+1 >= len(object) {
			return
		}
		next := skip(object, end+1)
		if !f(text(object[i:end]), object[end+1:next]) || next >= len(object) || object[next] != ',' {
			return
		}
		i = next + 1
	}
}

// items calls f for each element of an array, or once for anything else that is there.
func items(value []byte, f func(item []byte)) {
	if len(value) == 0 {
		return
	}
	if value[0] != '[' {
		f(value)
		return
	}
	for i := 1; i < len(value) && value[i] != ']'; {
		next := skip(value, i)
		f(value[i:next])
		if next >= len(value) || value[next] != ',' {
			return
		}
		i = next + 1
	}
}

// skip returns where the value that starts at i ends.
func skip(b []byte, i int) int {
	depth := 0
	for ; i < len(b); i++ {
		switch b[i] {
		case '"':
			i = closing(b, i)
			if depth == 0 {
				return min(i+1, len(b))
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ':':
			if depth == 0 {
				return i
			}
		}
	}
	return len(b)
}

// closing returns where the string that opens at i is closed.
func closing(b []byte, i int) int {
	for i++; i < len(b); i++ {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return len(b)
		}
		i += n
		slashes := 0
		for b[i-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return i
		}
	}
	return len(b)
}

// text is what a JSON string says; nil for anything else.
func text(value []byte) []byte {
	if len(value) < 2 || value[0] != '"' {
		return nil
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return value[1 : len(value)-1]
	}
	var s string
	if json.Unmarshal(value, &s) != nil {
		return nil
	}
	return []byte(s)
}

// plain returns compact JSON in which no ASCII letter is written as an
// escape, so that it may be searched as bytes.
func plain(body []byte) []byte {
	if !bytes.Contains(body, []byte(`\u00`)) {
		return body
	}
	var v any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return body
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return body
	}
	return out.Bytes()
}
