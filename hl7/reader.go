package hl7

import (
	"bufio"
	"bytes"
	"io"

	"kmcr"
)

// maxMessage is how many bytes one message of a file may have: a document of 50 MiB in base64, and what stands around it.
const maxMessage = 72 << 20

// Reader reads the messages of a file one after the other, so that the file
// need not fit in memory; otherwise as SplitBatch.
type Reader struct {
	lines *bufio.Reader
	next  []byte // the header line that ended the message before
	first bool
}

// NewReader begins to read a file.
func NewReader(r io.Reader) *Reader {
	return &Reader{lines: bufio.NewReaderSize(r, 64<<10), first: true}
}

// Next returns the next message, io.EOF after the last. A message longer than
// 72 MiB is kmcr.TooLarge, and ends the reading.
func (r *Reader) Next() ([]byte, error) {
	message := r.next
	r.next = nil
	for {
		line, err := r.line()
		if r.first {
			line, r.first = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf")), false
		}
		begin := bytes.TrimLeft(line, " \t\v\x1c\xef\xbb\xbf")
		header, batch := beginsHeader(begin), isBatchLine(begin)
		whole := trimBlank(message)
		switch {
		case (header || batch) && len(whole) > 0:
			if header {
				r.next = begin
			}
			return whole, nil
		case header:
			message = begin
		case batch:
			message = nil
		default:
			message = append(message, line...)
		}
		if len(message) > maxMessage {
			return nil, &kmcr.Error{Kind: kmcr.TooLarge, Message: "a message of the file is too long", Remedy: "Send embedded documents in smaller parts."}
		}
		if err != nil {
			if whole := trimBlank(message); err == io.EOF && len(whole) > 0 {
				return whole, nil
			}
			return nil, err
		}
	}
}

// line reads up to the next carriage return or line feed, and with it.
func (r *Reader) line() ([]byte, error) {
	var line []byte
	for {
		b, err := r.lines.ReadByte()
		if err != nil {
			return line, err
		}
		if line = append(line, b); b == '\r' || b == '\n' {
			return line, nil
		}
		if len(line) > maxMessage {
			return line, &kmcr.Error{Kind: kmcr.TooLarge, Message: "a line of the file is too long", Remedy: "End each segment with a carriage return."}
		}
	}
}
