package access

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"

	"kmcr"
)

// Policy is what the controllers have agreed that each role may do and see: the matrix, under a number. Number 0 is what the release
// brings; each change that two people approve has the next. It is not changed once it is read. A nil Policy permits nothing.
type Policy struct {
	Number int
	head   []string
	rows   [][]string // by role, as in kmcr.AllRoles
	roles  map[kmcr.Role]*permissions
}

// The columns before the sections.
const (
	columnRole = iota
	columnKind
	columnFinds
	columnGlass
	columnVisits
	columnLists
	columnSections
)

var released = func() *Policy {
	p, err := ReadPolicy(0, matrixCSV)
	if err != nil {
		panic("access: matrix.csv: " + err.Error())
	}
	return p
}()

// Released is the policy that this release brings.
func Released() *Policy { return released }

// ReadPolicy reads a matrix. A role or section of which it says nothing, for it is older than they are, is closed. Errors:
// kmcr.Invalid where it is no table, has a value that there is not, or breaks a rule that no policy may (check).
func ReadPolicy(number int, matrix string) (*Policy, error) {
	r := csv.NewReader(strings.NewReader(matrix))
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, kmcr.Errorf(kmcr.Invalid, "the policy is no table: %w", err)
	}
	p := &Policy{Number: number, head: columns(), roles: make(map[kmcr.Role]*permissions, len(rows))}
	for _, role := range kmcr.AllRoles {
		said := map[string]string{"role": string(role), "kind": kinds[role], "finds": findsNobody, "lists": ""}
		if n := slices.IndexFunc(rows[1:], func(row []string) bool { return row[columnRole] == string(role) }); n >= 0 {
			for i, cell := range rows[1+n] {
				said[rows[0][i]] = cell
			}
		}
		row := make([]string, len(p.head))
		for i, column := range p.head {
			cell, has := said[column]
			if !has {
				cell = "no"
			}
			row[i] = cell
		}
		p.rows = append(p.rows, row)
		p.roles[role] = readRow(p.head, row)
	}
	return p, p.check()
}

// columns are those that a matrix has.
func columns() []string {
	out := []string{"role", "kind", "finds", "break-glass", "visits", "lists"}
	for _, s := range kmcr.AllSections {
		out = append(out, string(s))
	}
	for _, l := range Topics {
		out = append(out, "topic "+string(l))
	}
	return out
}

// Topics are the topics of sensitive statements that the matrix has columns for.
var Topics = []kmcr.Label{kmcr.TopicSexual, kmcr.TopicMental, kmcr.TopicSubstance, kmcr.TopicSafeguardChild, kmcr.TopicSafeguardAdult, kmcr.TopicThirdParty}

// WorkLists are the lists that the matrix gives to jobs.
var WorkLists = []WorkList{WorkCaseload, WorkPrivacy, WorkMatches, WorkFeeds, WorkUse, WorkPolicies}

func readRow(head, row []string) *permissions {
	p := &permissions{
		kind: row[columnKind], finds: row[columnFinds], breaksGlass: row[columnGlass] == "yes", visits: row[columnVisits] == "yes",
		lists:    map[WorkList]bool{},
		sections: map[kmcr.Section]string{},
		topics:   map[kmcr.Label]bool{},
	}
	for _, l := range strings.Fields(row[columnLists]) {
		p.lists[WorkList(l)] = true
	}
	for n := columnSections; n < len(head); n++ {
		if topic, ok := strings.CutPrefix(head[n], "topic "); ok {
			p.topics[kmcr.Label(topic)] = row[n] == "yes"
		} else {
			p.sections[kmcr.Section(head[n])] = row[n]
		}
	}
	return p
}

// nothing is what a role may that the policy does not list.
var nothing = &permissions{finds: findsNobody}

func (p *Policy) of(r kmcr.Role) *permissions {
	if p != nil && p.roles[r] != nil {
		return p.roles[r]
	}
	return nothing
}

func (p *Policy) knows(r kmcr.Role) bool { return p != nil && p.roles[r] != nil }

// check holds a policy against what no policy may do, whoever approves it.
func (p *Policy) check() error {
	lists := map[WorkList]bool{}
	for n, role := range kmcr.AllRoles {
		of, row := p.roles[role], p.rows[n]
		for i := columnFinds; i < len(row); i++ {
			if !slices.Contains(p.values(i, row[i]), row[i]) {
				return &kmcr.Error{Kind: kmcr.Invalid, Where: string(role) + ", " + p.head[i], Message: fmt.Sprintf("%q is nothing that can stand there", row[i])}
			}
		}
		if of.kind != kinds[role] {
			return &kmcr.Error{Kind: kmcr.Invalid, Where: string(role), Message: "what kind of job a role is belongs to the release", Remedy: "Ask for another role."}
		}
		for l := range of.lists {
			lists[l] = true
		}
		gives := of.kind == kindClinical || of.kind == kindSocial
		sees := false
		for s, cell := range of.sections {
			sees = sees || cell == "yes" && s != kmcr.Demographics && s != kmcr.Contacts && s != kmcr.Administrative
		}
		switch {
		case !gives && (sees || of.sections[kmcr.Demographics] == "yes" || of.breaksGlass || of.visits || slices.ContainsFunc(Topics, func(l kmcr.Label) bool { return of.topics[l] })):
			return &kmcr.Error{Kind: kmcr.Invalid, Where: string(role), Message: "a role that gives no care opens no record", Remedy: "Give it a list of work, or take the section from it."}
		case sees && of.sections[kmcr.Allergies] != "yes":
			return &kmcr.Error{Kind: kmcr.Invalid, Where: string(role) + ", allergies", Message: "a role that sees any care sees allergies (hazard 10)", Remedy: "Leave allergies open to it."}
		case sees && of.sections[kmcr.Demographics] != "yes":
			return &kmcr.Error{Kind: kmcr.Invalid, Where: string(role) + ", demographics", Message: "a role that opens records sees whose they are", Remedy: "Leave demographics open to it."}
		}
	}
	for _, l := range []WorkList{WorkPrivacy, WorkPolicies} {
		if !lists[l] {
			return &kmcr.Error{Kind: kmcr.Invalid, Where: string(l), Message: "nobody would be left who looks after this list", Remedy: "Leave it with a role."}
		}
	}
	return nil
}

