package ingest_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmcr"
)

// Hostile and broken input over a real socket: each is answered as the guide says, the ledger is conserved, and the sender after it is served.
// (Slow, silent, nested, over-long and broken frames: TestFrames, TestSlowAndSilentSendersAreLeft and e2e TestBrokenFrames. Another's name under
// a certificate: TestASenderOverTLSIsKnownByItsCertificate. Merges: TestMergesThatCannotBe.)
func TestBadInputOverASocket(t *testing.T) {
	h := build(t)
	address := h.listen()
	name := func(family string) string { return strings.Replace(jack, "Smith^Jack", family+"^Jack", 1) }
	at := func(control, time string) string {
		return strings.Replace(adt(control, "A28", "20260102101500", jack), "|20260102101500||ADT", "|"+time+"||ADT", 1)
	}
	cases := []struct{ says, message, want string }{
		{"an XML document with an external entity", `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "http://127.0.0.1:1/x">]><a>&b;</a>`, "none"},
		{"encoding characters twice", strings.Replace(adt("b1", "A28", "20260102101500", jack), "^~\\&", "^^\\&", 1), "AR"},
		{"the field separator among them", strings.Replace(adt("b2", "A28", "20260102101500", jack), "^~\\&", "^~|&", 1), "AR"},
		{"100,000 identifiers", adt("b3", "A28", "20260102101500", "PID|1||"+strings.Repeat("1~", 100_000)+"1"), "AR"},
		{"an escape that would begin a segment", adt("b4", "A28", "20260102101500", name(`Smith\X0D0A\PID|9||EVIL`)), "AA"},
		{"a control id of 10 kB", adt(strings.Repeat("c", 10_000), "A28", "20260102101500", jack), "AA"},
		{"no control id", adt("", "A28", "20260102101500", jack), "AR"},
		{"a message of the year 2099", at("b5", "20990101000000"), "AA"},
		{"a message of the year 1800", at("b6", "18000101000000"), "AA"},
		{"NUL, a byte-order mark and a change of direction in a name", adt("b7", "A28", "20260102101500", name("Sm\x00i\ufeffth\u202eevil")), "AA"},
		{"markup in a name", adt("b8", "A28", "20260102101500", name("<script>alert(1)</script>")), "AA"},
		{"markup and a link in a result", adt("b9", "A01", "20260102101500", jack, "PV1|1|I|Ash^1^2|||||||||||||||||V9", "OBX|1|TX|1^Note||<img src=x onerror=alert(1)> javascript:alert(1)"), "AA"},
		{"bytes that are no UTF-8", adt("b10", "A28", "20260102101500", name("Sm\xffith\xc3\x28")), "AA"},
		{"UTF-16", "\xff\xfeM\x00S\x00H\x00|\x00", "none"},
		{"nothing", "", "none"},
		{"a thousand empty segments", adt("b11", "A28", "20260102101500", jack) + strings.Repeat("ZZZ\r", 1000), "AA"},
	}
	for _, c := range cases {
		t.Run(c.says, func(t *testing.T) {
			if got := code(h.dial(address).send(c.message)); got != c.want {
				t.Errorf("answered %s, want %s", got, c.want)
			}
			if got := code(h.dial(address).send(adt("after "+c.says[:5], "A28", "20260102101500", jill))); got != "AA" {
				t.Errorf("the next sender is answered %s", got)
			}
		})
	}
	h.quiet()
	h.balanced()
	p, err := h.db.PatientByKey(h.ctx(), "hospital", "RVV|J1")
	h.must(err)
	all, err := h.db.Compartments(h.ctx(), p.ID)
	h.must(err)
	patients := 0
	for _, s := range all[0].Current() {
		if s.Type == "Patient" {
			patients++
		}
		if strings.Contains(string(s.Body), "\x00") {
			t.Errorf("a NUL stands in a statement: %q", s.Body)
		}
	}
	if patients != 1 {
		t.Errorf("a forged segment made %d patients", patients)
	}
}

// The whole feed of yesterday sent again changes nothing.
func TestYesterdaysFeedAgainChangesNothing(t *testing.T) {
	h := build(t)
	var feed []byte
	for n := range 20 {
		feed = append(feed, adt(fmt.Sprint("y", n), "A28", fmt.Sprintf("202601021015%02d", n), jack)...)
	}
	for range 2 {
		_, err := h.in.Import(h.ctx(), "hospital", "feed.hl7", feed, nil)
		h.must(err)
	}
	if sum := h.balanced(); sum.Received != 20 {
		t.Errorf("received %d, sent 20 twice", sum.Received)
	}
}

