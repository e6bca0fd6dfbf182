package store

import (
	"container/list"
	"sync"

	"kmcr"
)

// cache keeps the compartments that were read most recently, up to a number of bytes.
type cache struct {
	mu    sync.Mutex
	most  int64
	size  int64
	order *list.List // of *Compartment, the most recent in front
	byID  map[kmcr.PatientID]*list.Element
}

func newCache(most int64) *cache {
	if most == 0 {
		most = defaultCache
	}
	return &cache{most: most, order: list.New(), byID: map[kmcr.PatientID]*list.Element{}}
}

func (c *cache) get(id kmcr.PatientID) *Compartment {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byID[id]
	if !ok {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*Compartment)
}

// put keeps a compartment, unless a newer one is there, and lets go of the least recent.
func (c *cache) put(id kmcr.PatientID, new *Compartment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byID[id]; ok {
		old := e.Value.(*Compartment)
		if !new.Patient.Erased() && (old.Seq > new.Seq || old.Patient.revision > new.Patient.revision) {
			return
		}
		c.remove(e)
	}
	c.byID[id] = c.order.PushFront(new)
	c.size += new.size
	for c.size > c.most && c.order.Len() > 1 {
		c.remove(c.order.Back())
	}
}

func (c *cache) drop(id kmcr.PatientID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byID[id]; ok {
		c.remove(e)
	}
}

func (c *cache) remove(e *list.Element) {
	old := e.Value.(*Compartment)
	c.order.Remove(e)
	delete(c.byID, old.Patient.ID)
	c.size -= old.size
}
