package trace

import (
	"math"
	"slices"
)

// Packer makes columns of records while they are read: some 14 bytes of each are kept where a Record has 40. It keeps
// correlation ids too, without which times cannot be judged and metadata not filled in; Rank.Pack lets them go.
type Packer struct {
	columns *Columns
	numbers map[sortKey]uint32      // sorts, plus one
	recent  [1 << recentBits]uint32 // the same by their hash: most records are of one met before
	last    Record
}

const recentBits = 15 // with 13, three in a hundred records of a vLLM mix of 1,814 sorts shared a place with others in turn

// NewPacker has room for n records.
func NewPacker(n int) *Packer { return &Packer{columns: NewColumns(n), numbers: map[sortKey]uint32{}} }

// sortOf is the number of the sort of a record.
func (p *Packer) sortOf(r *Record) uint32 {
	hash := (r.Name*0x9e3779b1 ^ uint32(r.Stream)) * 0x85ebca6b
	slot := &p.recent[(hash^uint32(r.Coll)^math.Float32bits(r.Blocks))*0xc2b2ae35>>(32-recentBits)]
	if *slot == 0 || !p.columns.Sorts[*slot-1].has(r) {
		*slot = p.number(r)
	}
	return *slot - 1
}

// number is that of the sort of a record, plus one.
func (p *Packer) number(r *Record) uint32 {
	key := sortKey{r.Name, r.Coll, r.Blocks, r.Stream, r.Device, r.Kind}
	if p.numbers[key] == 0 {
		p.columns.Sorts = append(p.columns.Sorts, Sort{sortKey: key})
		p.numbers[key] = uint32(len(p.columns.Sorts))
	}
	return p.numbers[key]
}

// has says that a record is of the sort.
func (s *Sort) has(r *Record) bool {
	return s.Name == r.Name && s.Blocks == r.Blocks && s.Stream == r.Stream && s.Coll == r.Coll && s.Device == r.Device && s.Kind == r.Kind
}

// add adds records in order of time, none of which comes before the last one.
func (p *Packer) add(records []Record) {
	for len(records) > 0 {
		if records = records[p.addPlain(records):]; len(records) > 0 {
			r := &records[0]
			p.columns.Append(p.sortOf(r), r.Start, r.Dur)
			if p.columns.corr != nil {
				p.columns.corr = append(p.columns.corr, r.Corr)
			}
			records = records[1:]
		}
	}
}

// addPlain adds the records at the front that have nothing special, and says how many. Columns grow once for all of them: nearly every
// record comes this way, a tenth of the time that reading a trace takes.
func (p *Packer) addPlain(records []Record) (done int) {
	c, n := p.columns, len(records)
	if len(c.blocks) == 0 || c.high != nil {
		return 0
	}
	block, end := c.blocks[len(c.blocks)-1].start, c.end
	sort, start, dur, corr := behind(&c.sort, n), behind(&c.start, n), behind(&c.dur, n), []uint32(nil)
	if c.corr != nil {
		corr = behind(&c.corr, n)
	}
	for ; done < n; done++ {
		r := &records[done]
		number, offset := p.sortOf(r), uint64(r.Start-block)
		if number > math.MaxUint16 || offset > math.MaxUint32 || r.Dur >= mostDur {
			break
		}
		own := &c.Sorts[number]
		own.Count, own.Dur = own.Count+1, own.Dur+r.Dur
		sort[done], start[done], dur[done] = uint16(number), uint32(offset), uint32(r.Dur)
		if end = max(end, r.Start+r.Dur); corr != nil {
			corr[done] = r.Corr
		}
	}
	c.end, c.sort, c.start, c.dur = end, c.sort[:c.Len()+done], c.start[:c.Len()+done], c.dur[:c.Len()+done]
	if corr != nil {
		c.corr = c.corr[:len(c.corr)+done]
	}
	return done
}

// behind is room for n more behind the end of a list.
func behind[T any](list *[]T, n int) []T {
	*list = slices.Grow(*list, n)
	return (*list)[len(*list) : len(*list)+n]
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
	p.add(records[:n])
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
