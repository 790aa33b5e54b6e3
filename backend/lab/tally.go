package lab

import (
	"sync"

	"shardeck/backend/pool"
)

// tally adds up how far the files of a run are read. Its zero value is ready; total is
// set before the reading begins.
type tally struct {
	total int64 // bytes of all

	mu   sync.Mutex
	done map[string]int64 // bytes read of each
}

// note takes how far a file is, and tells how far all are. progress may be nil.
func (t *tally) note(path string, done int64, progress pool.Progress) {
	if progress == nil {
		return
	}
	progress(t.add(path, done), t.total)
}

func (t *tally) add(path string, done int64) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done == nil {
		t.done = map[string]int64{}
	}
	t.done[path] = done
	var sum int64
	for _, n := range t.done {
		sum += n
	}
	return min(sum, t.total)
}
