package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"time"

	"kmcr/store/storetest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var (
		data     = flag.String("data", "../shared/data", "folder of input data (Synthea Bundles)")
		postgres = flag.String("postgres", os.Getenv("KMCR_TEST_POSTGRES"), "postgres://… of an empty database to measure beside the embedded store; none: one is started")
		people   = flag.Int("people", 0, "also compare finding and opening at this many synthetic people with 1,000 (100000 takes some minutes)")
		crowd    = flag.Int("crowd", 100_000, "measure placing one patient among this many people beside 10,000 (1000000 takes a quarter of an hour); on PostgreSQL among a fifth of them")
		extract  = flag.Int("extract", 0, "also import a whole extract of this many MiB (2048 takes half an hour)")
		told     = flag.Duration("alerts-for", 30*time.Second, "how long admissions are sent to workers who listen")
		only     = flag.String("only", "", "run just these, by name, separated by commas: bundles, records, long, mllp, alerts, formats, proof, placing, postgres")
	)
	flag.Parse()
	b := &bench{ctx: ctx, data: *data, only: *only, told: *told}
	stores := []string{"sqlite"}
	if *postgres == "" && b.wants("postgres") {
		address, err := storetest.StartPostgres()
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench: PostgreSQL is left out:", err)
		}
		*postgres = address
	}
	if *postgres != "" {
		stores = append(stores, *postgres)
	}
	if b.wants("proof") {
		if err := b.proof(); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
	}
	for _, store := range stores {
		if !slices.ContainsFunc([]string{"bundles", "records", "long", "mllp", "alerts"}, b.wants) {
			break
		}
		if err := b.measure(store); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
	}
	if b.wants("formats") {
		if err := b.formats(); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
	}
	if *extract > 0 {
		if err := b.extract(*extract); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
	}
	if b.wants("placing") {
		if err := b.placings(*crowd); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
	}
	if *people > 0 {
		if err := b.growth(*people); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
	}
}

type bench struct {
	ctx  context.Context
	data string
	only string
	told time.Duration
}

func (b *bench) wants(name string) bool {
	return b.only == "" || strings.Contains(","+b.only+",", ","+name+",")
}

// say prints one figure: what, how much, and against what.
func say(what, figure, against string) {
	fmt.Printf("%-58s %22s   %s\n", what, figure, against)
}

func (b *bench) measure(store string) error {
	dir, err := os.MkdirTemp("", "kmcr-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	name := "embedded store (SQLite, full sync)"
	if store != "sqlite" {
		name = "PostgreSQL"
	}
	fmt.Printf("\n%s\n", name)
	s, err := start(b.ctx, dir, store)
	if err != nil {
		return err
	}
	defer s.stop()
	if b.wants("bundles") || b.wants("records") {
		if err := b.bundles(s, store); err != nil {
			return err
		}
	}
	if b.wants("records") {
		if err := b.records(s); err != nil {
			return err
		}
	}
	if b.wants("long") {
		if err := b.long(s); err != nil {
			return err
		}
	}
	if b.wants("mllp") {
		if err := b.mllp(s); err != nil {
			return err
		}
	}
	took, err := s.applied(b.ctx)
	if err != nil {
		return err
	}
	if b.wants("mllp") {
		say("until the last of those acknowledged was applied", took.Round(time.Second/10).String(), "")
	}
	if b.wants("alerts") {
		if err := b.alerts(s, b.told); err != nil {
			return err
		}
	}
	say("resident memory at its highest", fmt.Sprintf("%d MiB", s.peak()>>20), "aim under 300 MB")
	return nil
}

// server is a kmcr that we started.
type server struct {
	cmd              *exec.Cmd
	dir, store       string
	http, mllp       string
	admin            string
	database, folder string
}

func start(ctx context.Context, dir, store string, args ...string) (*server, error) {
	s := &server{dir: dir, store: store, folder: dir + "/var", database: store}
	if store == "sqlite" {
		s.database = "sqlite:" + dir + "/var/kmcr.db"
	}
	for _, setup := range [][]string{
		{"organisation", "add", "G82050", "--name", "Bench practice", "--kind", "gp-practice", "--signatory"},
		{"organisation", "add", "RVV", "--name", "Bench hospital", "--kind", "acute", "--signatory"},
		{"contributor", "add", "bench", "--organisation", "G82050", "--format", "fhir-r4"},
		{"contributor", "add", "bench-hl7", "--organisation", "RVV", "--format", "hl7v2", "--sending-application", "BENCH", "--sending-facility", "RVV"},
		{"user", "add", "bench-gp", "--name", "Bench GP", "--role", "gp", "--organisation", "G82050"},
	} {
		if _, err := s.run(ctx, setup...); err != nil {
			return nil, err
		}
	}
	return s, s.serve(ctx, append([]string{"--people", "0"}, args...)...)
}

func (s *server) serve(ctx context.Context, args ...string) error {
	s.cmd = exec.CommandContext(ctx, "bin/kmcr", append([]string{"serve", "--demo", "--database", s.database, "--data", s.folder, "--http", "127.0.0.1:0", "--mllp", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, args...)...)
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	var line string
	buf := make([]byte, 1)
	for !strings.HasSuffix(line, "\n") {
		if _, err := out.Read(buf); err != nil {
			return fmt.Errorf("the server ended before it was ready: %w", err)
		}
		line += string(buf)
	}
	for _, word := range strings.Fields(line) {
		if v, ok := strings.CutPrefix(word, "http="); ok {
			s.http = v
		}
		if v, ok := strings.CutPrefix(word, "mllp="); ok {
			s.mllp = v
		}
		if v, ok := strings.CutPrefix(word, "admin="); ok {
			s.admin = v
		}
	}
	return nil
}

// applied waits until nothing that was acknowledged waits to be applied.
func (s *server) applied(ctx context.Context) (time.Duration, error) {
	start := time.Now()
	for ctx.Err() == nil {
		answer, err := http.Get(s.admin + "/metrics")
		if err != nil {
			return 0, err
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			return 0, err
		}
		if !regexp.MustCompile(`(?m)^kmcr_ingest_messages\{.*state="waiting"\} [^0]`).Match(body) {
			return time.Since(start), nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return 0, ctx.Err()
}

// run runs one kmcr command against the same database.
func (s *server) run(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "bin/kmcr", append(args, "--database", s.database, "--data", s.folder)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("kmcr %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}

func (s *server) stop() {
	if s.cmd == nil || s.cmd.Process == nil {
		return
	}
	s.cmd.Process.Signal(os.Interrupt)
	done := make(chan struct{})
	go func() { s.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		s.cmd.Process.Kill()
	}
}

// peak is the highest resident memory of the server, in bytes (Linux; 0 elsewhere).
func (s *server) peak() int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(b), "\n") {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			var kb int64
			fmt.Sscan(v, &kb)
			return kb << 10
		}
	}
	return 0
}
