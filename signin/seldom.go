package signin

import (
	"net"
	"net/http"
	"time"

	"kmcr"
)

// How many attempts to sign in or to get a token one address may make at once, and how often from then on. A hospital stands behind one address.
const (
	attemptsAtOnce = 600
	attemptsEvery  = 200 * time.Millisecond
)

// seldom lets an address try no more often than its people and systems would.
func (s *Service) seldom(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		address, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			address = r.RemoteAddr
		}
		if s.attempts.Allow(address, s.Now()) {
			h(w, r)
			return
		}
		w.Header().Set("Retry-After", "60")
		s.fail(w, r, &kmcr.Error{Kind: kmcr.TooOften, Message: "too many attempts to sign in come from where you are", Remedy: "Wait a minute, and begin again from the sign-in page."})
	}
}
