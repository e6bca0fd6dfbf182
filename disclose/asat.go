package disclose

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/compose"
	"kmcr/store"
)

// Asking is what is asked of a record.
type Asking struct {
	Only []kmcr.Section // the sections that the page shows; none: all
	// At is the instant at which the record is to be shown as it stood; zero: now.
	At time.Time
	// Look is the id of an audit entry whose view of the record is asked for; "" none.
	Look string
	// Looks asks what has changed since the viewer last looked, and is how many of the newest looks are searched for that; 0: not asked.
	Looks int
	// Moves asks for changes of address.
	Moves bool
	// Task is what contacts are looked for (compose.Tasks); "" nothing in particular.
	Task string
}

// standing are a person's compartments now, and as they are to be shown.
type standing struct {
	now, then []*store.Compartment
	seen      map[audit.Shown]bool // of a look: the versions that it was shown; nil: all
}

// standing finds the state of the record that is asked for.
func (s *Service) standing(ctx context.Context, o *opening, now []*store.Compartment, a *Asking) (standing, error) {
	st := standing{now: now, then: now}
	if a.Look != "" {
		look, err := s.look(ctx, o, a.Look)
		if err != nil {
			return st, err
		}
		a.At, st.seen = look.At, map[audit.Shown]bool{}
		for _, shown := range look.Shown {
			st.seen[shown] = true
		}
	}
	if a.At.IsZero() {
		return st, nil
	}
	if a.At.After(o.facts.Now) {
		return st, &kmcr.Error{Kind: kmcr.Invalid, Where: "at", Message: "the record can be shown as it stood in the past, not as it will stand", Remedy: "Give an instant before now."}
	}
	st.then = make([]*store.Compartment, len(now))
	for n, c := range now {
		st.then[n] = c.AsAt(a.At)
	}
	return st, nil
}

// look finds an audit entry of a look at the person.
func (s *Service) look(ctx context.Context, o *opening, id string) (*audit.Entry, error) {
	entries, err := s.db.AuditOf(ctx, o.person, mostLooks)
	if err != nil {
		return nil, unavailable(err)
	}
	for _, e := range entries {
		if e.ID == id && e.Action == "read" && e.Allowed {
			return e, nil
		}
	}
	return nil, &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such look at this record"}
}

// see judges the record as it stood: by the labels that it had, by those that it has today, and of a look only what it was shown.
func (st standing) see(o *opening) sight {
	now := current(st.now)
	if st.asNow() {
		return o.see(now)
	}
	then := current(st.then)
	v := o.look(then, o.shy || hides(then) || hides(now))
	may := map[kmcr.StatementID]bool{}
	for _, s := range o.see(now).permitted {
		may[s.ID] = true
	}
	stands := map[kmcr.StatementID]bool{}
	for _, s := range now {
		stands[s.ID] = true
	}
	var kept []*kmcr.Statement
	for _, x := range v.permitted {
		if (st.seen == nil || st.seen[audit.Shown{ID: x.ID, Version: x.Version}]) && (may[x.ID] || !stands[x.ID] && st.visible(o, x)) {
			kept = append(kept, x)
		}
	}
	v.permitted, v.who = kept, nil // who was involved then is told by what may be seen of it
	return v
}

func (st standing) asNow() bool {
	for n := range st.now {
		if st.now[n] != st.then[n] {
			return false
		}
	}
	return st.seen == nil
}

// visible tells whether what no longer stands may be seen under the last labels that it had.
func (st standing) visible(o *opening, x *kmcr.Statement) bool {
	for _, c := range st.now {
		head := c.Head(x.ID)
		if head == nil {
			continue
		}
		ok, _ := o.decision.Item(o.facts, opened{head: head, versions: c.Versions(x.ID)}.lastSaid(head))
		return ok
	}
	return false
}

