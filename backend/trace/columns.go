package trace

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// Columns are the records of a rank in order of time, a few bytes each: what analysis keeps of a trace. Nobody changes them.
type Columns struct {
	Sorts []Sort // what the records are of
	Pieces
	sort []uint16 // of each record, index into Sorts
	high []uint16 // the upper half of that; nil where there are fewer sorts
	end  int64    // the last
	corr []uint32 // correlation id of each; nil: let go, see Pack
}

// InColumns are the records of a rank as columns: those that Pack left, else made of Records, which are put in order of time.
func (r *Rank) InColumns() *Columns {
	if r.Columns != nil {
		return r.Columns
	}
	return newColumns(r.Records)
}

// Len is how many records there are.
func (r *Rank) Len() int {
	if r.Columns != nil {
		return r.Columns.Len()
	}
	return len(r.Records)
}

// Pack keeps the records as columns alone, without correlation ids.
func (r *Rank) Pack() {
	r.Columns, r.Records = r.InColumns(), nil
	if r.Columns.corr != nil {
		r.Columns.corr = nil
	}
}

// Sort is what many records have in common, a kernel that is launched again and again on one stream, and their sums.
type Sort struct {
	sortKey
	Count int32 // records
	Dur   int64 // ns
}

type sortKey struct {
	Name   uint32  // index into Rank.Names
	Coll   int32   // index into Rank.Colls, -1: no NCCL metadata
	Blocks float32 // blocks per SM; negative: not given
	Stream int32
	Device int16
	Kind   Kind
}

// newColumns makes columns of records, which it puts in order of time.
func newColumns(records []Record) *Columns {
	sortByTime(records)
	p := NewPacker(len(records))
	p.add(records)
	return p.columns
}

// NewColumns has room for n records.
func NewColumns(n int) *Columns { return &Columns{Pieces: NewPieces(n), sort: make([]uint16, 0, n)} }

// Append adds a record that starts with or after the last one, of one of c.Sorts.
func (c *Columns) Append(sort uint32, start, dur int64) {
	own := &c.Sorts[sort]
	own.Count, own.Dur = own.Count+1, own.Dur+dur
	if len(c.sort) == 0 || start+dur > c.end {
		c.end = start + dur
	}
	if sort > math.MaxUint16 && c.high == nil {
		c.high = make([]uint16, len(c.sort), cap(c.sort))
	}
	if c.sort = append(c.sort, uint16(sort)); c.high != nil {
		c.high = append(c.high, uint16(sort>>16))
	}
	c.Add(start, dur)
}

// Records are the records, whose correlation ids columns do not keep.
func (c *Columns) Records(corr []uint32) []Record {
	out := slices.Grow([]Record(nil), c.Len())
	c.Each(0, func(i int, start, end int64) bool {
		s := &c.Sorts[c.SortOf(i)]
		out = append(out, Record{start, end - start, s.Name, corr[i], s.Coll, s.Blocks, s.Stream, s.Device, s.Kind})
		return true
	})
	return out
}

// Equal reports whether two ranks did the same at the same times.
func (c *Columns) Equal(d *Columns) bool {
	if c == nil || d == nil {
		return c == d
	}
	return slices.Equal(c.sort, d.sort) && slices.Equal(c.high, d.high) && slices.Equal(c.Sorts, d.Sorts) &&
		slices.Equal(c.blocks, d.blocks) && slices.Equal(c.start, d.start) && slices.Equal(c.dur, d.dur) && maps.Equal(c.long, d.long)
}

// Extent is from the first start to the last end; 0 and 0 of nothing.
func (c *Columns) Extent() (start, end int64) {
	if len(c.blocks) == 0 {
		return 0, 0
	}
	return c.blocks[0].start, c.end
}

// SortOf is the number of the sort of record i.
func (c *Columns) SortOf(i int) uint32 {
	if c.high != nil {
		return uint32(c.high[i])<<16 | uint32(c.sort[i])
	}
	return uint32(c.sort[i])
}

// before says that a starts before b, or with it and ends before it.
func (a *Record) before(b *Record) bool {
	return a.Start < b.Start || a.Start == b.Start && a.Dur < b.Dur
}

// sortByTime leaves records of the same time in the order of the file: the order is the same each time. Those of a file are
// nearly in order: what is not goes back over the few that are later, unless these are many.
func sortByTime(records []Record) {
	steps := len(records)
	for i := 1; i < len(records); i++ {
		if !records[i].before(&records[i-1]) {
			continue
		}
		r, to := records[i], i
		for ; to > 0 && steps > 0 && r.before(&records[to-1]); to-- {
			records[to] = records[to-1]
			steps--
		}
		if records[to] = r; steps == 0 {
			slices.SortStableFunc(records, func(a, b Record) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Dur, b.Dur)) })
			return
		}
	}
}

// Pieces are pieces of time in order of their starts, eight bytes each.
type Pieces struct {
	blocks     []pieceBlock
	start, dur []uint32      // ns from the start of the block, and ns; mostDur: long has it
	long       map[int]int64 // of pieces that last longer than 4 s, by number
}

// pieceBlock is pieces that start within 4 s.
type pieceBlock struct {
	start int64 // ns
	first int   // number of the first piece
}

const mostDur = math.MaxUint32

// NewPieces has room for n.
func NewPieces(n int) Pieces {
	return Pieces{start: make([]uint32, 0, n), dur: make([]uint32, 0, n)}
}

// Add adds a piece that starts with or after the last one.
func (p *Pieces) Add(start, dur int64) {
	n := len(p.blocks)
	if n == 0 || uint64(start-p.blocks[n-1].start) > math.MaxUint32 {
		p.blocks = append(p.blocks, pieceBlock{start, len(p.start)})
		n++
	}
	if dur >= mostDur {
		if p.long == nil {
			p.long = map[int]int64{}
		}
		p.long[len(p.start)], dur = dur, mostDur
	}
	p.start, p.dur = append(p.start, uint32(start-p.blocks[n-1].start)), append(p.dur, uint32(dur))
}

// Len is how many there are.
func (p *Pieces) Len() int { return len(p.start) }

// Each walks over the pieces from number from on.
func (p *Pieces) Each(from int, yield func(i int, start, end int64) bool) {
	for b, block := range p.blocks {
		next := len(p.start)
		if b+1 < len(p.blocks) {
			next = p.blocks[b+1].first
		}
		for i := max(from, block.first); i < next; i++ {
			start, dur := block.start+int64(p.start[i]), int64(p.dur[i])
			if dur == mostDur {
				dur = p.long[i]
			}
			if !yield(i, start, start+dur) {
				return
			}
		}
	}
}
