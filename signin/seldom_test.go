package signin

import (
	"net/http"
	"net/http/httptest"
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
