package match

import "strings"

// sounds returns the sound code of each part of a name, and of the whole where it has several parts.
func sounds(parts []string) []string {
	var out []string
	for _, p := range parts {
		if s := sound(p); s != "" {
			out = append(out, s)
		}
	}
	if len(parts) > 1 {
		if s := sound(joined(parts)); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// sound codes how a folded name sounds, by the classes of Soundex but with the
// first letter classed as well (Philip, Filip; Catherine, Katherine) and
// silent beginnings left out. Letters outside a to z stand for themselves.
func sound(s string) string {
	for _, p := range [][2]string{{"ph", "f"}, {"kn", "n"}, {"gn", "n"}, {"wr", "r"}, {"wh", "w"}, {"rh", "r"}, {"ch", "k"}, {"mac", "mk"}, {"mc", "mk"}} {
		if rest, ok := strings.CutPrefix(s, p[0]); ok {
			s = p[1] + rest
			break
		}
	}
	var b strings.Builder
	last, n := rune(0), 0
	for i, r := range s {
		c := class(r)
		if i == 0 && c == '0' {
			c = 'a'
			b.WriteRune(c)
			last = '0'
			continue
		}
		if c != '0' && c != '-' && c != last {
			b.WriteRune(c)
			if n++; n == 5 {
				break
			}
		}
		if c != '-' {
			last = c
		}
	}
	return b.String()
}

func class(r rune) rune {
	switch {
	case strings.ContainsRune("aeiouy", r):
		return '0'
	case strings.ContainsRune("hw", r):
		return '-'
	case strings.ContainsRune("bfpv", r):
		return '1'
	case strings.ContainsRune("cgjkqsxz", r):
		return '2'
	case strings.ContainsRune("dt", r):
		return '3'
	case r == 'l':
		return '4'
	case strings.ContainsRune("mn", r):
		return '5'
	case r == 'r':
		return '6'
	}
	return r
}
