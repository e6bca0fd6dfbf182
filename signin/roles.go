package signin

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"kmcr"
	"kmcr/store"
	"kmcr/terms"
)

// said is what the provider says of whoever has signed in, in the ID token and at userinfo.
type said struct {
	Subject         string   `json:"sub"`
	AuthorizedParty string   `json:"azp"`
	ACR             string   `json:"acr"`
	AMR             words    `json:"amr"`
	VOT             string   `json:"vot"` // NHS login
	AuthTime        float64  `json:"auth_time"`
	Name            string   `json:"name"`
	Groups          []string `json:"groups"`
	// NHS CIS2.
	RBAC     *[]rbacRole `json:"nhsid_nrbac_roles"`
	Selected string      `json:"selected_roleid"`
}

// words is one string or several.
type words []string

// UnmarshalJSON reads either.
func (w *words) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*w = strings.Fields(one)
		return nil
	}
	return json.Unmarshal(b, (*[]string)(w))
}

// rbacRole is one role of the national RBAC database.
type rbacRole struct {
	PersonRole string `json:"person_roleid"`
	Org        string `json:"org_code"`
	Role       string `json:"role_code"` // "S8000:G8000:R0260"
}

// Group is what a group of the provider stands for here; register key is the group.
type Group struct {
	Role         kmcr.Role `json:"role"`
	Organisation kmcr.ODS  `json:"organisation"`
	Team         string    `json:"team,omitempty"`
}

// position is in which role, and for whom, somebody works.
type position struct {
	Role         kmcr.Role `json:"role,omitempty"`
	Organisation kmcr.ODS  `json:"organisation,omitempty"`
	Team         string    `json:"team,omitempty"`
}

const noRole = "the role that the sign-in service names is not one that opens this record"

// positionOf reads in which role somebody works: the national RBAC role that
// was selected, or the group that an administrator has mapped. A code that is
// not on our list gives none. stated is false where the provider says nothing
// about roles: then it is for the register to say.
func (s *Service) positionOf(ctx context.Context, c said) (p position, stated bool, err error) {
	if c.RBAC != nil {
		p, err = nationalRole(*c.RBAC, c.Selected)
		return p, true, err
	}
	var found []position
	for _, name := range c.Groups {
		var g Group
		ok, err := s.DB.Get(ctx, store.KindGroup, name, &g)
		if err != nil {
			return p, false, &kmcr.Error{Kind: kmcr.Unavailable, Message: "the register of groups cannot be read now", Remedy: "Try again in a minute.", Err: err}
		}
		if ok && !slices.Contains(found, position(g)) {
			found = append(found, position(g))
		}
	}
	switch len(found) {
	case 0:
		return p, false, nil
	case 1:
		return found[0], true, nil
	}
	return p, true, unauthenticated("the sign-in service names groups that stand for several roles")
}

func nationalRole(all []rbacRole, selected string) (position, error) {
	if selected == "" && len(all) == 1 {
		selected = all[0].PersonRole
	}
	at := slices.IndexFunc(all, func(r rbacRole) bool { return r.PersonRole == selected && selected != "" })
	if at < 0 {
		return position{}, unauthenticated("the sign-in service does not say in which of your roles you work now")
	}
	role, ok := terms.RoleOfJob(all[at].Role)
	if !ok || all[at].Org == "" {
		return position{}, unauthenticated(noRole)
	}
	return position{Role: role, Organisation: kmcr.ODS(all[at].Org)}, nil
}

// ask reads what userinfo says besides, where the provider has it; the ID token has the last word on what both say.
func ask(ctx context.Context, provider *oidc.Provider, tokens *oauth2.Token, c *said) error {
	if provider.UserInfoEndpoint() == "" {
		return nil
	}
	info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	if err != nil || info.Subject != c.Subject {
		return unauthenticated("the sign-in service's answer cannot be trusted")
	}
	var more said
	if err := info.Claims(&more); err != nil {
		return unauthenticated("the sign-in service's answer cannot be trusted")
	}
	if c.RBAC == nil {
		c.RBAC = more.RBAC
	}
	if c.Selected == "" {
		c.Selected = more.Selected
	}
	if len(c.Groups) == 0 {
		c.Groups = more.Groups
	}
	if c.Name == "" {
		c.Name = more.Name
	}
	return nil
}

// assurance is the level of a sign-in: what its acr says, else what its amr shows, else 1.
func (c said) assurance() int {
	if n := assuranceOf(c.ACR); n > 1 || strings.Contains(strings.ToUpper(c.ACR), "AAL") {
		return n
	}
	if strings.Contains(c.VOT, "Cd") || strings.Contains(c.VOT, "Ck") || strings.Contains(c.VOT, "Cm") { // NHS login: a device, a key or an app besides the password
		return 2
	}
	factors := map[string]bool{}
	for _, m := range c.AMR {
		factors[factorOf[strings.ToLower(m)]] = true
	}
	delete(factors, "")
	hardware := slices.ContainsFunc(c.AMR, func(m string) bool { return m == "hwk" || m == "sc" })
	switch {
	case hardware && (len(factors) > 1 || factors["all"]):
		return 3
	case len(factors) > 1 || factors["all"]:
		return 2
	}
	return 1
}

// factorOf is what each method of RFC 8176 proves: something known, held or that one is.
var factorOf = map[string]string{
	"pwd": "known", "pin": "known", "kba": "known", "otp": "held", "sms": "held", "tel": "held", "swk": "held", "hwk": "held", "sc": "held",
	"fpt": "is", "face": "is", "iris": "is", "retina": "is", "vbm": "is", "mfa": "all",
}