// packedZip makes an archive of names and contents in turn.
func packedZip(t *testing.T, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i+1 < len(parts); i += 2 {
		w, err := z.Create(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(parts[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestBadFiles(t *testing.T) {
	h := build(t)
	message := adt("z1", "A28", "20260102101500", jack)
	lol := `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "` + strings.Repeat("&lol;", 100) + `">]><Patient xmlns="http://hl7.org/fhir"><id value="&lol2;"/></Patient>`
	cases := []struct {
		says, name string
		content    []byte
		applied    int64
		rejected   int64
		fails      bool
	}{
		{"a formula is text", "f.csv", []byte(caseHeader + "2026-11-01,package,K1,P1,=cmd|' /C calc'!A0,Ada,1941-03-05,2026-01-01,,Care,Home\n"), 1, 0, false},
		{"a quotation mark that is not closed", "q.csv", []byte(caseHeader + "2026-11-01,package,K2,P1,\"Fox,Ada,1941-03-05,2026-01-01,,Care,Home\n2026-11-01,package,K3,P1,Fox,Ada,1941-03-05,2026-01-01,,Care,Home\n"), 1, 1, false},
		{"a row of a million columns", "c.csv", []byte(caseHeader + strings.Repeat("x,", 1_000_000) + "\n2026-11-01,package,K4,P1,Fox,Ada,1941-03-05,2026-01-01,,Care,Home\n"), 1, 1, false},
		{"columns in another order", "o.csv", []byte("Person Id,Record Id,Record,Extract Date,Given Name,Family Name\nP1,K5,package,2026-11-01,Ada,Fox\n"), 1, 0, false},
		{"no columns that are known", "u.csv", []byte("a,b\n1,2\n"), 0, 1, false},
		{"a part of a file", "p.csv", []byte(caseHeader + "2026-11-01,package,K6,P1,Fox,Ada,1941-03-05,2026-01-01,,Care,Home\n2026-11-01,pack"), 1, 1, false},
		{"a name that climbs out of its archive", "s.zip", packedZip(t, "../../../etc/evil.hl7", message), 1, 0, false},
		{"archives in archives in archives", "n.zip", packedZip(t, "a.zip", string(packedZip(t, "b.zip", string(packedZip(t, "c.zip", string(packedZip(t, "d.hl7", message))))))), 0, 0, true},
		{"what is no archive", "x.zip", []byte("PK\x03\x04 not really"), 0, 0, true},
		{"a file that says it is packed", "x.gz", []byte("MSH|"), 0, 0, true},
		{"a billion laughs", "l.xml", []byte(lol), 0, 1, false},
		{"an empty file", "e.csv", nil, 0, 1, false},
	}
	for _, c := range cases {
		t.Run(c.says, func(t *testing.T) {
			contributor := "council"
			if strings.HasSuffix(c.name, ".zip") || strings.HasSuffix(c.name, ".gz") {
				contributor = "hospital"
			}
			if strings.HasSuffix(c.name, ".xml") {
				contributor = "gp"
			}
			got, err := h.in.Import(h.ctx(), kmcr.ContributorCode(contributor), c.name, c.content, nil)
			if (err != nil) != c.fails {
				t.Fatalf("failed: %v", err)
			}
			if got.Applied != c.applied || got.Rejected+got.Parked != c.rejected {
				t.Errorf("became %+v, want %d applied and %d not", got, c.applied, c.rejected)
			}
		})
	}
	if found, _ := filepath.Glob(filepath.Join(h.dir, "..", "evil*")); len(found) > 0 {
		t.Errorf("an archive wrote %q", found)
	}
	h.balanced()
}

// A small file that unpacks to more than any may is given up before it fills anything.
func TestAFileThatUnpacksWithoutEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED, NOT TESTED: -short leaves out what unpacks a gibibyte")
	}
	h := build(t)
	path := filepath.Join(t.TempDir(), "bomb.hl7.gz")
	f, err := os.Create(path)
	h.must(err)
	z := gzip.NewWriter(f)
	zeros := make([]byte, 1<<20)
	for range 1100 {
		_, err := z.Write(zeros)
		h.must(err)
	}
	h.must(z.Close())
	h.must(f.Close())
	in, err := os.Open(path)
	h.must(err)
	defer in.Close()
	about, err := in.Stat()
	h.must(err)
	if _, err := h.in.ImportFrom(h.ctx(), "hospital", "bomb.hl7.gz", in, about.Size(), nil); err == nil {
		t.Error("it was taken in")
	}
	h.balanced()
}

// A letter of 50 MiB is over the limit of a frame, and is taken in as a file.
func TestAHugeLetter(t *testing.T) {
	h := build(t)
	body := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("x"), 50<<20))
	letter := "MSH|^~\\&|PAS|RVV|KMCR|QKS|20260102101500||MDM^T02|L1|P|2.4\rEVN|T02|20260102101500\r" + jack + "\rTXA|1|DS|TX|20260102101500||||||||L1^RVV||||||AU\rOBX|1|ED|1^Letter||^AP^PDF^Base64^" + body + "\r"
	if got := code(h.dial(h.listen()).send(letter)); got != "AR" && got != "none" {
		t.Errorf("over the socket it is answered %s: it is to be refused, or the connection closed", got)
	}
	got, err := h.in.Import(h.ctx(), "hospital", "letter.hl7", []byte(strings.Replace(letter, "|L1|P", "|L2|P", 1)), nil)
	h.must(err)
	if got.Applied != 1 {
		t.Errorf("as a file it became %+v", got)
	}
}
