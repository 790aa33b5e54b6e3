package trace

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"
)

// source is the text of a file, decompressed if need be. It counts the bytes taken
// from the disk, reports progress and stops when the context ends.
type source struct {
	ctx      context.Context
	file     *os.File
	size     int64 // on disk
	done     int64 // bytes of the file behind us
	progress func(done, total int64)
	gzip     bool
	text     io.Reader

	counted   int   // what expect was asked last
	countedAt int64 // and where
}

// gzipMagic begins every gzip file, whatever its name.
var gzipMagic = [2]byte{0x1f, 0x8b}

// openSource opens path; an empty, missing or unreadable file is an error for people.
func openSource(ctx context.Context, path string, progress func(done, total int64)) (*source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, openError(path, err)
	}
	s := &source{ctx: ctx, file: f, progress: progress}
	if err := s.start(); err != nil {
		f.Close()
		return nil, openError(path, err)
	}
	return s, nil
}

func (s *source) start() error {
	st, err := s.file.Stat()
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return errNotAFile
	}
	s.size = st.Size()
	var magic [2]byte
	n, err := s.file.ReadAt(magic[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if n == 0 {
		return errEmpty
	}
	s.text = disk{s}
	if n == 2 && magic == gzipMagic {
		return s.startGzip()
	}
	return nil
}

func (s *source) startGzip() error {
	s.gzip = true
	z, err := gzip.NewReader(bufio.NewReaderSize(disk{s}, 128<<10))
	if stop := s.ctx.Err(); stop != nil {
		return stop
	}
	if err != nil {
		return fmt.Errorf("%w (%v)", errGzipHeader, err)
	}
	s.text = z
	return nil
}

func (s *source) Read(p []byte) (int, error) { return s.text.Read(p) }

// Seek moves a plain file forward to byte offset: others have read what lies between.
func (s *source) Seek(offset int64, whence int) (int64, error) {
	at, err := s.file.Seek(offset, whence)
	s.done = at
	return at, err
}

// ReadAt reads a plain file for a worker, without counting.
func (s *source) ReadAt(p []byte, at int64) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.file.ReadAt(p, at)
}

// toSpare is how much more than extrapolated is made room for: recordings of vLLM tiled to
// 1 GB held 1.3 times what their first 16,384 records let expect.
const toSpare = 1.4

// expect extrapolates a count to the whole file, from the part read since it was last
// asked: a trace begins with much that is no record. There is some to spare: what is
// not used of it is never touched and costs no memory, and an estimate that proves
// too low costs a copy.
func (s *source) expect(now int) int {
	count, bytes := float64(now-s.counted), float64(s.done-s.countedAt)
	s.counted, s.countedAt = now, s.done
	if bytes <= 0 {
		return now
	}
	return now + int(count/bytes*float64(s.size-s.done)*toSpare)
}

func (s *source) Close() error { return s.file.Close() }

// disk reads the raw file: the place where bytes are counted and cancel is seen.
type disk struct{ s *source }

func (d disk) Read(p []byte) (int, error) {
	s := d.s
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.file.Read(p)
	s.done += int64(n)
	if s.progress != nil && n > 0 {
		s.progress(s.done, s.size)
	}
	return n, err
}

var (
	errNotAFile   = errors.New("not a regular file")
	errEmpty      = errors.New("the file is empty")
	errGzipHeader = errors.New("the gzip header is cut off or damaged")
)

// openFaults says for each way a file cannot be opened what to do about it.
var openFaults = []struct {
	is   error
	todo string
}{
	{fs.ErrNotExist, "check the run's folder, or run the experiment again"},
	{fs.ErrPermission, "ask its owner for read permission, or copy the run"},
	{errNotAFile, "name a trace file, not its folder"},
	{errEmpty, "the profiler was stopped before it wrote: run the experiment again"},
	{context.Canceled, "reading was stopped"},
	{context.DeadlineExceeded, "reading was stopped"},
	{errGzipHeader, "copy the file again, or run the experiment again"},
}

// openError names the file, the cause and what to do.
func openError(path string, err error) error {
	var pe *fs.PathError
	cause := err
	if errors.As(err, &pe) {
		cause = pe.Err
	}
	for _, f := range openFaults {
		if errors.Is(err, f.is) {
			return fmt.Errorf("%s: %w; %s", filepath.Base(path), cause, f.todo)
		}
	}
	return fmt.Errorf("%s: %w", filepath.Base(path), cause)
}
