package audit

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"kmcr"
)

// Finding is what proving a log came to.
type Finding struct {
	Checkpoint Checkpoint
	Entries    int64  // that fit
	Broken     string // the first entry that does not; "" where all fit
	Why        string
	Last       map[int64]int64 // of each chain, the number of its last entry in the log
}

// EntryID is the place of an entry as it is printed: chain "/" number.
func EntryID(chain, number int64) string { return fmt.Sprintf("%d/%d", chain, number) }

// Opened is an entry given in clear to somebody who may read it, with what
// proves that it is the entry in the log.
type Opened struct {
	Position int64           `json:"position"` // in the log, from 1
	ID       string          `json:"id"`
	Salt     []byte          `json:"salt"`
	Encoded  []byte          `json:"encoded"`
	Event    json.RawMessage `json:"event"` // FHIR AuditEvent, as FHIR writes it
}

// OpenedPath is where the opened entries of tile n are, one JSON object a line.
func OpenedPath(n int64) string {
	return strings.Replace(TilePath(Entries, n, TileWidth), "tile/entries", "opened", 1) + ".ndjson"
}

// FormatEntries writes a tile of leaves as C2SP tlog-tiles has it in a file: each with its length before it.
func FormatEntries(leaves []byte) []byte {
	b := make([]byte, 0, len(leaves)+len(leaves)/LeafSize*2)
	for ; len(leaves) >= LeafSize; leaves = leaves[LeafSize:] {
		b = binary.BigEndian.AppendUint16(b, LeafSize)
		b = append(b, leaves[:LeafSize]...)
	}
	return b
}

// ParseEntries reads what FormatEntries wrote, as far as it is whole.
func ParseEntries(b []byte) (leaves []Leaf, err error) {
	for len(b) > 0 {
		if len(b) < 2 || len(b) < 2+int(binary.BigEndian.Uint16(b)) {
			return leaves, &kmcr.Error{Kind: kmcr.Invalid, Message: "a file of entries of the transparency log ends within one", Remedy: "Get the files again from the service."}
		}
		n := int(binary.BigEndian.Uint16(b))
		l, err := ParseLeaf(b[2 : 2+n])
		if err != nil {
			return leaves, err
		}
		leaves, b = append(leaves, l), b[2+n:]
	}
	return leaves, nil
}

// Source is where a log is read from.
type Source struct {
	// Checkpoint is the signed checkpoint to prove.
	Checkpoint []byte
	// Tile reads a tile, one of Entries in the form of FormatEntries; where there is none it is an fs.ErrNotExist.
	Tile Tiles
	// Opened reads the entries in clear beside tile n; where there are none it is an fs.ErrNotExist. It may be nil.
	Opened func(n int64) ([]byte, error)
	// Leaf says what is wrong with a leaf where the entry itself is at hand, "" for nothing. It may be nil.
	Leaf func(Leaf) (why string, err error)
}

// Files reads a log from its files, named as C2SP tlog-tiles has them.
func Files(read func(path string) ([]byte, error)) (Source, error) {
	signed, err := read("checkpoint")
	if errors.Is(err, fs.ErrNotExist) {
		err = &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no checkpoint among the files", Remedy: "Name the folder that holds checkpoint and tile; kmcr audit export --files writes one.", Err: err}
	}
	return Source{
		Checkpoint: signed,
		Tile:       func(level int, n int64, width int) ([]byte, error) { return read(TilePath(level, n, width)) },
		Opened:     func(n int64) ([]byte, error) { return read(OpenedPath(n)) },
	}, err
}

// prover walks a log.
type prover struct {
	Source
	tree       *Tree
	last       map[int64]int64 // number of the last entry of each chain
	remembered []Checkpoint
	agreed     int64 // the largest remembered size at which the tree is as it was signed
	finding    Finding
	at         int64 // position of the entry that the finding names
}

