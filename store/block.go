package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"kmcr"
)

// Block is a set of new versions of one patient's statements from one message, sealed.
type Block struct {
	Patient kmcr.PatientID
	Seq     int64
	// Written are the versions that the block adds (Version and Late are set); statements that repeat the current version are not in it.
	Written []*kmcr.Statement
	// Message is the message that the block came from: that of its statements; to be set where there are none.
	Message int64

	contributor kmcr.ContributorCode
	recorded    int64
	data, raw   []byte
}

// affirmation says that a statement was said again as it stood, at a later
// time: no new version, but what was said in between is late.
type affirmation struct {
	hash uint64
	at   int64 // microseconds
}

// The first byte of what is sealed in a block: how it is packed. Numbers from 2 on are for dictionaries.
const (
	packedPlain byte = 0
	packedZstd  byte = 1
)

// packer compresses and expands; it may be used by many at a time.
type packer struct {
	encoder *zstd.Encoder
	decoder *zstd.Decoder
	buffers sync.Pool // of *[]byte
}

func newPacker() (*packer, error) {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false), zstd.WithWindowSize(1<<20))
	if err != nil {
		return nil, err
	}
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(1<<30))
	if err != nil {
		return nil, err
	}
	return &packer{encoder: e, decoder: d, buffers: sync.Pool{New: func() any { return new([]byte) }}}, nil
}

func (p *packer) close() { p.decoder.Close() }

// pack compresses plain and seals it: the first byte tells how, and is sealed in with what it is about.
func (p *packer) pack(patient *Patient, about, plain []byte) []byte {
	buffer := p.buffers.Get().(*[]byte)
	defer p.buffers.Put(buffer)
	how, small := packedZstd, p.encoder.EncodeAll(plain, (*buffer)[:0])
	*buffer = small
	if len(small) >= len(plain) {
		how, small = packedPlain, plain
	}
	out := make([]byte, 1, 1+nonceSize+len(small)+patient.data.Overhead())
	out[0] = how
	return seal(patient.data, out, small, append(about, how))
}

// unpack opens what pack sealed into memory of its own.
func (p *packer) unpack(patient *Patient, about, sealed []byte) ([]byte, error) {
	if patient.data == nil {
		return nil, errErased()
	}
	if len(sealed) == 0 {
		return nil, errUnsealed()
	}
	about = append(about, sealed[0])
	if sealed[0] == packedPlain {
		return unseal(patient.data, nil, sealed[1:], about)
	}
	buffer := p.buffers.Get().(*[]byte)
	defer p.buffers.Put(buffer)
	small, err := unseal(patient.data, (*buffer)[:0], sealed[1:], about)
	if err != nil {
		return nil, err
	}
	*buffer = small
	plain, err := p.decoder.DecodeAll(small, nil)
	if err != nil {
		return nil, errUnsealed()
	}
	return plain, nil
}

// Seal makes the block that follows c from statements (ID, Type, Section, Labels, Key, At, Deleted, Internal, MessageID, Body, Meta set)
// and raw, the message as received where it is not the statements themselves (HL7, CSV); it numbers versions, marks late ones,
// leaves out repeats, compresses and seals. c may be nil for a new patient. It returns nil when there is nothing new:
// no new version, no raw, and nothing said again of a later time (which is kept, so that what was said in
// between is known to be late when it arrives). Times are kept to the microsecond.
func (db *DB) Seal(p *Patient, c *Compartment, statements []*kmcr.Statement, raw []byte, recorded time.Time) (*Block, error) {
	if p.data == nil {
		return nil, errErased()
	}
	recorded = recorded.UTC().Truncate(time.Microsecond)
	b := &Block{Patient: p.ID, Seq: 1, contributor: p.Contributor, recorded: micros(recorded)}
	if c != nil {
		b.Seq = c.Seq + 1
	}
	n := numbering{c: c, fresh: make(map[uint64]*progress, len(statements))}
	for _, s := range statements {
		if s.ID.Patient != p.ID {
			return nil, kmcr.Errorf(kmcr.Fault, "a statement of another patient cannot be sealed in this block")
		}
		b.Message = s.MessageID
		s.Contributor, s.Recorded = p.Contributor, recorded
		s.At = fromMicros(micros(s.At))
		s.Hash = contentHash(s)
		if n.next(s) {
			b.Written = append(b.Written, s)
		}
	}
	if len(b.Written) == 0 && len(n.affirmed) == 0 && raw == nil {
		return nil, nil
	}
	buffer := db.packer.buffers.Get().(*[]byte)
	plain := encodeBlock((*buffer)[:0], b.Written, n.affirmed, b.recorded)
	b.data = db.packer.pack(p, b.about("statements"), plain)
	*buffer = plain
	db.packer.buffers.Put(buffer)
	if raw != nil {
		b.raw = db.packer.pack(p, b.about("raw"), raw)
	}
	return b, nil
}

