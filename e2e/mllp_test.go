package e2e

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kmcr/hl7"
)

const sharedData = "../../shared/data"

// data answers a path in the input data that none of us wrote, and skips loudly where it is missing.
func data(t testing.TB, path ...string) string {
	t.Helper()
	p := filepath.Join(append([]string{sharedData}, path...)...)
	if _, err := os.Stat(p); err != nil {
		t.Skipf("SKIPPED, NOT TESTED: the input data is not beside the project (%s)", filepath.Join(path...))
	}
	return p
}

// The acknowledgement table of docs/integration.md, over a real socket.
func TestAcknowledgements(t *testing.T) {
	databases(t, func(t *testing.T, database string) {
		p := empty(t, database).serve()
		defer p.stop()
		s := p.sender()

		first, err := s.send(admission("ACK1", "20261120101500"))
		if err != nil || !strings.Contains(first, "MSA|AA|ACK1") {
			t.Fatalf("a good message: %q %v", first, err)
		}
		again, _ := s.send(admission("ACK1", "20261120101500"))
		if again != first {
			t.Errorf("a message sent before must get its stored acknowledgement byte for byte:\n%q\n%q", first, again)
		}
		if got, _ := s.send(admission("ACK1", "20261120111500")); !strings.Contains(got, "MSA|AA|ACK1") {
			t.Errorf("a control id used again for other content is accepted as new: %q", got)
		}
		if got, _ := s.send(strings.Replace(admission("ACK2", "20261120101500"), "|PAS|", "|NOBODY|", 1)); !strings.Contains(got, "MSA|AR|ACK2") {
			t.Errorf("an unknown sender is rejected: %q", got)
		}
		if got, _ := s.send(strings.Replace(admission("ACK3", "20261120101500"), "ADT^A01", "ZZZ^Z99", 1)); !strings.Contains(got, "MSA|AR|ACK3") {
			t.Errorf("a type that is not supported is rejected: %q", got)
		}
		if got, _ := s.send(strings.Replace(admission("ACK4", "20261120101500"), "H0012345^^^RVV^PI~9990000018^^^NHS^NH", "", 1)); !strings.Contains(got, "MSA|AA|ACK4") {
			t.Errorf("a message for nobody is accepted and parked: %q", got)
		}
		for i, sep := range []string{"\n", "\r\n"} {
			m := "\xef\xbb\xbf" + strings.ReplaceAll(admission(fmt.Sprintf("SEP%d", i), "20261120101500"), "\r", sep)
			if got, err := s.send(m); err != nil || !strings.Contains(got, fmt.Sprintf("MSA|AA|SEP%d", i)) {
				t.Errorf("segments ended by %q, with a byte-order mark: %q %v", sep, got, err)
			}
		}
		m := p.settled("hospital")
		if count(m, "parked") != 1 || count(m, "applied") < 4 {
			t.Errorf("counters: %v", m)
		}
		if list := p.must("parked", "list", "--json"); !strings.Contains(list, "identity") {
			t.Errorf("the parked message's reason is not true: %s", list)
		}
	})
}

// What arrives broken is answered, or its connection closed, and the service goes on.
func TestBrokenFrames(t *testing.T) {
	p := empty(t, "").serve()
	defer p.stop()
	good := func(control string) {
		t.Helper()
		p.sender().accepted(admission(control, "20261120101500"))
	}
	raw := func(b string) net.Conn {
		c, err := net.Dial("tcp", p.mllp)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		io.WriteString(c, b)
		return c
	}
	raw("\x0bMSH|^~\\&|PAS|RVV|cut off")
	good("B1")
	raw("\x0b" + strings.Repeat("x", 3<<20) + "\x1c\r")
	good("B2")
	raw("GET / HTTP/1.1\r\n\r\n")
	good("B3")

	two := raw("\x0b" + admission("B4", "20261120101500") + "\x1c\r\x0b" + admission("B5", "20261120101501") + "\x1c\r")
	two.SetReadDeadline(time.Now().Add(20 * time.Second))
	var acks strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(acks.String(), "MSA|AA|B5") {
		n, err := two.Read(buf)
		acks.Write(buf[:n])
		if err != nil {
			break
		}
	}
	if !strings.Contains(acks.String(), "MSA|AA|B4") || !strings.Contains(acks.String(), "MSA|AA|B5") {
		t.Errorf("two frames at once: %q", acks.String())
	}
	nested := raw("\x0bMSH|^~\\&|half\x0b" + admission("B6", "20261120101502") + "\x1c\r")
	nested.SetReadDeadline(time.Now().Add(20 * time.Second))
	if n, _ := nested.Read(buf); !strings.Contains(string(buf[:n]), "MSA|AA|B6") {
		t.Errorf("a start block inside a frame starts it afresh: %q", buf[:n])
	}
	bad, err := p.sender().send("MSH|^^^^|PAS|RVV|KMCR|QKS|20261120||ADT^A01|B7|P|2.4\rPID|1\r")
	if err == nil && !strings.Contains(bad, "MSA|AR") {
		t.Errorf("delimiters that clash: %q", bad)
	}
	good("B8")
	p.settled("hospital")
}

