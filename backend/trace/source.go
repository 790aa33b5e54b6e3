package trace

import (
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"
)

// Source is the text of a file, decompressed if its first bytes say gzip, with progress, until the context ends. Close it.
type Source struct {
	ctx       context.Context
	file      *os.File
	Size      int64 // of the file on the disk, in bytes
	Gzip      bool  // compressed: ReadAt is for files that are not
	done      int64 // bytes of the file behind us
	progress  func(done, total int64)
	io.Reader       // of the decompressed text
	counted   int   // what Expect was asked last
	countedAt int64 // and where
}

// gzipMagic begins every gzip file, whatever its name.
var gzipMagic = [2]byte{0x1f, 0x8b}

// OpenSource opens path; errors are for people. progress, if not nil, is called with the bytes read and in all, by whoever reads.
func OpenSource(ctx context.Context, path string, progress func(done, total int64)) (*Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, openError(path, err)
	}
	s := &Source{ctx: ctx, file: f, progress: progress}
	if err := s.start(); err != nil {
		f.Close()
		return nil, openError(path, err)
	}
	return s, nil
}

func (s *Source) start() error {
	st, err := s.file.Stat()
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return ErrNotAFile
	}
	s.Size = st.Size()
	var magic [2]byte
	n, err := s.file.ReadAt(magic[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if n == 0 {
		return errEmpty
	}
	s.Reader = disk{s}
	if s.Gzip = n == 2 && magic == gzipMagic; !s.Gzip {
		return nil
	}
	z, err := newMemberReader(disk{s})
	if stop := s.ctx.Err(); stop != nil {
		return stop
	}
	if err != nil {
		return fmt.Errorf("%w (%v)", errGzipHeader, err)
	}
	s.Reader = z
	return nil
}

// Lend is that of jsonscan's Window: of a gzip file in members it gives their text without a copy.
func (s *Source) Lend(tail []byte) ([]byte, error) {
	if z, ok := s.Reader.(*memberReader); ok {
		return z.Lend(tail)
	}
	return nil, nil
}

// ReadAt reads a plain file elsewhere, without counting.
func (s *Source) ReadAt(p []byte, at int64) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.file.ReadAt(p, at)
}

// toSpare is how much more room is made: recordings of vLLM tiled to 1 GB held 1.3 times what their first 16,384 records let expect.
const toSpare = 1.4

// Expect extrapolates a count to the whole file, from the part read since it was last asked: a trace begins with
// much that is no record. What is not used is never touched and costs no memory; too little costs a copy.
func (s *Source) Expect(now int) int {
	done := s.done
	if z, ok := s.Reader.(*memberReader); ok {
		done -= z.unread()
	}
	count, bytes := float64(now-s.counted), float64(done-s.countedAt)
	s.counted, s.countedAt = now, done
	if bytes <= 0 {
		return now
	}
	return now + int(count/bytes*float64(s.Size-done)*toSpare)
}

// Close closes the file.
func (s *Source) Close() error { return s.file.Close() }

// disk reads the raw file: the place where bytes are counted and cancel is seen.
type disk struct{ s *Source }

func (d disk) Read(p []byte) (int, error) {
	s := d.s
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.file.Read(p)
	s.done += int64(n)
	if s.progress != nil && n > 0 {
		s.progress(s.done, s.Size)
	}
	return n, err
}

var (
	ErrNotAFile   = errors.New("not a regular file")
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
	{ErrNotAFile, "name a trace file, not its folder"},
	{errEmpty, "the profiler was stopped before it wrote: run the experiment again"},
	{context.Canceled, "reading was stopped"},
	{context.DeadlineExceeded, "reading was stopped"},
	{errGzipHeader, "copy the file again, or run the experiment again"},
}

// openError names the file, the cause and what to do.
func openError(path string, err error) error {
	cause := err
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		cause = pe.Err
	}
	for _, f := range openFaults {
		if errors.Is(err, f.is) {
			return fmt.Errorf("%s: %w; %s", filepath.Base(path), cause, f.todo)
		}
	}
	return fmt.Errorf("%s: %w", filepath.Base(path), cause)
}

// sourceFaults are the ways in which a file can stop being readable half-way.
var sourceFaults = []struct {
	is   error
	text string
}{
	{io.ErrUnexpectedEOF, "the gzip file is cut off"},
	{gzip.ErrChecksum, "the gzip checksum does not match: the file changed after it was written"},
	{gzip.ErrHeader, "what follows the gzip data is not gzip"},
	{errBomb, "the gzip data unpack to more than 250 times their size, or to over 256 GB, which no recording does: the rest is not read"},
}

// ReadFault says in words for people why reading a Source stopped before its end.
func ReadFault(err error) string {
	for _, f := range sourceFaults {
		if errors.Is(err, f.is) {
			return f.text
		}
	}
	if _, ok := errors.AsType[flate.CorruptInputError](err); ok {
		return "the gzip data are damaged"
	}
	return fmt.Sprintf("reading stopped: %v", err)
}
