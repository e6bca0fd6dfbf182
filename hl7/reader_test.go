package hl7_test

import (
	"bytes"
	"io"
	"testing"

	"kmcr/hl7"
)

func readAll(t testing.TB, raw []byte) (all [][]byte) {
	t.Helper()
	r := hl7.NewReader(bytes.NewReader(raw))
	for {
		m, err := r.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
}

// A file read piece by piece holds the same messages as one that is cut up in memory.
func TestAReaderCutsAsSplitBatchDoes(t *testing.T) {
	for _, file := range []string{
		"", "\r\n", "MSH|^~\\&|A\rPID|1\r", "\xef\xbb\xbfMSH|^~\\&|A\nPID|1\nMSH|^~\\&|B\nPID|2",
		"FHS|^~\\&|A\rBHS|^~\\&|A\rMSH|^~\\&|A\rPID|1\rBTS|1\rFTS|1\r", "\vMSH|^~\\&|A\rPID|1\r\x1c\r\vMSH|^~\\&|B\r\x1c\r", "junk\rMSH|^~\\&|A\r",
		"MSH|^~\\&|A\r\r\n\r\nPID|1\r\nMSH|^~\\&|B\r\n",
	} {
		got, want := readAll(t, []byte(file)), hl7.SplitBatch([]byte(file))
		if bytes.Join(got, []byte("//")) == nil && len(want) == 0 {
			continue
		}
		if !bytes.Equal(bytes.Join(got, []byte("//")), bytes.Join(want, []byte("//"))) {
			t.Errorf("%q is read as %q, cut as %q", file, got, want)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("FHS|^~\\&|A\rMSH|^~\\&|A\rPID|1\rFTS|1\r"))
	f.Add([]byte("\vMSH|^~\\&|A\r\x1c\r\vMSH|^~\\&|B"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		total := 0
		for _, m := range readAll(t, raw) {
			total += len(m)
			if len(m) == 0 {
				t.Fatal("a message of nothing")
			}
		}
		if total > len(raw) {
			t.Fatalf("%d bytes of %d", total, len(raw))
		}
	})
}
