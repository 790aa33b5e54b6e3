// Package timeline is what the devices of a run did, rank by rank on one clock, kept so that any part of it is drawn fast: what a
// column of a screen shows costs the logarithm of what a rank did, however much of it the column covers. It draws nothing itself.
//
// All times are whole nanoseconds from the start of the window of a rank. States (states.go) say what a rank spent its time on,
// Tracks (tracks.go) hold its kernels, calls (calls.go) tie ranks together, and jump.go finds places worth looking at.
package timeline

// Kind is what a device does at a moment.
type Kind uint8

// Kinds, as metric.RankSplit divides the time of a rank.
const (
	Idle Kind = iota
	Compute
	Transfer
	Wait
	Unmatched // transfer or wait, nobody knows
	Copy
	Kinds int = iota
)

// Cell is how long a device did each kind of thing in a piece of time, ns.
type Cell [Kinds]int64

// Total is the length of the cell, as far as the rank was recorded in it.
func (c *Cell) Total() (ns int64) {
	for _, v := range c {
		ns += v
	}
	return ns
}

// Add adds another cell to it.
func (c *Cell) Add(o *Cell) {
	for k := range c {
		c[k] += o[k]
	}
}

// Main is the kind that the cell shows: communication where it takes more than compute and idleness do, of its kinds the one that
// takes most; else compute, else copies, where they take a sixteenth at least; a device that does so little is idle.
func (c *Cell) Main() Kind {
	total := c.Total()
	least := max(total/16, 1)
	best := Transfer
	for _, k := range []Kind{Wait, Unmatched} {
		if c[k] > c[best] {
			best = k
		}
	}
	switch comm := c[Transfer] + c[Wait] + c[Unmatched]; {
	case comm > 0 && comm >= max(c[Compute], c[Idle]):
		return best
	case c[Compute] >= least:
		return Compute
	case comm >= least:
		return best
	case c[Copy] >= least:
		return Copy
	}
	return Idle
}

// Run is the ranks of a run. It is shared once made: nobody changes it.
type Run struct {
	WindowNS int64 // the longest window of a rank
	Ranks    []Rank
	Names    []Name // of kernels
	Calls    []Call // matched between ranks, by Call.At
	Kernels  View   // the part whose kernels are there: all of the window, unless they are too many
	Coarse   bool   // made of bins: there are no kernels and no calls
}

// Name is a kernel.
type Name struct{ Full, Short, Class string }

// Rank is one rank.
type Rank struct {
	Number int
	Node   int // of the run, from 0
	States States
	Tracks [2]Track // compute and copies; communication
	Steps  []Step   // by start

	TraceStart int64   // when the window starts, on the clock of the rank's own trace, ns
	Drift      float64 // what that clock gains on the common one, µs a second
}

// InTrace is a moment on the clock of the rank's own trace, ns.
func (r *Rank) InTrace(at int64) int64 { return r.TraceStart + at + int64(r.Drift*float64(at)/1e6) }

// The tracks of a rank.
const (
	Work = iota // kernels that compute, and copies
	Comm
)

// Step is a forward step of inference.
type Step struct {
	Phase      string // prefill, decode, mixed or step
	Number     int    // among the steps of the phase in the window, from 1
	Start, End int64
	Bounds     []int64 // when each layer of the model begins, as the X-ray tells them, and when the last one ends; nil: not known
}

// At is the place of a rank by its number; -1: it is not there.
func (r *Run) At(number int) int {
	for i := range r.Ranks {
		if r.Ranks[i].Number == number {
			return i
		}
	}
	return -1
}
