package nsys

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// maxLine is the buffer of lines, in bytes; a longer line is counted as damage.
const maxLine = 1 << 20

// lines reads a text line by line.
type lines struct {
	in  *bufio.Reader // of maxLine bytes
	at  int64         // byte of the text where the present line begins
	pos int64
	err error // why there is no more

	endless bool // the last line was not ended
}

// next is the next line without its end; false if there is none. Of one that is too long
// it is some text. The bytes are void after the next call.
func (l *lines) next() (line []byte, long, ok bool) {
	l.at = l.pos
	line, l.err = l.in.ReadSlice('\n')
	l.pos += int64(len(line))
	for errors.Is(l.err, bufio.ErrBufferFull) {
		long = true
		line, l.err = l.in.ReadSlice('\n')
		l.pos += int64(len(line))
	}
	if len(line) == 0 && l.err != nil && !long {
		return nil, false, false
	}
	l.endless = l.err != nil
	return bytes.TrimRight(line, "\r\n"), long, true
}

// broken is what stopped reading before the end, nil at the end.
func (l *lines) broken() error {
	if errors.Is(l.err, io.EOF) {
		return nil
	}
	return l.err
}

// splitLine splits a line of CSV into its fields, without quotes. False: a quote is
// not closed, or stands where none may stand.
func splitLine(line string, fields []string) ([]string, bool) {
	fields = fields[:0]
	for {
		if !strings.HasPrefix(line, `"`) {
			field, rest, more := strings.Cut(line, ",")
			if strings.Contains(field, `"`) {
				return fields, false
			}
			if fields = append(fields, field); !more {
				return fields, true
			}
			line = rest
			continue
		}
		field, rest, ok := quoted(line)
		if !ok {
			return fields, false
		}
		fields = append(fields, field)
		if rest == "" {
			return fields, true
		}
		line = rest[1:]
	}
}

// quoted takes a quoted field off the beginning of line; rest begins with a comma or
// is empty.
func quoted(line string) (field, rest string, ok bool) {
	for i := 1; i < len(line); i++ {
		if line[i] != '"' {
			continue
		}
		if i+1 < len(line) && line[i+1] == '"' {
			i++
			continue
		}
		rest = line[i+1:]
		if rest != "" && rest[0] != ',' {
			return "", "", false
		}
		return strings.ReplaceAll(line[1:i], `""`, `"`), rest, true
	}
	return "", "", false
}
