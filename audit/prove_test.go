package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path"
	"strings"
	"testing"

	"kmcr"
)

// files is a log as it is given away.
type files map[string][]byte

func (f files) read(name string) ([]byte, error) {
	b, ok := f[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return b, nil
}

func (f files) put(t Tile) {
	b := t.Data
	if t.Level == Entries {
		b = FormatEntries(b)
	}
	f[TilePath(t.Level, t.N, t.Width())] = bytes.Clone(b)
}

func verifyFiles(f files, public string, remembered ...[]byte) (Finding, error) {
	from, err := Files(f.read)
	if err != nil {
		return Finding{}, err
	}
	return Verify(from, public, remembered...)
}

const logName = "kmcr-audit/test"

// aLog is a log of n entries of two chains, with its public key and a checkpoint for each size.
func aLog(t testing.TB, n int) (f files, public string, signed [][]byte) {
	t.Helper()
	signer, public, err := LogKey(logName, bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	f = files{}
	tree, numbers := &Tree{}, map[int64]int64{}
	for i := 0; ; i++ {
		root, err := tree.Root()
		if err != nil {
			t.Fatal(err)
		}
		c, err := Checkpoint{Origin: logName, Size: int64(i), Root: root}.Sign(signer)
		if err != nil {
			t.Fatal(err)
		}
		signed = append(signed, c)
		if i == n {
			break
		}
		chain := int64(1 + i/3%2)
		numbers[chain]++
		tree.Add(Leaf{Chain: chain, Number: numbers[chain], Commitment: Commit(nil, []byte(fmt.Sprint(i)))}, f.put)
	}
	for _, p := range tree.Partial() {
		f.put(p)
	}
	f["checkpoint"] = signed[n]
	return f, public, signed
}

func TestALogIsProvedFromItsFilesAndItsKey(t *testing.T) {
	for _, n := range []int{0, 1, 2, 255, 256, 257, 600} {
		f, public, signed := aLog(t, n)
		got, err := verifyFiles(f, public, signed...)
		if err != nil || got.Broken != "" || got.Entries != int64(n) {
			t.Errorf("%d entries: %+v, %v", n, got, err)
		}
	}
}

func TestInclusionAndConsistencyAreProved(t *testing.T) {
	const n = 600
	f, public, signed := aLog(t, n)
	tiles := func(level int, tile int64, width int) ([]byte, error) { return f.read(TilePath(level, tile, width)) }
	newest, err := OpenCheckpoint(signed[n], public)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int64{0, 255, 256, 511, 512, 599} {
		proof, err := ProveEntry(n, i, tiles)
		if err != nil {
			t.Fatal(err)
		}
		all, err := ParseEntries(f[TilePath(Entries, i/TileWidth, widthAt(n, 0, i/TileWidth))])
		if err != nil {
			t.Fatal(err)
		}
		l := all[i%TileWidth]
		if err := CheckEntry(proof, newest, i, l); err != nil {
			t.Errorf("entry %d: %v", i, err)
		}
		l.Commitment[0]++
		if CheckEntry(proof, newest, i, l) == nil {
			t.Errorf("another entry is accepted in place of %d", i)
		}
	}
	for _, old := range []int64{1, 100, 256, 512, 600} {
		older, err := OpenCheckpoint(signed[old], public)
		if err != nil {
			t.Fatal(err)
		}
		proof, err := ProveGrowth(n, old, tiles)
		if err != nil || CheckGrowth(proof, newest, older) != nil {
			t.Errorf("from %d: %v", old, err)
		}
		older.Root[0]++
		if CheckGrowth(proof, newest, older) == nil {
			t.Errorf("another beginning of %d entries is accepted", old)
		}
	}
}

func TestATreeGrowsFromItsEdge(t *testing.T) {
	const n = 700
	f, public, signed := aLog(t, n)
	for _, from := range []int64{0, 1, 255, 256, 300, 512, 513, 699} {
		part, _, _ := aLog(t, int(from))
		tree, err := OpenTree(from, func(level int, tile int64, width int) ([]byte, error) {
			b, err := part.read(TilePath(level, tile, width))
			if level == Entries && err == nil {
				leaves, _ := ParseEntries(b)
				b = nil
				for _, l := range leaves {
					b = l.Append(b)
				}
			}
			return b, err
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := from; i < n; i++ {
			all, _ := ParseEntries(f[TilePath(Entries, i/TileWidth, widthAt(n, 0, i/TileWidth))])
			tree.Add(all[i%TileWidth], part.put)
		}
		for _, p := range tree.Partial() {
			part.put(p)
		}
		part["checkpoint"] = signed[n]
		if got, err := verifyFiles(part, public); err != nil || got.Broken != "" {
			t.Errorf("from %d: %+v %v", from, got, err)
		}
		for _, tile := range TilesSince(from, n) {
			if part[TilePath(tile.Level, tile.N, tile.Width())] == nil {
				t.Errorf("from %d: %s is not made", from, TilePath(tile.Level, tile.N, tile.Width()))
			}
		}
	}
}

func TestARolledBackOrRewrittenLogIsFound(t *testing.T) {
	f, public, signed := aLog(t, 300)
	old, _, _ := aLog(t, 290)
	if got, err := verifyFiles(old, public); err != nil || got.Broken != "" {
		t.Fatalf("an old log by itself is whole: %+v %v", got, err)
	}
	got, err := verifyFiles(old, public, signed[300])
	if err != nil || got.Broken != "number 291 of the log" || !strings.Contains(got.Why, "earlier state") {
		t.Errorf("rolled back: %+v %v", got, err)
	}
	if _, err := verifyFiles(f, public, []byte("not a checkpoint")); kmcr.KindOf(err) != kmcr.Invalid {
		t.Errorf("a remembered checkpoint that is none: %v", err)
	}
	_, other, err := LogKey(logName, bytes.Repeat([]byte{8}, 32))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := verifyFiles(f, other); err != nil || got.Broken != "checkpoint" {
		t.Errorf("with another key: %+v %v", got, err)
	}
}

// What is in the files is altered ten thousand times at random; every time it is found.
func TestEveryMutationOfTheFilesIsFound(t *testing.T) {
	f, public, signed := aLog(t, 300)
	var names []string
	for name := range f {
		names = append(names, name)
	}
	random := rand.New(rand.NewPCG(3, 5))
	for i := range 10_000 {
		name := names[random.IntN(len(names))]
		altered := maps.Clone(f)
		b := bytes.Clone(f[name])
		what := random.IntN(4)
		switch at := random.IntN(len(b)); what {
		case 0:
			b[at] ^= byte(1 + random.IntN(255))
			altered[name] = b
		case 1:
			altered[name] = b[:at]
		case 2:
			delete(altered, name)
		default:
			if n := 2 + LeafSize; strings.Contains(name, "entries") {
				at -= at % n
				altered[name] = append(b[:at], b[at+n:]...)
			} else {
				altered[name] = append(b[:at], b[at+1:]...)
			}
		}
		got, err := verifyFiles(altered, public, signed[150])
		if err == nil && got.Broken == "" {
			t.Fatalf("mutation %d of %s (%d) is not found", i, name, what)
		}
		if what == 0 && strings.Contains(name, "entries/000") && got.Broken == "" {
			t.Fatalf("mutation %d does not name an entry", i)
		}
	}
}

func TestAnAlteredLeafIsNamed(t *testing.T) {
	f, public, _ := aLog(t, 300)
	b := bytes.Clone(f["tile/entries/000"])
	b[4*(2+LeafSize)+30] ^= 1 // the fifth: the second of chain 2
	f["tile/entries/000"] = b
	if got, err := verifyFiles(f, public); err != nil || got.Broken != "2/2" || got.Entries != 4 {
		t.Errorf("%+v %v", got, err)
	}
}

func TestEntriesInClearAreProved(t *testing.T) {
	signer, public, err := LogKey(logName, bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	e := &Entry{ID: "1/1", At: monday, Action: "read", Person: 5, Allowed: true, Rule: "registered with your practice"}
	salt, encoded := bytes.Repeat([]byte{1}, 32), Encode(e)
	f, tree := files{}, &Tree{}
	tree.Add(Leaf{1, 1, Commit(salt, encoded)}, f.put)
	for _, p := range tree.Partial() {
		f.put(p)
	}
	root, _ := tree.Root()
	f["checkpoint"], _ = Checkpoint{logName, 1, root}.Sign(signer)
	give := func(o Opened) Finding {
		b, _ := json.Marshal(o)
		f[OpenedPath(0)] = append(b, '\n')
		got, err := verifyFiles(f, public)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	good := Opened{1, "1/1", salt, encoded, FHIR(e)}
	if got := give(good); got.Broken != "" {
		t.Errorf("as it is: %+v", got)
	}
	bad := good
	bad.Event = bytes.Replace(good.Event, []byte("your practice"), []byte("his practice"), 1)
	if got := give(bad); got.Broken != "1/1" {
		t.Errorf("an event that says something else: %+v", got)
	}
	bad = good
	bad.Encoded = Encode(&Entry{At: monday, Action: "read", Person: 6, Allowed: true})
	if got := give(bad); got.Broken != "1/1" {
		t.Errorf("another entry: %+v", got)
	}
}

func TestPathsAreThoseOfTlogTiles(t *testing.T) {
	for _, c := range []struct {
		level int
		n     int64
		width int
		want  string
	}{
		{0, 0, 256, "tile/0/000"}, {0, 0, 5, "tile/0/000.p/5"}, {1, 1234067, 256, "tile/1/x001/x234/067"}, {Entries, 1000, 1, "tile/entries/x001/000.p/1"},
	} {
		if got := TilePath(c.level, c.n, c.width); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
		if level, n, width, ok := ParseTilePath(c.want); !ok || level != c.level || n != c.n || width != c.width {
			t.Errorf("%s is read as %d %d %d %t", c.want, level, n, width, ok)
		}
	}
	for _, bad := range []string{"", "tile/0/0", "tile/9/000", "tile/0/000.p/256", "tile/0/000.p/0", "tile/0/x001/x002", "tile/0/../000", "tile/0/-01"} {
		if _, _, _, ok := ParseTilePath(bad); ok {
			t.Errorf("%q is a path", bad)
		}
	}
	if got := OpenedPath(1); got != path.Join("opened", "001.ndjson") {
		t.Error(got)
	}
}

func FuzzParseEntries(f *testing.F) {
	f.Add(FormatEntries(Leaf{Chain: 1, Number: 2}.Append(nil)))
	f.Add([]byte{0, 48})
	f.Fuzz(func(t *testing.T, b []byte) {
		leaves, err := ParseEntries(b)
		if err != nil {
			return
		}
		var plain []byte
		for _, l := range leaves {
			plain = l.Append(plain)
		}
		if !bytes.Equal(FormatEntries(plain), b) {
			t.Error("what was read is not what was written")
		}
	})
}
