package audit

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"kmcr"
)

// Checkpoint is a signed statement of how many entries a log has and what
// their tree hashes to (C2SP tlog-checkpoint in a C2SP signed-note).
type Checkpoint struct {
	Origin string // name of the log
	Size   int64  // entries
	Root   tlog.Hash
}

// LogName names the transparency log of one incarnation of a database.
func LogName(incarnation string) string {
	return "kmcr-audit/" + incarnation[:min(16, len(incarnation))]
}

// LogKey makes of 32 secret bytes the signer of a log, and the public key
// that verifies it (as C2SP signed-note writes it: name+id+key).
func LogKey(name string, seed []byte) (note.Signer, string, error) {
	private := ed25519.NewKeyFromSeed(seed)
	public, err := note.NewEd25519VerifierKey(name, private.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, "", err
	}
	id := strings.Split(strings.TrimPrefix(public, name+"+"), "+")[0]
	const algorithm = "\x01" // Ed25519
	signer, err := note.NewSigner("PRIVATE+KEY+" + name + "+" + id + "+" + base64.StdEncoding.EncodeToString(append([]byte(algorithm), seed...)))
	return signer, public, err
}

// Sign writes the checkpoint as a signed note.
func (c Checkpoint) Sign(signer note.Signer) ([]byte, error) {
	return note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, c.Root)}, signer)
}

// OpenCheckpoint proves a signed checkpoint with the public key of its log;
// signatures of others (witnesses) beside it are left alone. Anything else is
// a kmcr.Invalid.
func OpenCheckpoint(signed []byte, public string) (Checkpoint, error) {
	verifier, err := note.NewVerifier(strings.TrimSpace(public))
	if err != nil {
		return Checkpoint{}, &kmcr.Error{Kind: kmcr.Invalid, Message: "the public key of the audit log cannot be read", Remedy: "Give it as kmcr audit key prints it: name+id+key.", Err: err}
	}
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return Checkpoint{}, &kmcr.Error{Kind: kmcr.Invalid, Message: "the checkpoint is not signed by the key of this audit log", Remedy: "Check that key and checkpoint are of one log; if they are, the checkpoint was altered.", Err: err}
	}
	lines := strings.SplitN(n.Text, "\n", 4)
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return Checkpoint{}, unreadableCheckpoint(nil)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, unreadableCheckpoint(err)
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return Checkpoint{}, unreadableCheckpoint(err)
	}
	return Checkpoint{Origin: lines[0], Size: size, Root: root}, nil
}

func unreadableCheckpoint(err error) error {
	return &kmcr.Error{Kind: kmcr.Invalid, Message: "the checkpoint is signed but cannot be read", Remedy: "Check that key and checkpoint are of one log.", Err: err}
}
