package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"kmcr/hl7"
	"kmcr/store/storetest"
)

var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "kmcr-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "kmcr")
	build := exec.Command("go", "build", "-o", binary, "../cmd/kmcr")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e: the program does not build:", err)
		os.Exit(1)
	}
	code := m.Run()
	stopShared()
	os.RemoveAll(dir)
	os.Exit(code)
}

// program is a kmcr that a test started.
type program struct {
	t        testing.TB
	dir      string
	database string
	http     string
	mllp     string
	admin    string
	cmd      *exec.Cmd
	stderr   *bytes.Buffer
}

// databases are the two that every scenario runs on.
func databases(t *testing.T, f func(t *testing.T, database string)) {
	t.Run("sqlite", func(t *testing.T) { f(t, "") })
	t.Run("postgres", func(t *testing.T) { f(t, storetest.Postgres(t)) })
}

// empty prepares an empty database with the settings that every scenario needs, and no demonstration.
func empty(t testing.TB, database string) *program {
	p := &program{t: t, dir: t.TempDir(), database: database}
	if database == "" {
		p.database = "sqlite:" + p.dir + "/kmcr.db"
	}
	p.must("organisation", "add", "G82050", "--name", "Sydenham House", "--kind", "gp-practice", "--signatory")
	p.must("organisation", "add", "RVV", "--name", "East Kent Hospitals", "--kind", "acute", "--signatory")
	p.must("organisation", "add", "820", "--name", "Kent County Council", "--kind", "council", "--signatory")
	p.must("contributor", "add", "practice", "--organisation", "G82050", "--format", "fhir-r4")
	p.must("contributor", "add", "hospital", "--organisation", "RVV", "--format", "hl7v2", "--sending-application", "PAS", "--sending-facility", "RVV")
	p.must("contributor", "add", "council", "--organisation", "820", "--format", "cld-csv")
	return p
}

// serve starts the server and waits for its ready line.
func (p *program) serve(args ...string) *program {
	p.t.Helper()
	p.cmd = exec.Command(binary, append([]string{"serve", "--database", p.database, "--data", p.dir, "--http", "127.0.0.1:0", "--mllp", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, args...)...)
	p.stderr = &bytes.Buffer{}
	p.cmd.Stderr = p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		p.cmd.Wait()
		p.t.Fatalf("the server ended before it was ready:\n%s", p.stderr)
	}
	for _, word := range strings.Fields(lines.Text()) {
		for name, to := range map[string]*string{"http=": &p.http, "mllp=": &p.mllp, "admin=": &p.admin} {
			if v, ok := strings.CutPrefix(word, name); ok {
				*to = v
			}
		}
	}
	go io.Copy(io.Discard, out)
	return p
}

// stop ends the server as an operator would, and expects it to drain and leave with 0.
func (p *program) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("SIGTERM must drain and exit 0: %v\n%s", err, p.stderr)
	}
}

