package trace

import (
	"cmp"
	"slices"
	"time"

	"shardeck/model/present/unit"
)

// Damage is one thing that was wrong with a file, in words for people, and what was lost.
type Damage struct {
	Offset int64  // byte of the decompressed text where it first shows, -1 if it has no place
	Text   string // "ended before the list of events was closed"
	Lost   string // "everything after the last whole event (12,345 kernels read)"
}

// String is the damage in one sentence, with its place.
func (d Damage) String() string {
	text := d.Text
	if d.Offset >= 0 {
		text += ", at byte " + unit.Int(int(d.Offset))
	}
	if d.Lost != "" {
		text += "; lost: " + d.Lost
	}
	return text
}

// Fault is a sort of damage in words for people: those for one, those for many, each after their number, and what is lost.
type Fault [3]string

// Faults that several readers know.
var (
	FaultTime = Fault{"kernel or copy has no time that is a number", "kernels or copies have no time that is a number",
		"those kernels or copies"}
	FaultPlace = Fault{"device, stream or correlation is no number in range", "devices, streams or correlations are no numbers in range",
		"where those kernels ran"}
)

// FaultKind is the index of a Fault in the list that its reader gives to CountDamage.
type FaultKind uint8

// DamageCounter counts what is wrong with one file and keeps where each sort showed first.
type DamageCounter struct {
	Total  int // faults counted
	kinds  []countedFault
	single []Damage // what occurs once
}

type countedFault struct {
	words Fault
	n     int
	first int64 // where it showed first
}

// CountDamage makes a counter of the faults that a reader knows.
func CountDamage(faults []Fault) *DamageCounter {
	c := &DamageCounter{}
	for _, f := range faults {
		c.kinds = append(c.kinds, countedFault{words: f})
	}
	return c
}

// Count counts one fault; at is its byte in a text, -1 if it has no place.
func (c *DamageCounter) Count(kind FaultKind, at int64) {
	f := &c.kinds[kind]
	if f.n == 0 {
		f.first = at
	}
	f.n++
	c.Total++
}

// Once notes damage that occurs once.
func (c *DamageCounter) Once(at int64, text, lost string) {
	c.single = append(c.single, Damage{Offset: at, Text: text, Lost: lost})
}

// Damage is all of it: counted faults first, in the order of their kinds.
func (c *DamageCounter) Damage() (out []Damage) {
	for _, f := range c.kinds {
		if f.n > 0 {
			out = append(out, Damage{Offset: f.first, Text: CountOf(f.n, f.words[0], f.words[1]), Lost: f.words[2]})
		}
	}
	return append(out, c.single...)
}

// CountOf writes a number of things with the words for one or for many.
func CountOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return unit.Int(n) + " " + many
}

// Time that cannot be: a profiler that lost the start or the end of a kernel writes some other number there, and one such
// kernel moves every share of the window. The rules, and what is exempt, are those of metrics.md, Sharpened.
const (
	maxOverrun = int64(100 * time.Microsecond) // that a kernel may end after the end of its successor on the stream
	maxEarly   = int64(time.Millisecond)       // that it may start before its launch, of which another clock tells
	maxIdle    = int64(time.Hour)              // between kernels, where no event of the host tells what was done there
	misplaced  = 16                            // at most one record in so many is
	smallTrace = 4 << 20                       // bytes of text that are read twice in no time
)

// Host is when a trace's host was at work, on the clock of Record.Start.
type Host struct {
	First, Last int64            // from the first start of its events to their last end; equal: nothing is known of it
	Launches    map[uint32]int64 // when the launch with a correlation id began
}

// wrongTimes are records whose times are wrong, by number, and by how much the worst is.
type wrongTimes struct {
	at []int
	by int64
}

func (w *wrongTimes) add(i int, by int64) { w.at, w.by = append(w.at, i), max(w.by, by) }

// mendTimes puts the records in order of time, takes out those that lie where they cannot, and clips kernels that end too
// late. Kernels of a stream that do not start in the order of their launches show that some are misplaced, and which is
// the next one is told by that order then; launches of small traces are always asked for.
func (r *Rank) mendTimes(host func() Host) {
	if r.Columns != nil && r.JSON >= smallTrace && r.Columns.sound() {
		return
	}
	r.Unpack()
	sortByTime(r.Records)
	all, disorder := 0, 0
	eachSuccession(r.Records, func(_ int, k, after, _ *Record) {
		if all++; k.Corr > after.Corr {
			disorder++
		}
	})
	if disorder > 0 || 0 < r.JSON && r.JSON < smallTrace {
		r.dropEarly(host().Launches)
	}
	if disorder > 0 {
		r.sortByLaunch(host().Launches, disorder <= max(1, all/misplaced))
	}
	var late wrongTimes
	eachSuccession(r.Records, func(i int, k, _, next *Record) {
		if next != nil && k.End()-next.End() > maxOverrun {
			late.add(i, k.End()-next.End())
			k.Dur = max(0, next.Start-k.Start)
		}
	})
	sortByTime(r.Records)
	r.damaged(late, "kernel ends after the end of the next one on its stream", "kernels end after the end of the next one on their stream",
		"the time from the start of that next one on")
	if len(outside(len(r.Records), r.times, Host{}, 0).at) == 0 {
		return
	}
	h, idle := host(), maxIdle
	if h.Last > h.First {
		idle = 0
	}
	r.drop(outside(len(r.Records), r.times, h, idle), "kernel or copy lies outside what the trace can hold",
		"kernels or copies lie outside what the trace can hold")
}

