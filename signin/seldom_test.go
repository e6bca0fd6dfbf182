package signin

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"kmcr"
)

func TestAttemptsFromOneAddressAreBounded(t *testing.T) {
	now := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	s := &Service{Config: Config{Now: func() time.Time { return now }}, attempts: kmcr.Rate{Burst: 3, Every: time.Minute}}
	h := s.seldom(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	try := func(address string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", "/signin", nil)
		r.RemoteAddr = address
		w := httptest.NewRecorder()
		h(w, r)
		return w
	}
	for i := range 3 {
		if w := try("192.0.2.1:1234"); w.Code != http.StatusOK {
			t.Fatalf("attempt %d answers %d", i+1, w.Code)
		}
	}
	if w := try("192.0.2.1:999"); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
		t.Errorf("one attempt too many answers %d", w.Code)
	}
	if w := try("192.0.2.2:1234"); w.Code != http.StatusOK {
		t.Errorf("another address answers %d", w.Code)
	}
	now = now.Add(time.Minute)
	if w := try("192.0.2.1:1234"); w.Code != http.StatusOK {
		t.Errorf("a minute later it answers %d", w.Code)
	}
}

func TestWhoAsksThroughAProxy(t *testing.T) {
	s := &Service{Config: Config{Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/24")}}}
	for _, c := range []struct{ name, from, passed, want string }{
		{"no proxy before us: what is written is not believed", "192.0.2.1:1", "198.51.100.7", "192.0.2.1"},
		{"one proxy", "127.0.0.1:1", "198.51.100.7", "198.51.100.7"},
		{"what the asker wrote first is not believed", "127.0.0.1:1", "203.0.113.9, 198.51.100.7", "198.51.100.7"},
		{"two proxies of ours", "127.0.0.1:1", "198.51.100.7, 10.0.0.8", "198.51.100.7"},
		{"two proxies, and a lie about one of them", "127.0.0.1:1", "10.0.0.9, 198.51.100.7, 10.0.0.8", "198.51.100.7"},
		{"an asker of IPv6", "127.0.0.1:1", "2001:db8::1", "2001:db8::1"},
		{"a proxy that says nothing", "127.0.0.1:1", "", "127.0.0.1"},
		{"a proxy that says what is no address", "127.0.0.1:1", "198.51.100.7, unknown", "127.0.0.1"},
	} {
		r := httptest.NewRequest("POST", "/signin", nil)
		r.RemoteAddr = c.from
		if c.passed != "" {
			r.Header.Set("X-Forwarded-For", c.passed)
		}
		if got := s.asker(r); got != c.want {
			t.Errorf("%s: %s, not %s", c.name, got, c.want)
		}
	}
}
