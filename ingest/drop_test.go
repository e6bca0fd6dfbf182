package ingest_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// dropped watches drop folders, and returns where they are.
func (h *house) dropped() string {
	h.Helper()
	root := filepath.Join(h.dir, "drop")
	d := h.in.Drop(root)
	d.Every = 20 * time.Millisecond
	ctx, stop := context.WithCancel(h.ctx())
	done := make(chan error, 1)
	go func() { done <- d.Watch(ctx) }()
	h.Cleanup(func() {
		stop()
		h.must(<-done)
	})
	h.waitFor(filepath.Join(root, "hospital"))
	return root
}

func (h *house) waitFor(path string) {
	h.Helper()
	for range 2000 {
		if _, err := os.Lstat(path); err == nil {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	h.Fatalf("%s did not come", filepath.Base(path))
}

func (h *house) receipt(path string) (r struct {
	Applied, Parked, Rejected, Duplicate int
	Error                                string
	Problems                             []struct{ Reason string }
}) {
	h.Helper()
	h.waitFor(strings.TrimSuffix(path, ".receipt.json"))
	raw, err := os.ReadFile(path)
	h.must(err)
	h.must(json.Unmarshal(raw, &r))
	return r
}

func TestDroppedFilesAreTakenInAndMovedWithAReceipt(t *testing.T) {
	h := build(t)
	root := h.dropped()
	put := func(code, name, content string) {
		h.must(os.WriteFile(filepath.Join(root, code, name), []byte(content), 0o600))
	}
	put("hospital", "good.hl7", adt("d1", "A28", "20260102101500", jack)+adt("d2", "A28", "20260102101500", jill))
	if r := h.receipt(filepath.Join(root, "hospital", "done", "good.hl7.receipt.json")); r.Applied != 2 {
		t.Errorf("the receipt of a good file says %+v", r)
	}
	put("hospital", "bad.hl7", adt("d3", "A28", "20260102101500", "PID|1||||Nobody"))
	if r := h.receipt(filepath.Join(root, "hospital", "parked", "bad.hl7.receipt.json")); r.Parked != 1 || len(r.Problems) != 1 || r.Problems[0].Reason != "identity-missing" {
		t.Errorf("the receipt of a file about nobody says %+v", r)
	}
	put("council", "case.csv", caseExtract("2026-11-01", "1"))
	if r := h.receipt(filepath.Join(root, "council", "done", "case.csv.receipt.json")); r.Applied != 1 {
		t.Errorf("the receipt of a file of another known format says %+v", r)
	}
	put("council", "picture.csv", "\x89PNG\r\n")
	if r := h.receipt(filepath.Join(root, "council", "parked", "picture.csv.receipt.json")); r.Rejected != 1 {
		t.Errorf("the receipt of a file of no known format says %+v", r)
	}
	put("hospital", "good.hl7", adt("d1", "A28", "20260102101500", jack))
	h.gone(filepath.Join(root, "hospital", "good.hl7"))
	again, _ := filepath.Glob(filepath.Join(root, "hospital", "done", "good-*.hl7.receipt.json"))
	if len(again) != 1 {
		t.Fatalf("a file of the same name has %d receipts of its own", len(again))
	}
	if r := h.receipt(again[0]); r.Duplicate != 1 || r.Applied != 0 {
		t.Errorf("the receipt of what was sent before says %+v", r)
	}
	h.balanced()
}

func (h *house) gone(path string) {
	h.Helper()
	for range 2000 {
		if _, err := os.Lstat(path); err != nil {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	h.Fatalf("%s is still there", filepath.Base(path))
}

func TestAFileThatIsStillWrittenIsLeftAlone(t *testing.T) {
	h := build(t)
	root := h.dropped()
	path := filepath.Join(root, "hospital", "slow.hl7")
	f, err := os.Create(path)
	h.must(err)
	for n := range 20 {
		_, err := f.WriteString(adt("w"+string(rune('a'+n)), "A28", "20260102101500", jack))
		h.must(err)
		time.Sleep(2 * time.Millisecond)
	}
	h.must(f.Close())
	h.must(os.WriteFile(filepath.Join(root, "hospital", "upload.hl7.part"), []byte("MSH"), 0o600))
	h.must(os.Symlink("/etc/hostname", filepath.Join(root, "hospital", "link.hl7")))
	h.gone(path)
	if sum := h.balanced(); sum.Applied != 20 {
		t.Errorf("applied %d of 20", sum.Applied)
	}
	for _, left := range []string{"upload.hl7.part", "link.hl7"} {
		if _, err := os.Lstat(filepath.Join(root, "hospital", left)); err != nil {
			t.Errorf("%s was taken", left)
		}
	}
}

func TestAPausedContributorsFilesWait(t *testing.T) {
	h := build(t)
	root := h.dropped()
	path := filepath.Join(root, "paused", "waits.hl7")
	h.must(os.WriteFile(path, []byte(adt("p1", "A28", "20260102101500", jack)), 0o600))
	time.Sleep(100 * time.Millisecond)
	if _, err := os.Lstat(path); err != nil {
		t.Error("the file of a paused contributor was taken")
	}
}
