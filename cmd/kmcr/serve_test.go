package main

import "testing"

// Whoever names an identity provider looks after people by the record, unless they say otherwise; a demonstration never does.
func TestWhenARecordIsLive(t *testing.T) {
	for _, c := range []struct {
		live, issuer string
		demo, want   bool
	}{
		{"auto", "", false, false}, {"auto", "https://idp.example", false, true}, {"auto", "https://idp.example", true, false},
		{"yes", "", false, true}, {"yes", "", true, false},
		{"no", "https://idp.example", false, false},
	} {
		if got := (&serveCommand{Live: c.live, Issuer: c.issuer, Demo: c.demo}).live(); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
