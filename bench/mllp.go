package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// mllp counts durable acknowledgements: how long each takes at 1,000 a second, then as many as 16 connections get in ten seconds.
func (b *bench) mllp(s *server) error {
	_, took, err := b.hammer(s, 16, 1000, 10*time.Second, "B")
	if err != nil {
		return err
	}
	say("HL7 v2 over MLLP, 16 connections, 1,000 a second", fmt.Sprintf("p50 %.1f p99 %.1f ms", ms(took, 50), ms(took, 99)), "aim p99 under 25 ms")
	acks, took, err := b.hammer(s, 16, 0, 10*time.Second, "A")
	if err != nil {
		return err
	}
	say("the same as fast as they go: durable acks/s", fmt.Sprintf("%.0f (p99 %.1f ms)", float64(acks)/10, ms(took, 99)), "aim ≥ 4000")
	return nil
}

func (b *bench) hammer(s *server, connections, rate int, long time.Duration, run string) (int64, []time.Duration, error) {
	var acks, number atomic.Int64
	var mu sync.Mutex
	var all []time.Duration
	var failed error
	end := time.Now().Add(long)
	var wg sync.WaitGroup
	for c := range connections {
		wg.Go(func() {
			took, err := b.connection(s, c, connections, rate, end, run, &acks, &number)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, took...)
			if err != nil {
				failed = err
			}
		})
	}
	wg.Wait()
	return acks.Load(), all, failed
}

func (b *bench) connection(s *server, c, connections, rate int, end time.Time, run string, acks, number *atomic.Int64) ([]time.Duration, error) {
	conn, err := net.Dial("tcp", s.mllp)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	var took []time.Duration
	gap := time.Duration(0)
	if rate > 0 {
		gap = time.Second * time.Duration(connections) / time.Duration(rate)
	}
	next := time.Now().Add(gap * time.Duration(c) / time.Duration(connections))
	for time.Now().Before(end) && b.ctx.Err() == nil {
		if gap > 0 {
			time.Sleep(time.Until(next))
			next = next.Add(gap)
		}
		n := number.Add(1)
		start := time.Now()
		if _, err := conn.Write(admission(run, n)); err != nil {
			return took, err
		}
		ack, err := in.ReadBytes(0x1c)
		if err != nil {
			return took, err
		}
		if _, err := in.Discard(1); err != nil {
			return took, err
		}
		if !bytes.Contains(ack, []byte("MSA|AA|")) {
			return took, fmt.Errorf("not accepted: %q", ack)
		}
		took = append(took, time.Since(start))
		acks.Add(1)
	}
	return took, nil
}

// admission is an ADT^A01 of one of ten thousand invented people, framed. They differ in name, date of birth and postcode as people do.
func admission(run string, n int64) []byte {
	who := n % 10000
	born := time.Date(1930, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(who*7919%32000)).Format("20060102")
	return fmt.Appendf(nil, "\x0bMSH|^~\\&|BENCH|RVV|KMCR|QKS|20261123090000||ADT^A01|%s%d|P|2.4\rEVN|A01|20261123090000\r"+
		"PID|1||B%05d^^^RVV^PI||%s^%s^^^Mr||%s|M|||%d High Street^^Ashford^^TN%d %d%c%c\r"+
		"PV1|1|I|Invicta^Bay 1^Bed 1^RVV|21|||C1^Fairhurst^Tom|||300||||19|||||S%d|||||||||||||||||||||||||20261123090000\r\x1c\r",
		run, n, who, invented(who, 3), invented(who/7, 2), born, who%200+1, who%40, who%9+1, 'A'+rune(who%20), 'A'+rune(who/20%20), n)
}

// invented makes a name of so many syllables.
func invented(n int64, syllables int) string {
	var b strings.Builder
	for range syllables {
		b.WriteString([]string{"mar", "len", "tor", "win", "has", "bel", "cor", "dun", "fal", "gri", "hol", "ken", "lan"}[n%13])
		n = n/13 + n%13*5 + 3
	}
	return b.String()
}
