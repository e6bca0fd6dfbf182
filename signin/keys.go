package signin

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// derivedKey makes the P-256 key that belongs to a label: the same in every
// process that has the keys of this service.
func derivedKey(derive func(label string) []byte, label string) (*ecdsa.PrivateKey, error) {
	var last error
	for n := range 8 { // a key is out of range once in four thousand million times
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), derive(fmt.Sprintf("%s %d", label, n)))
		if err == nil {
			return key, nil
		}
		last = err
	}
	return nil, last
}

func thumbprint(key jose.JSONWebKey) (string, error) {
	sum, err := key.Thumbprint(crypto.SHA256)
	return base64.RawURLEncoding.EncodeToString(sum), err
}

// signingKey is a key with which we sign, its public half with the id by which verifiers find it.
type signingKey struct {
	private *ecdsa.PrivateKey
	public  jose.JSONWebKey
}

func newSigningKey(derive func(string) []byte, label string) (signingKey, error) {
	private, err := derivedKey(derive, label)
	if err != nil {
		return signingKey{}, err
	}
	public := jose.JSONWebKey{Key: &private.PublicKey, Algorithm: string(jose.ES256), Use: "sig"}
	public.KeyID, err = thumbprint(public)
	return signingKey{private, public}, err
}

// sign makes a compact JWS of claims with a typ.
func (k signingKey) sign(typ string, claims []byte) (string, error) {
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: k.private, KeyID: k.public.KeyID}},
		(&jose.SignerOptions{}).WithType(jose.ContentType(typ)),
	)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}
