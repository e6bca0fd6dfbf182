package signin

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"slices"

	"kmcr"
	"kmcr/terms"
)

//go:embed pages.gohtml
var pageFiles embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{"role": terms.RoleName}).ParseFS(pageFiles, "pages.gohtml"))

// show writes a page that nobody keeps a copy of and that cannot be framed.
func show(w http.ResponseWriter, status int, name string, data any) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		http.Error(w, "this page cannot be shown", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

// page is where sign-in begins.
func (s *Service) page(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	view := struct {
		Title, Return string
		Demo, Ended   bool
		Again         bool // it is to be shown once more who it is
		Accounts      []Account
	}{Title: "Sign in", Return: localPath(q.Get("return")), Demo: s.demo != nil, Ended: q.Get("ended") != "", Again: q.Get("again") != ""}
	if view.Again {
		view.Title = "Show once more that it is you"
	}
	if view.Demo && !view.Again {
		all, err := s.choices(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		view.Accounts = all
	}
	show(w, http.StatusOK, "signin", view)
}

// choices are the accounts that may sign in, in the order of the roles.
func (s *Service) choices(r *http.Request) ([]Account, error) {
	all, err := s.allAccounts(r.Context())
	if err != nil {
		return nil, &kmcr.Error{Kind: kmcr.Unavailable, Message: "the register of accounts cannot be read now", Remedy: "Try again in a minute.", Err: err}
	}
	all = slices.DeleteFunc(all, func(a Account) bool { return a.Disabled })
	slices.SortStableFunc(all, func(a, b Account) int {
		return slices.Index(kmcr.AllRoles, a.Role) - slices.Index(kmcr.AllRoles, b.Role)
	})
	return all, nil
}

// fail says what went wrong, in words for a person.
func (s *Service) fail(w http.ResponseWriter, r *http.Request, err error) {
	view := struct{ Title, Message, Remedy string }{Title: "You are not signed in", Message: "Something in this service failed.", Remedy: "Try again in a minute."}
	status := http.StatusInternalServerError
	e, known := err.(*kmcr.Error)
	switch kind := kmcr.KindOf(err); {
	case known && kind == kmcr.Unauthenticated:
		status, view.Message, view.Remedy = http.StatusForbidden, e.Message, "Begin again from the sign-in page. If it happens again, ask your service desk."
	case known && kind == kmcr.Invalid:
		status, view.Message, view.Remedy = http.StatusBadRequest, e.Message, e.Remedy
	case known && kind == kmcr.TooOften:
		status, view.Message, view.Remedy = http.StatusTooManyRequests, e.Message, e.Remedy
	case known && kind == kmcr.Unavailable:
		status, view.Message, view.Remedy = http.StatusServiceUnavailable, e.Message, e.Remedy
	}
	if status >= http.StatusInternalServerError {
		s.Log.Error("sign-in failed", "route", r.Pattern, "error", err)
	}
	show(w, status, "failed", view)
}
