package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"os"

	"kmcr"
	"kmcr/ingest"
	"kmcr/pds"
)

// national is where the national demographics service is, and who we are to it. Without an address nobody is asked.
type national struct {
	URL         string `name:"pds-url" env:"KMCR_PDS_URL" help:"Address of the national demographics service (…/personal-demographics/FHIR/R4); without it nobody is asked."`
	Token       string `name:"pds-token-url" env:"KMCR_PDS_TOKEN_URL" help:"Where it gives tokens; none for a sandbox."`
	ID          string `name:"pds-client-id" env:"KMCR_PDS_CLIENT_ID" help:"Our API key with it."`
	Key         string `name:"pds-key" env:"KMCR_PDS_KEY" help:"File of our private RSA key (PEM)."`
	KeyID       string `name:"pds-key-id" env:"KMCR_PDS_KEY_ID" help:"The id under which it knows our public key."`
	Contributor string `name:"pds-contributor" default:"pds" env:"KMCR_PDS_CONTRIBUTOR" help:"Contributor in whose name its answers stand."`
}

// tracer is nil where nobody is to be asked.
func (n *national) tracer(ctx context.Context, in *ingest.Service) (*ingest.Tracer, error) {
	if n.URL == "" {
		return nil, nil
	}
	c := pds.Config{Base: n.URL, TokenURL: n.Token, ClientID: n.ID, KeyID: n.KeyID}
	if n.Key != "" {
		key, err := readRSAKey(n.Key)
		if err != nil {
			return nil, err
		}
		c.Key = key
	}
	ask, err := pds.New(c)
	if err != nil {
		return nil, err
	}
	return ingest.NewTracer(ctx, in, ask, kmcr.ContributorCode(n.Contributor))
}

// readRSAKey reads a private key as PKCS #8 or PKCS #1.
func readRSAKey(file string) (any, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "the key file for the national demographics service holds no PEM", Remedy: "Name the file of the private key."}
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "the key file for the national demographics service holds no private key that can be read", Remedy: "Give an RSA key without a passphrase, as PKCS #8 or PKCS #1.", Err: err}
	}
	return key, nil
}
