package compose

// replacedDocuments marks the documents that a later one says it replaces
// (relatesTo), so that nobody takes the earlier one for what holds.
func (c *composer) replacedDocuments() {
	gone := map[string]bool{}
	for _, e := range c.entries {
		if e.Type != "DocumentReference" && e.Type != "Composition" {
			continue
		}
		for _, r := range e.v.Get("relatesTo").Items() {
			if r.Get("code").Text() != "replaces" {
				continue
			}
			for _, path := range []string{"target", "targetReference"} {
				gone[r.Get(path).Get("reference").Text()] = true
				i := r.Get(path).Get("identifier")
				gone[i.Get("system").Text()+"|"+i.Get("value").Text()] = true
			}
		}
	}
	delete(gone, "")
	delete(gone, "|")
	if len(gone) == 0 {
		return
	}
	for n := range c.r.Documents.Items {
		d := &c.r.Documents.Items[n]
		if len(d.From) == 0 {
			continue
		}
		name := d.From[0].Type + "/" + d.From[0].Statement
		e := c.byRef[name]
		is := gone[name]
		if e != nil {
			for _, i := range append(e.v.Get("identifier").Items(), e.v.Get("masterIdentifier")) {
				is = is || gone[i.Get("system").Text()+"|"+i.Get("value").Text()]
			}
		}
		if is {
			d.Active, d.Status = false, "Replaced by a later document"
		}
	}
}
