package disclose_test

import (
	"strings"
	"testing"

	"kmcr"
	"kmcr/e2e/house"
)

// The banner says who somebody is and where they live now: what has ended, and where they are only for a time, does not stand before it.
func TestTheBannerSaysWhereSomebodyLivesNow(t *testing.T) {
	h := house.New(t)
	ids := h.Sent("practice", plantedPatient+` {"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"`+house.NHS(5)+`"}],"birthDate":"1950-01-01",
		"name":[{"use":"official","family":"Oldname","given":["Fay"],"period":{"end":"2020-01-01"}},{"use":"official","family":"Newname","given":["Fay"]}],
		"address":[{"line":["9 Former Road"],"city":"Dover","period":{"end":"2020-01-01"}},{"use":"old","line":["8 Older Road"]},{"use":"temp","line":["Ward 4"]},{"use":"home","line":["5 New Road"],"postalCode":"ME7 4AB"}],
		"telecom":[{"system":"phone","use":"old","value":"01234 111111"},{"system":"phone","value":"01234 222222","period":{"end":"2020-01-01"}},{"system":"phone","use":"mobile","value":"07700 900333"}],
		"generalPractitioner":[{"identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"G82050"}}]}`)
	gp := h.Somebody(kmcr.Viewer{Account: "gp", Role: kmcr.RoleGP, Organisation: "G82050"})
	got := gp.Get("/people/" + string(h.PersonOf(ids[plantedPatient]).Ref())).Body
	banner, _, _ := strings.Cut(got, `"sources"`)
	for _, want := range []string{"NEWNAME", "5 New Road", "07700 900333"} {
		if !strings.Contains(banner, want) {
			t.Errorf("the banner does not say %s: %s", want, banner)
		}
	}
	for _, past := range []string{"OLDNAME", "Former Road", "Older Road", "111111", "222222"} {
		if strings.Contains(banner, past) {
			t.Errorf("the banner says %s: %s", past, banner)
		}
	}
}