// kill ends it as a power cut would.
func (p *program) kill() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// run runs one command and answers what it printed and its exit code.
func (p *program) run(args ...string) (string, int) {
	p.t.Helper()
	cmd := exec.Command(binary, append(args, "--database", p.database, "--data", p.dir)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if err != nil && cmd.ProcessState == nil {
		p.t.Fatal(err)
	}
	if cmd.ProcessState.ExitCode() != 0 {
		return out.String() + errs.String(), cmd.ProcessState.ExitCode()
	}
	return strings.TrimSpace(out.String()), 0
}

// must is run for a command that has to succeed.
func (p *program) must(args ...string) string {
	p.t.Helper()
	out, code := p.run(args...)
	if code != 0 {
		p.t.Fatalf("kmcr %s ended with %d:\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// status reads the conservation counters.
func (p *program) status() map[string]map[string]any {
	p.t.Helper()
	var out map[string]map[string]any
	if err := json.Unmarshal([]byte(p.must("status", "--json")), &out); err != nil {
		p.t.Fatal(err)
	}
	return out
}

func count(m map[string]any, key string) int {
	n, _ := m[key].(float64)
	return int(n)
}

// settled waits until nothing is waiting, and answers the counters of a contributor, which must add up.
func (p *program) settled(contributor string) map[string]any {
	p.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		all := p.status()
		for code, m := range all {
			if count(m, "received") != count(m, "applied")+count(m, "parked")+count(m, "rejected")+count(m, "waiting") {
				p.t.Fatalf("the ledger of %s does not add up: %v", code, m)
			}
		}
		if m := all[contributor]; count(m, "waiting") == 0 {
			return m
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("messages of %s wait for ever: %v", contributor, all[contributor])
		}
	}
}

// as is a client with the bearer token of an account or an API client.
type as struct {
	p     *program
	token string
}

func (p *program) client(code string) as {
	p.t.Helper()
	return as{p, p.must("token", "--client", code)}
}
func (p *program) user(account string) as {
	p.t.Helper()
	return as{p, p.must("token", "--user", account)}
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) json(t testing.TB) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(a.body, &m); err != nil {
		t.Fatalf("not JSON (%v), status %d: %.300s", err, a.status, a.body)
	}
	return m
}

// do sends a request; extra are further headers, name and value in turn.
func (a as) do(method, path, body string, extra ...string) answer {
	a.p.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, a.p.http+path, strings.NewReader(body))
	if err != nil {
		a.p.t.Fatal(err)
	}
	if a.token != "" {
		r.Header.Set("Authorization", "Bearer "+a.token)
	}
	r.Header.Set("Accept", "application/json")
	if strings.HasPrefix(path, "/fhir") {
		r.Header.Set("Accept", "application/fhir+json")
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
		if strings.HasPrefix(path, "/fhir") {
			r.Header.Set("Content-Type", "application/fhir+json")
		}
	}
	for i := 0; i+1 < len(extra); i += 2 {
		r.Header.Set(extra[i], extra[i+1])
	}
	resp, err := (&http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(r)
	if err != nil {
		a.p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		a.p.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, b}
}

// find looks for one person by NHS number and answers the reference.
func (a as) find(nhs string) string {
	a.p.t.Helper()
	got := a.do("POST", "/people/search", fmt.Sprintf(`{"nhs_number":%q}`, nhs))
	people, _ := got.json(a.p.t)["people"].([]any)
	if got.status != 200 || len(people) != 1 {
		a.p.t.Fatalf("search answered %d: %s", got.status, got.body)
	}
	return people[0].(map[string]any)["ref"].(string)
}

// sender is one MLLP connection.
type sender struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader
}

func (p *program) sender() *sender {
	p.t.Helper()
	conn, err := net.Dial("tcp", p.mllp)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { conn.Close() })
	return &sender{p.t, conn, bufio.NewReader(conn)}
}

// send sends a message (segments ended by \r) and answers the acknowledgement; an error means that the connection was closed.
func (s *sender) send(message string) (string, error) {
	s.conn.SetDeadline(time.Now().Add(30 * time.Second))
	if err := hl7.WriteFrame(s.conn, []byte(message)); err != nil {
		return "", err
	}
	ack, err := hl7.ReadFrame(s.in, 1<<20)
	return string(ack), err
}

// accepted sends a message that has to be accepted.
func (s *sender) accepted(message string) {
	s.t.Helper()
	ack, err := s.send(message)
	if err != nil || !strings.Contains(ack, "MSA|AA|") {
		s.t.Fatalf("not accepted: %q %v", ack, err)
	}
}

// shared is one demonstration that the tests that only look use together.
var shared struct {
	sync.Once
	p   *program
	dir string
}

func demonstration(t testing.TB) *program {
	shared.Do(func() {
		dir, err := os.MkdirTemp("", "kmcr-demo-")
		if err != nil {
			t.Fatal(err)
		}
		shared.dir = dir
		shared.p = (&program{t: t, dir: dir, database: "sqlite:" + dir + "/kmcr.db"}).serve("--demo", "--people", "60")
	})
	if shared.p == nil || shared.p.http == "" {
		t.Fatal("the demonstration did not start")
	}
	p := *shared.p
	p.t = t
	return &p
}

func stopShared() {
	if shared.p != nil && shared.p.cmd != nil {
		shared.p.cmd.Process.Signal(syscall.SIGTERM)
		shared.p.cmd.Wait()
	}
	if shared.dir != "" {
		os.RemoveAll(shared.dir)
	}
}
