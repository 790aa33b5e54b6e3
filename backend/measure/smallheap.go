package measure

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
)

// smallHeapPercent is how much of the heap may be garbage while runs are read. Login nodes bound a user's memory, and by itself Go takes
// twice what is in use. Collecting so often costs next to nothing here: nearly all of the heap is records, which hold no pointers and are
// not searched. It does hold up who types meanwhile (keys at the 99th percentile 75 ms instead of 27), so the cockpit does without.
const smallHeapPercent = 5

// ballast counts as heap in use. Nobody touches it, so it takes no memory; but the heap may grow by 5 % of it between two
// collections, however small it is: a run of two ranks needs a handful of them, instead of one for every few kernels' names.
const ballast = 16 << 20

// heapKeptSmall counts the readings under way: the setting is one for the process.
var heapKeptSmall struct {
	sync.Mutex
	readings int
	before   int             // the percentage to go back to
	ballast  strings.Builder // whose memory is not cleared, as that of a slice is wherever it was used before: 16 MB more, some days
}

// dropBallast is for readings whose heap is large by itself: from here on each MB counts.
func dropBallast() {
	heapKeptSmall.Lock()
	defer heapKeptSmall.Unlock()
	heapKeptSmall.ballast.Reset()
}

// keepHeapSmall keeps the heap small until what it returns is called.
func keepHeapSmall() (undo func()) {
	t := &heapKeptSmall
	t.Lock()
	defer t.Unlock()
	if t.readings == 0 {
		giveBackStart()
		t.ballast.Grow(ballast)
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
			t.ballast.Reset()
		}
	}
}

// lowest64 is below where a program lies that the loader moves.
const lowest64 = 1 << 32

// giveBackStart lets go of the program's code, of which its start touched some 10 MB: Go sets up each of the 500 packages in it,
// whatever the command needs. Code is as the file has it, and what is used from here on comes from there again. Constants stay: a
// linker may have had some of them changed at the start before it forbade that. Linux alone.
func giveBackStart() {
	table, _ := os.ReadFile("/proc/self/maps")
	for line := range strings.Lines(string(table)) {
		var from, to uintptr
		var may string
		if n, _ := fmt.Sscanf(line, "%x-%x %s", &from, &to, &may); n == 3 && to < lowest64 && may[:3] == "r-x" {
			_, _, _ = syscall.RawSyscall(syscall.SYS_MADVISE, from, to-from, syscall.MADV_DONTNEED)
		}
	}
}
