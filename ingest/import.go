package ingest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strconv"
	"sync"
	"sync/atomic"

	"kmcr"
	"kmcr/fhir"
	"kmcr/hl7"
	"kmcr/store"
	"kmcr/translate"
)

// Totals count an import.
type Totals struct {
	Received  int64 `json:"received"`
	Applied   int64 `json:"applied"`
	Parked    int64 `json:"parked"`
	Rejected  int64 `json:"rejected"`
	Duplicate int64 `json:"duplicate"` // sent before, and not counted again

	parked []int64 // of these, what Settle looks at again
}

func (t *Totals) add(o Totals) {
	t.Received += o.Received
	t.Applied += o.Applied
	t.Parked += o.Parked
	t.Rejected += o.Rejected
	t.Duplicate += o.Duplicate
}

// count is one message in a state.
func count(s store.State) Totals {
	t := Totals{Received: 1}
	switch s {
	case store.Applied:
		t.Applied = 1
	case store.Parked:
		t.Parked = 1
	case store.Rejected:
		t.Rejected = 1
	}
	return t
}

// Import takes in one file's content: one message or many, of the contributor's format, .gz/.zip/.ndjson unpacked by name.
// progress is called now and then with bytes done. It returns when everything in it has been applied, parked or rejected.
// After the last file, Settle takes up what waited for something that came later.
func (s *Service) Import(ctx context.Context, c kmcr.ContributorCode, name string, data []byte, progress func(done, total int64)) (Totals, error) {
	return s.ImportFrom(ctx, c, name, bytes.NewReader(data), int64(len(data)), progress)
}

// ImportFrom is Import of a file that need not fit in memory: many messages, rows or lines are read one after the other, and not
// more than some are under way at once. What was taken in before an import broke off is known when the file is sent again.
func (s *Service) ImportFrom(ctx context.Context, c kmcr.ContributorCode, name string, content io.ReaderAt, size int64, progress func(done, total int64)) (Totals, error) {
	return s.importFrom(ctx, c, name, content, size, progress, false)
}

// importFrom is ImportFrom of a file that a person names, or of one that comes by itself (fed): that is a feed like any other.
func (s *Service) importFrom(ctx context.Context, c kmcr.ContributorCode, name string, content io.ReaderAt, size int64, progress func(done, total int64), fed bool) (Totals, error) {
	contributor, err := s.directory.contributor(ctx, c)
	if err != nil {
		return Totals{}, err
	}
	if contributor.Paused {
		return Totals{}, &kmcr.Error{Kind: kmcr.Refused, Message: "this contributor is paused", Remedy: "kmcr contributor resume lets it send again."}
	}
	if progress == nil {
		progress = func(int64, int64) {}
	}
	i := &importing{s: s, c: contributor, fed: fed, progress: progress, whole: size, room: make(chan struct{}, inFlight)}
	failed := unpack(name, content, size, func(m packed) error { return i.file(ctx, m) })
	i.settling.Wait()
	progress(i.whole, i.whole)
	return i.totals, failed
}

