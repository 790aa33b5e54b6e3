package logs

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// Follower reads a log as it grows, each poll only what is new. It is not safe for
// concurrent use.
type Follower struct {
	path string
	at   int64  // read so far
	rest []byte // an unfinished line
	line int    // number of the next line
}

// Follow makes a follower that begins at the log's first line.
func Follow(path string) *Follower { return &Follower{path: path, line: 1} }

// Poll returns the whole lines written since the last Poll, at most 1 MiB of them;
// none while the log does not exist. A log that became shorter was begun anew, and
// so is its reading. With final, an unfinished last line is returned too.
func (f *Follower) Poll(final bool) (Part, error) {
	p := Part{Path: f.path}
	err := readLog(f.path, func(file *os.File, size int64) error {
		if size < f.at {
			*f = *Follow(f.path)
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
	f.rest = append([]byte(nil), text[end:]...)
	f.line += len(p.Lines)
}
