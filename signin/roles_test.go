package signin

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/store"
	"kmcr/store/storetest"
)

func TestAssuranceOfASignIn(t *testing.T) {
	for claims, want := range map[string]int{
		`{}`:                                    1,
		`{"acr":"AAL1_USERPASS"}`:               1,
		`{"acr":"AAL2_ANY"}`:                    2,
		`{"acr":"AAL3_ANY"}`:                    3,
		`{"acr":"urn:oasis:aal2"}`:              2,
		`{"acr":"0"}`:                           1,
		`{"acr":"2"}`:                           2,
		`{"acr":"gold"}`:                        1,
		`{"amr":["pwd"]}`:                       1,
		`{"amr":"pwd"}`:                         1,
		`{"amr":["pwd","otp"]}`:                 2,
		`{"amr":["pwd","pin"]}`:                 1, // two things that are known are one factor
		`{"amr":["mfa"]}`:                       2,
		`{"amr":["sc","pin"]}`:                  3,
		`{"amr":["hwk","mfa"]}`:                 3,
		`{"amr":["whatever"]}`:                  1,
		`{"acr":"AAL1_USERPASS","amr":["mfa"]}`: 1,
		`{"vot":"P9.Cp.Cd"}`:                    2,
		`{"vot":"P9.Cp"}`:                       1,
	} {
		var c said
		if err := json.Unmarshal([]byte(claims), &c); err != nil {
			t.Fatal(claims, err)
		}
		if got := c.assurance(); got != want {
			t.Errorf("%s is level %d, want %d", claims, got, want)
		}
	}
}

// Roles come from national RBAC codes or a mapped group; a code not on our list gives none.
func TestRolesThatTheProviderStates(t *testing.T) {
	h := open(t, nil)
	group := func(name string, g Group) {
		if err := h.DB.Write(context.Background(), func(tx *store.Tx) error { return tx.Put(store.KindGroup, name, g) }); err != nil {
			t.Fatal(err)
		}
	}
	group("record-gps", Group{Role: kmcr.RoleGP, Organisation: "G82050"})
	group("record-doctors", Group{Role: kmcr.RoleHospitalDoctor, Organisation: "RVV"})
	const two = `[{"person_roleid":"1","org_code":"G82050","role_code":"S8000:G8000:R0260"},{"person_roleid":"2","org_code":"RVV","role_code":"S8000:G8000:R1290"}]`
	for _, c := range []struct {
		name, claims string
		want         position
		stated       bool
		refused      string
	}{
		{"nothing", `{}`, position{}, false, ""},
		{"the role that was selected", `{"nhsid_nrbac_roles":` + two + `,"selected_roleid":"2"}`, position{Role: kmcr.RolePharmacist, Organisation: "RVV"}, true, ""},
		{"the other", `{"nhsid_nrbac_roles":` + two + `,"selected_roleid":"1"}`, position{Role: kmcr.RoleGP, Organisation: "G82050"}, true, ""},
		{"two and none selected", `{"nhsid_nrbac_roles":` + two + `}`, position{}, true, "in which of your roles"},
		{"one selected that is not there", `{"nhsid_nrbac_roles":` + two + `,"selected_roleid":"3"}`, position{}, true, "in which of your roles"},
		{"the only one", `{"nhsid_nrbac_roles":[{"person_roleid":"1","org_code":"820","role_code":"S8000:G8000:R1330"}]}`, position{Role: kmcr.RoleSocialWorker, Organisation: "820"}, true, ""},
		{"none", `{"nhsid_nrbac_roles":[]}`, position{}, true, "in which of your roles"},
		{"a code not on our list", `{"nhsid_nrbac_roles":[{"person_roleid":"1","org_code":"820","role_code":"S8000:G8000:R9999"}]}`, position{}, true, noRole},
		{"a code without its organisation", `{"nhsid_nrbac_roles":[{"person_roleid":"1","role_code":"S8000:G8000:R0260"}]}`, position{}, true, noRole},
		{"a mapped group", `{"groups":["everyone","record-gps"]}`, position{Role: kmcr.RoleGP, Organisation: "G82050"}, true, ""},
		{"groups that nobody has mapped", `{"groups":["everyone"]}`, position{}, false, ""},
		{"groups of two roles", `{"groups":["record-gps","record-doctors"]}`, position{}, true, "several roles"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var said said
			if err := json.Unmarshal([]byte(c.claims), &said); err != nil {
				t.Fatal(err)
			}
			got, stated, err := h.positionOf(context.Background(), said)
			if c.refused != "" {
				if kmcr.KindOf(err) != kmcr.Unauthenticated || !strings.Contains(err.Error(), c.refused) {
					t.Errorf("got %v %v", got, err)
				}
				return
			}
			if err != nil || got != c.want || stated != c.stated {
				t.Errorf("got %+v %t %v", got, stated, err)
			}
		})
	}
}

