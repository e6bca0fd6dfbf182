package ingest

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"path"
	"strings"

	"kmcr"
)

// Limits of what is packed in one file, so that a small file can fill neither the memory nor the disk.
const (
	minUnpacked = 1 << 30 // bytes of all that one file holds, unpacked, that are always taken
	maxRatio    = 100     // times its size that a larger one may hold
	maxInside   = 100_000 // files in one archive
	maxNested   = 72 << 20
)

// packed is one file, as it is when unpacked. It may be opened more than once.
type packed struct {
	name string
	open func() (io.ReadCloser, error)
}

// label names what a file holds: its hash.
func (m packed) label() (string, error) {
	r, err := m.open()
	if err != nil {
		return "", err
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}

// unpack gives f each file that a file holds: itself, or what is in it by the
// end of its name (.gz, .zip). Names in an archive are used for nothing but that.
func unpack(name string, content io.ReaderAt, size int64, f func(packed) error) error {
	return unpackInto(name, content, size, &limit{most: max(minUnpacked, maxRatio*size)}, 0, f)
}

// limit is how much may be unpacked of one file.
type limit struct{ most int64 }

func unpackInto(name string, content io.ReaderAt, size int64, l *limit, depth int, f func(packed) error) error {
	lower := strings.ToLower(name)
	whole := func() io.Reader { return io.NewSectionReader(content, 0, size) }
	switch {
	case depth > 2:
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "an archive holds an archive that holds another", Remedy: "Unpack it and import the files."}
	case strings.HasSuffix(lower, ".gz"):
		m := packed{name[:len(name)-3], func() (io.ReadCloser, error) {
			r, err := gzip.NewReader(whole())
			if err != nil {
				return nil, notPacked(err)
			}
			return &bounded{r: r, left: l.most}, nil
		}}
		return inner(m, l, depth, f)
	case strings.HasSuffix(lower, ".zip"):
		return unzip(content, size, l, depth, f)
	}
	return f(packed{name, func() (io.ReadCloser, error) { return io.NopCloser(whole()), nil }})
}

// inner goes on with a file that was in another: one that is an archive itself is unpacked in memory.
func inner(m packed, l *limit, depth int, f func(packed) error) error {
	if lower := strings.ToLower(m.name); !strings.HasSuffix(lower, ".gz") && !strings.HasSuffix(lower, ".zip") {
		return f(m)
	}
	r, err := m.open()
	if err != nil {
		return err
	}
	defer r.Close()
	content, err := io.ReadAll(io.LimitReader(r, maxNested+1))
	if err != nil {
		return err
	}
	if len(content) > maxNested {
		return tooMuch()
	}
	return unpackInto(m.name, bytes.NewReader(content), int64(len(content)), l, depth+1, f)
}

func unzip(content io.ReaderAt, size int64, l *limit, depth int, f func(packed) error) error {
	z, err := zip.NewReader(content, size)
	if err != nil {
		return notPacked(err)
	}
	if len(z.File) > maxInside {
		return &kmcr.Error{Kind: kmcr.TooLarge, Message: "the archive holds too many files", Remedy: "Import it in parts."}
	}
	var all uint64
	for _, file := range z.File {
		if all += file.UncompressedSize64; all > uint64(l.most) {
			return tooMuch()
		}
	}
	for _, file := range z.File {
		base := path.Base(file.Name)
		if file.FileInfo().IsDir() || strings.HasPrefix(base, ".") || strings.HasPrefix(file.Name, "__MACOSX/") {
			continue
		}
		m := packed{base, func() (io.ReadCloser, error) {
			r, err := file.Open()
			if err != nil {
				return nil, notPacked(err)
			}
			return &bounded{r: r, left: l.most}, nil
		}}
		if err := inner(m, l, depth, f); err != nil {
			return err
		}
	}
	return nil
}

// bounded reads what is packed, up to a limit.
type bounded struct {
	r    io.ReadCloser
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n, tooMuch()
	}
	if err != nil && err != io.EOF {
		err = notPacked(err)
	}
	return n, err
}

// Close ends the reading.
func (b *bounded) Close() error { return b.r.Close() }

func tooMuch() error {
	return &kmcr.Error{Kind: kmcr.TooLarge, Message: "the file is over the limit when unpacked", Remedy: "Import it in parts."}
}

func notPacked(err error) error {
	return &kmcr.Error{Kind: kmcr.Invalid, Message: "the file is not packed as its name says, or is damaged", Remedy: "Make or send it again.", Err: err}
}

// piece is one resource of a file.
type piece struct {
	content []byte
	line    int
}

// isNDJSON tells whether a file has one resource in each line.
func isNDJSON(name string, content []byte) bool {
	lower := strings.ToLower(name)
	if strings.HasSuffix(lower, ".ndjson") || strings.HasSuffix(lower, ".jsonl") {
		return true
	}
	first, rest, ok := bytes.Cut(content, []byte("\n"))
	first, rest = bytes.TrimSpace(first), bytes.TrimSpace(rest)
	return ok && len(first) > 1 && first[0] == '{' && first[len(first)-1] == '}' && len(rest) > 0 && rest[0] == '{'
}

func lines(content []byte) []piece {
	var all []piece
	n := 0
	for line := range bytes.SplitSeq(content, []byte("\n")) {
		n++
		if line = bytes.TrimSpace(line); len(line) > 0 {
			all = append(all, piece{line, n})
		}
	}
	return all
}

func isXML(content []byte) bool {
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	content = bytes.TrimSpace(content)
	return len(content) > 0 && content[0] == '<'
}

// pieces are the resources of a file: one in each line, or the whole.
func pieces(name string, content []byte) []piece {
	if isNDJSON(name, content) {
		return lines(content)
	}
	return []piece{{content, 1}}
}
