package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Attack 25: a body whose end is told wrongly, or in two ways, is refused at once and nothing behind it is taken for another request.
func TestBodiesWithTwoEnds(t *testing.T) {
	p := empty(t, "").serve()
	defer p.stop()
	address := strings.TrimPrefix(p.http, "http://")
	for _, c := range []struct {
		says, head, body string
		want             []int
	}{
		{"four gibibytes that are announced", "Content-Length: 4294967296", "{", []int{401, 413}},
		{"a length below nothing", "Content-Length: -5", "{}", []int{400}},
		{"a length that is no number", "Content-Length: 0x10", "{}", []int{400}},
		{"two lengths", "Content-Length: 2\r\nContent-Length: 40", "{}", []int{400}},
		{"a length beside chunks", "Content-Length: 4\r\nTransfer-Encoding: chunked", "0\r\n\r\nGET /healthy HTTP/1.1\r\nHost: x\r\n\r\n", []int{400, 401}},
		{"chunks of another kind", "Transfer-Encoding: xchunked", "0\r\n\r\n", []int{400, 501}},
		{"chunks told twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "0\r\n\r\n", []int{400, 501}},
		{"a space before the colon", "Content-Length : 2", "{}", []int{400}},
	} {
		t.Run(c.says, func(t *testing.T) {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(20 * time.Second))
			fmt.Fprintf(conn, "POST /fhir/R4 HTTP/1.1\r\nHost: %s\r\nContent-Type: application/fhir+json\r\n%s\r\n\r\n%s", address, c.head, c.body)
			in := bufio.NewReader(conn)
			answer, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatal(err)
			}
			wanted := false
			for _, status := range c.want {
				wanted = wanted || answer.StatusCode == status
			}
			if !wanted {
				t.Errorf("answered %d, not one of %v", answer.StatusCode, c.want)
			}
			answer.Body.Close()
			if next, err := http.ReadResponse(in, nil); err == nil {
				t.Errorf("what stood behind it was answered too: %d", next.StatusCode)
			}
		})
	}
	if answer, err := http.Get(p.http + "/about"); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("the next reader is not served: %v", err)
	}
}

// Whoever is not the service's own user reads none of its secrets.
func TestKeysAreTheirOwners(t *testing.T) {
	p := demonstration(t)
	secrets := 0
	err := filepath.WalkDir(p.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if name := d.Name(); strings.HasSuffix(name, ".key") && !strings.HasSuffix(name, "pub.key") || strings.HasSuffix(name, ".jwk") {
			about, err := d.Info()
			if err != nil {
				return err
			}
			secrets++
			if about.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s has mode %o", name, about.Mode().Perm())
			}
		}
		return nil
	})
	if err != nil || secrets < 2 {
		t.Errorf("%d secrets were found (%v)", secrets, err)
	}
}

// What a service writes of itself is a JSON object a line, with a time that says its offset.
func TestLogLinesAreJSONInUTC(t *testing.T) {
	p := empty(t, "").serve("--issuer", "http://127.0.0.1:1", "--client-id", "kmcr")
	if answer, err := http.Post(p.http+"/signin", "application/x-www-form-urlencoded", nil); err == nil { // the provider does not answer: worth a line
		answer.Body.Close()
	}
	p.stop()
	lines := 0
	for line := range strings.Lines(p.stderr.String()) {
		var entry struct {
			Time  time.Time
			Level string
			Msg   string
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Time.IsZero() || entry.Level == "" || entry.Msg == "" {
			t.Errorf("%q: %v", line, err)
			continue
		}
		if _, offset := entry.Time.Zone(); offset != 0 {
			t.Errorf("%q is not in UTC", line)
		}
		lines++
	}
	if lines == 0 {
		t.Error("nothing was logged")
	}
}
