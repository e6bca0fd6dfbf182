package extract_test

import (
	"os"
	"strings"
	"testing"

	"kmcr/extract"
)

const page = "%PDF-1.4\n1 0 obj <</Length 60>>\nstream\nBT /F1 12 Tf (Dear \\(Dr\\) Ash) Tj 0 -12 Td [(warf) -20 (arin) -300 (5 mg)] TJ <41> Tj ET\nendstream\nendobj\n"

func TestWords(t *testing.T) {
	for name, c := range map[string]struct{ kind, data, want string }{
		"plain":         {"text/plain", "one\n two", "one two"},
		"HTML":          {"text/html; charset=utf-8", "<p>one</p><script>no()</script><td>two &amp; three", "one two & three"},
		"RTF":           {"application/rtf", `{\rtf1\ansi one\par two}`, "one two"},
		"PDF":           {"application/pdf", page, "Dear (Dr) Ash warfarin 5 mgA"},
		"a sealed PDF":  {"application/pdf", page + "/Encrypt", ""},
		"a picture":     {"image/png", "x", ""},
		"no PDF at all": {"application/pdf", "hello stream endstream", ""},
	} {
		if got := extract.Words(c.kind, []byte(c.data)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// the published notes, of which each is there as PDF and as RTF, say the same.
func TestPublishedNotes(t *testing.T) {
	dir := "../../shared/data/documents/clinical-notes/"
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Skip("SKIPPED, NOT TESTED: the sample data is not beside this project")
	}
	for _, f := range files {
		data, err := os.ReadFile(dir + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		kind := map[string]string{".pdf": "application/pdf", ".rtf": "application/rtf"}[f.Name()[strings.LastIndexByte(f.Name(), '.'):]]
		if kind == "" {
			continue
		}
		words := extract.Words(kind, data)
		t.Logf("%s: %.160s", f.Name(), words)
		if len(strings.Fields(words)) < 20 {
			t.Errorf("%s gives %q", f.Name(), words)
		}
	}
}

func FuzzWords(f *testing.F) {
	f.Add("application/pdf", []byte(page))
	f.Add("application/pdf", []byte("%PDF-1\nobj/FlateDecode stream\n\x78\x9c\nendstream beginbfrange <00> <ff> <0041> endbfrange"))
	f.Add("application/rtf", []byte(`{\rtf1 \u233?x}`))
	f.Add("text/html", []byte("<p>a<style>b"))
	f.Fuzz(func(t *testing.T, kind string, data []byte) {
		if len(extract.Words(kind, data)) > 300<<10 {
			t.Fatal("more words than it may give")
		}
	})
}

// Text is read by what it says it is written in, or by the mark at its beginning.
func TestTextInEveryCharset(t *testing.T) {
	for _, c := range []struct{ name, data, charset string }{
		{"UTF-8", "café", ""}, {"UTF-8 with a mark", "\ufeffcafé", "utf-8"}, {"Latin-1", "caf\xe9", "ISO-8859-1"}, {"Latin-1 that does not say so", "caf\xe9", ""},
		{"UTF-16, the greater first", "\x00c\x00a\x00f\x00\xe9", "UTF-16"}, {"UTF-16, the lesser first", "c\x00a\x00f\x00\xe9\x00", "utf-16le"},
		{"UTF-16 with a mark", "\xff\xfec\x00a\x00f\x00\xe9\x00", "utf-16"}, {"UTF-16 by its mark alone", "\xfe\xff\x00c\x00a\x00f\x00\xe9", ""},
	} {
		if got := extract.Text([]byte(c.data), c.charset); got != "café" {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}
