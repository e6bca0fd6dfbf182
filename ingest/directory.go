package ingest

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"kmcr"
	"kmcr/store"
)

// directory knows the contributors. What an administrator changes, in this
// process or another, is in force within a second; whoever is added, at once.
type directory struct {
	db     *store.DB
	mu     sync.Mutex
	read   time.Time
	byCode map[kmcr.ContributorCode]kmcr.Contributor
}

const (
	// directoryAge is how long what was read counts for those whom it knows.
	directoryAge = time.Second
	// atMostEvery bounds how often it is read for those whom it does not know: a stranger who knocks without end costs little.
	atMostEvery = 20 * time.Millisecond
)

// all are the contributors as they were read not longer ago than age.
func (d *directory) all(ctx context.Context, age time.Duration) (map[kmcr.ContributorCode]kmcr.Contributor, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.byCode != nil && time.Since(d.read) < age {
		return d.byCode, nil
	}
	now, found := time.Now(), map[kmcr.ContributorCode]kmcr.Contributor{}
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
	d.byCode, d.read = found, now
	return found, nil
}

// find picks one; where nobody fits, once more among those who are there now.
func (d *directory) find(ctx context.Context, pick func(map[kmcr.ContributorCode]kmcr.Contributor) (kmcr.Contributor, bool)) (kmcr.Contributor, bool, error) {
	asked := time.Now()
	all, err := d.all(ctx, directoryAge)
	if err != nil {
		return kmcr.Contributor{}, false, err
	}
	if c, known := pick(all); known {
		return c, true, nil
	}
	if wait := time.Until(d.lastRead().Add(atMostEvery)); wait > 0 {
		sleep(ctx, wait)
	}
	if all, err = d.all(ctx, time.Since(asked)); err != nil {
		return kmcr.Contributor{}, false, err
	}
	c, known := pick(all)
	return c, known, nil
}

func (d *directory) lastRead() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.read
}

// contributor finds one by its code; NotFound where there is none.
func (d *directory) contributor(ctx context.Context, code kmcr.ContributorCode) (kmcr.Contributor, error) {
	c, known, err := d.find(ctx, func(all map[kmcr.ContributorCode]kmcr.Contributor) (kmcr.Contributor, bool) {
		c, known := all[code]
		return c, known
	})
	if err == nil && !known {
		err = &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such contributor", Remedy: "kmcr contributor list shows those there are; kmcr contributor add makes one."}
	}
	return c, err
}

// bearer finds the contributor that a client certificate belongs to.
func (d *directory) bearer(ctx context.Context, fingerprint string) (c kmcr.Contributor, known bool, err error) {
	return d.find(ctx, func(all map[kmcr.ContributorCode]kmcr.Contributor) (kmcr.Contributor, bool) {
		for _, x := range all {
			if x.Format == kmcr.FormatHL7v2 && slices.ContainsFunc(x.Certificates, func(own kmcr.Certificate) bool { return own.Fingerprint == fingerprint }) {
				return x, true
			}
		}
		return kmcr.Contributor{}, false
	})
}

// sender finds the contributor that sends HL7 v2 under these names (MSH-3,
// MSH-4); an exact pair before one that leaves the application open.
func (d *directory) sender(ctx context.Context, application, facility string) (kmcr.Contributor, bool, error) {
	return d.find(ctx, func(all map[kmcr.ContributorCode]kmcr.Contributor) (c kmcr.Contributor, known bool) {
		for _, x := range all {
			if x.Format != kmcr.FormatHL7v2 || x.SendingApplication == "" && x.SendingFacility == "" {
				continue
			}
			if x.SendingApplication == application && x.SendingFacility == facility {
				return x, true
			}
			open := (x.SendingApplication == "" || x.SendingApplication == application) && (x.SendingFacility == "" || x.SendingFacility == facility)
			if open && (!known || x.Code < c.Code) {
				c, known = x, true
			}
		}
		return c, known
	})
}
