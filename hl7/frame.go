package hl7

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"kmcr"
)

// The bytes of a frame of the Minimal Lower Layer Protocol.
const (
	startBlock     = 0x0B
	endBlock       = 0x1C
	carriageReturn = 0x0D
)

// ReadFrame reads the next MLLP frame, <0B> message <1C><0D>, and returns the
// message. What comes before a start block is passed over. Where a second message
// begins inside a frame, a start block and a header, the first was broken off
// and is passed over too.
//
// The errors: io.EOF at the end, io.ErrUnexpectedEOF inside a frame;
// kmcr.TooLarge for one longer than max bytes, of which nothing is kept;
// kmcr.Invalid, together with the message, where other data stands between
// the end block and its carriage return.
func ReadFrame(r *bufio.Reader, max int) ([]byte, error) {
	if err := skipToStart(r); err != nil {
		return nil, err
	}
	var frame []byte
	for {
		part, err := r.ReadSlice(endBlock)
		if len(frame)+len(part) > max+1 {
			return nil, &kmcr.Error{Kind: kmcr.TooLarge, Message: "the frame is longer than this service takes", Remedy: "Send embedded documents in smaller parts, or ask for a higher limit for this sender."}
		}
		frame = append(frame, part...)
		if err == nil {
			break
		}
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
	}
	frame = lastStart(frame[:len(frame)-1])
	return frame, endFrame(r)
}

// skipToStart passes over everything up to a start block.
func skipToStart(r *bufio.Reader) error {
	for {
		_, err := r.ReadSlice(startBlock)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// lastStart is the frame from the last start block in it that a message
// follows; a vertical tab elsewhere is a character of some text.
func lastStart(frame []byte) []byte {
	for i := len(frame) - 1; i >= 0; i-- {
		if i = bytes.LastIndexByte(frame[:i+1], startBlock); i < 0 {
			break
		}
		rest := frame[i+1:]
		if beginsHeader(rest) || isBatchLine(rest) {
			return rest
		}
	}
	return bytes.TrimLeft(frame, string(rune(startBlock)))
}

// endFrame reads the carriage return after an end block.
func endFrame(r *bufio.Reader) error {
	for n := 0; ; n++ {
		b, err := r.ReadByte()
		switch {
		case err == io.EOF && n == 0:
			return nil
		case err == io.EOF:
			return afterEnd()
		case err != nil:
			return err
		case b == carriageReturn && n == 0:
			return nil
		case b == carriageReturn:
			return afterEnd()
		case b == startBlock:
			if err := r.UnreadByte(); err != nil {
				return err
			}
			return afterEnd()
		}
	}
}

func afterEnd() error {
	return &kmcr.Error{Kind: kmcr.Invalid, Message: "the end block is not followed by a carriage return", Remedy: "End each frame with the bytes 1C 0D."}
}

// WriteFrame writes message as an MLLP frame in one write.
func WriteFrame(w io.Writer, message []byte) error {
	frame := make([]byte, 0, len(message)+3)
	frame = append(frame, startBlock)
	frame = append(frame, message...)
	frame = append(frame, endBlock, carriageReturn)
	_, err := w.Write(frame)
	return err
}
