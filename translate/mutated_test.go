package translate

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"kmcr"
	"kmcr/hl7"
)

// odd are values that systems do send where others are meant.
var odd = []string{"", `""`, "^", "~", "&", "^^^", "~~", "20260230", "2026", "202601021015+0100", "20991231", "00000000", "99999999", "-5", "1e9", "0.10", "<5", ">=10^mg", "3^4^5", "Y", "N", "U", "unknown",
	"Zoë O\u2019Neil", "\\F\\\\S\\\\T\\", "\\.br\\", "\\X0D0A\\", "<b>x</b>", "+44 (0)1233 496111", "9990000018", "999 000 0018^^^NHS^NH", "1^2^3&4&5^6", "  x  ", strings.Repeat("long ", 60), "10^20^30~40^50^60", "\x00", "\ufeff", "A\u202eB", "=cmd|' /C calc'!A0", "text\ttab", "12:30", "110", "I", "R07.4^Chest pain^I10~123^x^SCT"}

// mutated changes a message as other systems' messages differ: values where others stood, fields swapped, segments gone, twice or elsewhere.
func mutated(rng *rand.Rand, raw []byte) []byte {
	segments := strings.Split(strings.Trim(string(bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\r")), []byte("\n"), []byte("\r"))), "\r"), "\r")
	for range 1 + rng.IntN(6) {
		if len(segments) < 2 {
			break
		}
		n := 1 + rng.IntN(len(segments)-1)
		fields := strings.Split(segments[n], "|")
		switch rng.IntN(8) {
		case 0:
			segments = append(segments[:n], segments[n+1:]...)
			continue
		case 1:
			segments = append(segments, segments[n])
			continue
		case 2:
			m := 1 + rng.IntN(len(segments)-1)
			segments[n], segments[m] = segments[m], segments[n]
			continue
		case 3:
			for len(fields) < 5+rng.IntN(40) {
				fields = append(fields, "")
			}
			fields[len(fields)-1] = odd[rng.IntN(len(odd))]
		case 4:
			if len(fields) > 2 {
				a, b := 1+rng.IntN(len(fields)-1), 1+rng.IntN(len(fields)-1)
				fields[a], fields[b] = fields[b], fields[a]
			}
		case 5:
			if len(fields) > 1 {
				at := 1 + rng.IntN(len(fields)-1)
				parts := strings.Split(fields[at], "^")
				parts[rng.IntN(len(parts))] = odd[rng.IntN(len(odd))]
				fields[at] = strings.Join(parts, "^")
			}
		default:
			if len(fields) > 1 {
				fields[1+rng.IntN(len(fields)-1)] = odd[rng.IntN(len(odd))]
			}
		}
		segments[n] = strings.Join(fields, "|")
	}
	return []byte(strings.Join(segments, "\r") + "\r")
}

// Every published message, changed in some thousands of ways, is refused with a reason that helps or read into what is well formed and
// valid. KMCR_MUTATIONS changes how many ways each; a failure names its seed.
func TestMutatedMessagesAreReadOrRefused(t *testing.T) {
	ways := 8
	if n, err := strconv.Atoi(os.Getenv("KMCR_MUTATIONS")); err == nil {
		ways = n
	}
	n, read := uint64(0), 0
	realMessages(t, func(path string, raw []byte) {
		for range ways {
			n++
			message := mutated(rand.New(rand.NewPCG(n, 7)), raw)
			m, err := hl7.Parse(message, "")
			if err != nil {
				continue
			}
			var out Reading
			func() {
				defer func() {
					if p := recover(); p != nil {
						t.Errorf("%s, seed %d: panics: %v\n%s", path, n, p, bytes.ReplaceAll(message, []byte("\r"), []byte("\n")))
					}
				}()
				out, err = HL7(m, hospital)
			}()
			if err != nil {
				var e *kmcr.Error
				if !errors.As(err, &e) || e.Kind == kmcr.Fault || e.Message == "" || e.Remedy == "" {
					t.Errorf("%s, seed %d: %v", path, n, err)
				}
				continue
			}
			read++
			checkReading(t, fmt.Sprintf("%s, seed %d", path, n), out)
		}
	})
	t.Logf("%d of %d were read", read, n)
}
