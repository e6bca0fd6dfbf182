package disclose

import (
	"strings"
	"unicode"
)

// plainSegments are the segments of HL7 v2 that say nothing of a person.
var plainSegments = []string{"MSH", "EVN", "MSA", "ERR", "FHS", "BHS", "BTS", "FTS"}

// plainMembers are the members of FHIR JSON that say nothing of a person.
var plainMembers = map[string]bool{"resourceType": true, "system": true, "url": true, "use": true, "type": true, "status": true, "intent": true, "method": true}

// masked is a message as its engineer may read it: the structure as it is, the
// letters and digits of what it says replaced by x and 9.
func masked(text string) string {
	switch trimmed := strings.TrimLeft(text, " \t\n\v\ufeff"); {
	case trimmed == "":
		return text
	case isSegment(trimmed):
		return maskLines(text, func(line string) string {
			for _, name := range plainSegments {
				if strings.HasPrefix(line, name) {
					return line
				}
			}
			return line[:min(3, len(line))] + mask(line[min(3, len(line)):])
		})
	case trimmed[0] == '<':
		return maskXML(text)
	case strings.ContainsAny(trimmed[:1], "{["):
		return maskJSON(text)
	}
	if head, body, ok := strings.Cut(text, "\n\n"); ok && strings.HasPrefix(body, "{") { // an interaction, as it stands on the wire
		method, target, _ := strings.Cut(head, " ")
		return method + " " + mask(target) + "\n\n" + maskJSON(body)
	}
	first := true
	return maskLines(text, func(line string) string { // a table: its column names are as they are
		if first {
			first = false
			return line
		}
		return mask(line)
	})
}

func isSegment(s string) bool {
	return strings.HasPrefix(s, "MSH") || strings.HasPrefix(s, "FHS") || strings.HasPrefix(s, "BHS")
}

func maskLines(text string, f func(string) string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = f(l)
	}
	return strings.Join(lines, "\n")
}

// mask replaces letters and digits.
func mask(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r):
			return 'x'
		case unicode.IsDigit(r):
			return '9'
		}
		return r
	}, s)
}

// maskJSON masks strings and numbers, but not the names of members and what stands in plain ones.
func maskJSON(text string) string {
	var b strings.Builder
	member := ""
	for i := 0; i < len(text); {
		if text[i] != '"' {
			end := strings.IndexByte(text[i:], '"')
			if end < 0 {
				end = len(text) - i
			}
			b.WriteString(maskBare(text[i : i+end]))
			i += end
			continue
		}
		end := i + 1
		for end < len(text) && text[end] != '"' {
			if text[end] == '\\' {
				end++
			}
			end++
		}
		end = min(end, len(text))
		said := text[i+1 : end]
		rest := strings.TrimLeft(text[min(end+1, len(text)):], " \t\n")
		switch {
		case strings.HasPrefix(rest, ":"):
			member = said
		case !plainMembers[member]:
			said = mask(strings.ReplaceAll(said, `\`, ""))
		}
		b.WriteString(`"` + said + `"`)
		i = end + 1
	}
	return b.String()
}

// maskBare masks what stands outside strings, but not true, false and null.
func maskBare(s string) string {
	for _, word := range []string{"true", "false", "null"} {
		if before, after, ok := strings.Cut(s, word); ok {
			return maskBare(before) + word + maskBare(after)
		}
	}
	return mask(s)
}

// maskXML masks what stands between elements and in quotation marks, but not namespaces.
func maskXML(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		open := strings.IndexByte(text, '<')
		if open < 0 {
			open = len(text)
		}
		b.WriteString(mask(text[:open]))
		text = text[open:]
		end := strings.IndexByte(text, '>')
		if end < 0 {
			end = len(text) - 1
		}
		if len(text) > 0 {
			b.WriteString(maskAttributes(text[:end+1]))
			text = text[end+1:]
		}
	}
	return b.String()
}

func maskAttributes(element string) string {
	parts := strings.Split(element, `"`)
	for i := 1; i < len(parts); i += 2 {
		if before := strings.TrimRight(parts[i-1], "= "); !strings.HasSuffix(before, "xmlns") && !strings.HasSuffix(before, "version") && !strings.HasSuffix(before, "encoding") {
			parts[i] = mask(parts[i])
		}
	}
	return strings.Join(parts, `"`)
}

// partsOf counts the parts of a message: segments, or the columns of a table.
func partsOf(raw []byte) (parts []Part) {
	text := readable(raw)
	if !isSegment(strings.TrimLeft(text, " \t\n\v\ufeff")) {
		return nil
	}
	at := map[string]int{}
	for line := range strings.SplitSeq(text, "\n") {
		if len(line) < 4 || !unicode.IsUpper(rune(line[0])) {
			continue
		}
		name := line[:3]
		if n, there := at[name]; there {
			parts[n].Count++
			continue
		}
		at[name] = len(parts)
		parts = append(parts, Part{name, 1})
	}
	return parts
}
