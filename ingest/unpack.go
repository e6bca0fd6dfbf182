package ingest

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"path"
	"strings"

	"kmcr"
)

// Limits of what is packed in one file, so that a small file cannot fill the memory.
const (
	maxUnpacked = 1 << 30 // bytes of all that one file holds, unpacked
	maxInside   = 100_000 // files in one archive
)

// unpack gives f each file that a file holds: itself, or what is in it by the
// end of its name (.gz, .zip). Names in an archive are used for nothing but that.
func unpack(name string, data []byte, f func(name string, content []byte) error) error {
	left := int64(maxUnpacked)
	return unpackInto(name, data, &left, 0, f)
}

func unpackInto(name string, data []byte, left *int64, depth int, f func(string, []byte) error) error {
	lower := strings.ToLower(name)
	switch {
	case depth > 2:
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "an archive holds an archive that holds another", Remedy: "Unpack it and import the files."}
	case strings.HasSuffix(lower, ".gz"):
		r, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return notPacked(err)
		}
		content, err := readWithin(r, left)
		if err != nil {
			return err
		}
		return unpackInto(name[:len(name)-3], content, left, depth+1, f)
	case strings.HasSuffix(lower, ".zip"):
		return unzip(data, left, depth, f)
	}
	return f(name, data)
}

func unzip(data []byte, left *int64, depth int, f func(string, []byte) error) error {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return notPacked(err)
	}
	if len(z.File) > maxInside {
		return &kmcr.Error{Kind: kmcr.TooLarge, Message: "the archive holds too many files", Remedy: "Import it in parts."}
	}
	for _, file := range z.File {
		base := path.Base(file.Name)
		if file.FileInfo().IsDir() || strings.HasPrefix(base, ".") || strings.HasPrefix(file.Name, "__MACOSX/") {
			continue
		}
		r, err := file.Open()
		if err != nil {
			return notPacked(err)
		}
		content, err := readWithin(r, left)
		r.Close()
		if err != nil {
			return err
		}
		if err := unpackInto(base, content, left, depth+1, f); err != nil {
			return err
		}
	}
	return nil
}

func readWithin(r io.Reader, left *int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(r, *left+1))
	if err != nil {
		return nil, notPacked(err)
	}
	if *left -= int64(len(content)); *left < 0 {
		return nil, &kmcr.Error{Kind: kmcr.TooLarge, Message: "the file is over the limit when unpacked", Remedy: "Import it in parts of at most 1 GiB."}
	}
	return content, nil
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
