package signin

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
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
		if s.attempts.Allow(s.asker(r), s.Now()) {
			h(w, r)
			return
		}
		w.Header().Set("Retry-After", "60")
		s.fail(w, r, &kmcr.Error{Kind: kmcr.TooOften, Message: "too many attempts to sign in come from where you are", Remedy: "Wait a minute, and begin again from the sign-in page."})
	}
}

// asker is the address that a request comes from: that of the connection, or where a proxy of ours holds the connection, the last
// address in X-Forwarded-For that is no proxy of ours. What stands before it anybody can have written.
func (s *Service) asker(r *http.Request) string {
	asker, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		asker = r.RemoteAddr
	}
	passed := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for n := len(passed) - 1; n >= 0 && s.isProxy(asker); n-- {
		at, err := netip.ParseAddr(strings.TrimSpace(passed[n]))
		if err != nil {
			break
		}
		asker = at.Unmap().String()
	}
	return asker
}

func (s *Service) isProxy(address string) bool {
	at, err := netip.ParseAddr(address)
	return err == nil && slices.ContainsFunc(s.Proxies, func(p netip.Prefix) bool { return p.Contains(at.Unmap()) })
}
