package audit

import (
	"crypto/sha256"
	"encoding/binary"

	"kmcr"
)

// LeafSize is how many bytes an entry takes in the transparency log.
const LeafSize = 8 + 8 + sha256.Size

// Leaf is what the transparency log holds of an entry: its place, and a
// commitment to what it says. The commitment tells nothing to who does not
// have the entry, so a log can be given to anybody.
type Leaf struct {
	Chain, Number int64
	Commitment    [sha256.Size]byte
}

// Commit is the commitment to an encoded entry under its salt (32 secret bytes).
func Commit(salt, encoded []byte) [sha256.Size]byte {
	h := sha256.New()
	h.Write([]byte("kmcr audit entry\n"))
	h.Write(salt)
	h.Write(encoded)
	return [sha256.Size]byte(h.Sum(nil))
}

// Append adds the bytes of the leaf to b: chain, number and commitment.
func (l Leaf) Append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(l.Chain))
	b = binary.BigEndian.AppendUint64(b, uint64(l.Number))
	return append(b, l.Commitment[:]...)
}

// ID is the entry's place as it is printed.
func (l Leaf) ID() string { return EntryID(l.Chain, l.Number) }

// ParseLeaf reads what Append wrote; anything else is a kmcr.Invalid.
func ParseLeaf(b []byte) (Leaf, error) {
	if len(b) != LeafSize {
		return Leaf{}, &kmcr.Error{Kind: kmcr.Invalid, Message: "an entry of the transparency log has the wrong length", Remedy: "Get the files again from the service."}
	}
	return Leaf{Chain: int64(binary.BigEndian.Uint64(b)), Number: int64(binary.BigEndian.Uint64(b[8:])), Commitment: [sha256.Size]byte(b[16:])}, nil
}
