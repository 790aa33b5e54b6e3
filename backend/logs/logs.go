// Package logs reads what jobs print: the end of a log, however long it is, what
// the job is doing, and, when it failed, why.
//
// Logs are read from their end and by polling their size, since a parallel file system tells a login node
// nothing of writes on other nodes. What a line means is data: stages in templates/stages.yaml, causes of
// failure in templates/failures.yaml, each with the line that proves it and the way out.
package logs

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"shardeck/model"
)

// What is read at most, so that a log of gigabytes costs what a small one does.
const (
	block    = 64 << 10 // read at once, from the end
	maxTail  = 16 << 20 // of a log
	maxLine  = 4 << 10  // of a line, for the screen
	maxCount = 64 << 20 // lines are numbered in logs up to this size
)

// Part is a piece of a log.
type Part struct {
	Path  string   `json:"path"`
	Size  int64    `json:"size"`  // of the whole log
	Lines []string `json:"lines"` // cleaned of control characters
	First int64    `json:"first"` // byte offset of Lines[0]; -1: not known, but not the log's begin
	Line  int      `json:"line"`  // line number of Lines[0], from 1; 0: not counted, the log is too long

	Written time.Time `json:"-"` // when the log was written last
}

// Where names a line of the part: path:number, or the path alone.
func (p Part) Where(i int) string {
	if p.Line == 0 {
		return p.Path
	}
	return fmt.Sprintf("%s:%d", p.Path, p.Line+i)
}

// Tail reads the last n lines of a log. A log that does not exist yet is an error that wraps fs.ErrNotExist.
func Tail(path string, n int) (Part, error) {
	p := Part{Path: path}
	err := readLog(path, func(f *os.File, size int64) error {
		if info, err := f.Stat(); err == nil {
			p.Written = info.ModTime()
		}
		text, err := lastLines(f, size, n)
		if err != nil {
			return err
		}
		p.Size, p.First, p.Lines = size, size-int64(len(text)), cleanLines(text)
		p.Line = lineNumber(f, p.First)
		return nil
	})
	return p, err
}

// readLog opens a log, which must be a regular file (a pipe would block for ever), to be read with its size.
func readLog(path string, read func(f *os.File, size int64) error) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no log at %s yet: %w", path, fs.ErrNotExist)
	case err != nil:
		return fmt.Errorf("cannot read the log: %w", err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no log but a %s", path, info.Mode().Type())
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err = f.Stat(); err == nil {
		err = read(f, info.Size())
	}
	if err != nil && !errors.Is(err, ErrNoLine) && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("cannot read the log %s: %w", path, err)
	}
	return err
}

// lastLines reads the last n lines, or of longer ones as many whole lines as fit.
func lastLines(f io.ReaderAt, size int64, n int) ([]byte, error) {
	from, err := startOfLast(f, size, maxTail, n)
	if err != nil || n <= 0 {
		return nil, err
	}
	text := make([]byte, size-from)
	if _, err := f.ReadAt(text, from); err != nil && err != io.EOF {
		return nil, err
	}
	return text, nil
}

// startOfLast finds the offset at which the last n lines begin, reading blocks backwards
// from the end. It gives up after so many bytes, at the first line that begins after them.
func startOfLast(f io.ReaderAt, size, most int64, n int) (int64, error) {
	buffer := make([]byte, block)
	oldest := max(0, size-most)
	first := oldest // of the lines seen so far
	for at := size; at > oldest; {
		step := min(block, at-oldest)
		at -= step
		if _, err := f.ReadAt(buffer[:step], at); err != nil && err != io.EOF {
			return 0, err
		}
		for i := step - 1; i >= 0; i-- {
			if buffer[i] != '\n' || at+i == size-1 {
				continue
			}
			first = at + i + 1
			if n--; n <= 0 {
				return first, nil
			}
		}
	}
	if oldest == 0 {
		return 0, nil
	}
	return first, nil
}

func cleanLines(text []byte) []string {
	if len(text) == 0 {
		return nil
	}
	return model.Each(strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), cleanLine)
}

