package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// axe is where the accessibility checker lies after npm ci.
const axe = "../node_modules/axe-core/axe.min.js"

// TestPagesInABrowser opens every sample page in Chromium at three widths: no
// violation of WCAG 2.2 A and AA that axe can find, and nothing wider than the
// window.
func TestPagesInABrowser(t *testing.T) {
	checker, err := os.ReadFile(axe)
	if err != nil {
		t.Skip("SKIPPED, NOT TESTED: axe-core is not installed (npm ci); no accessibility has been checked")
	}
	if files, err := readAssets(); err != nil || files.address("nhsuk.css") == "" {
		t.Skip("SKIPPED, NOT TESTED: web/static/vendor has not been made (go run ./web/assets); no page has been checked in a browser")
	}
	h := sampleSite(newSample())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if role := r.URL.Query().Get("as"); role != "" {
			r.Header.Set("As", role)
		}
		h.ServeHTTP(w, r)
	}))
	defer server.Close()
	ctx := browser(t)
	pages := samplePages()
	var next atomic.Int64
	var tabs sync.WaitGroup
	for range 2 {
		tab, done := chromedp.NewContext(ctx)
		defer done()
		tabs.Go(func() {
			for n := next.Add(1) - 1; int(n) < len(pages); n = next.Add(1) - 1 {
				checkInBrowser(t, tab, server.URL, pages[n].Role, pages[n].Path, string(checker))
			}
		})
	}
	tabs.Wait()
}

// browser starts Chromium, or skips.
func browser(t *testing.T) context.Context {
	t.Helper()
	const program = "/usr/bin/chromium"
	if _, err := os.Stat(program); err != nil {
		t.Skip("SKIPPED, NOT TESTED: chromium is not installed; no page has been checked in a browser")
	}
	if testing.Short() {
		t.Skip("SKIPPED, NOT TESTED: -short leaves out the browser")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-dev-shm-usage", true))
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, 8*time.Minute)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Skipf("SKIPPED, NOT TESTED: chromium does not start: %v", err)
	}
	return ctx
}

const runAxe = `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"]}).then(r =>
	r.violations.map(v => v.id + ": " + v.help + " at " + v.nodes.slice(0, 3).map(n => n.target.join(" ")).join(" | ")))`

// checkInBrowser opens a page and looks at it in three widths: nothing stands out of the window, and axe finds nothing.
func checkInBrowser(t *testing.T, ctx context.Context, base, role, path, checker string) {
	address := base + path
	if role != "" {
		mark := "?"
		if strings.Contains(path, "?") {
			mark = "&"
		}
		address += mark + "as=" + role
	}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(320, 900), chromedp.Navigate(address), chromedp.Evaluate[chromedp.Void](checker)); err != nil {
		t.Errorf("%s as %q: %v", path, role, err)
		return
	}
	for _, width := range []int64{320, 768, 1280} {
		if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 900)); err != nil {
			t.Errorf("%s as %q at %d: %v", path, role, width, err)
			return
		}
		wide, err := chromedp.Run(ctx, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`))
		if err != nil {
			t.Errorf("%s as %q at %d: %v", path, role, width, err)
			return
		}
		violations, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](runAxe, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Errorf("%s as %q at %d: %v", path, role, width, err)
			return
		}
		if wide > width {
			t.Errorf("%s as %q is %d wide in a window of %d", path, role, wide, width)
		}
		for _, v := range violations {
			t.Errorf("%s as %q at %d: %s", path, role, width, v)
		}
	}
}
