package hl7

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// SplitBatch cuts a file into its messages, each as it stands in the file:
// one message or many, in a batch (FHS, BHS, BTS, FTS) or not, framed for
// MLLP or not, with CR, LF or CRLF. What stands before the first message and
// is no batch header is returned too, so that it is answered and not
// lost. A file without anything, or an empty batch, gives none.
func SplitBatch(raw []byte) [][]byte {
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if _, err := afterMark(raw); err != nil {
		return [][]byte{raw}
	}
	var messages [][]byte
	keep := func(b []byte) {
		if b = trimBlank(b); len(b) > 0 {
			messages = append(messages, b)
		}
	}
	begin := 0
	for pos := 0; pos < len(raw); {
		end := nextLine(raw, pos)
		line := bytes.TrimLeft(raw[pos:end], " \t\v\x1c\xef\xbb\xbf")
		switch {
		case beginsHeader(line):
			keep(raw[begin:pos])
			begin = end - len(line)
		case isBatchLine(line):
			keep(raw[begin:pos])
			begin = end
		}
		pos = end
	}
	keep(raw[begin:])
	return messages
}

// nextLine is the place after the line that begins at pos.
func nextLine(raw []byte, pos int) int {
	i := bytes.IndexAny(raw[pos:], "\r\n")
	if i < 0 {
		return len(raw)
	}
	return pos + i + 1
}

// isBatchLine tells whether a line is a header or trailer of a file or batch.
func isBatchLine(line []byte) bool {
	if len(line) < 3 {
		return false
	}
	switch string(line[:3]) {
	case "FHS", "BHS":
		return len(line) > 3 && isMark(line[3])
	case "BTS", "FTS":
		return len(line) == 3 || isMark(line[3]) || line[3] == '\r' || line[3] == '\n'
	}
	return false
}

// IsBatch tells whether raw begins with the header of a file or of a batch.
func IsBatch(raw []byte) bool {
	raw = trimBlank(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")))
	return len(raw) > 4 && isBatchLine(raw) && (raw[0] == 'F' || raw[0] == 'B') && raw[1] == 'H'
}

// AckBatch puts acknowledgements together as the answer to a batch: BHS with
// sender and receiver of raw's header changed about and its control id as
// reference (BHS-12), the acknowledgements, and BTS with their number.
func AckBatch(raw []byte, acks [][]byte, controlID string, at time.Time) []byte {
	line := headerLine(trimBlank(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))))
	marks, err := readDelimiters(line)
	if err != nil {
		marks = standard
	}
	mark := string(rune(marks.field))
	sent := strings.Split(mendUTF8(line), mark)
	field := func(n int) string {
		if n > len(sent) {
			return ""
		}
		return sent[n-1]
	}
	var b bytes.Buffer
	head := []string{"BHS", orElse(field(2), `^~\&`), field(5), field(6), field(3), field(4), FormatTime(at), "", "", "", marks.escapeText(controlID), field(11)}
	b.WriteString(strings.TrimRight(strings.Join(head, mark), mark) + "\r")
	for _, a := range acks {
		b.Write(a)
	}
	b.WriteString("BTS" + mark + strconv.Itoa(len(acks)) + "\r")
	return b.Bytes()
}
