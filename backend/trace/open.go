// Package trace says what the files of a profiled run hold, whatever wrote them. Its files: the way in, to the reader that knows
// a file (open.go); what a GPU did and what a trace says of its world (record.go); what was wrong with a file, and times that
// cannot be (damage.go); the text of a file, through gzip (source.go); timings and run.json (smallfiles.go).
//
// Behind it are the readers: kineto and nsys give ranks, et gives the operators that ran. Beneath are jsondoc (a document around
// a long list), jsonscan (where pieces of JSON end) and codec (ranks packed for the cache). This package imports no reader: who
// opens traces gives Open the list of formats.
package trace

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
)

// Reader reads one format of traces.
type Reader interface {
	// Reads says whether a file is of the format: by the beginning of its text, decompressed, or by its name.
	Reads(name string, head []byte) bool

	// Open reads the file at path into its ranks. progress, if not nil, is called with the bytes read so far and in all. A
	// damaged file gives what is sound, and Rank.Damage says what is not; an error: nothing could be read, or ctx ended.
	Open(ctx context.Context, path string, progress func(done, total int64)) ([]*Rank, error)
}

// headSize is how much of a file's text is shown to readers.
const headSize = 16 << 10

// Open is Reader.Open of the first reader that knows the file at path, with the records of each rank in order of time
// and without times that cannot be, which its Damage says.
func Open(ctx context.Context, readers []Reader, path string, progress func(done, total int64)) ([]*Rank, error) {
	src, err := OpenSource(ctx, path, nil)
	if err != nil {
		return nil, err
	}
	head := make([]byte, headSize)
	n, _ := io.ReadFull(src, head) // what stopped it stops the reader too, which says so
	src.Close()
	for _, r := range readers {
		if !r.Reads(filepath.Base(path), head[:n]) {
			continue
		}
		ranks, err := r.Open(ctx, path, progress)
		host := func() (h Host) { // asked only where times look wrong: no metric needs the host's events, most of a file
			if reads, ok := r.(interface {
				Host(context.Context, string) (Host, error)
			}); ok {
				h, _ = reads.Host(ctx, path) // what is wrong with the file was said by Open
			}
			return h
		}
		for _, rank := range ranks {
			rank.mendTimes(host)
		}
		return ranks, err
	}
	return nil, fmt.Errorf("%s is of no format that is read; "+
		"expected a Kineto trace (.json), an SQLite export or CSV of nsys, or its report (.nsys-rep)", filepath.Base(path))
}
