package main

import (
	"context"

	"kmcr"
	"kmcr/notify"
	"kmcr/signin"
	"kmcr/store"
)

// telling says whom notifications may be sent to; without it they are shown in pages only.
type telling struct {
	Hooks       []string `name:"hook" env:"KMCR_HOOKS" help:"A receiver to which subscribers may have notifications sent: host, host:port or https://host:port; http:// only where it is written. May be given several times."`
	MailRelay   string   `env:"KMCR_MAIL_RELAY" help:"Address (host:port) of the e-mail relay; empty: no e-mail is sent."`
	MailFrom    string   `env:"KMCR_MAIL_FROM" default:"kmcr@localhost" help:"Sender of e-mail."`
	MailDomains []string `name:"mail-domain" env:"KMCR_MAIL_DOMAINS" help:"A domain to whose addresses e-mail may be sent. May be given several times."`
}

// tell starts the one who tells.
func (t telling) tell(h *house, base string) (*notify.Service, error) {
	return notify.New(notify.Config{DB: h.db, Log: h.log, May: h.out.MayHear, MaySubscribe: h.out.MaySubscribe, Owner: h.subscriber,
		Hooks: t.Hooks, MailRelay: t.MailRelay, MailFrom: t.MailFrom, MailDomains: t.MailDomains, Pages: base, FHIR: base + "/fhir/R4"})
}

// subscriber is who a subscriber is now; false where the account or client is not there any more, or disabled.
func (h *house) subscriber(ctx context.Context, v kmcr.Viewer) (kmcr.Viewer, bool, error) {
	if v.Contributor != "" {
		var c signin.Client
		found, err := h.db.Get(ctx, store.KindClient, v.Account, &c)
		v.Contributor = c.Contributor
		return v, found && c.Contributor != "", err
	}
	var a signin.Account
	found, err := h.db.Get(ctx, store.KindAccount, v.Account, &a)
	if err != nil || !found || a.Disabled {
		return v, false, err
	}
	return kmcr.Viewer{Account: a.Name, Name: a.Person, Role: a.Role, Organisation: a.Organisation, Team: a.Team, Assurance: v.Assurance}, true, nil
}