// Somebody whom the register does not know signs in with a role on our list; whom it has disabled does not, whatever role is stated.
func TestAStatedRoleGoesBeforeTheRegister(t *testing.T) {
	h := open(t, nil)
	ctx := context.Background()
	roles := &[]rbacRole{{PersonRole: "1", Org: "RVV", Role: "S8000:G8000:R1290"}}
	for _, c := range []struct {
		subject, account string
		refused          bool
	}{{"555036632103", "555036632103", false}, {"gp", "gp", false}, {"uuid-1", "elsewhere", false}, {"left", "", true}, {"elsewhere", "", true}} {
		in, err := h.signInOf(ctx, said{Subject: c.subject, Name: "Somebody", RBAC: roles}, started{})
		if (err != nil) != c.refused || in.Account != c.account {
			t.Errorf("%s: %+v %v", c.subject, in, err)
			continue
		}
		if err != nil {
			continue
		}
		in.Started = h.Now()
		v, err := h.viewerOf(ctx, in)
		if err != nil || v.Role != kmcr.RolePharmacist || v.Organisation != "RVV" || v.Account != c.account {
			t.Errorf("%s: %+v %v", c.subject, v, err)
		}
	}
	if _, err := h.signInOf(ctx, said{Subject: "stranger"}, started{}); kmcr.KindOf(err) != kmcr.Unauthenticated {
		t.Errorf("a stranger without a role: %v", err)
	}
}

// An administrator ends every sign-in of an account; a new one is in force.
func TestSignedOutByAnAdministrator(t *testing.T) {
	h := open(t, nil)
	b := h.browser()
	h.signIn(b, "gp")
	if h.who(b).Account != "gp" {
		t.Fatal("not signed in")
	}
	a := accounts[0]
	a.Ended = h.Now().UTC()
	if err := h.DB.Write(t.Context(), func(tx *store.Tx) error { return tx.Put(store.KindAccount, "gp", a) }); err != nil {
		t.Fatal(err)
	}
	time.Sleep(registerAge)
	if v := h.who(b); v.Account != "" {
		t.Errorf("still signed in: %+v", v)
	}
	h.signIn(b, "gp")
	if h.who(b).Account != "gp" {
		t.Error("cannot sign in anew")
	}
	if err := h.EnsureAccount(t.Context(), accounts[0]); err != nil {
		t.Fatal(err)
	}
	var kept Account
	if _, err := h.DB.Get(t.Context(), store.KindAccount, "gp", &kept); err != nil || !kept.Ended.Equal(a.Ended) {
		t.Errorf("what the administrator did is undone: %+v %v", kept, err)
	}
}

// A step-up asks the provider to ask again, and for the assurance that was set.
func TestStepUpAsksAgain(t *testing.T) {
	h := open(t, func(c *Config) { c.StepUpACR = "AAL3_ANY" })
	b := h.browser()
	h.signIn(b, "gp")
	h.later(6 * time.Minute)
	before := h.who(b)
	page := h.do(b.Get(h.server.URL + "/signin?again=1&return=/people/abc/break-glass"))
	if !strings.Contains(page, `name="again"`) || !strings.Contains(page, "once more") || strings.Contains(page, "Accounts of the demonstration") {
		t.Errorf("the page does not ask once more: %.600s", page)
	}
	request := requestField.FindStringSubmatch(h.do(b.PostForm(h.server.URL+"/signin", url.Values{"again": {"yes"}})))
	if request == nil {
		t.Fatal("the provider does not ask")
	}
	h.do(b.PostForm(h.server.URL+"/demo-idp/login", url.Values{"request": {request[1]}, "account": {"gp"}}))
	after := h.who(b)
	if !after.Proven.After(before.Proven) || after.Assurance != 3 || after.Account != "gp" {
		t.Errorf("after: %+v", after)
	}
}

// Two nodes on one PostgreSQL: what an administrator ends at one is over at the other within a second, and so is what is disabled.
func TestEndedOnEveryNodeWithinASecond(t *testing.T) {
	d := storetest.OnPostgres(t)
	keys, err := store.OpenKeys(d.Dir)
	if err != nil {
		t.Fatal(err)
	}
	one, other := d.Open(t), d.Open(t)
	h := open(t, func(c *Config) { c.DB, c.Keys = one, keys })
	second, err := New(t.Context(), Config{DB: other, Keys: keys, Base: h.Base, Demo: true, Data: h.dir})
	if err != nil {
		t.Fatal(err)
	}
	b := h.browser()
	base, _ := url.Parse(h.server.URL)
	atSecond := func() (kmcr.Viewer, error) {
		r := httptest.NewRequest("GET", "/", nil)
		for _, c := range b.Jar.Cookies(base) {
			r.AddCookie(c)
		}
		return second.Viewer(r)
	}
	for name, change := range map[string]func(*Account){
		"signed out": func(a *Account) { a.Ended = time.Now().UTC() },
		"disabled":   func(a *Account) { a.Disabled = true },
	} {
		h.signIn(b, "gp")
		if v, err := atSecond(); err != nil || v.Account != "gp" {
			t.Fatalf("%s: the other node does not know the sign-in: %+v %v", name, v, err)
		}
		var a Account
		if _, err := one.Get(t.Context(), store.KindAccount, "gp", &a); err != nil {
			t.Fatal(err)
		}
		before := a
		change(&a)
		put := func(a Account) {
			if err := one.Write(t.Context(), func(tx *store.Tx) error { return tx.Put(store.KindAccount, "gp", a) }); err != nil {
				t.Fatal(err)
			}
		}
		put(a)
		time.Sleep(time.Second)
		if v, err := atSecond(); err == nil {
			t.Errorf("%s, and a second later the other node still answers %+v", name, v)
		}
		if v := h.who(b); v.Account != "" {
			t.Errorf("%s, and a second later the node itself still answers %+v", name, v)
		}
		before.Ended = time.Time{}
		put(before)
		time.Sleep(registerAge)
	}
}
