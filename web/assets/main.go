// Command assets makes web/static/vendor from the pinned packages in
// node_modules: the NHS.UK frontend's style sheet, with its restricted font
// and everything that would be fetched from elsewhere taken out, minified.
// Run it from the project's root after npm ci.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

const (
	source = "node_modules/nhsuk-frontend/dist/nhsuk"
	target = "web/static/vendor"
)

// fontStack is what stands in for Frutiger, which only NHS services may use
// and which would be fetched from another host.
const fontStack = `system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",Arial,sans-serif`

var (
	fontFace = regexp.MustCompile(`@font-face\s*\{[^}]*\}`)
	frutiger = regexp.MustCompile(`font-family:\s*["']?Frutiger W01[^;}]*`)
	image    = regexp.MustCompile(`url\(["']?/assets/images/([a-z0-9-]+\.svg)["']?\)`)
	outside  = regexp.MustCompile(`url\(["']?(?:https?:)?//`)
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "assets:", err)
		os.Exit(1)
	}
}

func run() error {
	css, err := os.ReadFile(filepath.Join(source, "nhsuk-frontend.css"))
	if errors.Is(err, os.ErrNotExist) {
		return errors.New("the NHS.UK frontend is not installed: run npm ci first")
	}
	if err != nil {
		return err
	}
	sheet, images, err := ours(string(css))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	for _, name := range images {
		b, err := os.ReadFile(filepath.Join(source, "assets/images", name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(target, name), b, 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(target, "nhsuk.css"), sheet, 0o644)
}

// ours returns the style sheet as we serve it, and the images it needs.
func ours(css string) (sheet []byte, images []string, err error) {
	css = fontFace.ReplaceAllString(css, "")
	css = frutiger.ReplaceAllString(css, "font-family:"+fontStack)
	seen := map[string]bool{}
	css = image.ReplaceAllStringFunc(css, func(s string) string {
		name := image.FindStringSubmatch(s)[1]
		if !seen[name] {
			seen[name] = true
			images = append(images, name)
		}
		return "url(/static/" + name + ")"
	})
	if outside.MatchString(css) {
		return nil, nil, errors.New("the style sheet would still fetch from another host")
	}
	out := api.Transform(css, api.TransformOptions{
		Loader: api.LoaderCSS, MinifyWhitespace: true, MinifySyntax: true, LegalComments: api.LegalCommentsNone,
		Engines: []api.Engine{{Name: api.EngineChrome, Version: "90"}, {Name: api.EngineSafari, Version: "14"}, {Name: api.EngineFirefox, Version: "88"}},
	})
	if len(out.Errors) > 0 {
		var words []string
		for _, m := range out.Errors {
			words = append(words, m.Text)
		}
		return nil, nil, errors.New(strings.Join(words, "; "))
	}
	return out.Code, images, nil
}