// Settle takes up again what of a contributor waits for something that has come since, until that brings nothing more,
// and counts anew what became of imports.
func (s *Service) Settle(ctx context.Context, c kmcr.ContributorCode, imports ...*Totals) error {
	if err := s.Quiet(ctx); err != nil {
		return err
	}
	if err := s.replayAll(ctx, c); err != nil {
		return err
	}
	for _, t := range imports {
		if err := s.recount(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// importing is one import.
type importing struct {
	s        *Service
	c        kmcr.Contributor
	progress func(done, total int64)
	whole    int64
	fed      bool // the file came by itself: nobody has looked at it
	done     atomic.Int64

	settling sync.WaitGroup // messages that are waiting to be applied
	room     chan struct{}  // of those, how many there may be at once
	mu       sync.Mutex
	totals   Totals
}

func (i *importing) count(t Totals) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.totals.add(t)
}

func (i *importing) step(n int) { i.progress(min(i.done.Add(int64(n)), i.whole), i.whole) }

const (
	// inFlight is how many messages of an import may be waiting to be applied at once.
	inFlight = 4096
	// beginning is how many bytes of a file are looked at to tell its format.
	beginning = 64 << 10
	// maxWhole is how many bytes a file may have that is one message, or that holds few enough to be read whole.
	maxWhole = 256 << 20
	// maxSplit is how many bytes a file of HL7 v2 messages may have to be cut up in memory.
	maxSplit = 4 << 20
)

// file takes in what one unpacked file holds, whatever known format it is of.
func (i *importing) file(ctx context.Context, m packed) error {
	r, err := m.open()
	if err != nil {
		return err
	}
	defer r.Close()
	in := bufio.NewReaderSize(r, beginning)
	first, err := in.Peek(beginning)
	if err != nil && err != io.EOF {
		return err
	}
	format := translate.Recognise(first)
	table := format == "" && translate.LooksLikeTable(first) // of columns that are not all known: it says which are missing
	if format == "" && (!table || translate.IsRecords(i.c.Format)) {
		format = i.c.Format
	}
	switch {
	case format == kmcr.FormatHL7v2:
		return i.messagesOf(ctx, in)
	case translate.IsRecords(format) || format == "":
		label, err := m.label()
		if err != nil {
			return err
		}
		return i.records(ctx, label, format, in)
	case (format == kmcr.FormatFHIR || format == kmcr.FormatGPC) && isNDJSON(m.name, first):
		label, err := m.label()
		if err != nil {
			return err
		}
		return i.lines(ctx, label, in)
	case format == kmcr.FormatFHIR || format == kmcr.FormatGPC:
		content, err := readWhole(in)
		if err != nil {
			return err
		}
		return i.resources(ctx, m.name, content)
	}
	return &kmcr.Error{Kind: kmcr.Unsupported, Message: "files of this format cannot be read yet", Remedy: "The integration guide lists the formats that can."}
}

func readWhole(r io.Reader) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(r, maxWhole+1))
	if err == nil && len(content) > maxWhole {
		err = &kmcr.Error{Kind: kmcr.TooLarge, Message: "the file is too large to be one message", Remedy: "Send one resource in each line (.ndjson), or several files."}
	}
	return content, err
}