func (b *Block) about(kind string) []byte {
	return about(kind, int64(b.Patient), b.Seq, b.recorded)
}

// contentHash is the hash by which a repeat is known.
func contentHash(s *kmcr.Statement) uint64 {
	h := sha256.New()
	h.Write(s.Body)
	h.Write([]byte{0})
	h.Write(s.Meta)
	var sum [32]byte
	return binary.BigEndian.Uint64(h.Sum(sum[:0]))
}

// progress is how far a statement has come, with what a block adds.
type progress struct {
	head     *kmcr.Statement
	version  int
	at       int64 // the latest time of which the head was said
	versions []*kmcr.Statement
}

// numbering gives versions their numbers.
type numbering struct {
	c        *Compartment
	fresh    map[uint64]*progress
	affirmed []affirmation
}

func (n *numbering) of(id kmcr.StatementID) *progress {
	p, ok := n.fresh[id.Hash]
	if !ok {
		p = &progress{}
		if n.c != nil {
			if p.head = n.c.Head(id); p.head != nil {
				p.versions = n.c.Versions(id)
				p.version = len(p.versions)
				p.at = max(micros(p.head.At), n.c.affirmed[id.Hash])
			}
		}
		n.fresh[id.Hash] = p
	}
	return p
}

// next numbers s and tells whether it is a new version.
func (n *numbering) next(s *kmcr.Statement) bool {
	p, at := n.of(s.ID), micros(s.At)
	s.Late = p.head != nil && at != 0 && p.at != 0 && at < p.at
	switch {
	case p.head == nil:
	case sameContent(p.head, s):
		if at > p.at && p.at != 0 {
			p.at = at
			n.affirmed = append(n.affirmed, affirmation{s.ID.Hash, at})
		}
		return false
	case s.Late && slices.ContainsFunc(p.versions, func(v *kmcr.Statement) bool { return v.At.Equal(s.At) && sameContent(v, s) }):
		return false
	}
	p.version++
	s.Version = p.version
	p.versions = append(p.versions[:len(p.versions):len(p.versions)], s)
	if !s.Late {
		p.head, p.at = s, max(at, p.at)
	}
	return true
}

// sameContent tells whether two versions say the same. Two deletions do, whatever went before.
func sameContent(a, b *kmcr.Statement) bool {
	if a.Deleted && b.Deleted {
		return true
	}
	return a.Hash == b.Hash && a.Deleted == b.Deleted && a.Internal == b.Internal && a.Section == b.Section && slices.Equal(a.Labels, b.Labels) && bytes.Equal(a.Body, b.Body)
}

// What a statement is, in one byte.
const (
	flagDeleted = 1 << iota
	flagInternal
	flagLate
	flagMeta
	flagAt
)

// encodeBlock appends the kept form of new versions: the length of the heads, the heads, then the bodies, each with its meta behind it.
func encodeBlock(b []byte, written []*kmcr.Statement, affirmed []affirmation, recorded int64) []byte {
	heads := encodeHeads(nil, written, affirmed, recorded)
	b = binary.AppendUvarint(b, uint64(len(heads)))
	b = append(b, heads...)
	for _, s := range written {
		b = append(b, s.Body...)
		b = append(b, s.Meta...)
	}
	return b
}

