package disclose_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/e2e/house"
	"kmcr/store"
)

// The engineer follows a message from its bytes to where it shows, masked; what was sent is shown for a reason, which stays in the audit.
func TestAMessageIsFollowedWithoutReadingWhoItIsAbout(t *testing.T) {
	h := house.New(t)
	h.Write(func(tx *store.Tx) error {
		return tx.Put(store.KindContributor, "pas", kmcr.Contributor{Code: "pas", Organisation: "RVV", Name: "PAS", Format: kmcr.FormatHL7v2, SendingApplication: "PAS", SendingFacility: "RVV"})
	})
	time.Sleep(1100 * time.Millisecond)
	_, err := h.In.Import(t.Context(), "pas", "adt.hl7", []byte("MSH|^~\\&|PAS|RVV|KMCR|QKS|20260102101500||ADT^A01|1|P|2.4\rEVN|A01|20260102101500\rPID|1||Q7XK2^^^RVV^PI~9990000018^^^NHS^NH||Quorn^Zoe||19811111|F\rPV1|1|I|Ash^1^2|21|||||||||||||||V1\rZU1|local\r"), nil)
	h.Must(err)
	var id int64
	h.Must(h.DB.Messages(t.Context(), "pas", "", func(m store.Message) error { id = m.ID; return nil }))
	engineer := h.Somebody(kmcr.Viewer{Account: "engineer", Role: kmcr.RoleIntegrationEngineer, Organisation: "RVV"})
	path := fmt.Sprint("/feeds/messages/", id)

	got := engineer.Get(path)
	for _, secret := range []string{"Quorn", "9990000018", "19811111", "Q7XK2"} {
		if strings.Contains(got.Body, secret) {
			t.Errorf("masked, the message tells %s: %s", secret, got.Body)
		}
	}
	for _, want := range []string{`"state":"applied"`, `"standing":"current"`, `"shows":"encounters"`, `"standing":"evidence"`, "ZU1: a local segment", `"name":"PV1"`} {
		if !strings.Contains(got.Body, want) {
			t.Errorf("the message does not tell %s: %s", want, got.Body)
		}
	}
	if got := engineer.Ask("POST", path, `{"reason":"  "}`); got.Status != 400 {
		t.Errorf("without a reason: %d", got.Status)
	}
	if got := engineer.Ask("POST", path, `{"reason":"the trust asks why the ward is wrong"}`); !strings.Contains(got.Body, "Quorn") {
		t.Errorf("for a reason: %d %s", got.Status, got.Body)
	}
	reasons := 0
	h.Must(h.DB.AuditAll(t.Context(), func(e *audit.Entry) error {
		if e.Reason == "the trust asks why the ward is wrong" && e.Detail["masked"] == "no" && e.Allowed {
			reasons++
		}
		return nil
	}))
	if reasons != 1 {
		t.Errorf("the reason stands %d times in the audit", reasons)
	}
	gp := h.Somebody(kmcr.Viewer{Account: "gp", Role: kmcr.RoleGP, Organisation: "RVV"})
	for _, one := range []string{path, "/feeds/pas", "/feeds"} {
		if got := gp.Get(one); got.Status != 403 {
			t.Errorf("a GP opens %s: %d", one, got.Status)
		}
	}
}
