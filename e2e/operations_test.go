package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kmcr/store/storetest"
)

// A backup of a running service restores to what it was, elsewhere, under the same keys; what is damaged is found out before anything is replaced.
func TestBackupAndRestore(t *testing.T) {
	p := empty(t, "").serve("--demo", "--people", "20")
	defer p.stop()
	var sent atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	var sending sync.WaitGroup
	sending.Go(func() {
		s := p.sender()
		for ctx.Err() == nil {
			s.accepted(admission(fmt.Sprintf("B%d", sent.Add(1)), "20261120101500"))
		}
	})
	file := filepath.Join(t.TempDir(), "kmcr.backup")
	p.must("backup", file)
	cancel()
	sending.Wait()
	if sent.Load() < 2 {
		t.Error("nothing was sent while the backup was made")
	}
	if out := p.must("backup", "verify", file); !strings.Contains(out, "whole") {
		t.Errorf("the backup is not proven: %s", out)
	}

	elsewhere := &program{t: t, dir: p.dir, database: "sqlite:" + filepath.Join(t.TempDir(), "restored.db")}
	elsewhere.must("restore", file)
	before, after := p.settled("gp"), elsewhere.settled("gp")
	if fmt.Sprint(before["received"]) != fmt.Sprint(after["received"]) {
		t.Errorf("the practice had sent %v and after the restore %v", before, after)
	}
	elsewhere.serve("--demo", "--people", "20")
	defer elsewhere.stop()
	gp := elsewhere.user("gp")
	var list struct{ People []struct{ Ref string } }
	if err := json.Unmarshal(gp.do("GET", "/caseload", "").body, &list); err != nil || len(list.People) == 0 {
		t.Fatalf("nobody is on the list after the restore (%v)", err)
	}
	if got := gp.do("GET", "/people/"+list.People[0].Ref, ""); got.status != http.StatusOK {
		t.Errorf("a restored record answers %d", got.status)
	}

	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	altered := func(at int) []byte {
		b := slices.Clone(whole)
		b[at] ^= 0xff
		return b
	}
	for name, damaged := range map[string][]byte{"cut short": whole[:len(whole)/2], "cut at its end": whole[:len(whole)-1], "empty": nil, "another file": []byte("not a backup"),
		"altered at its start": altered(0), "altered in the middle": altered(len(whole) / 2), "altered near its end": altered(len(whole) - 200), "altered at its end": altered(len(whole) - 5)} {
		bad := filepath.Join(t.TempDir(), "bad.backup")
		if err := os.WriteFile(bad, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, code := p.run("backup", "verify", bad); code == 0 {
			t.Errorf("a backup that is %s passes: %s", name, out)
		}
	}

	strange := &program{t: t, dir: t.TempDir()}
	strange.database = "sqlite:" + filepath.Join(strange.dir, "strange.db")
	for range 2 { // and once more, for what did not succeed leaves nothing behind
		if out, code := strange.run("restore", file); code == 0 || strings.Contains(out, "already") {
			t.Errorf("a backup is restored under other keys: %d %s", code, out)
		}
	}
}

// The counters of the ledger agree at every moment, on the metrics too, while everybody sends at once.
func TestConservationUnderLoad(t *testing.T) {
	databases(t, func(t *testing.T, database string) {
		p := empty(t, database).serve()
		defer p.stop()
		client := p.client("practice")
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		var all sync.WaitGroup
		var n atomic.Int64
		for range 4 {
			s := p.sender()
			all.Go(func() {
				for ctx.Err() == nil {
					id := n.Add(1)
					m := admission(fmt.Sprintf("L%d", id), "20261120101500")
					switch id % 7 {
					case 0: // about nobody: parked
						m = strings.Replace(m, "H0012345^^^RVV^PI~9990000018^^^NHS^NH", "", 1)
					case 1: // not taken in: rejected
						m = strings.Replace(m, "ADT^A01", "ZZZ^Z99", 1)
					}
					if _, err := s.send(m); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		all.Go(func() {
			for ctx.Err() == nil {
				client.do("POST", "/fhir/R4", practiceBundle)
				client.do("POST", "/fhir/R4/Observation", `{"resourceType":"Observation"}`)
			}
		})
		all.Go(func() {
			for ctx.Err() == nil {
				conserved(t, p.metrics())
			}
		})
		all.Wait()
		hospital := p.settled("hospital")
		last := p.metrics()
		if conserved(t, last); last["hospital"]["received"] != float64(count(hospital, "received")) {
			t.Errorf("the metrics count %v and the ledger %v", last["hospital"], hospital)
		}
		if count(hospital, "parked") == 0 || count(hospital, "rejected") == 0 || count(hospital, "applied") == 0 {
			t.Errorf("the load was to be applied, parked and rejected: %v", hospital)
		}
		if out, code := p.run("audit", "verify"); code != 0 {
			t.Errorf("audit verify ended with %d: %s", code, out)
		}
	})
}

// metrics reads kmcr_ingest_messages by contributor and state.
func (p *program) metrics() map[string]map[string]float64 {
	p.t.Helper()
	got := as{p: &program{t: p.t, http: p.admin}}.do("GET", "/metrics", "")
	out := map[string]map[string]float64{}
	for line := range strings.Lines(string(got.body)) {
		var value float64
		labels, rest, ok := strings.Cut(strings.TrimPrefix(line, "kmcr_ingest_messages{"), "} ")
		if !ok || !strings.HasPrefix(line, "kmcr_ingest_messages{") {
			continue
		}
		if _, err := fmt.Sscanf(rest, "%g", &value); err != nil {
			p.t.Error(err)
		}
		parts := strings.Split(labels, `"`)
		if out[parts[1]] == nil {
			out[parts[1]] = map[string]float64{}
		}
		out[parts[1]][parts[3]] = value
	}
	return out
}

func conserved(t *testing.T, all map[string]map[string]float64) {
	t.Helper()
	for code, m := range all {
		if m["received"] != m["applied"]+m["parked"]+m["rejected"]+m["waiting"] {
			t.Errorf("%s does not add up: %v", code, m)
		}
	}
}

// A full disk: nothing is acknowledged that is not kept, the service says what is wrong and goes on when there is room again.
func TestAFullDisk(t *testing.T) {
	small := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", small).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED, NOT TESTED: a small disk cannot be mounted here (%s)", strings.TrimSpace(string(out)))
	}
	defer exec.Command("umount", small).Run()
	ballast := filepath.Join(small, "ballast")
	p := empty(t, "sqlite:"+small+"/kmcr.db")
	if err := os.WriteFile(ballast, make([]byte, 6<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	p.serve()
	defer p.stop()
	acked := map[string]bool{}
	send := func(from, n int) (refused bool) {
		s := p.sender()
		for i := from; i < from+n; i++ {
			id := fmt.Sprintf("D%d", i)
			m := strings.Replace(admission(id, "20261120101500"), "chest infection", "chest infection "+strings.Repeat(fmt.Sprintf("%x ", i*7919), 3000), 1)
			ack, err := s.send(m)
			if err != nil {
				return true
			}
			if strings.Contains(ack, "MSA|AA|"+id) {
				acked[id] = true
			}
		}
		return false
	}
	if !send(0, 2000) {
		t.Fatal("twelve megabytes held two thousand long messages")
	}
	if got := (as{p: &program{t: t, http: p.admin}}).do("GET", "/livez", ""); got.status != http.StatusOK {
		t.Errorf("with a full disk /livez answers %d", got.status)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if send(5000, 3) {
		t.Error("with room again the next messages are not taken in")
	}
	p.settled("hospital")
	ledger := p.must("message", "list", "--contributor", "hospital", "--json")
	for id := range acked {
		if !strings.Contains(ledger, `"control_id":"`+id+`"`) {
			t.Errorf("%s was acknowledged and is not in the ledger", id)
		}
	}
	if out, code := p.run("audit", "verify"); code != 0 {
		t.Errorf("audit verify ended with %d: %s", code, out)
	}
}

// Several processes serve one PostgreSQL database: what one takes in, the other shows; each message is applied once, whichever is killed.
func TestTwoServersOnOneDatabase(t *testing.T) {
	database := storetest.Postgres(t)
	one := empty(t, database).serve("--demo", "--people", "0")
	two := (&program{t: t, dir: one.dir, database: database}).serve("--demo", "--people", "0")
	defer two.stop()
	var n atomic.Int64
	var sending sync.WaitGroup
	for _, p := range []*program{one, two, two} {
		s := p.sender()
		sending.Go(func() {
			for range 150 {
				id := n.Add(1)
				m := strings.ReplaceAll(admission(fmt.Sprintf("T%d", id), "20261120101500"), "H0012345", fmt.Sprintf("H%07d", id%20))
				if _, err := s.send(m); err != nil {
					return // the one that was killed
				}
			}
		})
	}
	time.Sleep(100 * time.Millisecond)
	one.kill()
	sending.Wait()
	m := two.settled("hospital")
	if count(m, "applied") != count(m, "received") || count(m, "received") < 300 {
		t.Errorf("after one of two servers was killed the ledger says %v", m)
	}
	if out, code := two.run("audit", "verify"); code != 0 {
		t.Errorf("audit verify ended with %d: %s", code, out)
	}
}
