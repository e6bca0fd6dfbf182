package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kmcr"
	"kmcr/store"
)

// DropFolders are the folders into which contributors drop files: one for
// each, named by its code. A file is taken in when it has stopped growing, in any known
// format, and is then moved to done, or to parked where not all of it was
// applied, with a receipt beside it. A file whose taking in broke off is still there and is taken in again.
type DropFolders struct {
	s     *Service
	root  string
	Every time.Duration // how often they are looked into; 0: a second
}

// receipt is what stands beside a file that has been taken in.
type receipt struct {
	File        string               `json:"file"`
	SHA256      string               `json:"sha256,omitempty"`
	Bytes       int64                `json:"bytes"`
	Contributor kmcr.ContributorCode `json:"contributor"`
	Taken       time.Time            `json:"taken_in_at"`
	Totals
	Problems []receiptProblem `json:"problems,omitempty"`
	Error    string           `json:"error,omitempty"`
	Remedy   string           `json:"remedy,omitempty"`
}

type receiptProblem struct {
	Message   int64       `json:"message"`
	ControlID string      `json:"control_id"`
	State     store.State `json:"state"`
	Reason    string      `json:"reason"`
	Detail    string      `json:"detail,omitempty"`
}

// mostInReceipt is how many messages that were not applied a receipt names.
const mostInReceipt = 100

// folders beside the files: where they go.
const doneFolder, parkedFolder = "done", "parked"

// Drop gives the drop folders under root.
func (s *Service) Drop(root string) *DropFolders { return &DropFolders{s: s, root: root} }

// Watch looks into the folders until ctx ends. The folder of a new contributor is made when it is known.
func (d *DropFolders) Watch(ctx context.Context) error {
	every := d.Every
	if every <= 0 {
		every = time.Second
	}
	watchers := map[kmcr.ContributorCode]bool{}
	done := make(chan struct{})
	running := 0
	defer func() {
		for ; running > 0; running-- {
			<-done
		}
	}()
	for {
		all, err := d.s.directory.all(ctx, directoryAge)
		if err != nil && ctx.Err() == nil {
			d.s.log.Error("the drop folders cannot be looked into", "error", err.Error())
		}
		for code := range all {
			if watchers[code] {
				continue
			}
			if err := os.MkdirAll(filepath.Join(d.root, string(code)), 0o700); err != nil {
				return kmcr.Errorf(kmcr.Unavailable, "a drop folder cannot be made: %w", err)
			}
			watchers[code] = true
			running++
			go func() {
				defer func() { done <- struct{}{} }()
				d.watchOne(ctx, code, every)
			}()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(every):
		}
	}
}

// seen is how a file looked when it was looked at last, and how often in a row.
type seen struct {
	size     int64
	modified time.Time
	times    int
}

// still is how often in a row a file must look the same to be taken for whole.
const still = 3

func (d *DropFolders) watchOne(ctx context.Context, code kmcr.ContributorCode, every time.Duration) {
	before := map[string]seen{}
	for ctx.Err() == nil {
		now := map[string]seen{}
		for _, f := range d.files(code) {
			look := before[f.Name()]
			if look.size != f.Size() || !look.modified.Equal(f.ModTime()) {
				look = seen{size: f.Size(), modified: f.ModTime()}
			}
			look.times++
			now[f.Name()] = look
			if look.times < still || ctx.Err() != nil { // still being written, for all we know
				continue
			}
			if err := d.take(ctx, code, f); err != nil && ctx.Err() == nil {
				d.s.log.Error("a dropped file could not be taken in; it is tried again", "contributor", string(code), "error", err.Error())
			}
		}
		before = now
		select {
		case <-ctx.Done():
		case <-time.After(every):
		}
	}
}

// files are those in the folder of a contributor that are meant: regular ones, that are not hidden and not named as unfinished.
func (d *DropFolders) files(code kmcr.ContributorCode) (all []fs.FileInfo) {
	entries, err := os.ReadDir(filepath.Join(d.root, string(code)))
	if err != nil {
		return nil
	}
	for _, e := range entries {
		name := strings.ToLower(e.Name())
		if !e.Type().IsRegular() || strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".part") || strings.HasSuffix(name, ".tmp") || strings.HasSuffix(name, ".filepart") {
			continue
		}
		if f, err := e.Info(); err == nil {
			all = append(all, f)
		}
	}
	return all
}

