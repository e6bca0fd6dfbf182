package signin

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"

	"kmcr"
	"kmcr/store"
)

const (
	launchPath    = "/launch"
	smartCallback = "/smart/callback"
	launchLasts   = 10 * time.Minute // until whoever was launched has signed in
)

// Launch is who another system says is on its screen: enough to open the same person here, and to see that it is the same.
type Launch struct {
	NHSNumber string `json:"nhs_number"`
	Family    string `json:"family"`
	Given     string `json:"given"`
	Born      string `json:"born"`
	// Account is whom the launching system says it launches for; "" where it says nobody.
	Account string `json:"account,omitempty"`
	System  string `json:"system"` // the client, or the issuer of the EHR
}

// EHR is a system that may launch the record by SMART App Launch 2.2; register key is its FHIR base address.
type EHR struct {
	Name         string `json:"name"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret,omitempty"`
}

// launchToken is what a system that cannot do SMART signs: who is on its screen, for us, once, for two minutes.
type launchToken struct {
	assertion
	Patient Launch `json:"patient"`
	Account string `json:"account"`
}

// launch takes a signed launch token (POST /launch, form field token) and
// answers with an address that opens the person once: a redirect for a
// browser, {"location":…} for a program. Nothing of the person is in it.
func (s *Service) launch(w http.ResponseWriter, r *http.Request) {
	form, err := readForm(w, r)
	var l Launch
	if err == nil {
		l, err = s.proveLaunch(r.Context(), form.Get("token"))
	}
	var location string
	if err == nil {
		location, err = s.keepLaunch(r.Context(), l)
	}
	rule := "the launching system proved itself by its key"
	var refused *oauthError
	if errors.As(err, &refused) {
		rule = "a launch was refused: " + refused.words
	}
	if err == nil || refused != nil {
		if failed := s.record(r.Context(), "launch", kmcr.Viewer{Account: l.System}, err == nil, rule, "POST "+launchPath); failed != nil {
			err, refused = failed, nil
		}
	}
	page := strings.Contains(r.Header.Get("Accept"), "text/html")
	switch {
	case refused != nil && page:
		s.fail(w, r, &kmcr.Error{Kind: kmcr.Invalid, Message: "the system that you came from did not say who is on its screen in a way that can be trusted", Remedy: "Open the person again from there, or find them here."})
	case refused != nil:
		answerJSON(w, refused.status, map[string]string{"error": refused.code, "error_description": refused.words})
	case err != nil:
		s.fail(w, r, err)
	case page:
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, location, http.StatusSeeOther)
	default:
		answerJSON(w, http.StatusOK, map[string]string{"location": s.Base + location})
	}
}

// proveLaunch checks a launch token: made by a registered client with its key, for us, for minutes, never used before, and bound to one person.
func (s *Service) proveLaunch(ctx context.Context, token string) (l Launch, err error) {
	if len(token) > tokenMost {
		return l, badClient("the token is too long")
	}
	signed, err := jose.ParseSignedCompact(token, assertionAlgorithms)
	if err != nil {
		return l, badClient("the token is no JWT signed with RS384, ES384, RS256 or ES256")
	}
	var said launchToken
	if json.Unmarshal(signed.UnsafePayloadWithoutVerification(), &said) != nil {
		return l, badClient("the token's claims cannot be read")
	}
	c, err := s.client(ctx, said.Issuer)
	if kmcr.KindOf(err) == kmcr.Unauthenticated {
		return l, badClient("there is no such client")
	}
	if err != nil {
		return l, err
	}
	l = said.Patient
	l.System, l.Account = c.Code, said.Account
	if !verifies(signed, c.JWKS) {
		return l, badClient("the token is not signed with a key of this client")
	}
	said.Subject = said.Issuer // whom it is about stands under patient and account
	if err := s.judge(said.assertion, s.Base+launchPath); err != nil {
		return l, err
	}
	if !l.bound() {
		return l, badRequest("invalid_request", "patient must say family and born, and nhs_number where it is known")
	}
	expires := time.Unix(int64(said.Expires), 0)
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		return tx.PutTicket(ticketJTI, c.Code+"|launch|"+digest(said.ID), nil, expires.Add(2*clocksDiffer), true)
	})
	if kmcr.KindOf(err) == kmcr.Conflict {
		return l, badClient("the token has been used before")
	}
	return l, err
}

// bound tells whether a launch says enough to compare with: an NHS number alone is not.
func (l Launch) bound() bool {
	_, err := time.Parse(time.DateOnly, l.Born)
	return err == nil && l.Family != ""
}