// cleanLine makes one line fit for the screen; of a progress bar, redrawn by carriage returns, the last picture.
func cleanLine(line string) string {
	line = strings.TrimRight(line, "\r")
	if i := strings.LastIndexByte(line, '\r'); i >= 0 {
		line = line[i+1:]
	}
	if len(line) > maxLine {
		cut := maxLine
		for cut > 0 && !utf8.RuneStart(line[cut]) {
			cut--
		}
		line = line[:cut] + " …"
	}
	return model.Printable(line)
}

// lineNumber counts the lines before an offset, plus one; 0 if they are too many.
func lineNumber(f io.ReaderAt, offset int64) int {
	if offset > maxCount {
		return 0
	}
	count, buffer := 1, make([]byte, block)
	for at := int64(0); at < offset; {
		n, err := f.ReadAt(buffer[:min(block, offset-at)], at)
		count += bytes.Count(buffer[:n], []byte("\n"))
		if at += int64(n); err != nil || n == 0 {
			return 0
		}
	}
	return count
}

// Follower reads a log as it grows, each poll only what is new. It is not safe for concurrent use.
type Follower struct {
	path string
	at   int64  // read so far
	rest []byte // an unfinished line
	line int    // number of the next line; 0: not known
	last int    // lines to begin with, of what there is at first; 0: all
}

// Follow makes a follower that begins with the last lines of the log, 0 for all.
func Follow(path string, last int) *Follower { return &Follower{path: path, line: 1, last: last} }

// Poll returns the whole lines written since the last Poll, at most 1 MiB of them;
// none while the log does not exist. A log that became shorter was begun anew, and
// so is its reading. With final, an unfinished last line is returned too.
func (f *Follower) Poll(final bool) (Part, error) {
	p := Part{Path: f.path}
	err := readLog(f.path, func(file *os.File, size int64) error {
		if size < f.at {
			*f = *Follow(f.path, 0)
		}
		if f.last > 0 && size > 0 {
			at, err := startOfLast(file, size, size, f.last)
			if err != nil {
				return err
			}
			f.at, f.line, f.last = at, lineNumber(file, at), 0
		}
		text := make([]byte, min(size-f.at, 1<<20))
		n, err := file.ReadAt(text, f.at)
		if err != nil && err != io.EOF {
			return err
		}
		p.Size, p.First, p.Line = size, f.at-int64(len(f.rest)), f.line
		f.at += int64(n)
		f.take(&p, text[:n], final && f.at >= size)
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	return p, err
}

// take cuts the whole lines off what was read and keeps the rest.
func (f *Follower) take(p *Part, text []byte, all bool) {
	text = append(f.rest, text...)
	end := len(text)
	for !all && end > 0 && text[end-1] != '\n' {
		end--
	}
	if !all && len(text)-end > 1<<20 { // a line without end
		end = len(text)
	}
	p.Lines = cleanLines(text[:end])
	f.rest = bytes.Clone(text[end:])
	if f.line > 0 {
		f.line += len(p.Lines)
	}
}

// Look is what to look for in a whole log, however long it is.
type Look struct {
	Text   string // in any case; empty: the first line that looks like an error
	After  int    // line to begin behind, from 1; 0: at the log's begin, or with Back its end
	Back   bool   // the last before, not the next
	Around int    // lines to show before the one found, and after it
}

// ErrNoLine is what Find returns where no line has what is looked for.
var ErrNoLine = errors.New("no line of the log has it")

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

// search goes through the lines for the nearest match in the look's direction, else the farthest on the other side.
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

func (l Look) matcher() func(line []byte) bool {
	text, lower := bytes.ToLower([]byte(l.Text)), []byte(nil)
	return func(line []byte) bool {
		lower = appendLower(lower[:0], line)
		return l.Text == "" && looksBad(lower) || l.Text != "" && bytes.Contains(lower, text)
	}
}

// appendLower is ToLower without a new slice for each line; letters beyond ASCII are left to ToLower.
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

// lineScanner gives lines with the offset at which each begins; a line longer than the buffer comes in pieces.
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
