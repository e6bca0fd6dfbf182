package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser starts Debian's Chromium with an empty profile; the test is skipped, loudly, where there is none.
func browser(t *testing.T, width, height int) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("SKIPPED, NOT TESTED: chromium is not installed (apt-get install chromium)")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(width, height),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-quic", true))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(stop)
	return ctx
}

// A social worker signs in by the real flow, finds Margaret Hollis on her list, and reads where she is and why; every page of the record has no accessibility violation that axe can find.
func TestASocialWorkerInABrowser(t *testing.T) {
	p := demonstration(t)
	ctx := browser(t, 1280, 1400)
	var body, title string
	err := chromedp.Run(ctx, signIn(p.http, "social-worker"), chromedp.Navigate(p.http+"/caseload"), chromedp.Text("main", &body),
		chromedp.Click(`//a[contains(., "HOLLIS")]`, chromedp.BySearch), chromedp.WaitVisible("h1"), chromedp.Title(&title))
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	if !strings.Contains(body, "HOLLIS, Margaret (Mrs)") {
		t.Errorf("her caseload does not list her:\n%s", body)
	}
	if !strings.Contains(title, "HOLLIS") {
		t.Errorf("the window's title does not name the person: %q", title)
	}
	var summary, address string
	if err := chromedp.Run(ctx, chromedp.Text("main", &summary), chromedp.Location(&address), picture("summary.png")); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Harbledown", "chest infection", "Apixaban 5 mg tablets"} {
		if !strings.Contains(summary, want) {
			t.Errorf("the summary does not say %q:\n%s", want, summary)
		}
	}
	if strings.Contains(address, "999") {
		t.Errorf("an identifier stands in the address: %s", address)
	}
	axe, err := os.ReadFile("../node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Skip("SKIPPED, NOT TESTED: axe-core is not installed (npm ci)")
	}
	for _, page := range []string{"", "/medicines", "/allergies", "/problems", "/results", "/encounters", "/documents", "/timeline", "/contacts", "/social-care", "/plans", "/conflicts", "/access"} {
		for _, width := range []int64{320, 1280} {
			var violations string
			var overflow bool
			err := chromedp.Run(ctx, chromedp.EmulateViewport(width, 1000), chromedp.Navigate(address+page), chromedp.Evaluate(string(axe), nil), chromedp.Evaluate(axeRun, &violations, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }),
				chromedp.Evaluate(`document.documentElement.scrollWidth > document.documentElement.clientWidth`, &overflow))
			if err != nil {
				t.Fatalf("%s at %d: %v", page, width, err)
			}
			if violations != "" {
				t.Errorf("%q at %d px: %s", page, width, violations)
			}
			if overflow {
				t.Errorf("%q at %d px scrolls sideways", page, width)
			}
		}
	}
}

const axeRun = `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}).then(r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html).slice(0, 3).join(" | ")).join("\n"))`

// signIn goes through the provider as a person does.
func signIn(base, account string) chromedp.Tasks {
	return chromedp.Tasks{chromedp.Navigate(base + "/signin"), chromedp.Click(`form[action="/signin"] button`), chromedp.WaitVisible(`button[value="` + account + `"]`), chromedp.Click(`button[value="` + account + `"]`), chromedp.WaitVisible(`form[action="/signout"]`)}
}

// picture keeps a screenshot where KMCR_PICTURES names a folder (the README's picture is made so).
func picture(name string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		dir := os.Getenv("KMCR_PICTURES")
		if dir == "" {
			return nil
		}
		var png []byte
		if err := chromedp.FullScreenshot(&png, 90).Do(ctx); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, name), png, 0o644)
	})
}
