package measure

import (
	"runtime/debug"
	"sync"
)

// smallHeapPercent is how much of the heap may be garbage while runs are read. Login nodes bound a user's memory, and by itself Go takes
// twice what is in use. Collecting so often costs next to nothing here: nearly all of the heap is records, which hold no pointers and are
// not searched. It does hold up who types meanwhile (keys at the 99th percentile 75 ms instead of 27), so the cockpit does without.
const smallHeapPercent = 5

// ballast counts as heap in use. Nobody touches it, so it takes no memory; but the heap may grow by 5 % of it between two
// collections, however small it is: a run of two ranks needs a handful of them, instead of one for every few kernels' names.
const ballast = 160 << 20

// heapKeptSmall counts the readings under way: the setting is one for the process.
var heapKeptSmall struct {
	sync.Mutex
	readings int
	before   int // the percentage to go back to
	ballast  []byte
}

// dropBallast is for readings whose heap is large by itself: from here on each MB counts.
func dropBallast() {
	heapKeptSmall.Lock()
	defer heapKeptSmall.Unlock()
	heapKeptSmall.ballast = nil
}

// keepHeapSmall keeps the heap small until what it returns is called.
func keepHeapSmall() (undo func()) {
	t := &heapKeptSmall
	t.Lock()
	defer t.Unlock()
	if t.readings == 0 {
		t.ballast = make([]byte, ballast)
		t.before = debug.SetGCPercent(smallHeapPercent)
		if t.before < smallHeapPercent { // whoever set GOGC lower, or off, meant it
			debug.SetGCPercent(t.before)
		}
	}
	t.readings++
	return func() {
		t.Lock()
		defer t.Unlock()
		if t.readings--; t.readings == 0 {
			debug.SetGCPercent(t.before)
			t.ballast = nil
		}
	}
}
