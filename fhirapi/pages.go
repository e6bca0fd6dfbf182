package fhirapi

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/url"

	"kmcr"
)

// pages seals the state of a search into its next link: whose it is, where it
// stands, and what it found, so that a page of another state is refused
// rather than mixed in.
type pages struct{ seal cipher.AEAD }

type page struct {
	Account string     `json:"a"`
	Type    string     `json:"t"`
	Query   url.Values `json:"q"`
	Offset  int        `json:"o"`
	Digest  uint64     `json:"d"`
}

func newPages(key []byte) (*pages, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	seal, err := cipher.NewGCM(block)
	return &pages{seal}, err
}

func (p *pages) link(next page) string {
	plain, err := json.Marshal(next)
	if err != nil {
		return ""
	}
	nonce := make([]byte, p.seal.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(p.seal.Seal(nonce, nonce, plain, nil))
}

// open reads a link that this viewer was given.
func (p *pages) open(token string, v kmcr.Viewer, resourceType string) (page, error) {
	var out page
	gone := &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such page of a search of yours", Remedy: "Search again from the first page."}
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) < p.seal.NonceSize() {
		return out, gone
	}
	plain, err := p.seal.Open(nil, b[:p.seal.NonceSize()], b[p.seal.NonceSize():], nil)
	if err != nil || json.Unmarshal(plain, &out) != nil || out.Account != v.Account || out.Type != resourceType {
		return out, gone
	}
	return out, nil
}
