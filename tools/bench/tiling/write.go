package tiling

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// Made says what a tiled document holds.
type Made struct {
	Copies  int   // of all sources together, each source counted
	Events  int   // in the list of events
	Kernels int   // among them
	Bytes   int64 // of plain JSON

	KernelBytes int64 // of the kernels' text
}

// How a file was written decides in what pages the kernel keeps it, and so how fast
// anybody reads it.
const (
	Small = 8 << 10 // bytes written at once by the profiler's std::ofstream
	Large = 1 << 20 // by programs that copy files
)

// Write writes copies of the sources in turn, each whole, into one document, until
// it has size bytes or a little more; at least one copy of each source. Times and
// ids go on from copy to copy; the rest is the text of the recordings, and what is
// around the list of events is that of the first.
func Write(w io.Writer, sources []*Source, size int64) (Made, error) {
	if len(sources) == 0 {
		return Made{}, fmt.Errorf("nothing to tile; name a recording")
	}
	t := &tiler{w: bufio.NewWriterSize(w, Large), now: sources[0].from}
	t.put(sources[0].head)
	for i := 0; i < len(sources) || t.made.Bytes < size; i++ {
		t.source(sources[i%len(sources)])
		if t.err != nil {
			return t.made, t.err
		}
	}
	t.put([]byte("\n  "))
	t.put(sources[0].tail)
	return t.made, t.w.Flush()
}

// tiler writes one document and knows where it is in time.
type tiler struct {
	w    *bufio.Writer
	now  int64 // µs, the end of the copy before
	ids  int64 // all ids used are smaller
	num  []byte
	made Made
	err  error
}

func (t *tiler) put(b []byte) {
	n, err := t.w.Write(b)
	t.made.Bytes += int64(n)
	if err != nil {
		t.err = err
	}
}

// source writes one copy of s, from now on.
func (t *tiler) source(s *Source) {
	shift := t.now - s.from
	for i := range s.events {
		if t.made.Events > 0 {
			t.put([]byte(","))
		}
		t.put([]byte("\n  "))
		t.event(&s.events[i], shift)
		t.made.Events++
	}
	t.now += s.to - s.from
	t.ids += s.ids
	t.made.Copies++
	t.made.Kernels += s.kernels
	t.made.KernelBytes += s.kernelBytes
}

func (t *tiler) event(e *event, shift int64) {
	from := 0
	for _, h := range e.holes {
		t.put(e.text[from:h.at])
		v := h.value + t.ids
		if h.time {
			v = max(0, h.value+shift)
		}
		t.num = strconv.AppendInt(t.num[:0], v, 10)
		t.put(t.num)
		from = h.end
	}
	t.put(e.text[from:])
}

// Members ends the names of files that are gzipped in members of a MiB, as the runner writes them.
const Members = ".members.json.gz"

// File writes a document of size bytes to path, in pieces of the given size, gzipped
// if path ends in .gz. A file that could not be finished is removed.
func File(path string, sources []*Source, size int64, piece int) (made Made, err error) {
	f, err := os.Create(path + ".part")
	if err != nil {
		return Made{}, err
	}
	defer os.Remove(path + ".part")
	if made, err = into(pieces{f, piece}, strings.HasSuffix(path, ".gz"), strings.HasSuffix(path, Members), sources, size); err != nil {
		f.Close()
		return made, fmt.Errorf("writing %s: %w", path, err)
	}
	if err := f.Close(); err != nil {
		return made, err
	}
	return made, os.Rename(path+".part", path)
}

func into(w io.Writer, gz, members bool, sources []*Source, size int64) (Made, error) {
	if !gz {
		return Write(w, sources, size)
	}
	b := bufio.NewWriterSize(w, Large)
	if members {
		m := &memberWriter{to: b}
		made, err := Write(m, sources, size)
		return made, cmp.Or(err, m.end(), b.Flush())
	}
	z, err := gzip.NewWriterLevel(b, 6) // as gzip does, and the profiler
	if err != nil {
		return Made{}, err
	}
	made, err := Write(z, sources, size)
	if err != nil {
		return made, err
	}
	if err := z.Close(); err != nil {
		return made, err
	}
	return made, b.Flush()
}

// memberWriter packs each MiB of text as a member.
type memberWriter struct {
	to   io.Writer
	z    *gzip.Writer
	text int // in it
}

func (m *memberWriter) Write(b []byte) (n int, err error) {
	for len(b) > 0 && err == nil {
		if m.z == nil {
			m.z, err = gzip.NewWriterLevel(m.to, 6)
		}
		part := b[:min(len(b), Large-m.text)]
		if err == nil {
			_, err = m.z.Write(part)
		}
		n, b, m.text = n+len(part), b[len(part):], m.text+len(part)
		if m.text == Large {
			err = cmp.Or(err, m.end())
		}
	}
	return n, err
}

func (m *memberWriter) end() (err error) {
	if m.text > 0 {
		err = m.z.Close()
		m.z.Reset(m.to)
	}
	m.text = 0
	return err
}

// pieces writes a piece at a time.
type pieces struct {
	w     io.Writer
	piece int
}

func (p pieces) Write(b []byte) (int, error) {
	for n := 0; n < len(b); n += p.piece {
		if _, err := p.w.Write(b[n:min(n+p.piece, len(b))]); err != nil {
			return n, err
		}
	}
	return len(b), nil
}

// units are the suffixes of sizes, in decimal.
var units = []struct {
	suffix string
	bytes  float64
}{{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1}}

// ParseSize reads 139MB or 1.5GB, in decimal units.
func ParseSize(text string) (int64, error) {
	for _, u := range units {
		if n, ok := strings.CutSuffix(text, u.suffix); ok {
			v, err := strconv.ParseFloat(n, 64)
			if err != nil || v <= 0 || v > 1e6 {
				break
			}
			return int64(v * u.bytes), nil
		}
	}
	return 0, fmt.Errorf("%q is no size; write it as 139MB or 1GB", text)
}
