package measure

import (
	"sync"

	"shardeck/backend/pool"
)

// bytesRead adds up how far the files of a run are read. Its zero value is ready; total is
// set before the reading begins.
type bytesRead struct {
	total int64 // bytes of all

	mu   sync.Mutex
	done map[string]int64 // bytes read of each
}

// note takes how far a file is, and tells how far all are. progress may be nil.
func (b *bytesRead) note(path string, done int64, progress pool.Progress) {
	if progress == nil {
		return
	}
	progress(b.add(path, done), b.total)
}

func (b *bytesRead) add(path string, done int64) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.done == nil {
		b.done = map[string]int64{}
	}
	b.done[path] = done
	var sum int64
	for _, n := range b.done {
		sum += n
	}
	return min(sum, b.total)
}
