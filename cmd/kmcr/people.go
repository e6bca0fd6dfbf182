package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"kmcr"
	"kmcr/disclose"
	"kmcr/signin"
	"kmcr/store"
	"kmcr/terms"
)

type tokenCommand struct {
	Client string `help:"Code of an API client." xor:"who" required:""`
	User   string `help:"Name of an account (demonstration only)." xor:"who" required:""`
}

// Run prints a bearer token.
func (c *tokenCommand) Run(ctx context.Context, settings *Settings, s streams) error {
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	who, err := h.signIn(ctx, settings.Data)
	if err != nil {
		return err
	}
	token, err := who.Token(ctx, c.Client, c.User)
	if err != nil {
		return err
	}
	if settings.JSON {
		return printJSON(s.out, map[string]string{"access_token": token, "token_type": "Bearer"})
	}
	_, err = fmt.Fprintln(s.out, token)
	return err
}

// signIn opens the sign-in room for a command, at the address of the server that uses this data folder.
func (h *house) signIn(ctx context.Context, data string) (*signin.Service, error) {
	var demo bool
	if _, err := h.db.Get(ctx, store.KindSetting, "demonstration-accounts", &demo); err != nil {
		return nil, err
	}
	base := "http://127.0.0.1:8080"
	if b, err := os.ReadFile(filepath.Join(data, "base")); err == nil {
		base = strings.TrimSpace(string(b))
	}
	return signin.New(ctx, signin.Config{DB: h.db, Keys: h.keys, Log: h.log, Base: base, Demo: demo, Data: data})
}

func (h *house) ensureClient(ctx context.Context, data, code string, contributor kmcr.ContributorCode) error {
	who, err := h.signIn(ctx, data)
	if err != nil {
		return err
	}
	return who.EnsureClient(ctx, code, contributor)
}

type organisationCommand struct {
	Add organisationAdd `cmd:"" help:"Add an organisation, or change one."`
}

type organisationAdd struct {
	ODS       string `arg:"" name:"ods" help:"ODS code."`
	Name      string `required:""`
	Kind      string `default:"other" help:"gp-practice, acute, community, mental-health, council, ambulance, care-home, hospice or other."`
	Telephone string
	Signatory bool `help:"It has signed the agreement in force."`
	Assurance int  `help:"The least level of sign-in (AAL 1 to 3) with which its people may open records."`
	StepUp    int  `help:"The least level of sign-in for an emergency opening, an export and an un-merge."`
}

// Run adds the organisation.
func (c *organisationAdd) Run(ctx context.Context, settings *Settings) error {
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	o := kmcr.Organisation{ODS: kmcr.ODS(c.ODS), Name: c.Name, Kind: c.Kind, Telephone: c.Telephone, Signatory: c.Signatory, Assurance: c.Assurance, StepUp: c.StepUp}
	return h.administer(ctx, "organisation add", map[string]string{"organisation": c.ODS, "signatory": fmt.Sprint(c.Signatory)}, func(tx *store.Tx) error {
		return tx.Put(store.KindOrganisation, c.ODS, o)
	})
}

type userCommand struct {
	Add     userAdd     `cmd:"" help:"Add an account, or change one."`
	Disable userDisable `cmd:"" help:"Disable an account; its sign-ins end within a second, on every node."`
	Enable  userEnable  `cmd:"" help:"Let an account that was disabled sign in again."`
	Person  userPerson  `cmd:"" help:"Say who the holder of an account is as a person, so that own, family and colleagues' records do not open like others."`
	SignOut userSignOut `cmd:"" help:"End every sign-in of an account within a second, on every node."`
}

type userAdd struct {
	Account      string `arg:""`
	Name         string `required:"" help:"The person's name."`
	Role         string `required:"" help:"A role of the record (gp, social-worker, …) or a national job role code (R0260)."`
	Organisation string `required:"" help:"ODS code."`
	Team         string
}

// Run adds the account. A role that is not on the list gives no access, and is refused here.
func (c *userAdd) Run(ctx context.Context, settings *Settings) error {
	role, err := roleNamed(c.Role)
	if err != nil {
		return err
	}
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	a := signin.Account{Name: c.Account, Person: c.Name, Role: role, Organisation: kmcr.ODS(c.Organisation), Team: c.Team, Shows: "Added by an administrator."}
	return h.administer(ctx, "user add", map[string]string{"account": c.Account, "role": string(role), "organisation": c.Organisation}, func(tx *store.Tx) error {
		return tx.Put(store.KindAccount, c.Account, a)
	})
}

type userPerson struct {
	Account string `arg:""`
	Ref     string `help:"The person's reference, as it stands in the record's address; none takes it back."`
}

// Run says who it is.
func (c *userPerson) Run(ctx context.Context, settings *Settings) error {
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	a, err := h.account(ctx, c.Account)
	if err != nil {
		return err
	}
	if c.Ref == "" {
		return h.administer(ctx, "user person", map[string]string{"account": a.Name}, func(tx *store.Tx) error { return tx.Remove(store.KindStaff, a.Name) })
	}
	person, err := h.person(ctx, c.Ref)
	if err != nil {
		return err
	}
	return h.administer(ctx, "user person", map[string]string{"account": a.Name}, func(tx *store.Tx) error {
		return tx.Put(store.KindStaff, a.Name, disclose.Staff{Person: person, Organisation: a.Organisation})
	})
}

// person finds whom a reference names.
func (h *house) person(ctx context.Context, ref string) (kmcr.PersonID, error) {
	person, err := kmcr.ParseRef(ref)
	if err != nil {
		return 0, err
	}
	links, err := h.db.Links(ctx, person)
	if err == nil && len(links) == 0 {
		err = &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no person of that reference", Remedy: "Find the person in the record; the reference stands in its address."}
	}
	return person, err
}

