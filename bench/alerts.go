package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// How many workers listen, and how many people each has on a list of work.
const (
	workers    = 1000
	eachHas    = 50
	movementsA = 60 // ADT messages a second
)

// alerts has workers listen while admissions arrive, and measures the time from the acknowledgement of a message to its alert standing
// in the stream of everybody who has the person on a list. Ten workers are a team and share its account and its 50 people,
// so that each message is told ten times.
func (b *bench) alerts(s *server, long time.Duration) error {
	const teams = workers / 10
	tokens, err := b.teams(s, teams)
	if err != nil {
		return err
	}
	a := &arrivals{acked: map[string]time.Time{}, seen: map[string]int{}}
	ctx, stop := context.WithCancel(b.ctx)
	defer stop()
	var listening sync.WaitGroup
	var failed atomic.Int64
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	begun := make(chan struct{}, workers)
	for w := range workers {
		token := tokens[w%teams]
		listening.Go(func() {
			if err := a.listen(ctx, client, s.http, token, w, func() { begun <- struct{}{} }); err != nil && ctx.Err() == nil {
				failed.Add(1)
			}
		})
	}
	for range workers {
		select {
		case <-begun:
		case <-time.After(2 * time.Minute):
			return fmt.Errorf("not all workers could listen")
		}
	}
	sent, err := b.move(s, a, teams, long)
	if err != nil {
		return err
	}
	for range 100 { // what is still under way
		if a.complete(sent * 10) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	stop()
	listening.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.took) == 0 {
		return fmt.Errorf("no alert arrived")
	}
	slices.Sort(a.took)
	say(fmt.Sprintf("%d workers with %d people each, %d ADT/s for %s", workers, eachHas, movementsA, long), fmt.Sprintf("p50 %.0f p99 %.0f ms", ms(a.took, 50), ms(a.took, 99)), "from acknowledgement to visible; aim p99 under 5 s")
	say("of them arrived", fmt.Sprintf("%d of %d", len(a.took), sent*10), fmt.Sprintf("%d shown twice, %d streams broken", a.twice, failed.Load()))
	return nil
}

// arrivals are when messages were acknowledged and their alerts arrived.
type arrivals struct {
	mu    sync.Mutex
	acked map[string]time.Time // by the ward that names the message
	seen  map[string]int       // by listener and ward
	took  []time.Duration
	twice int
}

func (a *arrivals) arrive(worker int, ward string) {
	now := time.Now()
	who := fmt.Sprint(worker, " ")
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.seen[who+ward]++; a.seen[who+ward] > 1 {
		a.twice++
		return
	}
	if at, ok := a.acked[ward]; ok {
		a.took = append(a.took, max(0, now.Sub(at)))
		return
	}
	a.took = append(a.took, 0) // before its acknowledgement was read
}

func (a *arrivals) complete(n int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.took) >= n
}

// listen reads one worker's stream.
func (a *arrivals) listen(ctx context.Context, client *http.Client, base, token string, worker int, begun func()) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/alerts/stream", nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the stream was answered %s", answer.Status)
	}
	begun()
	lines := bufio.NewReaderSize(answer.Body, 64<<10)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return err
		}
		data, ok := bytes.CutPrefix(line, []byte("data: "))
		if !ok {
			continue
		}
		var told struct {
			Alert struct{ Episode struct{ Ward string } }
		}
		if err := json.Unmarshal(data, &told); err != nil {
			return err
		}
		ward, _, _ := strings.Cut(told.Alert.Episode.Ward, ",")
		a.arrive(worker, ward)
	}
}

