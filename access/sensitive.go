package access

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"strings"

	"kmcr"
)

// sensitiveCSV lists codes by which a statement is sensitive: set, system,
// code, labels, words, source. A code that ends with * stands for every code
// that begins so. Sets that an organisation adds stand in the register
// (SensitiveSet).
//
//go:embed sensitive.csv
var sensitiveCSV string

var sensitive = readSensitive(sensitiveCSV)

type sensitiveCode struct {
	system []byte
	labels []kmcr.Label
}

// sensitiveCodes are codes by themselves.
type sensitiveCodes map[string]sensitiveCode

func readSensitive(file string) sensitiveCodes {
	r := csv.NewReader(strings.NewReader(file))
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		panic("access: sensitive.csv: " + err.Error())
	}
	m := make(sensitiveCodes, len(rows))
	for _, row := range rows[1:] {
		c := sensitiveCode{system: []byte(row[1])}
		for _, l := range strings.Fields(row[3]) {
			c.labels = append(c.labels, kmcr.Label(l))
		}
		m[row[2]] = c
	}
	return m
}

var (
	codeMember   = []byte(`"code":"`)
	systemMember = []byte(`"system":"`)
)

// labels adds the labels of every sensitive code that stands anywhere in body.
func (all sensitiveCodes) labels(labels []kmcr.Label, body []byte) []kmcr.Label {
	for at := 0; ; {
		n := bytes.Index(body[at:], codeMember)
		if n < 0 {
			return labels
		}
		start := at + n + len(codeMember)
		end := start + max(bytes.IndexByte(body[start:], '"'), 0)
		at = end
		c, ok := all.lookUp(body[start:end])
		if !ok || !sameSystem(body, start, end, c.system) {
			continue
		}
		for _, l := range c.labels {
			labels = add(labels, l)
		}
	}
}

// lookUp finds a code, or for an ICD-10 code its category (A50 of A50.1).
func (all sensitiveCodes) lookUp(code []byte) (sensitiveCode, bool) {
	if c, ok := all[string(code)]; ok {
		return c, true
	}
	if len(code) < 3 || code[0] < 'A' || code[0] > 'Z' {
		return sensitiveCode{}, false
	}
	var prefix [4]byte
	copy(prefix[:3], code)
	prefix[3] = '*'
	c, ok := all[string(prefix[:])]
	return c, ok
}

// sameSystem tells whether the coding around a code names the system, or none.
func sameSystem(body []byte, start, end int, system []byte) bool {
	open := bytes.LastIndexByte(body[:start], '{')
	shut := bytes.IndexByte(body[end:], '}')
	if open < 0 || shut < 0 {
		return true
	}
	coding := body[open : end+shut]
	n := bytes.Index(coding, systemMember)
	return n < 0 || bytes.Contains(coding[n:], system)
}
