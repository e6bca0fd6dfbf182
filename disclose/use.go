package disclose

import (
	"context"
	"strconv"
	"sync"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/audit"
)

// How many days of use can be asked for, and how long what was counted is used again.
const (
	mostDays   = 366
	usualDays  = 28
	usedLasts  = 5 * time.Minute
	mostSeries = 5000 // combinations that are counted for metrics
)

// Usage is how much the record was used, and what that may have saved.
type Usage struct {
	Days int `json:"days"`
	audit.Use
	Saved audit.Saving `json:"timeSaved"`
}

// used keeps what was counted for the page, and what this process has answered, for metrics.
type used struct {
	mu       sync.Mutex
	counted  map[int]Usage
	answered map[audit.Counted]int // without the numbers
}

// Use counts the looks of the last days by role, organisation and task from the audit log, without anybody's name, and estimates the
// time that they saved. It is for those whose work is to watch over the record. 0 days are 28.
func (s *Service) Use(ctx context.Context, v kmcr.Viewer, days int) (*Usage, error) {
	_, e, err := s.work(ctx, v, access.WorkUse)
	if err != nil {
		return nil, err
	}
	if days == 0 {
		days = usualDays
	}
	if days < 1 || days > mostDays {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Where: "days", Message: "so many days cannot be counted", Remedy: "Ask for 1 to 366 days."}
	}
	e.Detail = map[string]string{"days": strconv.Itoa(days)}
	if err := s.audit(ctx, e); err != nil {
		return nil, err
	}
	if u, fresh := s.used.get(days, s.now()); fresh {
		return u, nil
	}
	until := s.now()
	from := until.AddDate(0, 0, -days)
	var usage audit.Usage
	err = s.db.AuditSince(ctx, from, func(e *audit.Entry) error {
		usage.Add(e)
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	u := Usage{Days: days, Use: usage.Use(from, until)}
	u.Saved = audit.Saved(u.Use)
	s.used.put(u)
	return &u, nil
}

func (m *used) get(days int, now time.Time) (*Usage, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u, found := m.counted[days]
	return &u, found && now.Sub(u.Until) < usedLasts
}

func (m *used) put(u Usage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.counted == nil {
		m.counted = map[int]Usage{}
	}
	m.counted[u.Days] = u
}

// count takes in an entry that is committed.
func (m *used) count(e *audit.Entry) {
	task := audit.Task(e)
	if task == "" || !e.Allowed {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.answered == nil {
		m.answered = map[audit.Counted]int{}
	}
	c := audit.Counted{Role: e.Viewer.Role, Organisation: e.Viewer.Organisation, Task: task}
	if _, known := m.answered[c]; known || len(m.answered) < mostSeries {
		m.answered[c]++
	}
}

// Answered lists how many looks this process has answered since it began, by role, organisation and task.
func (s *Service) Answered() []audit.Counted {
	s.used.mu.Lock()
	defer s.used.mu.Unlock()
	out := make([]audit.Counted, 0, len(s.used.answered))
	for c, n := range s.used.answered {
		c.Looks = n
		out = append(out, c)
	}
	return out
}