// teams has the practice and the hospital know of everybody, and puts each on the list of a team, whose one account its workers share.
func (b *bench) teams(s *server, teams int) (tokens []string, err error) {
	practice, err := s.run(b.ctx, "token", "--client", "bench")
	if err != nil {
		return nil, err
	}
	conn, err := net.Dial("tcp", s.mllp)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	for team := range teams {
		account := fmt.Sprintf("worker-%d", team)
		if _, err := s.run(b.ctx, "user", "add", account, "--name", account, "--role", "social-worker", "--organisation", "G82050", "--team", fmt.Sprintf("Team %d", team)); err != nil {
			return nil, err
		}
		token, err := s.run(b.ctx, "token", "--user", account)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, token)
		if err := b.listed(s, practice, team, teams); err != nil {
			return nil, err
		}
	}
	for n := range teams * eachHas {
		if err := exchange(conn, in, movement("A28", n, "", time.Now().AddDate(0, -2, 0))); err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

// listed has the practice send the people of a team with the team that looks after them.
func (b *bench) listed(s *server, token string, team, teams int) error {
	var entries []string
	for k := range eachHas {
		n := k*teams + team
		url := fmt.Sprintf("urn:uuid:00000000-0000-4000-8000-%012d", n)
		entries = append(entries, fmt.Sprintf(`{"fullUrl":%q,"resource":{"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":%q}],"name":[{"family":%q,"given":[%q]}],"birthDate":%q},"request":{"method":"POST","url":"Patient"}}`,
			url, testNumber(n), invented(int64(n), 3), invented(int64(n)/7, 2), born(n).Format(time.DateOnly)),
			fmt.Sprintf(`{"resource":{"resourceType":"CareTeam","status":"active","name":"Team %d","subject":{"reference":%q}},"request":{"method":"POST","url":"CareTeam"}}`, team, url))
	}
	r, err := http.NewRequestWithContext(b.ctx, http.MethodPost, s.http+"/fhir/R4", strings.NewReader(`{"resourceType":"Bundle","type":"transaction","entry":[`+strings.Join(entries, ",")+`]}`))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/fhir+json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the people of a team were answered %s", answer.Status)
	}
	return nil
}

// testNumber is the nth NHS number of the range that is never issued, whose check digit fits.
func testNumber(n int) string {
	for digits := 999_200_000 + 2*n; ; digits++ {
		sum := 0
		for i, d := range fmt.Sprint(digits) {
			sum += int(d-'0') * (10 - i)
		}
		if check := (11 - sum%11) % 11; check != 10 {
			return fmt.Sprintf("%d%d", digits, check)
		}
	}
}

func born(n int) time.Time {
	return time.Date(1930, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n*7919%32000)
}

// movement is an ADT message about the nth person, framed; the ward names the message.
func movement(trigger string, n int, ward string, at time.Time) []byte {
	t := at.UTC().Format("20060102150405")
	return fmt.Appendf(nil, "\x0bMSH|^~\\&|BENCH|RVV|KMCR|QKS|%s||ADT^%s|%s%d%s|P|2.4\rEVN|%s|%s\rPID|1||M%05d^^^RVV^PI~%s^^^NHS^NH||%s^%s||%s\rPV1|1|I|%s^Bay 1^Bed 1^RVV|21|||C1^Fairhurst^Tom|||300||||19|||||M%s%d|||||||||||||||||||||||||%s\rPV2|||^chest infection\r\x1c\r",
		t, trigger, trigger, n, ward, trigger, t, n, testNumber(n), invented(int64(n), 3), invented(int64(n)/7, 2), born(n).Format("20060102"), ward, ward, n, t)
}

// move sends admissions at a steady rate, and answers how many.
func (b *bench) move(s *server, a *arrivals, teams int, long time.Duration) (int, error) {
	conn, err := net.Dial("tcp", s.mllp)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	next, end, n := time.Now(), time.Now().Add(long), 0
	for ; time.Now().Before(end) && b.ctx.Err() == nil; n++ {
		time.Sleep(time.Until(next))
		next = next.Add(time.Second / movementsA)
		ward := fmt.Sprintf("Ward%06d", n)
		if err := exchange(conn, in, movement("A01", n%(teams*eachHas), ward, time.Now())); err != nil {
			return n, err
		}
		a.mu.Lock()
		a.acked[ward] = time.Now()
		a.mu.Unlock()
	}
	return n, nil
}

func exchange(conn net.Conn, in *bufio.Reader, message []byte) error {
	if _, err := conn.Write(message); err != nil {
		return err
	}
	ack, err := in.ReadBytes(0x1c)
	if err != nil {
		return err
	}
	if _, err := in.Discard(1); err != nil {
		return err
	}
	if !bytes.Contains(ack, []byte("MSA|AA|")) {
		return fmt.Errorf("not accepted: %q", ack)
	}
	return nil
}
