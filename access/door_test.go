package access

import (
	"strings"
	"testing"

	"kmcr"
)

func TestDoorCodesAreMasked(t *testing.T) {
	for text, secret := range map[string]string{
		"Key safe by back door, code 4821":           "4821",
		"Keysafe 1234":                               "1234",
		"Door entry: C2580X then push":               "C2580X",
		"KEYPAD on gate - 99887":                     "99887",
		"Entry code is 0451#":                        "0451",
		"Feels safe at home since 2019":              "",
		"Door to door transport, ring 01233 111222":  "",
		"Blood pressure 120/80, entry of 12-05-2020": "",
		"Key safe fitted. Ring 01233 111222":         "",
	} {
		body := []byte(`{"resourceType":"Observation","status":"final","code":{"text":"Access"},"valueString":"` + text + `"}`)
		_, labels := Classify("Observation", body, nil)
		s := &kmcr.Statement{Type: "Observation", Body: body, Labels: labels}
		if got := OpensDoor(s); got != (secret != "") {
			t.Errorf("%q: %v", text, labels)
		}
		masked := string(MaskDoor(s).Body)
		if secret != "" && (strings.Contains(masked, secret) || !strings.Contains(masked, "••••") || !strings.Contains(DoorText(s), secret)) {
			t.Errorf("%q is shown as %s, and told as %q", text, masked, DoorText(s))
		}
		if secret == "" && masked != string(body) {
			t.Errorf("%q is altered: %s", text, masked)
		}
	}
}