func encodeHeads(b []byte, written []*kmcr.Statement, affirmed []affirmation, recorded int64) []byte {
	w := wordList{}
	b = slices.Grow(b, 64*len(written)+64)
	rows := b[len(b):len(b):cap(b)]
	rows = binary.AppendUvarint(rows, uint64(len(written)))
	for _, s := range written {
		rows = appendHead(rows, s, &w, recorded)
	}
	rows = binary.AppendUvarint(rows, uint64(len(affirmed)))
	for _, a := range affirmed {
		rows = binary.BigEndian.AppendUint64(rows, a.hash)
		rows = binary.AppendVarint(rows, a.at-recorded)
	}
	rows = slices.Clone(rows)
	b = binary.AppendUvarint(b, uint64(len(w.words)))
	for _, word := range w.words {
		b = appendText(b, word)
	}
	return append(b, rows...)
}

func appendHead(b []byte, s *kmcr.Statement, w *wordList, recorded int64) []byte {
	b = binary.BigEndian.AppendUint64(b, s.ID.Hash)
	b = binary.BigEndian.AppendUint64(b, s.Hash)
	b = binary.AppendUvarint(b, uint64(s.Version))
	b = append(b, flagsOf(s))
	b = binary.AppendUvarint(b, w.place(s.Type))
	b = binary.AppendUvarint(b, w.place(string(s.Section)))
	b = binary.AppendUvarint(b, uint64(len(s.Labels)))
	for _, l := range s.Labels {
		b = binary.AppendUvarint(b, w.place(string(l)))
	}
	b = appendText(b, s.Key)
	if !s.At.IsZero() {
		b = binary.AppendVarint(b, micros(s.At)-recorded)
	}
	b = binary.AppendUvarint(b, uint64(len(s.Body)))
	if s.Meta != nil {
		b = binary.AppendUvarint(b, uint64(len(s.Meta)))
	}
	return b
}

func flagsOf(s *kmcr.Statement) byte {
	return flag(flagDeleted, s.Deleted) | flag(flagInternal, s.Internal) | flag(flagLate, s.Late) | flag(flagMeta, s.Meta != nil) | flag(flagAt, !s.At.IsZero())
}

func flag(f byte, set bool) byte {
	if set {
		return f
	}
	return 0
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// wordList keeps each of a few words once.
type wordList struct{ words []string }

func (w *wordList) place(word string) uint64 {
	i := slices.Index(w.words, word)
	if i < 0 {
		i = len(w.words)
		w.words = append(w.words, word)
	}
	return uint64(i)
}

// keptBlock is a block as it was read.
type keptBlock struct {
	seq, message, recorded int64
	statements             []kmcr.Statement
	affirmed               []affirmation
	size                   int64
}

// decodeBlock reads what encodeBlock wrote. The bodies share plain's memory.
func decodeBlock(p *Patient, b *keptBlock, plain []byte) error {
	r := packed{rest: plain}
	headLen := r.uvarint()
	heads := r.take(headLen)
	bodies := packed{rest: r.rest, bad: r.bad}
	r = packed{rest: heads, text: string(heads), bad: r.bad}
	words := make([]string, r.count())
	for i := range words {
		words[i] = r.string()
	}
	b.statements = make([]kmcr.Statement, r.count())
	h := headReader{packed: r, words: words, labels: map[string][]kmcr.Label{}, recorded: b.recorded}
	at := fromMicros(b.recorded)
	for i := range b.statements {
		s := &b.statements[i]
		s.ID.Patient, s.Contributor, s.Recorded, s.MessageID = p.ID, p.Contributor, at, b.message
		h.head(s, &bodies)
	}
	b.affirmed = make([]affirmation, h.count())
	for i := range b.affirmed {
		b.affirmed[i] = affirmation{h.uint64(), h.varint() + b.recorded}
	}
	if h.bad || bodies.bad || len(bodies.rest) != 0 {
		return errUnsealed()
	}
	b.size = int64(len(plain)) + int64(len(b.statements))*bytesPerStatement
	return nil
}

// headReader reads heads.
type headReader struct {
	packed
	words    []string
	labels   map[string][]kmcr.Label
	recorded int64
}

func (h *headReader) head(s *kmcr.Statement, bodies *packed) {
	s.ID.Hash, s.Hash = h.uint64(), h.uint64()
	s.Version = int(h.uvarint())
	f := h.byte()
	s.Deleted, s.Internal, s.Late = f&flagDeleted != 0, f&flagInternal != 0, f&flagLate != 0
	s.Type, s.Section = h.word(), kmcr.Section(h.word())
	s.Labels = h.labelSet()
	s.Key = h.string()
	if f&flagAt != 0 {
		s.At = fromMicros(h.varint() + h.recorded)
	}
	if n := h.uvarint(); n > 0 {
		s.Body = bodies.take(n)
	}
	if f&flagMeta != 0 {
		s.Meta = bodies.take(h.uvarint())
	}
}

func (h *headReader) word() string {
	i := h.uvarint()
	if i >= uint64(len(h.words)) {
		h.bad = true
		return ""
	}
	return h.words[i]
}

// labelSet reads labels; equal sets of one block share memory.
func (h *headReader) labelSet() []kmcr.Label {
	n := h.count()
	if n == 0 {
		return nil
	}
	set := make([]kmcr.Label, n)
	var name strings.Builder
	for i := range set {
		set[i] = kmcr.Label(h.word())
		name.WriteString(string(set[i]))
		name.WriteByte(0)
	}
	if kept, ok := h.labels[name.String()]; ok {
		return kept
	}
	h.labels[name.String()] = set
	return set
}

// packed takes bytes apart; after a bad step every later one answers zero.
type packed struct {
	rest []byte
	text string // all of it as text, so that strings need no memory of their own
	bad  bool
}

func (r *packed) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.rest)) {
		r.bad = true
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *packed) string() string {
	n := r.uvarint()
	from := len(r.text) - len(r.rest)
	if r.take(n) == nil || n == 0 {
		return ""
	}
	return r.text[from : from+int(n)]
}