// sortByLaunch puts the records in the order of their launches: of their times where all are known, else of their ids, if
// those rise with time: some writers number the kernels of each name, or anew for each thread. Without any launch the order
// in which kernels start is all that is known.
func (r *Rank) sortByLaunch(launches map[uint32]int64, rising bool) {
	if len(launches) == 0 {
		return
	}
	order := func(k Record) int64 { return int64(k.Corr) }
	if !slices.ContainsFunc(r.Records, func(k Record) bool { return k.Kind == KindKernel && k.Corr != 0 && launches[k.Corr] == 0 }) {
		order, rising = func(k Record) int64 { return launches[k.Corr] }, true
	}
	if rising {
		slices.SortStableFunc(r.Records, func(a, b Record) int { return cmp.Compare(order(a), order(b)) })
	}
}

// dropEarly takes out the records that start before their launch. Where many do, it is the device's clock that is early.
func (r *Rank) dropEarly(launches map[uint32]int64) {
	var early wrongTimes
	for i, k := range r.Records {
		if launch, ok := launches[k.Corr]; ok && launch-k.Start > maxEarly {
			early.add(i, launch-k.Start)
		}
	}
	if len(early.at) > max(1, len(r.Records)/misplaced) {
		r.Info.Notes = append(r.Info.Notes, "kernels start up to "+unit.Duration(early.by)+" before their launch: the device's clock is early")
		return
	}
	r.drop(early, "kernel or copy starts before its own launch", "kernels or copies start before their own launch")
}

// drop takes out records, which is damage.
func (r *Rank) drop(w wrongTimes, one, many string) {
	for _, i := range slices.Backward(w.at) {
		r.Records = slices.Delete(r.Records, i, i+1)
	}
	r.damaged(w, one, many, "those, left out")
}

// damaged says what was wrong with records.
func (r *Rank) damaged(w wrongTimes, one, many, lost string) {
	if n := len(w.at); n > 0 {
		text := CountOf(n, one+", by ", many+", the worst by ") + unit.Duration(w.by)
		r.Damage = append(r.Damage, Damage{Offset: -1, Text: text, Lost: lost})
	}
}

// outside are the records that start or end farther from all other events than those reach from the first to the last,
// and farther than idle, the longest time that nothing may be known of. Of records alone the last one always ends last.
// The others are those in the middle at first; whatever is not outside of them joins them.
func outside(n int, each eachTime, h Host, idle int64) (out wrongTimes) {
	if n == 0 {
		return out
	}
	startOf := func(i int) (t int64) {
		each(i, func(_ int, start, _ int64) bool { t = start; return false })
		return t
	}
	few := max(min(1, (n-1)/2), n/misplaced)
	first, last := startOf(few), startOf(n-1-few)
	if h.Last > h.First {
		first, last = min(first, h.First), max(last, h.Last)
	}
	for joined := true; joined; {
		joined = false
		most := max(last-first, idle)
		each(0, func(_ int, start, end int64) bool {
			if by := max(first-start, end-last); by > 0 && by <= most {
				first, last, joined = min(first, start), max(last, end), true
			}
			return true
		})
	}
	each(0, func(i int, start, end int64) bool {
		if by := max(first-start, end-last); by > 0 && (idle == 0 || i < n-1) {
			out.add(i, by)
		}
		return true
	})
	return out
}

// eachTime walks over the times of records from number from on, as Columns.Each.
type eachTime = func(from int, yield func(i int, start, end int64) bool)

// times is an eachTime.
func (r *Rank) times(from int, yield func(i int, start, end int64) bool) {
	for i := from; i < len(r.Records) && yield(i, r.Records[i].Start, r.Records[i].End()); i++ {
	}
}

// eachSuccession calls do for every kernel but the last of each stream, the last first: with the kernel after it on the
// stream, and with its successor, the first kernel of the next launch, nil if there is none: kernels of one replay of a
// graph may share a stream and run side by side. Kernels of no known stream or launch are left out.
func eachSuccession(list []Record, do func(i int, k, after, next *Record)) {
	type stream struct{ after, next *Record }
	streams, of, own := map[int64]*stream{}, int64(-1), (*stream)(nil)
	for i := len(list) - 1; i >= 0; i-- {
		k := &list[i]
		if k.Kind != KindKernel || k.Stream < 0 || k.Corr == 0 {
			continue
		}
		if key := int64(k.Device)<<32 | int64(k.Stream); own == nil || key != of {
			if of, own = key, streams[key]; own == nil {
				own = &stream{}
				streams[key] = own
			}
		}
		if own.after != nil {
			if own.after.Corr != k.Corr {
				own.next = own.after
			}
			do(i, k, own.after, own.next)
		}
		own.after = k
	}
}
