package signin

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"kmcr"
	"kmcr/store"
)

// The kinds of ticket that this room keeps.
const (
	ticketSignIn  = "sign-in"         // a sign-in, by the digest of its cookie
	ticketStart   = "sign-in-start"   // a sign-in that has begun, by the digest of its state
	ticketLaunch  = "launch"          // who another system has on its screen, by the digest of the address that opens it
	ticketSMART   = "smart-start"     // a SMART launch that has begun, by the digest of its state
	ticketJTI     = "client-jti"      // an assertion that has been used
	ticketRequest = "demo-idp-asked"  // an authorisation request
	ticketCode    = "demo-idp-code"   // an authorisation code
	ticketAccess  = "demo-idp-access" // an access token for userinfo
)

// signedIn is one sign-in, as it is kept.
type signedIn struct {
	Account   string    `json:"account"`
	Position  *position `json:"position,omitempty"` // where the provider said it, not the register
	Proven    time.Time `json:"proven,omitzero"`
	Assurance int       `json:"assurance"`
	Started   time.Time `json:"started"`
	Seen      time.Time `json:"seen"`
}

// seenEvery is how often use of a sign-in is written down.
const seenEvery = time.Minute

func (s *Service) secure() bool { return strings.HasPrefix(s.Base, "https://") }

// cookieName is bound to the host by its prefix where the browser allows that: over https.
func (s *Service) cookieName() string {
	if s.secure() {
		return "__Host-kmcr"
	}
	return "kmcr"
}

func (s *Service) setCookie(w http.ResponseWriter, name, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: s.secure(), SameSite: http.SameSiteLaxMode,
	})
}

// secret draws 256 bits of chance.
func secret() string { return rand.Text() + rand.Text() }

// cookie reads one cookie; sent twice it is none, so that another host's cannot pass for ours.
func cookie(r *http.Request, name string) string {
	if all := r.CookiesNamed(name); len(all) == 1 {
		return all[0].Value
	}
	return ""
}

// begin keeps a new sign-in and sets its cookie; one that the browser had before ends.
func (s *Service) begin(w http.ResponseWriter, r *http.Request, in signedIn) error {
	value, now := secret(), s.Now()
	in.Started, in.Seen = now, now
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	old := cookie(r, s.cookieName())
	err = s.DB.Write(r.Context(), func(tx *store.Tx) error {
		if old != "" {
			if err := tx.DropTicket(ticketSignIn, digest(old)); err != nil && kmcr.KindOf(err) != kmcr.NotFound {
				return err
			}
		}
		return tx.PutTicket(ticketSignIn, digest(value), body, now.Add(s.Idle), true)
	})
	if err != nil {
		return err
	}
	s.setCookie(w, s.cookieName(), value, 0)
	return nil
}

// inForce reads a sign-in by the digest of its cookie.
func (s *Service) inForce(ctx context.Context, key string) (in signedIn, err error) {
	body, ok, err := s.DB.Ticket(ctx, ticketSignIn, key)
	if err != nil {
		return in, &kmcr.Error{Kind: kmcr.Unavailable, Message: "sign-ins cannot be read now", Remedy: "Try again in a minute.", Err: err}
	}
	if !ok || json.Unmarshal(body, &in) != nil || in.Account == "" {
		return in, unauthenticated("you are not signed in, or your sign-in has ended")
	}
	if now := s.Now(); !now.Before(in.Seen.Add(s.Idle)) || !now.Before(in.Started.Add(s.Absolute)) {
		return in, unauthenticated("your sign-in has ended")
	}
	return in, nil
}

func (s *Service) viewerByCookie(r *http.Request) (kmcr.Viewer, error) {
	value := cookie(r, s.cookieName())
	if value == "" {
		return kmcr.Viewer{}, unauthenticated("you are not signed in")
	}
	key := digest(value)
	in, err := s.inForce(r.Context(), key)
	if err != nil {
		return kmcr.Viewer{}, err
	}
	v, err := s.viewerOf(r.Context(), in)
	if err != nil {
		return kmcr.Viewer{}, err
	}
	s.seen(r.Context(), key, in)
	return v, nil
}

// viewerOf is who a sign-in stands for now: the register has the last word on whether the account may still sign in.
func (s *Service) viewerOf(ctx context.Context, in signedIn) (kmcr.Viewer, error) {
	a, err := s.account(ctx, in.Account)
	if err != nil {
		return kmcr.Viewer{}, err
	}
	if !in.Started.After(a.Ended) {
		return kmcr.Viewer{}, unauthenticated("your sign-in was ended by an administrator")
	}
	v := a.viewer(in.Assurance, in.Proven)
	if p := in.Position; p != nil {
		v.Role, v.Organisation, v.Team = p.Role, p.Organisation, p.Team
	}
	return v, nil
}

// take uses a ticket up. Of two who take one, the second gets kmcr.NotFound.
func (s *Service) take(ctx context.Context, kind, key string) error {
	return s.DB.Write(ctx, func(tx *store.Tx) error { return tx.DropTicket(kind, key) })
}

// seen writes down that a sign-in is in use. Where that fails it ends earlier than it need.
func (s *Service) seen(ctx context.Context, key string, in signedIn) {
	now := s.Now()
	if now.Sub(in.Seen) < min(seenEvery, s.Idle/2) {
		return
	}
	in.Seen = now
	body, err := json.Marshal(in)
	if err != nil {
		return
	}
	until := now.Add(s.Idle)
	if last := in.Started.Add(s.Absolute); last.Before(until) {
		until = last
	}
	err = s.DB.Write(ctx, func(tx *store.Tx) error { return tx.PutTicket(ticketSignIn, key, body, until, false) })
	if err != nil {
		s.Log.Warn("the use of a sign-in could not be written down", "error", err)
	}
}

// signOut ends the sign-in of this browser and clears what the browser keeps of us.
func (s *Service) signOut(w http.ResponseWriter, r *http.Request) {
	if value := cookie(r, s.cookieName()); value != "" {
		v, _ := s.viewerByCookie(r)
		err := s.take(r.Context(), ticketSignIn, digest(value))
		if kmcr.KindOf(err) == kmcr.NotFound {
			err = nil
		}
		if err == nil && v.Account != "" {
			err = s.record(r.Context(), "sign-out", v, true, "by the person", "POST /signout")
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
	}
	s.setCookie(w, s.cookieName(), "", -1)
	w.Header().Set("Clear-Site-Data", `"cache", "cookies", "storage"`)
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, "/signin?ended=1", http.StatusSeeOther)
}