func (r *packed) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *packed) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (r *packed) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *packed) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// count reads how many follow, never more than there are bytes for.
func (r *packed) count() uint64 {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.bad = true
		return 0
	}
	return n
}

// hashes reads a list of keyed hashes.
func (r *packed) hashes() [][]byte {
	n := r.count()
	all := make([][]byte, 0, n)
	for range n {
		all = append(all, r.take(16))
	}
	return all
}

// tokens reads the search tokens that stand at the end. Those of earlier releases were longer, and are made again before they are used.
func (r *packed) tokens() []int64 {
	n := r.count()
	if n*16 == uint64(len(r.rest)) {
		return nil
	}
	all := make([]int64, 0, n)
	for range n {
		all = append(all, int64(r.uint64()))
	}
	return all
}

// Append stores a block; if another block of that number is there already it is a kmcr.Conflict and everything is to be read and made again.
func (tx *Tx) Append(b *Block) error {
	n, err := tx.exec("insert into block (patient, seq, message, recorded, data, raw) values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
		int64(b.Patient), b.Seq, b.Message, b.recorded, b.data, b.raw)
	if err != nil {
		return err
	}
	if n == 0 {
		return &kmcr.Error{Kind: kmcr.Conflict, Message: "somebody else has written to this patient's record in the meantime", Remedy: "Read it again and do it again."}
	}
	tx.tally(b.contributor, Tally{blocks: 1})
	if b.raw != nil && b.Message != 0 {
		_, err = tx.exec("update message set patient = $2, seq = $3 where id = $1", b.Message, int64(b.Patient), b.Seq)
	}
	return err
}

// rawOfBlock opens the message that a block was made of.
func (db *DB) rawOfBlock(ctx context.Context, id kmcr.PatientID, seq int64) ([]byte, error) {
	gone := &kmcr.Error{Kind: kmcr.NotFound, Message: "the bytes of this message are not kept by themselves", Remedy: "What it said is in the statements that came from it; a rejected message is not kept."}
	p, err := db.PatientByID(ctx, id)
	if err != nil {
		return nil, err
	}
	if p == nil || p.Erased() {
		return nil, gone
	}
	b := Block{Patient: id, Seq: seq}
	err = db.row(ctx, "select recorded, raw from block where patient = $1 and seq = $2", int64(id), seq).Scan(&b.recorded, &b.raw)
	if errors.Is(err, sql.ErrNoRows) || err == nil && b.raw == nil {
		return nil, gone
	}
	if err != nil {
		return nil, db.d.fault("the message cannot be read", err)
	}
	return db.packer.unpack(p, b.about("raw"), b.raw)
}
