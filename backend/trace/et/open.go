package et

import (
	"context"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

// blockSize is read at a time.
const blockSize = 1 << 20

// Open reads an execution trace, .json or .json.gz (told apart by their first bytes).
// progress, if not nil, is called on the same goroutine with the bytes taken from
// the disk so far and the size of the file.
//
// A damaged file gives what is sound, and Trace.Damage says what is not. An error
// means that nothing could be read: no such file, an empty file, another format, or
// a context that ended.
func Open(ctx context.Context, path string, progress func(done, total int64)) (*Trace, error) {
	return open(ctx, path, progress, blockSize)
}

func open(ctx context.Context, path string, progress func(done, total int64), block int) (*Trace, error) {
	src, err := trace.OpenSource(ctx, path, progress)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	r := newReader(jsonscan.NewWindow(src, block))
	if err := r.ReadFile(ctx, path); err != nil {
		return nil, err
	}
	r.finish()
	r.t.File, r.t.Bytes, r.t.JSON = path, src.Size(), r.Offset()
	return r.t, nil
}