// Every published message, sent as a hospital would: each is acknowledged one way or another, nothing is lost and nothing stops the service.
func TestPublishedMessagesOverASocket(t *testing.T) {
	root := data(t, "hl7v2")
	databases(t, func(t *testing.T, database string) {
		p := empty(t, database).serve()
		defer p.stop()
		var sent, closed, unanswered int
		s := p.sender()
		err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, ".tsv") || strings.HasSuffix(path, ".yml") || strings.HasSuffix(path, ".md") {
				return err
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, m := range hl7.SplitBatch(b) {
				sent++
				m := fromUs(string(m))
				if neverAnswered(m) { // the sender asks for no acknowledgement; there must be none
					unanswered++
					hl7.WriteFrame(s.conn, []byte(m))
					continue
				}
				if _, err := s.send(m); err != nil {
					closed++
					s = p.sender()
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		m := p.settled("hospital")
		t.Logf("%d messages sent, %d connections closed, %d want no answer, ledger %v", sent, closed, unanswered, m)
		if applied, received := count(m, "applied"), count(m, "received"); received < 1000 || applied*100 < received*90 {
			t.Errorf("of %d received only %d were applied", received, applied)
		}
	})
}

// neverAnswered tells whether MSH-15 and MSH-16 both ask for no acknowledgement (HL7 v2 chapter 2, table 0155).
func neverAnswered(message string) bool {
	m, err := hl7.Parse([]byte(message), "")
	if err != nil {
		return false
	}
	msh := m.Segment("MSH")
	return msh.Get(15, 1) == "NE" && msh.Get(16, 1) == "NE"
}

// fromUs makes MSH-3 and MSH-4 those of the contributor of the test, whatever the separators.
func fromUs(m string) string {
	m = strings.TrimPrefix(m, "\xef\xbb\xbf")
	if len(m) < 8 || !strings.HasPrefix(m, "MSH") {
		return m
	}
	sep := m[3:4]
	fields := strings.SplitN(m, sep, 5)
	if len(fields) < 5 {
		return m
	}
	fields[2], fields[3] = "PAS", "RVV"
	if strings.ContainsAny(fields[4], "\r\n") && !strings.Contains(strings.SplitN(fields[4], "\r", 2)[0], sep) {
		return m
	}
	return strings.Join(fields, sep)
}

// Acknowledged means kept: the server is killed again and again while senders go on, and every message that was acknowledged is applied once.
func TestKilledWhileTakingIn(t *testing.T) {
	kills := 6
	if n, err := strconv.Atoi(os.Getenv("KMCR_KILLS")); err == nil { // many: KMCR_KILLS=200 go test ./e2e -run Killed
		kills = n
	}
	databases(t, func(t *testing.T, database string) {
		p := empty(t, database).serve()
		var acked sync.Map
		var n atomic.Int64
		for range kills {
			stop := make(chan struct{})
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					conn, err := net.Dial("tcp", p.mllp)
					if err != nil {
						return
					}
					defer conn.Close()
					s := &sender{t: t, conn: conn, in: bufio.NewReader(conn)}
					for {
						select {
						case <-stop:
							return
						default:
						}
						id := fmt.Sprintf("K%d", n.Add(1))
						ack, err := s.send(admission(id, "20261120101500"))
						if err != nil {
							return
						}
						if strings.Contains(ack, "MSA|AA|"+id) {
							acked.Store(id, true)
						}
					}
				})
			}
			time.Sleep(time.Duration(rand.IntN(500)) * time.Millisecond)
			p.kill()
			close(stop)
			wg.Wait()
			p.serve()
		}
		defer p.stop()
		p.settled("hospital")
		seen := map[string]int{}
		for _, line := range strings.Split(p.must("message", "list", "--contributor", "hospital", "--json"), "\n") {
			if i := strings.Index(line, `"control_id":"`); i >= 0 {
				id := line[i+14:]
				seen[id[:strings.IndexByte(id, '"')]]++
				if !strings.Contains(line, `"state":"applied"`) {
					t.Errorf("not applied: %s", line)
				}
			}
		}
		lost, total := 0, 0
		acked.Range(func(id, _ any) bool {
			total++
			if seen[id.(string)] != 1 {
				lost++
				t.Errorf("%v was acknowledged and stands %d times in the ledger", id, seen[id.(string)])
			}
			return lost < 10
		})
		if total == 0 {
			t.Error("nothing was acknowledged at all")
		}
		t.Logf("%d acknowledged through %d kills, %d lost", total, kills, lost)
		if out, code := p.run("audit", "verify"); code != 0 {
			t.Errorf("audit verify after the kills ended with %d: %s", code, out)
		}
	})
}
