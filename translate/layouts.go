package translate

import (
	"slices"

	"kmcr"
)

// layouts are the tables that are known.
var layouts = slices.Concat(
	[]layout{{format: kmcr.FormatCLD, name: "the Client Level Data specification, Release 1 or 2", required: cldRequired, known: cldColumns,
		lane: []string{"LA Person Unique Identifier", "NHS Number"}, said: "Reporting Period End Date", ends: []string{"CLD|service|"}, read: readCLD}},
	[]layout{{format: kmcr.FormatCase, name: "the case extract (docs/case-extract.md)", required: caseRequired, known: CaseColumns,
		lane: []string{"Person Id"}, said: "Extract Date", ends: []string{"Case|worker|", "Case|duty|", "Case|package|", "Case|provider|", "Case|visit|", "Case|child-protection", "Case|looked-after"}, read: readCase}},
	lookedAfterLayouts, mhsdsLayouts,
)