// take takes one file in and moves it. An error is this service's own: the file stays.
func (d *DropFolders) take(ctx context.Context, code kmcr.ContributorCode, f fs.FileInfo) error {
	c, err := d.s.directory.contributor(ctx, code)
	if err != nil || c.Paused {
		return err // of one that is paused the files wait
	}
	path := filepath.Join(d.root, string(code), f.Name())
	r := receipt{File: f.Name(), Bytes: f.Size(), Contributor: code, Taken: d.s.Now()}
	err = d.read(ctx, path, f, &r)
	switch kind := kmcr.KindOf(err); {
	case err == nil:
	case ctx.Err() != nil || kind == kmcr.Unavailable || kind == kmcr.Fault:
		return err
	default:
		r.Error, r.Remedy = detailOf(err), remedyOf(err)
	}
	if now, err := os.Stat(path); err != nil || now.Size() != f.Size() || !now.ModTime().Equal(f.ModTime()) {
		return err // it changed while it was read: what it holds now is taken in next
	}
	if r.Parked+r.Rejected > 0 {
		if r.Problems, err = d.problems(ctx, code, r.Taken); err != nil {
			return err
		}
	}
	folder := doneFolder
	if r.Error != "" || r.Parked+r.Rejected > 0 || r.Received+r.Duplicate == 0 {
		folder = parkedFolder
	}
	return d.move(path, folder, r)
}

func remedyOf(err error) string {
	var e *kmcr.Error
	if errors.As(err, &e) {
		return e.Remedy
	}
	return ""
}

// read hashes and imports the file.
func (d *DropFolders) read(ctx context.Context, path string, about fs.FileInfo, r *receipt) error {
	f, err := os.Open(path)
	if err != nil {
		return kmcr.Errorf(kmcr.Unavailable, "the file cannot be opened: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, about.Size())); err != nil {
		return kmcr.Errorf(kmcr.Unavailable, "the file cannot be read: %w", err)
	}
	r.SHA256 = hex.EncodeToString(h.Sum(nil))
	if r.Totals, err = d.s.importFrom(ctx, r.Contributor, about.Name(), f, about.Size(), nil, true); err != nil {
		return err
	}
	return d.s.Settle(ctx, r.Contributor, &r.Totals)
}

// problems are the messages that were not applied since a file was begun.
func (d *DropFolders) problems(ctx context.Context, code kmcr.ContributorCode, since time.Time) (all []receiptProblem, err error) {
	for _, state := range []store.State{store.Parked, store.Rejected} {
		if err := d.s.db.Messages(ctx, code, state, func(m store.Message) error {
			if !m.ReceivedAt.Before(since.Truncate(time.Millisecond)) && len(all) < mostInReceipt {
				all = append(all, receiptProblem{m.ID, m.ControlID, m.State, m.Reason, m.Detail})
			}
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// move writes the receipt and moves the file beside it; a name that is taken there gets the time added.
func (d *DropFolders) move(path, folder string, r receipt) error {
	to := filepath.Join(filepath.Dir(path), folder)
	if err := os.MkdirAll(to, 0o700); err != nil {
		return kmcr.Errorf(kmcr.Unavailable, "the folder %s cannot be made: %w", folder, err)
	}
	name := filepath.Base(path)
	if _, err := os.Lstat(filepath.Join(to, name)); err == nil {
		extension := filepath.Ext(name)
		name = strings.TrimSuffix(name, extension) + "-" + r.Taken.UTC().Format("20060102T150405.000") + extension
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(to, name+".receipt.json"), append(text, '\n'), 0o600); err != nil {
		return kmcr.Errorf(kmcr.Unavailable, "the receipt cannot be written: %w", err)
	}
	if err := os.Rename(path, filepath.Join(to, name)); err != nil {
		return kmcr.Errorf(kmcr.Unavailable, "the file cannot be moved: %w", err)
	}
	d.s.log.Info("a dropped file was taken in", "contributor", string(r.Contributor), "received", r.Received, "applied", r.Applied, "parked", r.Parked, "rejected", r.Rejected, "sent before", r.Duplicate)
	return nil
}
