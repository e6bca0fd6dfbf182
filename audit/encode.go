package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"kmcr"
)

// form is the first byte of an encoded entry, so that a later form can be told from this one.
const form = 1

// Link chains an encoded entry to the one before it: an HMAC-SHA-256 with the audit key, so
// that nobody without the key can write a history that fits. previous is the
// link of the entry before, or empty for the first of a chain.
func Link(key, previous, encoded []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(previous)
	mac.Write(encoded)
	return mac.Sum(nil)
}

// Encode gives the kept form of an entry: deterministic and compact. Times
// are kept to the microsecond; the ID is not kept, it is the entry's place.
func Encode(e *Entry) []byte {
	b := make([]byte, 0, 192+10*len(e.Shown))
	b = append(b, form)
	b = appendTime(b, e.At)
	for _, s := range words(e) {
		b = appendString(b, *s)
	}
	b = binary.AppendVarint(b, int64(e.Viewer.Assurance))
	b = binary.BigEndian.AppendUint64(b, uint64(e.Person))
	b = binary.BigEndian.AppendUint64(b, uint64(e.Patient))
	b = appendBool(b, e.Allowed)
	b = appendShown(b, e.Shown)
	b = binary.AppendUvarint(b, uint64(e.Withheld))
	b = binary.AppendUvarint(b, uint64(len(e.Detail)))
	for _, k := range slices.Sorted(maps.Keys(e.Detail)) {
		b = appendString(appendString(b, k), e.Detail[k])
	}
	return b
}

// words lists the plain strings of an entry in the order in which they are kept.
func words(e *Entry) [11]*string {
	v := &e.Viewer
	return [11]*string{&e.Action, &v.Account, &v.Name, (*string)(&v.Role), (*string)(&v.Organisation), &v.Team,
		(*string)(&v.Contributor), (*string)(&e.Purpose), &e.Reason, &e.Rule, &e.Where}
}

// appendShown writes runs of statements of one patient: the patient once, then 8 bytes of hash and the version of each.
func appendShown(b []byte, shown []Shown) []byte {
	b = binary.AppendUvarint(b, uint64(len(shown)))
	for len(shown) > 0 {
		n := 1
		for n < len(shown) && shown[n].ID.Patient == shown[0].ID.Patient {
			n++
		}
		b = binary.BigEndian.AppendUint64(b, uint64(shown[0].ID.Patient))
		b = binary.AppendUvarint(b, uint64(n))
		for _, s := range shown[:n] {
			b = binary.BigEndian.AppendUint64(b, s.ID.Hash)
			b = binary.AppendUvarint(b, uint64(s.Version))
		}
		shown = shown[n:]
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, 0)
	}
	return binary.AppendVarint(append(b, 1), t.UnixMicro())
}

// Decode reads what Encode wrote. Anything else is a kmcr.Fault: a kept entry
// that cannot be read was altered or is of a later form.
func Decode(b []byte) (*Entry, error) {
	r := reader{rest: b}
	if v := r.byte(); v != form {
		return nil, unreadable()
	}
	e := &Entry{At: r.time()}
	for _, s := range words(e) {
		*s = r.string()
	}
	e.Viewer.Assurance = int(r.varint())
	e.Person = kmcr.PersonID(r.uint64())
	e.Patient = kmcr.PatientID(r.uint64())
	e.Allowed = r.byte() == 1
	e.Shown = r.shown()
	e.Withheld = int(r.uvarint())
	e.Detail = r.detail()
	if r.bad || len(r.rest) != 0 {
		return nil, unreadable()
	}
	return e, nil
}

func unreadable() error {
	return &kmcr.Error{Kind: kmcr.Fault, Message: "an audit entry cannot be read in the form it is kept in", Remedy: "Run kmcr audit verify; it names the first entry that does not fit."}
}

// reader takes an encoded entry apart; after a bad step every later one answers zero.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.rest)) {
		r.bad = true
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.take(uint64(n))
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.take(uint64(n))
	return v
}

func (r *reader) string() string { return string(r.take(r.uvarint())) }

func (r *reader) time() time.Time {
	if r.byte() == 0 {
		return time.Time{}
	}
	return time.UnixMicro(r.varint()).UTC()
}

func (r *reader) shown() []Shown {
	total := r.uvarint()
	if total == 0 || r.bad || total > uint64(len(r.rest)) {
		r.bad = r.bad || total > 0
		return nil
	}
	all := make([]Shown, 0, total)
	for uint64(len(all)) < total && !r.bad {
		patient, n := kmcr.PatientID(r.uint64()), r.uvarint()
		if n == 0 || n > total-uint64(len(all)) {
			r.bad = true
		}
		for ; n > 0 && !r.bad; n-- {
			all = append(all, Shown{ID: kmcr.StatementID{Patient: patient, Hash: r.uint64()}, Version: int(r.uvarint())})
		}
	}
	return all
}

func (r *reader) detail() map[string]string {
	n := r.uvarint()
	if n == 0 || r.bad {
		return nil
	}
	d := map[string]string{}
	for ; n > 0 && !r.bad; n-- {
		k := r.string()
		d[k] = r.string()
	}
	return d
}
