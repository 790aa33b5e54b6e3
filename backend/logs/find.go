package logs

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
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

// place is a line that was found, and the first of those shown with it.
type place struct {
	line  int   // its number, from 1
	from  int   // number of the first line shown
	start int64 // where that one begins
	found bool
}

// Find looks through a whole log, going round at its end, and returns the lines around
// the one found, with its index among them. It reads the log once and keeps little of it.
func Find(ctx context.Context, path string, look Look) (Part, int, error) {
	f, err := open(path)
	if err != nil {
		return Part{Path: path}, 0, err
	}
	defer f.Close()
	at, err := search(ctx, f, look)
	switch {
	case err != nil:
		return Part{Path: path}, 0, fmt.Errorf("cannot read the log %s: %w", path, err)
	case !at.found:
		return Part{Path: path}, 0, ErrNoLine
	}
	p, err := around(f, path, at, look.Around)
	return p, at.line - at.from, err
}

// search goes through the lines. Of those that match it wants the nearest in the direction
// of the look, else the farthest on the other side.
func search(ctx context.Context, f io.Reader, look Look) (place, error) {
	matches, recent := look.matcher(), newRecent(look.Around)
	var near, far place
	s := lineScanner{r: bufio.NewReaderSize(f, 1<<20)}
	for n := 1; s.next(); n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return place{}, ctx.Err()
		}
		recent.add(s.at)
		if !matches(s.line) {
			continue
		}
		here := recent.place(n)
		switch before := look.After > 0 && n < look.After; {
		case !look.Back && n > look.After:
			return here, nil
		case look.Back && (before || look.After == 0):
			near = here
		case look.Back || !far.found:
			far = here
		}
	}
	if near.found {
		return near, s.err
	}
	return far, s.err
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

// recent remembers where the last lines began.
type recent struct {
	starts []int64
	n      int // lines seen
}

func newRecent(around int) *recent { return &recent{starts: make([]int64, around+1)} }

func (r *recent) add(start int64) {
	r.starts[r.n%len(r.starts)] = start
	r.n++
}

// place is line n, the last that was added.
func (r *recent) place(n int) place {
	from := max(r.n-len(r.starts), 0)
	return place{line: n, from: from + 1, start: r.starts[from%len(r.starts)], found: true}
}

// around reads the lines before and after a place.
func around(f io.ReadSeeker, path string, at place, lines int) (Part, error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = f.Seek(at.start, io.SeekStart)
	}
	if err != nil {
		return Part{Path: path}, fmt.Errorf("cannot read the log %s: %w", path, err)
	}
	s := lineScanner{r: bufio.NewReaderSize(f, block)}
	var text []byte
	for range at.line - at.from + 1 + lines {
		if len(text) > maxTail || !s.next() {
			break
		}
		text = append(text, s.line...)
	}
	return Part{Path: path, Size: size, First: at.start, Line: at.from, Lines: split(text)}, s.err
}
