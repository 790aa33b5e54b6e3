package timeline

import (
	"iter"
	"sort"
)

// Track is kernels in order of their starts, which may overlap: columns, and for each block of them what passes it over.
type Track struct {
	start, end []int64
	name       []uint32 // index into Run.Names
	blocks     []trackBlock
}

type trackBlock struct {
	reach   int64 // latest end so far
	longest int64 // of the block
}

const kernelsInBlock = 64

// Kernel is one launch.
type Kernel struct {
	Start, End int64
	Name       uint32 // index into Run.Names
}

// Add appends a kernel that starts with or after the last one.
func (t *Track) Add(k Kernel) {
	if len(t.start)%kernelsInBlock == 0 {
		reach := int64(-1 << 62)
		if n := len(t.blocks); n > 0 {
			reach = t.blocks[n-1].reach
		}
		t.blocks = append(t.blocks, trackBlock{reach: reach, longest: -1})
	}
	b := &t.blocks[len(t.blocks)-1]
	b.reach, b.longest = max(b.reach, k.End), max(b.longest, k.End-k.Start)
	t.start, t.end, t.name = append(t.start, k.Start), append(t.end, k.End), append(t.name, k.Name)
}

// Len is how many kernels there are.
func (t *Track) Len() int { return len(t.start) }

// Kernel is the i-th.
func (t *Track) Kernel(i int) Kernel { return Kernel{t.start[i], t.end[i], t.name[i]} }

// Long are the kernels that last at least so long and touch a piece of time, in order of their starts.
func (t *Track) Long(from, to, least int64) iter.Seq[Kernel] {
	return func(yield func(Kernel) bool) {
		first := sort.Search(len(t.blocks), func(b int) bool { return t.blocks[b].reach > from })
		for b := first; b < len(t.blocks) && t.start[b*kernelsInBlock] < to; b++ {
			if t.blocks[b].longest < least {
				continue
			}
			for i := b * kernelsInBlock; i < min((b+1)*kernelsInBlock, len(t.start)) && t.start[i] < to; i++ {
				if t.end[i] > from && t.end[i]-t.start[i] >= least && !yield(t.Kernel(i)) {
					return
				}
			}
		}
	}
}

// after is the first kernel that starts after t.
func (t *Track) after(at int64) int {
	return sort.Search(len(t.start), func(i int) bool { return t.start[i] > at })
}
