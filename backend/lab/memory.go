package lab

import (
	"runtime/debug"
	"sync"
)

// tightPercent is how much of the heap may be garbage while runs are read. Login
// nodes bound a user's memory, and by itself Go takes twice what is in use. Collecting
// so often costs next to nothing here: nearly all of the heap is records, which hold
// no pointers and are not searched. It does hold up who types meanwhile (keys at the
// 99th percentile 75 ms instead of 27), so the cockpit does without.
const tightPercent = 5

// tightened counts the readings under way: the setting is one for the process.
var tightened struct {
	sync.Mutex
	readings int
	before   int // the percentage to go back to
}

// tight keeps the heap small until what it returns is called.
func tight() (undo func()) {
	t := &tightened
	t.Lock()
	defer t.Unlock()
	if t.readings == 0 {
		t.before = debug.SetGCPercent(tightPercent)
		if t.before < tightPercent { // whoever set GOGC lower, or off, meant it
			debug.SetGCPercent(t.before)
		}
	}
	t.readings++
	return loosen
}

// loosen undoes one tight.
func loosen() {
	t := &tightened
	t.Lock()
	defer t.Unlock()
	if t.readings--; t.readings == 0 {
		debug.SetGCPercent(t.before)
	}
}
