package trace

import (
	"context"
	"io"
)

// Text is the text of a file for the readers of other formats (et, nsys): through
// gzip where the first bytes say so, with progress by bytes of the disk, until the
// context ends. Close it.
type Text struct{ src *source }

// OpenText opens path. A missing, empty or unreadable file is an error for people.
// progress may be nil.
func OpenText(ctx context.Context, path string, progress func(done, total int64)) (*Text, error) {
	src, err := openSource(ctx, path, progress)
	if err != nil {
		return nil, err
	}
	return &Text{src: src}, nil
}

var _ io.ReadCloser = (*Text)(nil)

// Read reads decompressed text.
func (t *Text) Read(p []byte) (int, error) { return t.src.Read(p) }

// Close closes the file.
func (t *Text) Close() error { return t.src.Close() }

// Size is the size of the file on the disk, in bytes.
func (t *Text) Size() int64 { return t.src.size }

// ReadFault says in words for people why reading a Text stopped before its end.
func ReadFault(err error) string { return sourceFault(err) }

// Count writes a number of things as 12,345.
func Count(n int) string { return thousands(n) }

// IsStep says whether an annotation of this name is kept as a Mark.
func IsStep(name string) bool { return isStep(name) }
