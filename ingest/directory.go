package ingest

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"kmcr"
	"kmcr/store"
)

// directory knows the contributors; what an administrator changes, in this
// process or another, is in force within a second.
type directory struct {
	db     *store.DB
	mu     sync.Mutex
	read   time.Time
	byCode map[kmcr.ContributorCode]kmcr.Contributor
}

const directoryAge = time.Second

func (d *directory) all(ctx context.Context) (map[kmcr.ContributorCode]kmcr.Contributor, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.byCode != nil && time.Since(d.read) < directoryAge {
		return d.byCode, nil
	}
	found := map[kmcr.ContributorCode]kmcr.Contributor{}
	err := d.db.List(ctx, store.KindContributor, func(_ string, body []byte) error {
		var c kmcr.Contributor
		if err := json.Unmarshal(body, &c); err != nil {
			return kmcr.Errorf(kmcr.Fault, "the entry of a contributor cannot be read: %w", err)
		}
		found[c.Code] = c
		return nil
	})
	if err != nil {
		return nil, err
	}
	d.byCode, d.read = found, time.Now()
	return found, nil
}

// contributor finds one by its code; NotFound where there is none.
func (d *directory) contributor(ctx context.Context, code kmcr.ContributorCode) (kmcr.Contributor, error) {
	all, err := d.all(ctx)
	if err != nil {
		return kmcr.Contributor{}, err
	}
	c, ok := all[code]
	if !ok {
		return c, &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such contributor", Remedy: "kmcr contributor list shows those there are; kmcr contributor add makes one."}
	}
	return c, nil
}

// bearer finds the contributor that a client certificate belongs to.
func (d *directory) bearer(ctx context.Context, fingerprint string) (c kmcr.Contributor, known bool, err error) {
	all, err := d.all(ctx)
	for _, x := range all {
		for _, own := range x.Certificates {
			if own.Fingerprint == fingerprint && x.Format == kmcr.FormatHL7v2 {
				return x, true, nil
			}
		}
	}
	return c, false, err
}

// sender finds the contributor that sends HL7 v2 under these names (MSH-3,
// MSH-4); an exact pair before one that leaves the application open.
func (d *directory) sender(ctx context.Context, application, facility string) (c kmcr.Contributor, known bool, err error) {
	all, err := d.all(ctx)
	if err != nil {
		return c, false, err
	}
	for _, x := range all {
		if x.Format != kmcr.FormatHL7v2 || x.SendingApplication == "" && x.SendingFacility == "" {
			continue
		}
		exact := x.SendingApplication == application && x.SendingFacility == facility
		open := (x.SendingApplication == "" || x.SendingApplication == application) && (x.SendingFacility == "" || x.SendingFacility == facility)
		if exact {
			return x, true, nil
		}
		if open && (!known || x.Code < c.Code) {
			c, known = x, true
		}
	}
	return c, known, nil
}