// keepLaunch keeps a launch until it is taken, and answers the address that takes it.
func (s *Service) keepLaunch(ctx context.Context, l Launch) (string, error) {
	body, err := json.Marshal(l)
	if err != nil {
		return "", err
	}
	id := secret()
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		return tx.PutTicket(ticketLaunch, digest(id), body, s.Now().Add(launchLasts), true)
	})
	return launchPath + "/" + id, err
}

// Launched takes a launch, once, for somebody who has signed in; one that was taken, or is not theirs, is kmcr.NotFound.
func (s *Service) Launched(ctx context.Context, v kmcr.Viewer, id string) (l Launch, err error) {
	gone := &kmcr.Error{Kind: kmcr.NotFound, Message: "this way in has been used, took too long, or was made for somebody else", Remedy: "Open the person again from the system that you came from."}
	body, ok, err := s.DB.Ticket(ctx, ticketLaunch, digest(id))
	if err != nil {
		return l, &kmcr.Error{Kind: kmcr.Unavailable, Message: "the launch cannot be read now", Remedy: "Try again in a minute.", Err: err}
	}
	if !ok || json.Unmarshal(body, &l) != nil || l.Account != "" && l.Account != v.Account {
		return Launch{}, gone
	}
	err = s.take(ctx, ticketLaunch, digest(id))
	if kmcr.KindOf(err) == kmcr.NotFound {
		return Launch{}, gone
	}
	return l, err
}

// smartStarted is a SMART launch that has begun.
type smartStarted struct {
	Issuer, Token, Verifier, Browser string
}

