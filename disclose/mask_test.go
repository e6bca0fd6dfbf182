package disclose

import (
	"strings"
	"testing"
)

func TestMasksKeepTheShapeAndNothingElse(t *testing.T) {
	cases := []struct{ says, sent, want string }{
		{"HL7 v2", "MSH|^~\\&|PAS|RVV\nPID|1||J1^^^RVV~9990000018||Smith^Jack||19511203\nZU1|a-1", "MSH|^~\\&|PAS|RVV\nPID|9||x9^^^xxx~9999999999||xxxxx^xxxx||99999999\nZU1|x-9"},
		{"JSON", `{"resourceType":"Patient","id":"a1","name":[{"family":"Fox","use":"official"}],"x":1.5}`, `{"resourceType":"Patient","id":"x9","name":[{"family":"xxx","use":"official"}],"x":9.9}`},
		{"JSON behind a request line", "PUT /Patient/77\n\n{\"id\":\"77\"}", "PUT /xxxxxxx/99\n\n{\"id\":\"99\"}"},
		{"XML", `<Child xmlns="http://a.b"><Name value="Fox">Ada 7</Name></Child>`, `<Child xmlns="http://a.b"><Name value="xxx">xxx 9</Name></Child>`},
		{"a table", "Person Id,Name\nP7,\"Fox, Ada\"\n", "Person Id,Name\nx9,\"xxx, xxx\"\n"},
	}
	for _, c := range cases {
		t.Run(c.says, func(t *testing.T) {
			if got := masked(c.sent); got != c.want {
				t.Errorf("masked as\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func FuzzMasked(f *testing.F) {
	for _, seed := range []string{"MSH|^~\\&|\nPID|1", `{"a":"b\"c"}`, "<a b=\"c\">d</a>", "a,b\nc,d", "<", "{\"", "\\"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sent string) {
		if got := masked("{" + sent + "}\n\"note\": \"kq7canary\""); strings.Contains(got, "kq7canary") && !strings.Contains(got, `"kq7canary"`) {
			t.Errorf("%q is masked as %q", sent, got)
		}
	})
}