// Verify proves a log with its public key alone: every leaf against the
// tiles, the tiles against the signed checkpoint, and the whole against
// checkpoints that somebody remembered or witnessed, so that a log that was
// put back to an earlier state is found too. The first entry that does not
// fit is named. Entries that were given in clear beside the tiles (opened)
// are proved with them. What cannot be read is an error.
func Verify(from Source, public string, remembered ...[]byte) (Finding, error) {
	p := &prover{Source: from, tree: &Tree{}, last: map[int64]int64{}}
	var err error
	if p.finding.Checkpoint, err = OpenCheckpoint(from.Checkpoint, public); err != nil {
		p.blame(0, "checkpoint", message(err))
		return p.finding, nil
	}
	for _, r := range remembered {
		c, err := OpenCheckpoint(r, public)
		if err != nil {
			return Finding{}, err
		}
		p.remembered = append(p.remembered, c)
	}
	for n := int64(0); n*TileWidth < p.finding.Checkpoint.Size && p.finding.Broken == ""; n++ {
		if err := p.tile(n); err != nil {
			return p.finding, err
		}
	}
	err = p.whole()
	p.finding.Last = p.last
	return p.finding, err
}

func message(err error) string {
	var e *kmcr.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return err.Error()
}

// blame names an entry, unless an earlier one is named already.
func (p *prover) blame(position int64, id, why string) {
	if p.finding.Broken == "" || position < p.at {
		p.at, p.finding.Broken, p.finding.Why = position, id, why
	}
}

func position(n int64) string { return fmt.Sprintf("number %d of the log", n) }

// missing reads a tile; one that is not there names the entry at a position.
func (p *prover) missing(level int, n int64, width int, at int64) ([]byte, error) {
	b, err := p.Tile(level, n, width)
	if errors.Is(err, fs.ErrNotExist) {
		p.blame(at, position(at), "it is missing: "+TilePath(level, n, width)+" is not there")
		return nil, nil
	}
	return b, err
}

// tile proves one tile of leaves and what it makes full.
func (p *prover) tile(n int64) error {
	size, first := p.finding.Checkpoint.Size, n*TileWidth+1
	width := widthAt(size, 0, n)
	file, err := p.missing(Entries, n, width, first)
	if err != nil {
		return err
	}
	row, err := p.missing(0, n, width, first)
	if err != nil || p.finding.Broken != "" {
		return err
	}
	leaves, broken := ParseEntries(file)
	opened, err := p.opened(n)
	if err != nil {
		return err
	}
	for i := range width {
		at := first + int64(i)
		switch {
		case i >= len(leaves) && broken != nil:
			p.blame(at, position(at), message(broken))
		case i >= len(leaves):
			p.blame(at, position(at), fmt.Sprintf("it is missing: the checkpoint says that there are %d entries", size))
		default:
			if err := p.leaf(at, leaves[i], row[min(len(row), i*tlog.HashSize):], opened); err != nil {
				return err
			}
		}
		if p.finding.Broken != "" {
			return nil
		}
	}
	if len(leaves) > width {
		p.blame(first+int64(width), leaves[width].ID(), fmt.Sprintf("it was added: the checkpoint says that there are %d entries", size))
	}
	return nil
}

// leaf proves one entry and adds it to the tree.
func (p *prover) leaf(at int64, l Leaf, row []byte, opened map[int64]Opened) error {
	h := tlog.RecordHash(l.Append(nil))
	switch next := p.last[l.Chain] + 1; {
	case len(row) < tlog.HashSize || !bytes.Equal(h[:], row[:tlog.HashSize]):
		p.blame(at, p.named(at, l), "it is not the entry that the tree was made over: it was altered, removed, added or put in another place")
	case l.Number != next:
		p.blame(at, EntryID(l.Chain, next), "it is missing: another follows the one before it")
	}
	if o, ok := opened[at]; ok {
		p.inClear(at, l, o)
	}
	if p.Leaf != nil {
		why, err := p.Leaf(l)
		if err != nil {
			return err
		}
		if why != "" {
			p.blame(at, l.ID(), why)
		}
	}
	if p.finding.Broken != "" {
		return nil
	}
	p.last[l.Chain] = l.Number
	p.finding.Entries++
	p.tree.Add(l, p.full)
	p.compare()
	return nil
}