type userDisable struct {
	Account string `arg:""`
}

// Run disables the account.
func (c *userDisable) Run(ctx context.Context, settings *Settings) error {
	return settings.changeAccount(ctx, "user disable", c.Account, func(a *signin.Account) { a.Disabled = true })
}

type userEnable struct {
	Account string `arg:""`
}

// Run lets the account sign in again.
func (c *userEnable) Run(ctx context.Context, settings *Settings) error {
	return settings.changeAccount(ctx, "user enable", c.Account, func(a *signin.Account) { a.Disabled = false })
}

type userSignOut struct {
	Account string `arg:""`
}

// Run ends the account's sign-ins.
func (c *userSignOut) Run(ctx context.Context, settings *Settings) error {
	return settings.changeAccount(ctx, "user sign-out", c.Account, func(a *signin.Account) { a.Ended = time.Now().UTC() })
}

// changeAccount changes an account of the register.
func (s *Settings) changeAccount(ctx context.Context, what, name string, change func(*signin.Account)) error {
	h, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	a, err := h.account(ctx, name)
	if err != nil {
		return err
	}
	change(&a)
	return h.administer(ctx, what, map[string]string{"account": name}, func(tx *store.Tx) error { return tx.Put(store.KindAccount, name, a) })
}

type groupCommand struct {
	Map groupMap `cmd:"" help:"Say what a group of the OpenID provider stands for; a group that is not mapped gives no access."`
}

type groupMap struct {
	Group        string `arg:"" help:"The group, as the provider's groups claim names it."`
	Role         string `required:"" help:"A role of the record, or a national job role code."`
	Organisation string `required:"" help:"ODS code."`
	Team         string
}

// Run maps the group.
func (c *groupMap) Run(ctx context.Context, settings *Settings) error {
	role, err := roleNamed(c.Role)
	if err != nil {
		return err
	}
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	g := signin.Group{Role: role, Organisation: kmcr.ODS(c.Organisation), Team: c.Team}
	return h.administer(ctx, "group map", map[string]string{"group": c.Group, "role": string(role), "organisation": c.Organisation}, func(tx *store.Tx) error {
		return tx.Put(store.KindGroup, c.Group, g)
	})
}

type ehrCommand struct {
	Add ehrAdd `cmd:"" help:"List a system that may launch the record by SMART App Launch."`
}

type ehrAdd struct {
	Issuer   string `arg:"" help:"FHIR base address of the system (iss)."`
	Name     string `required:""`
	ClientID string `required:"" help:"Our client id there."`
	Secret   string `type:"existingfile" placeholder:"FILE" help:"File that holds our client secret there; none for a public client."`
}

// Run lists the system. Nothing that is not listed is ever called.
func (c *ehrAdd) Run(ctx context.Context, settings *Settings) error {
	e := signin.EHR{Name: c.Name, ClientID: c.ClientID}
	if c.Secret != "" {
		b, err := os.ReadFile(c.Secret)
		if err != nil {
			return err
		}
		e.ClientSecret = strings.TrimSpace(string(b))
	}
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	iss := strings.TrimSuffix(c.Issuer, "/")
	return h.administer(ctx, "ehr add", map[string]string{"issuer": iss}, func(tx *store.Tx) error { return tx.Put(store.KindEHR, iss, e) })
}

// roleNamed reads a role of the record or a national job role code; any other gives no access, and is refused here.
func roleNamed(name string) (kmcr.Role, error) {
	role := kmcr.Role(name)
	if mapped, ok := terms.RoleOfJob(name); ok {
		role = mapped
	}
	if !slices.Contains(kmcr.AllRoles, role) {
		return "", exit{exitUsage, fmt.Errorf("%q is no role of the record; those are %v", name, kmcr.AllRoles)}
	}
	return role, nil
}

func (h *house) account(ctx context.Context, name string) (signin.Account, error) {
	var a signin.Account
	found, err := h.db.Get(ctx, store.KindAccount, name, &a)
	if err == nil && !found {
		err = &kmcr.Error{Kind: kmcr.NotFound, Message: fmt.Sprintf("there is no account %q", name), Remedy: "kmcr user add makes one."}
	}
	return a, err
}

type relationshipCommand struct {
	Add relationshipAdd `cmd:"" help:"Put a person on somebody's caseload, or grant a relationship."`
}

type relationshipAdd struct {
	User  string `required:"" help:"Account."`
	Ref   string `required:"" help:"The person's reference, as it stands in the record's address."`
	Kind  string `required:"" enum:"caseload,granted" help:"caseload or granted."`
	Until string `help:"Last day, YYYY-MM-DD; no end where none is given."`
}

// Run adds the relationship.
func (c *relationshipAdd) Run(ctx context.Context, settings *Settings) error {
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	a, err := h.account(ctx, c.User)
	if err != nil {
		return err
	}
	person, err := h.person(ctx, c.Ref)
	if err != nil {
		return err
	}
	i := kmcr.Involvement{Person: person, Kind: c.Kind, Organisation: a.Organisation, Team: a.Team, Account: a.Name, From: time.Now(), Reason: "added by an operator"}
	if c.Until != "" {
		last, err := time.Parse("2006-01-02", c.Until)
		if err != nil {
			return exit{exitUsage, fmt.Errorf("--until is a day, YYYY-MM-DD: %q is not", c.Until)}
		}
		i.Until = last.AddDate(0, 0, 1)
	}
	return h.administer(ctx, "relationship add", map[string]string{"account": a.Name, "kind": c.Kind}, func(tx *store.Tx) error { return tx.AddInvolvement(&i) })
}
