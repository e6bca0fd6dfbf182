package signin

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/store"
)

// independent is an OpenID provider that is not ours, run as a process of its
// own: the server that comes with an OpenID certified library. It is built
// once through the module proxy and kept among the user's cached files.
const independent = "github.com/zitadel/oidc/v3/example/server@v3.51.17"

func startProvider(t *testing.T, redirect string) (issuer string) {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skip("SKIPPED, NOT TESTED: against an independent provider: ", err)
	}
	dir := filepath.Join(cache, "kmcr-test", strings.ReplaceAll(independent, "/", "-"))
	binary := filepath.Join(dir, "server")
	if _, err := os.Stat(binary); err != nil {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		build := exec.CommandContext(ctx, "go", "install", independent)
		build.Dir, build.Env = os.TempDir(), append(os.Environ(), "GOBIN="+dir, "GOFLAGS=-mod=mod", "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Skipf("SKIPPED, NOT TESTED: against an independent provider, which could not be built: %v: %.300s", err, out)
		}
	}
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	port := fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
	l.Close()
	users := filepath.Join(t.TempDir(), "users.json")
	if err := os.WriteFile(users, []byte(`{"uuid-1":{"ID":"uuid-1","Username":"amara","Password":"a long passphrase","FirstName":"Amara","LastName":"Nwosu"},
		"uuid-2":{"ID":"uuid-2","Username":"nobody","Password":"a long passphrase"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	server := exec.Command(binary)
	server.Env = append(os.Environ(), "PORT="+port, "REDIRECT_URI="+redirect, "USERS_FILE="+users)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Process.Kill(); server.Wait() })
	issuer = "http://localhost:" + port + "/"
	for range 100 {
		if r, err := http.Get(issuer + ".well-known/openid-configuration"); err == nil {
			r.Body.Close()
			return issuer
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the independent provider does not answer")
	return ""
}

var loginField = regexp.MustCompile(`name="id" value="([^"]+)"`)

// atProvider goes through a sign-in at the independent provider, and answers where it ends.
func (h *house) atProvider(b *http.Client, user string, form url.Values) string {
	h.t.Helper()
	r, err := b.PostForm(h.server.URL+"/signin", form)
	page := h.do(r, err)
	found := loginField.FindStringSubmatch(page)
	if found == nil {
		h.t.Fatalf("the provider shows no form to sign in with: %.400s", page)
	}
	r, err = b.PostForm(r.Request.URL.String(), url.Values{"id": {found[1]}, "username": {user}, "password": {"a long passphrase"}})
	return h.do(r, err)
}

// Sign-in, step-up and least assurance, with a provider that is not ours.
func TestSignInAtAnIndependentProvider(t *testing.T) {
	h := open(t, func(c *Config) {
		c.Demo, c.ClientID, c.ClientSecret = false, "web", "secret"
		c.Issuer = startProvider(t, c.Base+callbackPath)
	})
	b := h.browser()
	h.atProvider(b, "amara", url.Values{"return": {"/who"}})
	v := h.who(b)
	if v.Account != "elsewhere" || v.Role != kmcr.RoleGP || v.Assurance != 1 || v.Proven.IsZero() {
		t.Fatalf("signed in as %+v", v)
	}
	h.later(10 * time.Minute)
	if got := h.who(b).Proven; !got.Equal(v.Proven) {
		t.Errorf("proven at %v without having been asked again", got)
	}
	h.later(-10 * time.Minute)
	time.Sleep(1100 * time.Millisecond) // auth_time has seconds
	h.atProvider(b, "amara", url.Values{"again": {"yes"}})
	if again := h.who(b).Proven; !again.After(v.Proven) {
		t.Errorf("asked once more, and still proven at %v", again)
	}
	if page := h.atProvider(b, "nobody", url.Values{"again": {"yes"}}); !strings.Contains(page, "not signed in") {
		t.Errorf("somebody else may answer for the one who was asked again: %.300s", page)
	}
	if page := h.atProvider(h.browser(), "nobody", nil); !strings.Contains(page, "no such account") {
		t.Errorf("somebody whom the register does not know: %.300s", page)
	}
	if err := h.DB.Write(t.Context(), func(tx *store.Tx) error {
		return tx.Put(store.KindOrganisation, "G82050", kmcr.Organisation{ODS: "G82050", Name: "Surgery", Signatory: true, Assurance: 2})
	}); err != nil {
		t.Fatal(err)
	}
	if page := h.atProvider(h.browser(), "amara", nil); !strings.Contains(page, "stronger sign-in") {
		t.Errorf("a password alone, where the organisation asks for two factors: %.300s", page)
	}
}
