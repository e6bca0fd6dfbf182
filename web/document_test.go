package web

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"kmcr/extract"
)

func TestDocumentsAreShownAsInertText(t *testing.T) {
	h := sampleSite(newSample())
	for _, c := range []struct {
		n    int
		says []string
		not  []string
	}{
		{50, []string{"Discharge summary", "Seen in clinic today.", "Next line", "Warfarin", "4 mg", "One"}, []string{"alert(", "javascript:", "example.org", "onerror", "display:none", "<b>"}},
		{51, []string{"Dear Dr Osei", "She is much better – café, 5 μg daily, {braces}.", "Regards"}, []string{"Arial", "89504e47", "fonttbl", "generator"}},
		{52, []string{"application/pdf", "cannot be shown inside the page", "Fetch the file"}, []string{"<iframe", "<embed", "<object"}},
		{53, []string{`<img class="kmcr-document__picture"`}, []string{"data:"}},
		{54, []string{"Rang daughter.\n  She will visit &lt;tomorrow&gt;."}, nil},
	} {
		page := get(h, "gp", person+"/documents/"+statementID(c.n)).Body.String()
		for _, want := range c.says {
			if !strings.Contains(page, want) && !strings.Contains(words(page), want) {
				t.Errorf("document %d does not say %q", c.n, want)
			}
		}
		for _, bad := range c.not {
			if strings.Contains(page, bad) {
				t.Errorf("document %d holds %q", c.n, bad)
			}
		}
	}
}

func TestDocumentFilesAreServedInASandbox(t *testing.T) {
	h := sampleSite(newSample())
	for n, want := range map[int]string{50: "application/octet-stream", 51: "application/rtf", 52: "application/pdf", 53: "image/png", 54: "text/plain"} {
		w := get(h, "gp", person+"/documents/"+statementID(n)+"/content")
		hd := w.Header()
		if w.Code != 200 || hd.Get("Content-Type") != want || hd.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.HasPrefix(hd.Get("Content-Security-Policy"), "sandbox; default-src 'none'") || !strings.HasPrefix(hd.Get("Content-Disposition"), "attachment; filename=document.") {
			t.Errorf("document %d: %d %v", n, w.Code, hd)
		}
	}
	for _, path := range []string{statementID(50) + "/content?n=1", statementID(50) + "/content?n=-1", statementID(50) + "/content?n=x", statementID(55) + "/content", "x/content"} {
		if w := get(h, "gp", person+"/documents/"+path); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := get(h, "gp", "/people/"+string(refEmpty)+"/documents/"+statementID(50)+"/content"); w.Code != 404 {
		t.Errorf("a document is served under another person's name: %d", w.Code)
	}
}

func TestInertKeepsTheOrderAndTheTables(t *testing.T) {
	got := inert("text/html", []byte(`<div>Before<table><tr><td>A</td><td>B<br>C</td></tr></table>after<pre>two
  lines</pre></div>`))
	want := []block{{Kind: "paragraph", Text: "Before"}, {Kind: "table", Rows: [][]string{{"A", "B\nC"}}}, {Kind: "paragraph", Text: "after"}, {Kind: "lines", Text: "two\n  lines"}}
	if !slices.EqualFunc(got, want, func(a, b block) bool {
		return a.Kind == b.Kind && a.Text == b.Text && slices.EqualFunc(a.Rows, b.Rows, slices.Equal)
	}) {
		t.Errorf("%+v", got)
	}
	for _, c := range []struct{ mediaType, in, want string }{
		{"text/plain; charset=iso-8859-1", "caf\xe9", "café"}, {"text/plain", "\ufeffcafé", "café"}, {"text/plain", "bad \x93quote\x94", "bad “quote”"}, {"application/pdf", "%PDF", ""}, {"", "\xff\xfe", ""},
	} {
		if got := plainText(inert(c.mediaType, []byte(c.in))); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.mediaType, c.in, got, c.want)
		}
	}
}

func TestContentsOfResources(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{`{"resourceType":"Composition","title":"Plan","section":[{"title":"History","text":{"div":"<div>Well</div>"}},{"section":[{"title":"Inner","text":{"div":"<div>Deep</div>"}}]}]}`, "History: <div>Well</div>|Inner: <div>Deep</div>"},
		{`{"resourceType":"DiagnosticReport","presentedForm":[{"contentType":"text/plain","title":"Report","data":"aGk="}]}`, "Report: hi"},
		{`{"resourceType":"Media","content":{"contentType":"text/plain","data":"aGk="}}`, ": hi"},
		{`{"resourceType":"DocumentReference","content":[{"attachment":{"data":"not base64!"}}]}`, ": "},
		{`{"resourceType":"DocumentReference"}`, ""},
	} {
		all, err := contentsOf([]byte(c.body))
		if err != nil {
			t.Errorf("%s: %v", c.body, err)
		}
		var got []string
		for _, x := range all {
			got = append(got, x.Title+": "+string(x.Data))
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%s: %q, want %q", c.body, got, c.want)
		}
	}
}

func FuzzRTF(f *testing.F) {
	for _, s := range []string{sampleRTF, `{\rtf1`, `{{{{`, `}}}}`, `\'`, `\'4`, `\u`, `{\rtf1\bin999999999 x}`, `\u-1?`, `{\uc99999\u1}`, `\`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if out := extract.RTF(in); !utf8.ValidString(out) {
			t.Errorf("%q gives invalid text %q", in, out)
		}
	})
}

func FuzzHTML(f *testing.F) {
	for _, s := range []string{evilHTML, `<table><tr><td><table><tr><td>x`, `<pre>`, `<svg><script>x</script></svg>`, `<`, strings.Repeat("<div>", 600)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, b := range inert("text/html", in) {
			if b.Kind == "" || b.Kind != "table" && strings.TrimSpace(b.Text) == "" {
				t.Errorf("%q gives an empty block %+v", in, b)
			}
		}
	})
}

func TestDigitsAndSizes(t *testing.T) {
	if digits("999 000 0018") != "9 9 9 0 0 0 0 0 1 8" || kilobytes(999) != "999 bytes" || kilobytes(1500) != "2 KB" || kilobytes(2_500_000) != "2.5 MB" || number(int64(1234567)) != "1\u202f234\u202f567" {
		t.Error("figures for people are not as people write them")
	}
}
