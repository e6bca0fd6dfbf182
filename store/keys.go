package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"kmcr"
)

// Keys are the secrets kept outside the database.
type Keys struct {
	dir    string
	master []byte
}

// keyFile is the name of the master key in the folder of keys.
const keyFile = "master.key"

// OpenKeys reads the keys in dir, making them (mode 0600) where there are
// none. Whoever loses the file has lost everything that was sealed with it.
func OpenKeys(dir string) (*Keys, error) {
	path := filepath.Join(dir, keyFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeKey(dir, path); err == nil {
			text, err = os.ReadFile(path)
		}
	}
	if err != nil {
		return nil, &kmcr.Error{Kind: kmcr.Unavailable, Message: "the master key cannot be read or made", Remedy: "Check that the data folder exists and that this user may write to it.", Err: err}
	}
	master, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(master) != 32 {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "the master key file does not hold 64 hexadecimal digits", Remedy: "Put the key of this database back from where it is kept safe."}
	}
	return &Keys{dir: dir, master: master}, nil
}

// makeKey writes a new key beside path and links it there, so that of several processes one wins and no reader sees half a key.
func makeKey(dir, path string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, keyFile+".*") // made with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	master := make([]byte, 32)
	rand.Read(master)
	_, err = f.WriteString(hex.EncodeToString(master) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Derive gives a 32 byte key for another use (cookies, launch tokens), the same for the same label.
func (k *Keys) Derive(label string) []byte {
	return derive(k.master, "use "+label)
}

func derive(secret []byte, label string) []byte {
	key, err := hkdf.Key(sha256.New, secret, nil, "kmcr "+label, 32)
	if err != nil { // only for lengths that SHA-256 cannot give
		panic(err)
	}
	return key
}

// vault is what a DB seals and recognises things with, each use under a key of its own.
type vault struct {
	wrap, words, entries cipher.AEAD // data keys; words of people at work; audit entries
	macs                 sync.Pool   // of keyed hashes for tokens: to make one costs more than to use it
	chain, heads         []byte
	signing, salts       []byte // of the transparency log
	check                []byte
	inboxKey             []byte
	inboxes              sync.Map // contributor code → cipher.AEAD
}

func newVault(k *Keys) *vault {
	tokens := derive(k.master, "tokens")
	return &vault{
		macs:     sync.Pool{New: func() any { return hmac.New(sha256.New, tokens) }},
		wrap:     newAEAD(derive(k.master, "wrap")),
		words:    newAEAD(derive(k.master, "words")),
		entries:  newAEAD(derive(k.master, "audit entries")),
		chain:    derive(k.master, "audit chain"),
		heads:    derive(k.master, "audit heads"),
		signing:  derive(k.master, "audit log signing"),
		salts:    derive(k.master, "audit log salts"),
		check:    derive(k.master, "check")[:16],
		inboxKey: derive(k.master, "inbox"),
	}
}

// inbox gives the key under which a contributor's messages wait.
func (v *vault) inbox(c kmcr.ContributorCode) cipher.AEAD {
	if a, ok := v.inboxes.Load(c); ok {
		return a.(cipher.AEAD)
	}
	a, _ := v.inboxes.LoadOrStore(c, newAEAD(derive(v.inboxKey, string(c))))
	return a.(cipher.AEAD)
}

// token is the keyed hash of text for one use, by which it is recognised and from which it cannot be read.
func (v *vault) token(use string, text ...string) []byte {
	mac := v.macs.Get().(hash.Hash)
	defer v.macs.Put(mac)
	mac.Reset()
	_, _ = io.WriteString(mac, use) // a hash never fails to take something in
	for _, t := range text {
		_, _ = mac.Write([]byte{0})
		_, _ = io.WriteString(mac, t)
	}
	return mac.Sum(nil)[:16]
}

func newAEAD(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil { // only for keys that are not 32 bytes
		panic(err)
	}
	a, err := cipher.NewGCM(block)
	if err != nil { // only for ciphers that are not AES
		panic(err)
	}
	return a
}

const nonceSize = 12

// seal appends to dst a random nonce and the sealed plain text; about binds it to where it belongs.
func seal(a cipher.AEAD, dst, plain, about []byte) []byte {
	n := len(dst)
	dst = append(dst, make([]byte, nonceSize)...)
	nonce := dst[n:]
	rand.Read(nonce)
	return a.Seal(dst, nonce, plain, about)
}

// unseal appends to dst what seal sealed.
func unseal(a cipher.AEAD, dst, sealed, about []byte) ([]byte, error) {
	if len(sealed) < nonceSize {
		return nil, errUnsealed()
	}
	plain, err := a.Open(dst, sealed[:nonceSize], sealed[nonceSize:], about)
	if err != nil {
		return nil, errUnsealed()
	}
	return plain, nil
}

func errUnsealed() error {
	return &kmcr.Error{Kind: kmcr.Fault, Message: "something sealed cannot be opened: it was altered, moved, or sealed with another key", Remedy: "Run kmcr doctor; if the database is damaged, restore the newest backup."}
}

// about makes the words that bind a sealed thing to its place.
func about(use string, numbers ...int64) []byte {
	b := append(make([]byte, 0, len(use)+8*len(numbers)), use...)
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return b
}
