package command

import (
	"fmt"
	"sync"
	"time"

	"shardeck/backend/pool"
	"shardeck/model/present/unit"
)

// Progress draws one line on a terminal while traces are read, a few times a second,
// and wipes it at the end. Without a terminal it is nil.
func (e *Env) Progress() pool.Progress {
	if e.JSON || !Terminal(e.Err) {
		return nil
	}
	var mu sync.Mutex
	next := time.Now().Add(300 * time.Millisecond) // what is quick needs no line
	shown := false
	return func(done, total int64) {
		mu.Lock()
		defer mu.Unlock()
		if done >= total && shown {
			fmt.Fprint(e.Err, "\r\x1b[K")
			shown = false
			return
		}
		if total <= 0 || time.Now().Before(next) {
			return
		}
		next, shown = time.Now().Add(200*time.Millisecond), true
		fmt.Fprintf(e.Err, "\r\x1b[Kreading traces: %s of %s (%d %%)", unit.FileSize(done), unit.FileSize(total), done*100/total)
	}
}
