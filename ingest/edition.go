package ingest

import (
	"context"
	"time"

	"kmcr"
	"kmcr/match"
	"kmcr/store"
)

// tokenEdition is the key, in the register of settings, of the edition of the tokens by which patients are found.
const tokenEdition = "token-edition"

// renewTokens gives every patient the tokens of this program's edition. Those of an earlier one would keep who comes from now on from
// finding who came before, and make two records of one person; so it is done before anything is taken in, and begun again after a stop.
func (s *Service) renewTokens(ctx context.Context) error {
	for range 10 {
		var edition int
		if _, err := s.db.Get(ctx, store.KindSetting, tokenEdition, &edition); err != nil || edition == match.TokenEdition {
			return err
		}
		if err := s.renewAllTokens(ctx); kmcr.KindOf(err) != kmcr.Conflict {
			return err
		}
		s.log.Info("another process changed a patient: begun again")
	}
	return &kmcr.Error{Kind: kmcr.Unavailable, Message: "the patients cannot be made ready to be found while another process takes in", Remedy: "Stop every other kmcr and start this one again."}
}

func (s *Service) renewAllTokens(ctx context.Context) error {
	renewed, told := 0, time.Now()
	var some []*store.Patient
	write := func() error {
		err := s.db.Write(ctx, func(tx *store.Tx) error {
			for _, p := range some {
				claims, err := readClaims(p.Claims)
				if err == nil {
					err = tx.PutPatient(p, nil, match.Kept(identityOf(claims)))
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		renewed += len(some)
		some = some[:0]
		if time.Since(told) > 5*time.Second {
			s.log.Info("patients are made ready to be found", "patients", renewed)
			told = time.Now()
		}
		return err
	}
	err := s.db.EachPatient(ctx, func(p *store.Patient) error {
		if len(p.Claims) == 0 || p.Register || p.Erased() {
			return nil
		}
		if some = append(some, p); len(some) < renewedAtOnce {
			return nil
		}
		return write()
	})
	if err == nil {
		err = write()
	}
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error { return tx.Put(store.KindSetting, tokenEdition, match.TokenEdition) })
}

// renewedAtOnce is how many patients are made ready in one transaction.
const renewedAtOnce = 200
