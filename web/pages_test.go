package web

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// get asks the sample for a page.
func get(h http.Handler, role, path string, headers ...string) *httptest.ResponseRecorder {
	return send(h, role, "GET", path, "", headers...)
}

func send(h http.Handler, role, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Accept", "text/html")
	if role != "" {
		r.Header.Set("As", role)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// numericDate is a date that could be read in two ways.
var numericDate = regexp.MustCompile(`\b\d{1,2}/\d{1,2}/\d{2,4}\b|\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}-\d{1,2}-\d{2,4}\b`)

// identifier is an NHS number in any writing.
var identifier = regexp.MustCompile(`999[ -]?\d{3}[ -]?\d{4}`)

func TestEveryPageKeepsTheRules(t *testing.T) {
	h := sampleSite(newSample())
	for _, p := range samplePages() {
		t.Run(p.Role+p.Path, func(t *testing.T) {
			w := get(h, p.Role, p.Path)
			if ct := w.Header().Get("Content-Type"); ct != "text/html; charset=utf-8" {
				t.Fatalf("answered %d as %s: %s", w.Code, ct, w.Body)
			}
			if w.Code >= 500 && !strings.Contains(p.Path, "/unavailable") && !strings.Contains(p.Path, "/fault") {
				t.Fatalf("answered %d: %s", w.Code, w.Body)
			}
			checkHeaders(t, w.Header())
			checkPage(t, w.Body.String())
		})
	}
}

func checkHeaders(t *testing.T, h http.Header) {
	t.Helper()
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Frame-Options": "DENY",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, want := range []string{"default-src 'none'", "style-src 'self'", "img-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if csp := h.Get("Content-Security-Policy"); !strings.Contains(csp, want) || strings.Contains(csp, "unsafe") {
			t.Errorf("Content-Security-Policy %q lacks %q or allows what is unsafe", csp, want)
		}
	}
}

func checkPage(t *testing.T, page string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	ids := map[string]bool{}
	var links []string
	each(root, func(n *html.Node) {
		seen[n.Data]++
		switch n.DataAtom {
		case atom.Script, atom.Style, atom.Iframe, atom.Object, atom.Embed:
			t.Errorf("there is a <%s> in the page", n.Data)
		case atom.Time:
			if attribute(n, "datetime") == "" {
				t.Errorf("a <time> without datetime: %q", text(n))
			}
		case atom.Th:
			if attribute(n, "scope") == "" {
				t.Errorf("a <th> without scope: %q", text(n))
			}
		}
		for _, a := range n.Attr {
			switch {
			case a.Key == "style" || strings.HasPrefix(a.Key, "on"):
				t.Errorf("<%s> has inline %s", n.Data, a.Key)
			case a.Key == "id":
				if ids[a.Val] {
					t.Errorf("the id %q stands twice", a.Val)
				}
				ids[a.Val] = true
			case a.Key == "href" || a.Key == "action" || a.Key == "src":
				links = append(links, a.Val)
			}
		}
	})
	if seen["h1"] != 1 || seen["main"] != 1 || seen["title"] < 1 {
		t.Errorf("h1 %d, main %d, title %d; one of each is wanted", seen["h1"], seen["main"], seen["title"])
	}
	for _, l := range links {
		if identifier.MatchString(l) || strings.Contains(strings.ToLower(l), "whittaker") || numericDate.MatchString(l) {
			t.Errorf("the address %q says who somebody is", l)
		}
		if !strings.HasPrefix(l, "/") && !strings.HasPrefix(l, "#") && !strings.HasPrefix(l, "tel:") || strings.HasPrefix(l, "//") {
			t.Errorf("the address %q leads elsewhere", l)
		}
		if name, ok := strings.CutPrefix(l, "#"); ok && !ids[name] {
			t.Errorf("the link %q leads nowhere", l)
		}
	}
	if d := numericDate.FindString(spaced(root)); d != "" {
		t.Errorf("a date stands in figures: %q", d)
	}
	if strings.Contains(page, "ZgotmplZ") || strings.Contains(page, "<no value>") || strings.Contains(page, "%!") {
		t.Error("a template has written what it could not")
	}
}

func each(n *html.Node, f func(*html.Node)) {
	if n.Type == html.ElementNode {
		f(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		each(c, f)
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(text(c))
	}
	return b.String()
}

// spaced is the text with a space after each piece, as it is read.
func spaced(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data + " "
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(spaced(c))
	}
	return b.String()
}

// words is the text of a page with white space folded.
func words(page string) string {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return ""
	}
	return strings.Join(strings.Fields(text(root)), " ")
}
