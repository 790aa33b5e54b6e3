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
	last    *union // of device lastPid, the one before
	lastPid int
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
	if t.last == nil || pid != t.lastPid {
		t.last, t.lastPid = t.of(pid), pid
	}
	t.last.add(start, start+dur)
}

func (t *tally) of(pid int) *union {
	u := t.busy[pid]
	if u == nil {
		u = &union{}
		t.busy[pid] = u
	}
	return u
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

// chunk is how many intervals are kept in one piece: a list that grows is not copied.
const chunk = 1 << 16

// union is a set of intervals. Those that come in order are merged as they come; the few
// of other streams that come late are put between them in the end.
type union struct {
	full [][]interval
	list []interval // the last piece
	late []interval
}

func (u *union) add(start, end int64) {
	n := len(u.list)
	if n == 0 {
		u.list = append(make([]interval, 0, chunk), interval{start, end})
		return
	}
	last := &u.list[n-1]
	switch {
	case start < last.start:
		u.late = append(u.late, interval{start, end})
	case start <= last.end:
		last.end = max(last.end, end)
	case n == chunk:
		u.full = append(u.full, u.list)
		u.list = append(make([]interval, 0, chunk), interval{start, end})
	default:
		u.list = append(u.list, interval{start, end})
	}
}

// length is the time covered.
func (u *union) length() int64 {
	slices.SortFunc(u.late, func(a, b interval) int { return cmp.Compare(a.start, b.start) })
	c, late := cover{end: math.MinInt64}, u.late
	for _, list := range append(u.full, u.list) {
		for _, i := range list {
			for len(late) > 0 && late[0].start < i.start {
				c.add(late[0])
				late = late[1:]
			}
			c.add(i)
		}
	}
	for _, i := range late {
		c.add(i)
	}
	return c.sum
}

// cover is the length of intervals that come in the order of their starts.
type cover struct{ sum, end int64 }

func (c *cover) add(i interval) {
	if i.end > c.end {
		c.sum += i.end - max(i.start, c.end)
		c.end = i.end
	}
}

// nanos are microseconds read as a float, in ns.
func nanos(us float64) int64 { return int64(math.Round(us * 1000)) }
