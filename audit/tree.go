package audit

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// The tree of the log is kept in tiles of 256 hashes (C2SP tlog-tiles).
const (
	tileHeight = 8
	TileWidth  = 1 << tileHeight
	// Entries is the level of the tiles that hold leaves; level 0 holds their hashes.
	Entries = -1
)

// Tile is one tile of a log: 256 leaves or hashes, or fewer at the right edge.
type Tile struct {
	Level int
	N     int64
	Data  []byte
}

// Width is how many leaves or hashes the tile holds.
func (t Tile) Width() int {
	if t.Level == Entries {
		return len(t.Data) / LeafSize
	}
	return len(t.Data) / tlog.HashSize
}

// TilePath is where a tile of a width is found, as C2SP tlog-tiles says.
func TilePath(level int, n int64, width int) string {
	l := "entries"
	if level != Entries {
		l = fmt.Sprint(level)
	}
	number := fmt.Sprintf("%03d", n%1000)
	for rest := n / 1000; rest > 0; rest /= 1000 {
		number = fmt.Sprintf("x%03d/%s", rest%1000, number)
	}
	if width < TileWidth {
		number += fmt.Sprintf(".p/%d", width)
	}
	return "tile/" + l + "/" + number
}

// ParseTilePath reads what TilePath wrote; ok is false for anything else.
func ParseTilePath(path string) (level int, n int64, width int, ok bool) {
	rest, found := strings.CutPrefix(path, "tile/")
	l, rest, more := strings.Cut(rest, "/")
	if level, width = Entries, TileWidth; l != "entries" {
		var err error
		if level, err = strconv.Atoi(l); err != nil || level < 0 || level > 7 {
			return 0, 0, 0, false
		}
	}
	number, w, partial := strings.Cut(rest, ".p/")
	if partial {
		width, _ = strconv.Atoi(w)
	}
	for part := range strings.SplitSeq(strings.ReplaceAll(number, "x", ""), "/") {
		digits, err := strconv.ParseInt(part, 10, 64)
		if err != nil || n > 1<<40 {
			return 0, 0, 0, false
		}
		n = n*1000 + digits
	}
	ok = found && more && width > 0 && n >= 0 && path == TilePath(level, n, width)
	return level, n, width, ok
}

// Tiles reads a tile as wide as a log of some size has it.
type Tiles func(level int, n int64, width int) ([]byte, error)

// widthAt is how wide tile n of a level is in a log of size entries; 0 where there is none.
func widthAt(size int64, level int, n int64) int {
	for range level {
		size >>= tileHeight
	}
	return int(max(0, min(TileWidth, size-n*TileWidth)))
}

// edgeOf is the number of the rightmost tile of a level.
func edgeOf(size int64, level int) int64 {
	for range level {
		size >>= tileHeight
	}
	return size / TileWidth
}

// TilesSince lists the level, number and width of the tiles of a log of size entries that it did not have, or not so wide, when it had old.
func TilesSince(old, size int64) (all []Tile) {
	for level := Entries; level <= 0 || size>>(tileHeight*level) > 0; level++ {
		for n := edgeOf(old, max(level, 0)); widthAt(size, max(level, 0), n) > 0; n++ {
			w := widthAt(size, max(level, 0), n)
			if w == widthAt(old, max(level, 0), n) {
				continue
			}
			unit := tlog.HashSize
			if level == Entries {
				unit = LeafSize
			}
			all = append(all, Tile{Level: level, N: n, Data: make([]byte, w*unit)})
		}
	}
	return all
}

// Tree is the right edge of a log, to which entries are added.
type Tree struct {
	Size   int64
	leaves []byte   // of the tile of entries that is not full
	edge   [][]byte // of each level, the tile that is not full
}

// OpenTree reads the right edge of a log.
func OpenTree(size int64, read Tiles) (*Tree, error) {
	t := &Tree{Size: size}
	var err error
	load := func(level int) []byte {
		n := edgeOf(size, max(level, 0))
		w := widthAt(size, max(level, 0), n)
		if w == 0 || err != nil {
			return nil
		}
		var b []byte
		b, err = read(level, n, w)
		return append([]byte(nil), b...)
	}
	t.leaves = load(Entries)
	for level := 0; size>>(tileHeight*level) > 0; level++ {
		t.edge = append(t.edge, load(level))
	}
	return t, err
}

