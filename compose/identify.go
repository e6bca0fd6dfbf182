package compose

import "kmcr"

// Identify says who a person is, as the banner of the record does, from what the contributors say of that alone: for lists of people who
// were looked for. Of Input it reads Now, Demographics, Sources and Authority.
func Identify(in Input) Banner {
	c := &composer{in: in, r: &Record{AsOf: in.Now, Sources: in.Sources}, sources: map[kmcr.ContributorCode]*Source{}}
	for i := range c.r.Sources {
		c.sources[c.r.Sources[i].Contributor] = &c.r.Sources[i]
	}
	c.authority()
	c.banner()
	return c.r.Banner
}
