package trace

import "math"

// Packer makes columns of records while they are read: some 14 bytes of each are kept where a Record has 40. It keeps
// correlation ids too, without which times cannot be judged and metadata not filled in; Rank.Pack lets them go.
type Packer struct {
	columns *Columns
	numbers map[sortKey]uint32      // sorts, plus one
	recent  [1 << recentBits]uint32 // the same by their hash: most records are of one met before
	last    Record
}

const recentBits = 13

// NewPacker has room for n records.
func NewPacker(n int) *Packer { return &Packer{columns: NewColumns(n), numbers: map[sortKey]uint32{}} }

// add adds a record that does not come before the last one, without its correlation id.
func (p *Packer) add(r *Record) {
	c := p.columns
	hash := (r.Name*0x9e3779b1 ^ uint32(r.Stream)) * 0x85ebca6b
	slot := &p.recent[(hash^uint32(r.Coll)^math.Float32bits(r.Blocks))*0xc2b2ae35>>(32-recentBits)]
	if *slot == 0 || !c.Sorts[*slot-1].has(r) {
		key := sortKey{r.Name, r.Coll, r.Blocks, r.Stream, r.Device, r.Kind}
		if p.numbers[key] == 0 {
			c.Sorts = append(c.Sorts, Sort{sortKey: key})
			p.numbers[key] = uint32(len(c.Sorts))
		}
		*slot = p.numbers[key]
	}
	c.Append(*slot-1, r.Start, r.Dur)
}

// has says that a record is of the sort.
func (s *Sort) has(r *Record) bool {
	return s.Name == r.Name && s.Blocks == r.Blocks && s.Stream == r.Stream && s.Coll == r.Coll && s.Device == r.Device && s.Kind == r.Kind
}

// Take puts records in order of time, and takes all but the last keep, which it leaves at the front. false: one of them comes
// before what was taken earlier, so that nothing was taken; the order of a file does not stray so far from that of time, mostly.
func (p *Packer) Take(records []Record, keep int) (rest []Record, ok bool) {
	sortByTime(records)
	n := len(records) - keep
	if n <= 0 {
		return records, true
	}
	c := p.columns
	if c.Len() > 0 && records[0].before(&p.last) {
		return records, false
	}
	if c.corr == nil {
		c.corr = make([]uint32, 0, cap(c.sort))
	}
	for i := range records[:n] {
		p.add(&records[i])
		c.corr = append(c.corr, records[i].Corr)
	}
	p.last = records[n-1]
	return records[:copy(records, records[n:])], true
}

// Records are what was taken.
func (p *Packer) Records() []Record { return p.columns.Records(p.columns.corr) }

// Columns are what was taken, by ns later. The Packer takes no more.
func (p *Packer) Columns(by int64) *Columns {
	c := p.columns
	for i := range c.blocks {
		c.blocks[i].start += by
	}
	c.end += by
	return c
}

// Unpack makes Records of columns that have correlation ids, for who changes them.
func (r *Rank) Unpack() {
	if r.Columns != nil && r.Columns.corr != nil {
		r.Records, r.Columns = r.Columns.Records(r.Columns.corr), nil
	}
}

// sound says that Rank.mendTimes finds nothing to mend in columns with correlation ids, by one walk over them.
func (c *Columns) sound() bool {
	type launch struct { // the last of a stream
		corr uint32
		end  int64
	}
	streams, own, of, sound := map[int64]*launch{}, (*launch)(nil), int64(-1), true
	c.Each(0, func(i int, _, end int64) bool {
		s, corr := &c.Sorts[c.SortOf(i)], c.corr[i]
		if s.Kind != KindKernel || s.Stream < 0 || corr == 0 {
			return true
		}
		if key := int64(s.Device)<<32 | int64(s.Stream); own == nil || key != of {
			if of, own = key, streams[key]; own == nil {
				own = &launch{corr, end}
				streams[key] = own
			}
		}
		if own.corr != corr {
			sound = own.corr < corr && own.end-end <= maxOverrun
			*own = launch{corr, end}
		}
		own.end = max(own.end, end)
		return sound
	})
	return sound && len(outside(c.Len(), c.Each, Host{}, 0).at) == 0
}