// Add adds a leaf; full is called with each tile that it makes full.
func (t *Tree) Add(l Leaf, full func(Tile)) {
	n := t.Size / TileWidth
	start := len(t.leaves)
	t.leaves = l.Append(t.leaves)
	t.push(0, n, tlog.RecordHash(t.leaves[start:]), full)
	if len(t.leaves) == TileWidth*LeafSize {
		full(Tile{Entries, n, t.leaves})
		t.leaves = nil
	}
	t.Size++
}

func (t *Tree) push(level int, n int64, h tlog.Hash, full func(Tile)) {
	if level == len(t.edge) {
		t.edge = append(t.edge, nil)
	}
	t.edge[level] = append(t.edge[level], h[:]...)
	if len(t.edge[level]) == TileWidth*tlog.HashSize {
		full(Tile{level, n, t.edge[level]})
		top := fold(t.edge[level])
		t.edge[level] = nil
		t.push(level+1, n/TileWidth, top, full)
	}
}

// fold is the hash over a row of hashes, as many as a power of two.
func fold(row []byte) tlog.Hash {
	if len(row) == tlog.HashSize {
		return tlog.Hash(row)
	}
	half := len(row) / 2
	return tlog.NodeHash(fold(row[:half]), fold(row[half:]))
}

// Partial lists the tiles that are not full.
func (t *Tree) Partial() (all []Tile) {
	if len(t.leaves) > 0 {
		all = append(all, Tile{Entries, edgeOf(t.Size, 0), t.leaves})
	}
	for level, row := range t.edge {
		if len(row) > 0 {
			all = append(all, Tile{level, edgeOf(t.Size, level), row})
		}
	}
	return all
}

// Root is what the whole tree hashes to (RFC 6962).
func (t *Tree) Root() (tlog.Hash, error) {
	return tlog.TreeHash(t.Size, hashes(t.Size, func(level int, n int64, _ int) ([]byte, error) {
		if level >= len(t.edge) || n != edgeOf(t.Size, level) {
			return nil, fmt.Errorf("tile %d of level %d is not at the edge", n, level)
		}
		return t.edge[level], nil
	}))
}

// hashes reads hashes anywhere in a tree of size entries from its tiles.
func hashes(size int64, read Tiles) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		all := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			level, n := tlog.SplitStoredHashIndex(index)
			first, many := n<<(level%tileHeight), int64(1)<<(level%tileHeight)
			tile := first / TileWidth
			row, err := read(level/tileHeight, tile, widthAt(size, level/tileHeight, tile))
			if err != nil {
				return nil, err
			}
			from := (first - tile*TileWidth) * tlog.HashSize
			if to := from + many*tlog.HashSize; to <= int64(len(row)) {
				all[i] = fold(row[from:to])
				continue
			}
			return nil, fmt.Errorf("tile %d of level %d is too short", tile, level/tileHeight)
		}
		return all, nil
	})
}

// ProveEntry proves that entry number index (from 0) is in the log of size entries (RFC 6962, inclusion).
func ProveEntry(size, index int64, read Tiles) (tlog.RecordProof, error) {
	return tlog.ProveRecord(size, index, hashes(size, read))
}

// CheckEntry tells whether a leaf is at a place in the log that a checkpoint is about.
func CheckEntry(proof tlog.RecordProof, c Checkpoint, index int64, l Leaf) error {
	return tlog.CheckRecord(proof, c.Size, c.Root, index, tlog.RecordHash(l.Append(nil)))
}

// ProveGrowth proves that a log of size entries holds all that it held when it had old, in the same places (RFC 6962, consistency).
func ProveGrowth(size, old int64, read Tiles) (tlog.TreeProof, error) {
	return tlog.ProveTree(size, old, hashes(size, read))
}

// CheckGrowth tells whether what an old checkpoint is about is the beginning of what a new one is about.
func CheckGrowth(proof tlog.TreeProof, newer, older Checkpoint) error {
	if older.Size == 0 {
		return nil
	}
	return tlog.CheckTree(proof, newer.Size, newer.Root, older.Size, older.Root)
}
