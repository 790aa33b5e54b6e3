package logs

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"os"
)

// Look is what to look for in a whole log, however long it is.
type Look struct {
	Text   string // in any case; empty: the first line that looks like an error
	After  int    // line to begin behind, from 1; 0: at the log's begin, or with Back its end
	Back   bool   // the last before, not the next
	Around int    // lines to show before the one found, and after it
}

// ErrNoLine is what Find returns where no line has what is looked for.
var ErrNoLine = errors.New("no line of the log has it")

// match is a line that was found.
type match struct {
	number int // from 1; 0: none was found
	offset int64
}

// Find looks through a whole log, going round at its end, and returns the lines around
// the one found, with its index among them. It reads the log once and keeps little of it.
func Find(ctx context.Context, path string, look Look) (p Part, index int, err error) {
	p.Path = path
	err = readLog(path, func(f *os.File, size int64) error {
		m, err := search(ctx, f, look)
		if err != nil || m.number == 0 {
			return cmp.Or(err, ErrNoLine)
		}
		p.Size = size
		index, err = p.around(f, m, look.Around)
		return err
	})
	return p, index, err
}

// search goes through the lines. Of those that match it wants the nearest in the direction
// of the look, else the farthest on the other side.
func search(ctx context.Context, f io.Reader, look Look) (match, error) {
	matches := look.matcher()
	var near, far match
	s := lineScanner{r: bufio.NewReaderSize(f, 1<<20)}
	for n := 1; s.next(); n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return match{}, ctx.Err()
		}
		if !matches(s.line) {
			continue
		}
		here := match{n, s.at}
		switch before := look.After > 0 && n < look.After; {
		case !look.Back && n > look.After:
			return here, nil
		case look.Back && (before || look.After == 0):
			near = here
		case look.Back || far.number == 0:
			far = here
		}
	}
	return cmp.Or(near, far), s.err
}

// around reads the lines before and after a match, and returns its index among them.
func (p *Part) around(f *os.File, m match, lines int) (int, error) {
	text, err := lastLines(f, m.offset, min(lines, m.number-1))
	if err != nil {
		return 0, err
	}
	before := bytes.Count(text, []byte("\n"))
	p.First, p.Line = m.offset-int64(len(text)), m.number-before
	s := lineScanner{r: bufio.NewReaderSize(io.NewSectionReader(f, m.offset, p.Size-m.offset), block)}
	for range 1 + lines {
		if len(text) > maxTail || !s.next() {
			break
		}
		text = append(text, s.line...)
	}
	p.Lines = cleanLines(text)
	return before, s.err
}

// matcher tells of a line whether it is looked for.
func (l Look) matcher() func(line []byte) bool {
	if l.Text == "" {
		return func(line []byte) bool { return looksBad(bytes.ToLower(line)) }
	}
	text, lower := bytes.ToLower([]byte(l.Text)), []byte(nil)
	return func(line []byte) bool {
		lower = appendLower(lower[:0], line)
		return bytes.Contains(lower, text)
	}
}

// appendLower is ToLower without a new slice for each line; letters beyond ASCII are
// left to ToLower.
func appendLower(to, line []byte) []byte {
	for _, c := range line {
		if c >= 0x80 {
			return append(to[:0], bytes.ToLower(line)...)
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		to = append(to, c)
	}
	return to
}

// LooksBad tells of a line that an error begins there.
func LooksBad(line string) bool { return looksBad(bytes.ToLower([]byte(line))) }

func looksBad(lower []byte) bool {
	return bytes.Contains(lower, []byte("error")) || bytes.Contains(lower, []byte("traceback")) || bytes.HasPrefix(lower, []byte("fatal"))
}

// lineScanner gives lines with the offset at which each begins; a line longer than the
// buffer comes in pieces.
type lineScanner struct {
	r    *bufio.Reader
	line []byte
	at   int64
	end  int64
	err  error
}

func (s *lineScanner) next() bool {
	line, err := s.r.ReadSlice('\n')
	s.line, s.at = line, s.end
	s.end += int64(len(line))
	if err != nil && err != io.EOF && !errors.Is(err, bufio.ErrBufferFull) {
		s.err = err
	}
	return len(line) > 0
}