// named is the entry that belongs at a position, as far as those before it tell.
func (p *prover) named(at int64, l Leaf) string {
	if last, known := p.last[l.Chain]; known && len(p.last) == 1 {
		return EntryID(l.Chain, last+1)
	}
	if at == 1 {
		return EntryID(1, 1)
	}
	if len(p.last) == 1 {
		for chain, last := range p.last {
			return EntryID(chain, last+1)
		}
	}
	return l.ID()
}

// full proves a tile of hashes that is full.
func (p *prover) full(t Tile) {
	if t.Level < 1 {
		return
	}
	p.hashes(t)
}

func (p *prover) hashes(t Tile) {
	span := int64(1)
	for range t.Level {
		span *= TileWidth
	}
	path := TilePath(t.Level, t.N, t.Width())
	kept, err := p.Tile(t.Level, t.N, t.Width())
	if err != nil {
		at := t.N*TileWidth*span + 1
		p.blame(at, position(at), path+" cannot be read: the tile over it and those after it")
		return
	}
	for i := range t.Width() {
		from := i * tlog.HashSize
		if from+tlog.HashSize > len(kept) || !bytes.Equal(kept[from:from+tlog.HashSize], t.Data[from:from+tlog.HashSize]) {
			at := (t.N*TileWidth+int64(i))*span + 1
			p.blame(at, position(at), fmt.Sprintf("it and the %d after it do not hash to what %s says of them", span-1, path))
			return
		}
	}
}

// compare holds the tree against a checkpoint that was remembered when it had this size.
func (p *prover) compare() {
	for _, c := range p.remembered {
		if c.Size != p.tree.Size {
			continue
		}
		if root, err := p.tree.Root(); err != nil || root != c.Root {
			p.blame(p.agreed+1, position(p.agreed+1), fmt.Sprintf("it or one of those up to number %d is not the one that a remembered checkpoint is about: history was written anew", c.Size))
			return
		}
		p.agreed = max(p.agreed, c.Size)
	}
}

// whole proves the right edge, the root, and that nothing remembered is missing.
func (p *prover) whole() error {
	c := p.finding.Checkpoint
	if p.finding.Broken == "" {
		for _, t := range p.tree.Partial() {
			if t.Level >= 1 {
				p.hashes(t)
			}
		}
		root, err := p.tree.Root()
		if err != nil {
			return err
		}
		if root != c.Root {
			p.blame(p.agreed+1, position(p.agreed+1), "it and those after it fit each other, but not what was signed: history was written anew")
		}
	}
	for _, r := range p.remembered {
		if r.Size > c.Size {
			p.blame(c.Size+1, position(c.Size+1), fmt.Sprintf("it is missing: a remembered checkpoint says that there were %d entries; the log was put back to an earlier state", r.Size))
		}
	}
	return nil
}

// opened reads the entries in clear beside tile n; there need be none.
func (p *prover) opened(n int64) (map[int64]Opened, error) {
	if p.Opened == nil {
		return nil, nil
	}
	b, err := p.Opened(n)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all := map[int64]Opened{}
	at := n*TileWidth + 1
	for line := range bytes.Lines(b) {
		var o Opened
		if err := json.Unmarshal(line, &o); err != nil || o.Position != at {
			p.blame(at, position(at), "what is given of it in clear cannot be read, or is that of another")
			return all, nil
		}
		all[at] = o
		at++
	}
	return all, nil
}

// inClear proves an entry given in clear: that it is the one in the log, and that its AuditEvent says what it says.
func (p *prover) inClear(at int64, l Leaf, o Opened) {
	e, err := Decode(o.Encoded)
	switch {
	case Commit(o.Salt, o.Encoded) != l.Commitment || o.ID != l.ID():
		p.blame(at, l.ID(), "what is given of it in clear is not what is in the log")
	case err != nil:
		p.blame(at, l.ID(), message(err))
	default:
		e.ID = l.ID()
		if !bytes.Equal(FHIR(e), o.Event) {
			p.blame(at, l.ID(), "its AuditEvent does not say what the entry in the log says")
		}
	}
}
