package disclose

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/store"
)

// How long what is read from the registers and the counters of the ledger may be used again.
const (
	registerAge = time.Second
	tallyAge    = 2 * time.Second
)

// register holds the organisations and contributors, read afresh when older than registerAge.
type register struct {
	mu            sync.Mutex
	read          time.Time
	organisations map[kmcr.ODS]*kmcr.Organisation
	contributors  []kmcr.Contributor
	policy        *access.Policy
	staff         map[string]Staff
	sets          *access.Sets
}

// parties are who takes part and what each may, as the registers say now.
type parties struct {
	organisations map[kmcr.ODS]*kmcr.Organisation
	contributors  []kmcr.Contributor
	policy        *access.Policy
	staff         map[string]Staff // by account
	sets          *access.Sets     // of sensitive codes that organisations have added
}

func (s *Service) parties(ctx context.Context) (parties, error) {
	r := &s.register
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.read.IsZero() && time.Since(r.read) < registerAge {
		return parties{r.organisations, r.contributors, r.policy, r.staff, r.sets}, nil
	}
	p := parties{organisations: map[kmcr.ODS]*kmcr.Organisation{}}
	err := s.db.List(ctx, store.KindOrganisation, func(_ string, body []byte) error {
		o := new(kmcr.Organisation)
		if err := json.Unmarshal(body, o); err != nil {
			return err
		}
		p.organisations[o.ODS] = o
		return nil
	})
	if err != nil {
		return parties{}, unavailable(err)
	}
	err = s.db.List(ctx, store.KindContributor, func(_ string, body []byte) error {
		var c kmcr.Contributor
		if err := json.Unmarshal(body, &c); err != nil {
			return err
		}
		p.contributors = append(p.contributors, c)
		return nil
	})
	if err != nil {
		return parties{}, unavailable(err)
	}
	if p.policy, err = s.policyInForce(ctx); err != nil {
		return parties{}, unavailable(err)
	}
	p.staff = map[string]Staff{}
	err = s.db.List(ctx, store.KindStaff, func(account string, body []byte) error {
		var one Staff
		if err := json.Unmarshal(body, &one); err != nil {
			return err
		}
		p.staff[account] = one
		return nil
	})
	if err != nil {
		return parties{}, unavailable(err)
	}
	var sets []access.SensitiveSet
	err = s.db.List(ctx, store.KindSensitive, func(_ string, body []byte) error {
		var one access.SensitiveSet
		if err := json.Unmarshal(body, &one); err != nil {
			return err
		}
		sets = append(sets, one)
		return nil
	})
	if err != nil {
		return parties{}, unavailable(err)
	}
	p.sets = access.SetsOf(sets)
	r.read, r.organisations, r.contributors, r.policy, r.staff, r.sets = time.Now(), p.organisations, p.contributors, p.policy, p.staff, p.sets
	return p, nil
}

// forget has the registers read afresh for the next request.
func (r *register) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.read = time.Time{}
}

func (p parties) organisation(o kmcr.ODS) *kmcr.Organisation { return p.organisations[o] }

// kind is what sort of organisation it is; "" for one that is not in the register.
func (p parties) kind(o kmcr.ODS) string {
	if found := p.organisations[o]; found != nil {
		return found.Kind
	}
	return ""
}

// name is an organisation's name for readers; its code where it is not in the register.
func (p parties) name(o kmcr.ODS) string {
	if found := p.organisations[o]; found != nil && found.Name != "" {
		return found.Name
	}
	return string(o)
}

func (p parties) contributor(code kmcr.ContributorCode) kmcr.Contributor {
	for _, c := range p.contributors {
		if c.Code == code {
			return c
		}
	}
	return kmcr.Contributor{Code: code, Name: string(code)}
}

// heard holds the counters of the ledger. When they are older than tallyAge one look reads them again; others use what there is.
type heard struct {
	mu      sync.Mutex
	read    time.Time
	reading bool
	tallies map[kmcr.ContributorCode]store.Tally
}

func (s *Service) tallies(ctx context.Context) (map[kmcr.ContributorCode]store.Tally, error) {
	h := &s.heard
	h.mu.Lock()
	if h.tallies != nil && (h.reading || time.Since(h.read) < tallyAge) {
		defer h.mu.Unlock()
		return h.tallies, nil
	}
	h.reading = true
	h.mu.Unlock()
	t, err := s.db.Tallies(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reading = false
	if err != nil {
		return nil, unavailable(err)
	}
	h.tallies, h.read = t, time.Now()
	return t, nil
}

// late tells whether a contributor has been silent for longer than its rhythm.
func late(c kmcr.Contributor, heard, now time.Time) bool {
	return c.Rhythm > 0 && now.Sub(heard) > c.Rhythm
}