// smartLaunch begins a SMART App Launch 2.2 from an EHR that an operator has listed (GET /smart/launch?iss=…&launch=…).
func (s *Service) smartLaunch(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	iss, launch := strings.TrimSuffix(q.Get("iss"), "/"), q.Get("launch")
	e, err := s.ehr(r.Context(), iss)
	if err == nil && launch == "" {
		err = &kmcr.Error{Kind: kmcr.Invalid, Message: "this launch has no launch parameter", Remedy: "Open the person again from the system that you came from."}
	}
	var at smartEndpoints
	if err == nil {
		at, err = smartDiscover(r.Context(), iss)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	state, browser := secret(), secret()
	begun := smartStarted{Issuer: iss, Token: at.Token, Verifier: oauth2.GenerateVerifier(), Browser: digest(browser)}
	body, err := json.Marshal(begun)
	if err == nil {
		err = s.DB.Write(r.Context(), func(tx *store.Tx) error {
			return tx.PutTicket(ticketSMART, digest(state), body, s.Now().Add(startLasts), true)
		})
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.setCookie(w, s.cookieName()+"-smart", browser, int(startLasts/time.Second))
	w.Header().Set("Cache-Control", "no-store")
	config := s.smartConfig(e, at)
	http.Redirect(w, r, config.AuthCodeURL(state, oauth2.SetAuthURLParam("aud", iss), oauth2.SetAuthURLParam("launch", launch), oauth2.S256ChallengeOption(begun.Verifier)), http.StatusSeeOther)
}

func (s *Service) ehr(ctx context.Context, iss string) (e EHR, err error) {
	found, err := s.DB.Get(ctx, store.KindEHR, iss, &e)
	if err == nil && !found {
		err = &kmcr.Error{Kind: kmcr.Invalid, Message: "the system that you came from is not one that may open this record", Remedy: "Sign in here and find the person; tell your service desk if it should be."}
	}
	return e, err
}

// smartEndpoints is what an EHR says of itself at /.well-known/smart-configuration.
type smartEndpoints struct {
	Authorize    string   `json:"authorization_endpoint"`
	Token        string   `json:"token_endpoint"`
	Capabilities []string `json:"capabilities"`
}

func smartDiscover(ctx context.Context, iss string) (at smartEndpoints, err error) {
	unreachable := &kmcr.Error{Kind: kmcr.Unavailable, Message: "the system that you came from cannot be reached", Remedy: "Try again, or sign in here and find the person."}
	if err := fetchJSON(ctx, iss+"/.well-known/smart-configuration", "", &at); err != nil {
		unreachable.Err = err
		return at, unreachable
	}
	for _, endpoint := range []string{at.Authorize, at.Token} {
		u, err := url.Parse(endpoint)
		if err != nil || u.Scheme != "https" && !strings.HasPrefix(iss, "http://") {
			return at, unreachable
		}
	}
	return at, nil
}

func (s *Service) smartConfig(e EHR, at smartEndpoints) *oauth2.Config {
	read := "patient/Patient.rs"
	if len(at.Capabilities) > 0 && !slices.Contains(at.Capabilities, "permission-v2") {
		read = "patient/Patient.read"
	}
	return &oauth2.Config{ClientID: e.ClientID, ClientSecret: e.ClientSecret, RedirectURL: s.Base + smartCallback,
		Endpoint: oauth2.Endpoint{AuthURL: at.Authorize, TokenURL: at.Token}, Scopes: []string{"launch", "openid", "fhirUser", read}}
}

// smartBack comes back from the EHR, reads who is on its screen, and goes on to open the same person.
func (s *Service) smartBack(w http.ResponseWriter, r *http.Request) {
	l, err := s.smartPatient(r)
	var location string
	if err == nil {
		location, err = s.keepLaunch(r.Context(), l)
	}
	rule := "an EHR on our list says who is on its screen"
	if err != nil {
		rule = err.Error()
	}
	if failed := s.record(r.Context(), "launch", kmcr.Viewer{Account: l.System}, err == nil, rule, "GET "+smartCallback); failed != nil {
		err = failed
	}
	s.setCookie(w, s.cookieName()+"-smart", "", -1)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, location, http.StatusSeeOther)
}

var fhirID = regexp.MustCompile(`^[A-Za-z0-9.\-]{1,64}$`)

// smartPatient exchanges the code and reads the Patient of the launch context.
func (s *Service) smartPatient(r *http.Request) (l Launch, err error) {
	q := r.URL.Query()
	refused := &kmcr.Error{Kind: kmcr.Invalid, Message: "the system that you came from did not say who is on its screen in a way that can be trusted", Remedy: "Open the person again from there, or find them here."}
	body, ok, err := s.DB.Ticket(r.Context(), ticketSMART, digest(q.Get("state")))
	if err != nil {
		return l, err
	}
	var begun smartStarted
	browser := cookie(r, s.cookieName()+"-smart")
	if !ok || json.Unmarshal(body, &begun) != nil || browser == "" || subtle.ConstantTimeCompare([]byte(begun.Browser), []byte(digest(browser))) != 1 {
		return l, refused
	}
	if err := s.take(r.Context(), ticketSMART, digest(q.Get("state"))); err != nil {
		return l, refused
	}
	e, err := s.ehr(r.Context(), begun.Issuer)
	if err != nil {
		return l, err
	}
	l.System = begun.Issuer
	ctx := context.WithValue(r.Context(), oauth2.HTTPClient, web)
	tokens, err := s.smartConfig(e, smartEndpoints{Token: begun.Token}).Exchange(ctx, q.Get("code"), oauth2.VerifierOption(begun.Verifier))
	if err != nil {
		s.Log.Warn("a SMART launch was not completed", "reason", oauthReason(err))
		return l, refused
	}
	id, _ := tokens.Extra("patient").(string)
	if !fhirID.MatchString(id) {
		return l, refused
	}
	var p fhirPatient
	if err := fetchJSON(ctx, begun.Issuer+"/Patient/"+id, tokens.AccessToken, &p); err != nil || p.ResourceType != "Patient" || p.ID != id {
		return l, refused
	}
	l = p.launch(begun.Issuer)
	if !l.bound() {
		return l, refused
	}
	return l, nil
}

// fhirPatient is what of a Patient is compared.
type fhirPatient struct {
	ResourceType, ID, BirthDate string
	Identifier                  []struct{ System, Value string }
	Name                        []struct {
		Use, Family string
		Given       []string
	}
}

func (p fhirPatient) launch(system string) Launch {
	l := Launch{Born: p.BirthDate, System: system}
	for _, i := range p.Identifier {
		if n, err := kmcr.ParseNHSNumber(i.Value); err == nil && i.System == "https://fhir.nhs.uk/Id/nhs-number" {
			l.NHSNumber = string(n)
		}
	}
	for _, n := range p.Name {
		if l.Family == "" || n.Use == "official" || n.Use == "usual" {
			l.Family, l.Given = n.Family, strings.Join(n.Given, " ")
		}
	}
	return l
}

// fetchJSON reads a small JSON document from an address on an operator's list, following nobody anywhere else.
func fetchJSON(ctx context.Context, address, token string, v any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "application/fhir+json, application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := web.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return kmcr.Errorf(kmcr.Unavailable, "answered %d", answer.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}