// place sets the record in time: the instant that it is shown at, and since when it has changed.
func (s *Service) place(ctx context.Context, o *opening, in *compose.Input, a Asking) error {
	in.Task = a.Task
	if !a.At.IsZero() {
		in.Now, in.Past = a.At, true
		for i := range in.Sources {
			in.Sources[i].LastHeard, in.Sources[i].Late = in.Sources[i].LastHeardHere, false
		}
		o.entry.Detail = withDetail(o.entry.Detail, "as-at", a.At.UTC().Format(time.RFC3339))
	}
	if a.Look != "" {
		notPartOf(in)
	}
	if a.Looks == 0 {
		return nil
	}
	var err error
	in.Since, in.Looked, err = s.sittings.last(lookKey{o.facts.Viewer.Account, o.person}, o.facts.Now, func() (time.Time, bool, error) {
		entries, err := s.db.AuditOf(ctx, o.person, a.Looks)
		since, looked := lastLook(entries, o.facts.Viewer.Account, o.facts.Now)
		return since, looked, unavailable(err)
	})
	return err
}

// sittings remember when viewers last looked at people, so that not every page of a sitting reads the audit log again.
// What it does not know the log tells; what another process wrote meanwhile shows in the next sitting.
type sittings struct {
	mu    sync.Mutex
	known map[lookKey]sat
}

type lookKey struct {
	account string
	person  kmcr.PersonID
}

// sat is one sitting: its latest look, and when the sitting before it ended.
type sat struct {
	latest, since time.Time
	looked        bool
}

// mostSittings is how many are remembered before all are forgotten.
const mostSittings = 20_000

func (k *sittings) last(key lookKey, now time.Time, read func() (time.Time, bool, error)) (since time.Time, looked bool, err error) {
	k.mu.Lock()
	s, ok := k.known[key]
	k.mu.Unlock()
	switch {
	case !ok:
		if s.since, s.looked, err = read(); err != nil {
			return since, looked, err
		}
	case now.Sub(s.latest) > sitting:
		s.since, s.looked = s.latest, true
	}
	s.latest = now
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known == nil || len(k.known) >= mostSittings {
		k.known = map[lookKey]sat{}
	}
	k.known[key] = s
	return s.since, s.looked, nil
}

// notPartOf says of the sections of which a look was shown nothing that they were no part of it, so that none looks empty.
func notPartOf(in *compose.Input) {
	part := map[kmcr.Section]bool{}
	for _, x := range in.Statements {
		part[x.Section] = true
	}
	for _, s := range kmcr.AllSections {
		if !part[s] && in.Unavailable[s] == "" {
			in.Unavailable[s] = "Nothing of it was shown in that look, or you may not see it."
		}
	}
}

func withDetail(d map[string]string, key, value string) map[string]string {
	out := map[string]string{key: value}
	for k, v := range d {
		out[k] = v
	}
	return out
}

// sitting is how long pages opened one after another are one look; freshWeek is what counts as new to one who has not looked.
const (
	sitting   = time.Hour
	freshWeek = 7 * 24 * time.Hour
)

// lastLook is when the viewer's last look ended, before the one that it is at now; where there is none it is a week ago, and looked is false.
// entries are newest first.
func lastLook(entries []*audit.Entry, account string, now time.Time) (since time.Time, looked bool) {
	edge := now
	for _, e := range entries {
		if e.Viewer.Account != account || e.Action != "read" || !e.Allowed {
			continue
		}
		if edge.Sub(e.At) > sitting {
			return e.At, true
		}
		edge = e.At
	}
	return now.Add(-freshWeek), false
}

// authorityKey is the setting under which changed orders of authority are kept.
const authorityKey = "authority"

// Authority lists whose word counts first for each fact, where a records officer has changed it; the others stand as compose has them.
func (s *Service) Authority(ctx context.Context) ([]compose.AuthorityOrder, error) {
	var body json.RawMessage
	found, err := s.db.Get(ctx, store.KindSetting, authorityKey, &body)
	if err != nil || !found {
		return nil, unavailable(err)
	}
	var orders []compose.AuthorityOrder
	if err := json.Unmarshal(body, &orders); err != nil {
		return nil, kmcr.Errorf(kmcr.Fault, "the orders of authority cannot be read: %w", err)
	}
	return orders, nil
}