// kinds are what kind of job each role is; they come with the release.
var kinds = func() map[kmcr.Role]string {
	out := map[kmcr.Role]string{}
	for line := range strings.Lines(matrixCSV) {
		if cells := strings.SplitN(line, ",", columnFinds+1); len(cells) > columnFinds {
			out[kmcr.Role(cells[columnRole])] = cells[columnKind]
		}
	}
	return out
}()

// values are what may stand in a column; of the lists, those that stand there if each is one.
func (p *Policy) values(column int, have string) []string {
	switch {
	case column == columnFinds:
		return []string{findsAll, findsInvolved, findsNobody}
	case column == columnLists:
		for _, l := range strings.Fields(have) {
			if !slices.Contains(WorkLists, WorkList(l)) {
				return nil
			}
		}
		return []string{have}
	case p.head[column] == string(kmcr.Administrative):
		return []string{"yes", "context", "no"}
	}
	return []string{"yes", "no"}
}

// Matrix is the policy as CSV, as ReadPolicy reads it.
func (p *Policy) Matrix() string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(p.head)
	_ = w.WriteAll(p.rows) // into memory
	return b.String()
}

// Right is one thing that a role may do or see: a section, a topic, a list of work, or one of "finds", "break-glass" and "visits".
type Right struct {
	Role   kmcr.Role `json:"role"`
	Right  string    `json:"right"`            // "medicines", "topic SEX", "list privacy", "finds"
	Have   string    `json:"have"`             // "yes", "no", "context", "all", "involved", "nobody"
	Choice []string  `json:"choice,omitempty"` // what it may be
}

// Rights lists what a role may, in the order of the matrix.
func (p *Policy) Rights(r kmcr.Role) (out []Right) {
	n := slices.Index(kmcr.AllRoles, r)
	if n < 0 || p == nil {
		return nil
	}
	for i := columnFinds; i < len(p.head); i++ {
		if i == columnLists {
			for _, l := range WorkLists {
				have := "no"
				if p.roles[r].lists[l] {
					have = "yes"
				}
				out = append(out, Right{r, "list " + string(l), have, []string{"yes", "no"}})
			}
			continue
		}
		out = append(out, Right{r, p.head[i], p.rows[n][i], p.values(i, "")})
	}
	return out
}

// Change is a right that a role gains or loses.
type Change struct {
	Role  kmcr.Role `json:"role"`
	Right string    `json:"right"`
	From  string    `json:"from"`
	To    string    `json:"to"`
	Gain  bool      `json:"gain"`
}

// With is the policy after some rights have been changed, under the next number. Errors: kmcr.Invalid for a role, right or value that
// there is not, for what no policy may do, and where nothing changes.
func (p *Policy) With(changes []Right) (*Policy, error) {
	rows := make([][]string, len(p.rows))
	for n, row := range p.rows {
		rows[n] = slices.Clone(row)
	}
	for _, c := range changes {
		if err := p.set(rows, c); err != nil {
			return nil, err
		}
	}
	next := *p
	next.rows = rows
	out, err := ReadPolicy(p.Number+1, next.Matrix())
	if err == nil && len(p.Differences(out)) == 0 {
		err = &kmcr.Error{Kind: kmcr.Invalid, Message: "nothing would change", Remedy: "Choose another value for at least one right."}
	}
	return out, err
}

func (p *Policy) set(rows [][]string, c Right) error {
	n, i := slices.Index(kmcr.AllRoles, c.Role), slices.Index(p.head, c.Right)
	list, isList := strings.CutPrefix(c.Right, "list ")
	switch {
	case n < 0:
		return &kmcr.Error{Kind: kmcr.Invalid, Where: "role", Message: "there is no such role"}
	case isList && (c.Have == "yes" || c.Have == "no") && slices.Contains(WorkLists, WorkList(list)):
		have := slices.DeleteFunc(strings.Fields(rows[n][columnLists]), func(l string) bool { return l == list })
		if c.Have == "yes" {
			have = append(have, list)
		}
		rows[n][columnLists] = strings.Join(have, " ")
	case i <= columnKind || i == columnLists || isList:
		return &kmcr.Error{Kind: kmcr.Invalid, Where: c.Right, Message: "there is no such right to change"}
	default:
		rows[n][i] = c.Have
	}
	return nil
}

// Differences lists what each role would gain and lose by another policy.
func (p *Policy) Differences(to *Policy) (out []Change) {
	for _, r := range kmcr.AllRoles {
		before, after := p.Rights(r), to.Rights(r)
		for n, b := range before {
			if a := after[n]; a.Have != b.Have {
				out = append(out, Change{r, b.Right, b.Have, a.Have, reach[a.Have] > reach[b.Have]})
			}
		}
	}
	return out
}

// reach orders values by how much they permit.
var reach = map[string]int{"no": 0, findsNobody: 0, "context": 1, findsInvolved: 1, "yes": 2, findsAll: 2}
