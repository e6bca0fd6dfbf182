package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// hooks sends notifications by HTTP to receivers on the operator's list, and to nobody else.
type hooks struct {
	list   map[string]bool // "scheme://host:port"
	client *http.Client
}

// mostRedirects is how often a receiver may send a notification on, to another of the list.
const mostRedirects = 3

// newHooks reads the operator's list: https://host[:port], or host[:port] for the same; http only where it is written.
func newHooks(list []string) (*hooks, error) {
	h := &hooks{list: map[string]bool{}}
	for _, entry := range list {
		if !strings.Contains(entry, "://") {
			entry = "https://" + entry
		}
		u, err := url.Parse(entry)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.Trim(u.Path, "/") != "" || u.User != nil {
			return nil, invalid("--hook", "an entry of the list of receivers is not a host", "Write host, host:port or https://host:port.")
		}
		h.list[origin(u)] = true
	}
	h.client = &http.Client{
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout: 5 * time.Second, MaxIdleConnsPerHost: 4, MaxConnsPerHost: 16, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			switch {
			case !h.allowed(r.URL):
				return fmt.Errorf("the receiver sends on to an address that is not on the list: %w", errFinal)
			case len(via) > mostRedirects:
				return errors.New("the receiver sends on and on")
			case r.Method != http.MethodPost:
				return fmt.Errorf("the receiver sends on in a way that loses the notification: %w", errFinal)
			case origin(r.URL) != origin(via[0].URL):
				keep := r.Header.Get("Content-Type")
				r.Header = http.Header{"Content-Type": {keep}} // the subscriber's headers are for the subscriber's host
			}
			return nil
		},
	}
	return h, nil
}

// origin is scheme, host and port of an address.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// allowed tells whether notifications may be sent to an address.
func (h *hooks) allowed(u *url.URL) bool { return u.User == nil && h.list[origin(u)] }

// post sends a notification; nil where the receiver has taken it (2xx). The error says nothing of what was sent.
func (h *hooks) post(ctx context.Context, x *Subscription, body []byte) error {
	timeout := 10 * time.Second
	if x.Timeout > 0 {
		timeout = time.Duration(x.Timeout) * time.Second
	}
	ctx, stop := context.WithTimeout(ctx, timeout)
	defer stop()
	u, err := url.Parse(x.Endpoint)
	if err != nil || !h.allowed(u) {
		return fmt.Errorf("the address is not on the list any more: %w", errFinal)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, x.Endpoint, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("the address cannot be used: %w", errFinal)
	}
	for _, header := range x.Header {
		name, value, _ := strings.Cut(header, ":")
		r.Header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	r.Header.Set("Content-Type", "application/fhir+json")
	answer, err := h.client.Do(r)
	if err != nil {
		return plainly(err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection can be used again
	switch {
	case answer.StatusCode < 300:
		return nil
	case answer.StatusCode == http.StatusGone:
		return fmt.Errorf("the receiver answered 410: %w", errFinal)
	}
	return fmt.Errorf("the receiver answered %d", answer.StatusCode)
}

// plainly is why nothing came back, without the address.
func plainly(err error) error {
	var u *url.Error
	var n net.Error
	switch {
	case errors.Is(err, errFinal):
		if errors.As(err, &u) {
			return u.Err
		}
		return err
	case errors.As(err, &n) && n.Timeout():
		return errors.New("the receiver did not answer in time")
	case errors.As(err, &u):
		return errors.New("the receiver could not be reached")
	}
	return err
}
