// Package peers does one piece of work on a Kineto trace by several means, so that
// they can be compared: visit every event, and of the kernels count them, sum
// their durations in all and by name, and take the union of their intervals on each
// device. What is done with a kernel once it is found is the same code for all.
package peers

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Work is the result. Times are ns.
type Work struct {
	Kernels int
	Dur     int64
	Names   map[string]int64 // summed duration by kernel name
	Busy    map[int]int64    // union of intervals by pid, which is the device
}

// Differs says in words where two results are not the same, "" if they are. Counts
// and sums must be equal. Unions may differ by slack ns a kernel: a peer that reads
// times as float64 cannot know them better.
func (w Work) Differs(from Work, slack float64) string {
	switch {
	case w.Kernels != from.Kernels:
		return fmt.Sprintf("%d kernels, want %d", w.Kernels, from.Kernels)
	case w.Dur != from.Dur:
		return fmt.Sprintf("durations sum to %d ns, want %d", w.Dur, from.Dur)
	case len(w.Names) != len(from.Names) || len(w.Busy) != len(from.Busy):
		return fmt.Sprintf("%d names on %d devices, want %d on %d", len(w.Names), len(w.Busy), len(from.Names), len(from.Busy))
	}
	for name, dur := range from.Names {
		if w.Names[name] != dur {
			return fmt.Sprintf("kernels %q sum to %d ns, want %d", name, w.Names[name], dur)
		}
	}
	for pid, busy := range from.Busy {
		if off := math.Abs(float64(w.Busy[pid] - busy)); off > slack*float64(w.Kernels) {
			return fmt.Sprintf("device %d is busy for %d ns, want %d", pid, w.Busy[pid], busy)
		}
	}
	return ""
}

// tally does the work, kernel by kernel.
type tally struct {
	kernels int
	dur     int64
	names   map[string]*int64
	busy    map[int]*union
}

func newTally() *tally { return &tally{names: map[string]*int64{}, busy: map[int]*union{}} }

// add takes one kernel whose name is text of the document.
func (t *tally) add(name []byte, pid int, start, dur int64) {
	sum := t.names[string(name)]
	if sum == nil {
		sum = new(int64)
		t.names[string(name)] = sum
	}
	*sum += dur
	t.span(pid, start, dur)
}

func (t *tally) span(pid int, start, dur int64) {
	t.kernels++
	t.dur += dur
	u := t.busy[pid]
	if u == nil {
		u = &union{}
		t.busy[pid] = u
	}
	u.add(start, start+dur)
}

func (t *tally) work() Work {
	w := Work{Kernels: t.kernels, Dur: t.dur, Names: map[string]int64{}, Busy: map[int]int64{}}
	for name, sum := range t.names {
		w.Names[name] = *sum
	}
	for pid, u := range t.busy {
		w.Busy[pid] = u.length()
	}
	return w
}

// interval is from start to end, ns.
type interval struct{ start, end int64 }

// union is a set of intervals. Those that come in order are merged as they come.
type union struct {
	list   []interval
	behind bool // some came out of order
}

func (u *union) add(start, end int64) {
	if n := len(u.list); n > 0 {
		last := &u.list[n-1]
		if start >= last.start && start <= last.end {
			last.end = max(last.end, end)
			return
		}
		u.behind = u.behind || start < last.start
	}
	u.list = append(u.list, interval{start, end})
}

// length is the time covered.
func (u *union) length() int64 {
	if u.behind {
		slices.SortFunc(u.list, func(a, b interval) int { return cmp.Compare(a.start, b.start) })
	}
	var sum, end int64 = 0, math.MinInt64
	for _, i := range u.list {
		if i.end > end {
			sum += i.end - max(i.start, end)
			end = i.end
		}
	}
	return sum
}

// nanos are microseconds read as a float, in ns.
func nanos(us float64) int64 { return int64(math.Round(us * 1000)) }
