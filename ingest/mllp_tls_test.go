package ingest_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/ingest"
	"kmcr/store"
)

// certificate makes one that nobody has signed.
func (h *house) certificate(name string, until time.Time) tls.Certificate {
	h.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	h.must(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: until.Add(-time.Hour * 48), NotAfter: until, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	h.must(err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// listenTLS opens the listener for senders with certificates.
func (h *house) listenTLS() string {
	h.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{h.certificate("kmcr", time.Now().Add(time.Hour))}, ClientAuth: tls.RequireAnyClientCert})
	h.must(err)
	ctx, stop := context.WithCancel(h.ctx())
	done := make(chan error, 1)
	go func() { done <- h.in.ServeMLLP(ctx, l) }()
	h.Cleanup(func() {
		stop()
		h.must(<-done)
	})
	return l.Addr().String()
}

func (h *house) dialTLS(address string, own tls.Certificate) *sender {
	h.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{Certificates: []tls.Certificate{own}, InsecureSkipVerify: true}) // the listener's certificate is of this test
	h.must(err)
	h.Cleanup(func() { conn.Close() })
	return &sender{h, conn, bufio.NewReader(conn)}
}

func TestASenderOverTLSIsKnownByItsCertificate(t *testing.T) {
	h := build(t)
	own, stranger, old := h.certificate("hospital", time.Now().Add(time.Hour)), h.certificate("stranger", time.Now().Add(time.Hour)), h.certificate("old", time.Now().Add(-time.Hour))
	h.must(h.db.Write(h.ctx(), func(tx *store.Tx) error {
		c := contributors[slices.IndexFunc(contributors, func(c kmcr.Contributor) bool { return c.Code == "hospital" })]
		for _, one := range []tls.Certificate{own, old} {
			c.Certificates = append(c.Certificates, kmcr.Certificate{Fingerprint: ingest.Fingerprint(one.Certificate[0])})
		}
		return tx.Put(store.KindContributor, string(c.Code), c)
	}))
	time.Sleep(1100 * time.Millisecond) // what an administrator changes is in force within a second
	secure, plain := h.listenTLS(), h.listen()
	as := func(application, facility, control string) string {
		return strings.Replace(adt(control, "A28", "20260102101500", jack), "PAS|RVV", application+"|"+facility, 1)
	}
	cases := []struct {
		says   string
		answer string
		want   string
	}{
		{"its own certificate", h.dialTLS(secure, own).send(as("PAS", "RVV", "t1")), "AA"},
		{"its own certificate, under names that nobody has", h.dialTLS(secure, own).send(as("NEW", "RVV01", "t2")), "AA"},
		{"in the name of another contributor", h.dialTLS(secure, own).send(as("SIMHOSP", "SFAC", "t3")), "AR"},
		{"a certificate of nobody", h.dialTLS(secure, stranger).send(as("PAS", "RVV", "t4")), "none"},
		{"a certificate that has expired", h.dialTLS(secure, old).send(as("PAS", "RVV", "t5")), "none"},
		{"without its certificate, by its name alone", h.dial(plain).send(as("PAS", "RVV", "t6")), "AR"},
		{"another sender that has no certificate", h.dial(plain).send(as("SIMHOSP", "SFAC", "t7")), "AA"},
	}
	for _, c := range cases {
		t.Run(c.says, func(t *testing.T) {
			if got := code(c.answer); got != c.want {
				t.Errorf("answered %s, want %s: %q", got, c.want, c.answer)
			}
		})
	}
	alerts := 0
	h.must(h.db.AuditAll(h.ctx(), func(e *audit.Entry) error {
		if e.Action == "security-alert" && e.Detail["named"] == "simulator" {
			alerts++
		}
		return nil
	}))
	if alerts != 1 {
		t.Errorf("%d alerts that a sender spoke in the name of another", alerts)
	}
}

func TestABatchInOneFrameIsAnsweredWithABatch(t *testing.T) {
	h := build(t)
	batch := "FHS|^~\\&|PAS|RVV|KMCR|QKS|20260102||file||F1\rBHS|^~\\&|PAS|RVV|KMCR|QKS|20260102||||B1\r" +
		adt("b1", "A28", "20260102101500", jack) + adt("b2", "A28", "20260102101500", jill) + strings.Replace(adt("b3", "A28", "20260102101500", jill), "PAS|RVV", "WHO|WHO", 1) + "BTS|3\rFTS|1\r"
	s := h.dial(h.listen())
	answer := s.send(batch)
	if !strings.HasPrefix(answer, "BHS|^~\\&|KMCR|QKS|PAS|RVV|") || !strings.HasSuffix(answer, "BTS|3\r") {
		t.Errorf("answered %q", answer)
	}
	for _, want := range []string{"MSA|AA|b1", "MSA|AA|b2", "MSA|AR|b3"} {
		if !strings.Contains(answer, want) {
			t.Errorf("no %s in %q", want, answer)
		}
	}
	if again := s.send(adt("b4", "A28", "20260102101600", jack)); code(again) != "AA" {
		t.Errorf("after the batch the connection answers %q", again)
	}
}
