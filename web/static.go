package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"
)

//go:embed static
var embedded embed.FS

//go:embed templates
var templates embed.FS

// asset is a static file, compressed once.
type asset struct {
	content, gzipped []byte
	mediaType, etag  string
}

// assets are the static files by the name under which they are served:
// those of vendor/ and our own lie side by side at /static/.
type assets map[string]asset

// mediaTypes are the only kinds of file that are served.
var mediaTypes = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

func readAssets() (assets, error) {
	all := assets{}
	for _, dir := range []string{"static", "static/vendor"} {
		files, err := fs.ReadDir(embedded, dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue // not made yet: the pages are plain but work
		}
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			mediaType := mediaTypes[path.Ext(f.Name())]
			if mediaType == "" {
				continue
			}
			b, err := embedded.ReadFile(path.Join(dir, f.Name()))
			if err != nil {
				return nil, err
			}
			sum := sha256.Sum256(b)
			all[f.Name()] = asset{b, squeeze(b), mediaType, hex.EncodeToString(sum[:8])}
		}
	}
	return all, nil
}

func squeeze(b []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	_, _ = w.Write(b) // a bytes.Buffer takes all
	_ = w.Close()
	return out.Bytes()
}

// address is where an asset is served, with its content's hash so that it may
// be kept for ever; "" for one that has not been made.
func (a assets) address(name string) string {
	f, ok := a[name]
	if !ok {
		return ""
	}
	return "/static/" + name + "?v=" + f.etag
}

// ServeHTTP serves /static/NAME.
func (a assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := a[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Encoding")
	h.Set("ETag", `"`+f.etag+`"`)
	h.Set("Cache-Control", "public, max-age=300")
	if r.URL.Query().Get("v") == f.etag {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if strings.Contains(r.Header.Get("If-None-Match"), f.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.mediaType)
	body := f.content
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = f.gzipped
	}
	_, _ = w.Write(body) // the reader has gone: nobody to tell
}
