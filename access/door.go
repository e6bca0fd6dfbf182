package access

import (
	"bytes"
	"regexp"

	"kmcr"
)

// doorCode finds what opens somebody's door: the words for it, and within the same sentence a code of three to eight digits.
var doorCode = regexp.MustCompile(`(?i)(key[ -]?safe|door[ -]?(?:entry|code|access)|entry[ -]?code|access[ -]code|gate[ -]?code|key ?pad)([^"\\.;\d]{0,60}?)\b([A-Z]?\d{3,8}[A-Z]?)\b`)

// doorWords are the cheap signs that a body may speak of one.
var doorWords = [][]byte{[]byte("afe"), []byte("AFE"), []byte("oor"), []byte("OOR"), []byte("ntry"), []byte("NTRY"), []byte("eypad"), []byte("EYPAD"), []byte("ey pad"), []byte("ate code"), []byte("ccess code")}

// speaksOfDoor tells whether a body holds what opens somebody's door.
func speaksOfDoor(body []byte) bool {
	for _, w := range doorWords {
		if bytes.Contains(body, w) {
			return doorCode.Match(body)
		}
	}
	return false
}

// MaskDoor gives a statement without what opens the person's door. It is
// masked for everybody; who may have it asks for it by itself (MayReveal).
func MaskDoor(s *kmcr.Statement) *kmcr.Statement {
	if !OpensDoor(s) {
		return s
	}
	return &kmcr.Statement{
		ID: s.ID, Version: s.Version, Type: s.Type, Contributor: s.Contributor, Section: s.Section, Labels: s.Labels, Key: s.Key, At: s.At, Recorded: s.Recorded,
		Deleted: s.Deleted, Internal: s.Internal, Late: s.Late, MessageID: s.MessageID, Body: doorCode.ReplaceAll(s.Body, []byte("${1}${2}••••")), Meta: s.Meta, Hash: s.Hash,
	}
}

// OpensDoor tells whether a statement holds what opens the person's door.
func OpensDoor(s *kmcr.Statement) bool {
	for _, l := range s.Labels {
		if l == kmcr.DoorCode {
			return true
		}
	}
	return false
}

// DoorText is the sentence of a statement that says how to get in, with the code.
func DoorText(s *kmcr.Statement) string {
	return string(bytes.Join(doorCode.FindAll(s.Body, -1), []byte("; ")))
}

// MayHearOfOthers tells whether a viewer may be told what concerns other people in a record that is open to them, and the rule that
// said so. It stands in no record: it is told when it is asked for, with a reason.
func (p *Policy) MayHearOfOthers(v kmcr.Viewer, d Decision) (bool, string) {
	if d.Outcome != Permitted {
		return false, d.Rule
	}
	if !p.of(v.Role).topics[kmcr.TopicThirdParty] {
		return false, "What concerns other people is told to roles that need it for the person in their care."
	}
	return true, "Somebody who needs it for the person in their care asked what concerns other people."
}

// MayReveal tells whether a viewer may be told how to get into the home of a person whose record is open to them, and the rule that said so.
func (p *Policy) MayReveal(v kmcr.Viewer, d Decision) (bool, string) {
	if d.Outcome != Permitted {
		return false, d.Rule
	}
	if !p.of(v.Role).visits {
		return false, "How to get into somebody's home is told to roles that visit people at home."
	}
	return true, "Somebody whose role visits people at home asked how to get in."
}