// messagesOf takes in a file of HL7 v2 messages.
func (i *importing) messagesOf(ctx context.Context, in io.Reader) error {
	small, err := io.ReadAll(io.LimitReader(in, maxSplit+1))
	if err != nil {
		return err
	}
	if len(small) <= maxSplit {
		return i.messages(ctx, hl7.SplitBatch(small))
	}
	file := hl7.NewReader(io.MultiReader(bytes.NewReader(small), in))
	var some [][]byte
	for {
		m, err := file.Next()
		if err == nil {
			some = append(some, m)
		}
		if len(some) == together || err != nil {
			if failed := i.messages(ctx, some); failed != nil {
				return failed
			}
			some = nil
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// lines takes in FHIR with one resource in each line.
func (i *importing) lines(ctx context.Context, label string, in *bufio.Reader) error {
	var running sync.WaitGroup
	defer running.Wait()
	room := make(chan struct{}, sideBySide)
	failures := make(chan error, 1)
	for n := 1; ; n++ {
		line, err := readLine(in)
		if err != nil && err != io.EOF {
			return err
		}
		if content := bytes.TrimSpace(line); len(content) > 0 {
			room <- struct{}{}
			running.Go(func() {
				defer func() { <-room }()
				if failed := i.resource(ctx, label+" line "+strconv.Itoa(n), content); failed != nil {
					select {
					case failures <- failed:
					default:
					}
				}
				i.step(len(line))
			})
		}
		select {
		case failed := <-failures:
			return failed
		default:
		}
		if err == io.EOF {
			running.Wait()
			select {
			case failed := <-failures:
				return failed
			default:
				return nil
			}
		}
	}
}

// readLine reads one line, up to the limit of one message.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		if line = append(line, part...); len(line) > maxWhole {
			return nil, &kmcr.Error{Kind: kmcr.TooLarge, Message: "a line of the file is too long to be one resource", Remedy: "Send one resource in each line."}
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// together is how many messages of a file are made durable in one write.
const together = 128

// messages makes HL7 v2 messages durable, many at a time, in their order.
func (i *importing) messages(ctx context.Context, all [][]byte) error {
	for len(all) > 0 {
		n := min(together, len(all))
		entries := make([]*store.Message, n)
		for k, raw := range all[:n] {
			entries[k] = i.message(raw)
		}
		if err := i.accept(ctx, entries, all[:n]); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

// message is the ledger entry of an HL7 v2 message of a file.
func (i *importing) message(raw []byte) *store.Message {
	e := &store.Message{Contributor: i.c.Code, Format: kmcr.FormatHL7v2, ReceivedAt: i.s.Now(), State: store.Waiting, Hash: sha256.Sum256(raw)}
	m, err := hl7.Parse(raw, "")
	if err != nil {
		e.State, e.Reason, e.Detail = store.Rejected, "not-readable", detailOf(err)
		e.ControlID = "hash " + hex.EncodeToString(e.Hash[:8])
		return e
	}
	e.ControlID, e.Lane = m.ControlID(), laneOf(i.c.Code, m)
	if e.ControlID == "" {
		e.ControlID = "hash " + hex.EncodeToString(e.Hash[:8])
	}
	if no := unsupported(m, i.c); no != nil {
		e.State, e.Reason, e.Detail = store.Rejected, no.reason, no.where+": "+no.text
		return e
	}
	if why := i.s.rehearsal(m, i.c); why != nil && i.fed {
		e.State, e.Reason, e.Detail = store.Parked, why.reason, why.detail
	}
	return e
}

// accept makes several messages durable in one write, and counts each when it is settled.
func (i *importing) accept(ctx context.Context, entries []*store.Message, raws [][]byte) error {
	dups := make([]bool, len(entries))
	err := i.s.db.Write(ctx, func(tx *store.Tx) error {
		for k, e := range entries {
			m := *e
			dup, err := tx.Accept(&m, kept(e, raws[k]))
			if err != nil {
				return err
			}
			dups[k] = dup != nil
			e.ID = m.ID
		}
		return nil
	})
	if err != nil {
		return err
	}
	i.s.feeds.heard(i.c.Code, i.s.Now(), int64(len(entries)))
	for k, e := range entries {
		size := len(raws[k])
		switch {
		case dups[k]:
			i.count(Totals{Duplicate: 1})
			i.step(size)
		case e.State == store.Rejected || e.State == store.Parked:
			i.count(count(e.State))
			i.step(size)
		default:
			i.follow(e.ID, size)
			i.s.inbox.add(e.ID, raws[k])
		}
	}
	return nil
}

// follow counts a message when a worker has settled it.
func (i *importing) follow(id int64, size int) {
	i.settling.Add(1)
	i.room <- struct{}{}
	i.s.waiters.await(id, func(why *parking) {
		defer func() {
			<-i.room
			i.settling.Done()
		}()
		i.step(size)
		if why == nil {
			i.count(count(store.Applied))
			return
		}
		i.count(count(store.Parked))
		i.mu.Lock()
		i.totals.parked = append(i.totals.parked, id)
		i.mu.Unlock()
	})
}

// recount looks again at what was parked, for some of it may have been taken up since.
func (s *Service) recount(ctx context.Context, t *Totals) error {
	still := t.parked[:0]
	for _, id := range t.parked {
		m, err := s.db.MessageByID(ctx, id)
		if err != nil {
			return err
		}
		switch m.State {
		case store.Applied:
			t.Parked--
			t.Applied++
		case store.Rejected:
			t.Parked--
			t.Rejected++
		default:
			still = append(still, id)
		}
	}
	t.parked = still
	return nil
}

// records makes the records of a file durable: each is a message of its own.
// Where the file is an extract in which absence means ended, what it does not
// tell of any more is ended when all of it has been read.
func (i *importing) records(ctx context.Context, label string, format kmcr.Format, in io.Reader) error {
	file, err := translate.OpenRecords(format, in)
	if err != nil {
		if format == "" {
			format = i.c.Format
		}
		return i.refuseFile(ctx, label, format, err)
	}
	e := extract{format: file.Format(), ends: file.Ends(), label: label}
	var entries []*store.Message
	var raws [][]byte
	flush := func() error {
		defer func() { entries, raws = nil, nil }()
		return i.accept(ctx, entries, raws)
	}
	for n := 1; ; n++ {
		record, err := file.Next()
		if err == io.EOF {
			if err := flush(); err != nil {
				return err
			}
			return i.close(ctx, e)
		}
		e.saw(record, err)
		m, raw := i.record(label, n, file.Format(), record, err)
		entries, raws = append(entries, m), append(raws, raw)
		if len(entries) == together || err != nil && !goesOn(err) {
			if err := flush(); err != nil {
				return err
			}
		}
		if err != nil && !goesOn(err) {
			return nil // what follows cannot be read; nothing is taken for absent
		}
	}
}

// goesOn tells whether the records after one that cannot be read can be.
func goesOn(err error) bool {
	return kmcr.KindOf(err) != kmcr.Fault && !errors.Is(err, io.ErrUnexpectedEOF)
}

// record is the ledger entry of one record. The file and the line are its control id, so that a file sent again is known.
func (i *importing) record(label string, n int, format kmcr.Format, r translate.Record, err error) (*store.Message, []byte) {
	e := &store.Message{Contributor: i.c.Code, Format: format, ReceivedAt: i.s.Now(), State: store.Waiting}
	if err != nil {
		e.State, e.Reason, e.Detail = store.Rejected, "not-readable", detailOf(err)
		e.ControlID = label + " record " + strconv.Itoa(n)
		e.Hash = sha256.Sum256([]byte(e.ControlID))
		return e, nil
	}
	e.Hash, e.ControlID = sha256.Sum256(r.Raw), label+" line "+strconv.Itoa(r.Line)
	e.Lane = hash64(string(i.c.Code), r.Lane)
	return e, r.Raw
}

// refuseFile counts a file of which nothing can be read as one message.
func (i *importing) refuseFile(ctx context.Context, label string, format kmcr.Format, why error) error {
	e := &store.Message{Contributor: i.c.Code, Format: format, ReceivedAt: i.s.Now(), State: store.Rejected, Reason: "not-readable", Detail: detailOf(why), ControlID: "file " + label, Hash: sha256.Sum256([]byte(label))}
	return i.accept(ctx, []*store.Message{e}, [][]byte{nil})
}

// resources takes in FHIR: one resource or Bundle, XML or JSON, or one in each line.
func (i *importing) resources(ctx context.Context, name string, content []byte) error {
	all := pieces(name, content)
	sum := sha256.Sum256(content)
	label := hex.EncodeToString(sum[:8])
	var running sync.WaitGroup
	room := make(chan struct{}, sideBySide)
	failures := make(chan error, len(all))
	for k, p := range all {
		room <- struct{}{}
		work := func() {
			defer func() { <-room }()
			if err := i.resource(ctx, label+" line "+strconv.Itoa(p.line), p.content); err != nil {
				failures <- err
			}
			i.step(len(p.content))
		}
		if running.Go(work); k%sideBySide == 0 && len(failures) > 0 {
			break
		}
	}
	running.Wait()
	close(failures)
	return <-failures
}

// resource takes in one resource: with an id it is an update, a Bundle goes to the base.
func (i *importing) resource(ctx context.Context, label string, content []byte) error {
	in := Interaction{Contributor: i.c.Code, Method: "POST", Body: content, filed: true}
	made, bad := bring(content, i.c.Format)
	if bad == nil {
		in.Body = made.body
		if made.converted != nil {
			in.original, in.unmapped = content, made.converted.Unmapped
		}
		if r, err := fhir.Parse(in.Body); err == nil && r.Type() != "Bundle" {
			in.Type = r.Type()
			if isID(r.ID()) {
				in.Method, in.ID = "PUT", r.ID()
			}
		}
	}
	l := fresh(i.c, in, label, i.s.Now())
	if bad != nil {
		_, t, err := i.s.turnDown(ctx, l, bad)
		i.count(t)
		return err
	}
	_, t, err := i.s.interact(ctx, i.c, in, l, "import")
	i.count(t)
	if t.Parked > 0 && l.message.ID != 0 {
		i.mu.Lock()
		i.totals.parked = append(i.totals.parked, l.message.ID)
		i.mu.Unlock()
	}
	return err
}
