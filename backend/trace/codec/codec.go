// Package codec keeps what one trace file holds, a rank or those of a node, and what launched its kernels, in a few bytes a
// kernel, so that a trace is read once: what analysis needs of it lies in the cache from then on.
//
// A packed file is a line that names the format, then a zstd stream (which carries its
// own checksum): the number of ranks, and of each the small things as JSON with its
// length before it, then one column after the other: of the sorts of records, of the records, of the samples. Times
// are written as differences, numbers as varints. Each Encode and its Decode are
// inverse to each other; a text that Encode did not write is an error, never a panic or a
// huge allocation.
package codec

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/klauspost/compress/zstd"

	"shardeck/backend/trace"
	"shardeck/model/metric"
)

// magic is the first line; its number changes with the format.
const magic = "shardeck rank 2\n"

// head is all of a rank but its columns.
type head struct {
	Records, Sorts, Samples int
	Corrs                   bool // it has records, with correlation ids, not columns
	Rank                    trace.Rank
}

// linksHead is the same of links.
type linksHead struct {
	Launches []int // of each of metric.Launchers
	Runs     int
	Links    trace.Links
}

// Encode writes ranks, whose records are in order of time.
func Encode(w io.Writer, ranks []*trace.Rank) error {
	return encode(w, func(e *encoder) {
		e.unsigned(uint64(len(ranks)))
		for _, r := range ranks {
			e.rank(r)
		}
	})
}

// EncodeLinks writes what launched the kernels of a rank.
func EncodeLinks(w io.Writer, l *trace.Links) error {
	return encode(w, func(e *encoder) {
		h := linksHead{Links: trace.Links{Names: l.Names, Damaged: l.Damaged}, Runs: len(l.Runs)}
		for _, by := range metric.Launchers {
			h.Launches = append(h.Launches, len(l.By[by]))
		}
		e.head(h)
		for _, by := range metric.Launchers {
			for _, c := range launchColumns {
				e.column(len(l.By[by]), c.delta, func(i int) int64 { return c.get(&l.By[by][i]) })
			}
		}
		for _, c := range runColumns {
			e.column(len(l.Runs), c.delta, func(i int) int64 { return c.get(&l.Runs[i]) })
		}
	})
}

// block is how many records follow each other column by column.
const block = 1 << 13

// window is how far back zstd looks: a repeated step is some KB, and more costs memory.
const window = 256 << 10

func encode(w io.Writer, write func(*encoder)) error {
	if _, err := io.WriteString(w, magic); err != nil {
		return err
	}
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window))
	if err != nil {
		return err
	}
	e := &encoder{w: z}
	write(e)
	e.flush()
	return cmp.Or(e.err, z.Close())
}

// encoder writes numbers and keeps the first error.
type encoder struct {
	w   io.Writer
	buf []byte
	err error
}

func (e *encoder) flush() {
	if e.err == nil {
		_, e.err = e.w.Write(e.buf)
	}
	e.buf = e.buf[:0]
}

func (e *encoder) unsigned(v uint64) {
	if e.buf = binary.AppendUvarint(e.buf, v); len(e.buf) >= 1<<16 {
		e.flush()
	}
}

func (e *encoder) signed(v int64) { e.unsigned(uint64(v)<<1 ^ uint64(v>>63)) }

// column writes n numbers, or the differences between them.
func (e *encoder) column(n int, delta bool, get func(i int) int64) {
	last := int64(0)
	for i := range n {
		v := get(i)
		e.signed(v - last)
		if delta {
			last = v
		}
	}
}

func (e *encoder) head(h any) {
	text, err := json.Marshal(h)
	e.err = cmp.Or(e.err, err)
	e.unsigned(uint64(len(text)))
	e.buf = append(e.buf, text...)
}

func (e *encoder) rank(r *trace.Rank) {
	c := r.InColumns()
	h := head{Records: c.Len(), Sorts: len(c.Sorts), Samples: len(r.SMs), Corrs: r.Columns == nil, Rank: *r}
	h.Rank.Records, h.Rank.Columns, h.Rank.SMs, h.Rank.Links = nil, nil, nil, nil
	e.head(h)
	for _, f := range sortColumns {
		e.column(len(c.Sorts), f.delta, func(i int) int64 { return f.get(&c.Sorts[i]) })
	}
	last := int64(0) // the end of the one before
	for from := 0; from < c.Len(); from += block {
		n := min(block, c.Len()-from)
		c.Each(from, func(i int, start, end int64) bool {
			e.signed(start - last)
			last = end
			return i+1 < from+n
		})
		c.Each(from, func(i int, start, end int64) bool { e.unsigned(uint64(end - start)); return i+1 < from+n })
		for i := range n {
			e.unsigned(uint64(c.SortOf(from + i)))
		}
	}
	if h.Corrs {
		e.column(len(r.Records), true, func(i int) int64 { return int64(r.Records[i].Corr) })
	}
	last = 0
	for _, s := range r.SMs {
		e.signed(s.At - last)
		e.unsigned(uint64(math.Float32bits(s.Percent)))
		last = s.At
	}
}

// column is one field of a thing as a number.
type column[T any] struct {
	delta bool // written as the difference from the one before
	get   func(*T) int64
	set   func(*T, int64) bool // false: the number cannot be one of this field
}

type sort = trace.Sort

var sortColumns = []column[sort]{
	{false, func(s *sort) int64 { return int64(s.Name) }, func(s *sort, v int64) bool { s.Name = uint32(v); return isUint32(v) }},
	{false, func(s *sort) int64 { return int64(s.Coll) }, func(s *sort, v int64) bool { s.Coll = int32(v); return isIndex(v) }},
	{false, func(s *sort) int64 { return int64(math.Float32bits(s.Blocks)) }, setBlocks},
	{false, func(s *sort) int64 { return int64(s.Stream) }, func(s *sort, v int64) bool { s.Stream = int32(v); return int64(s.Stream) == v }},
	{false, func(s *sort) int64 { return int64(s.Device) }, func(s *sort, v int64) bool { s.Device = int16(v); return int64(s.Device) == v }},
	{false, func(s *sort) int64 { return int64(s.Kind) }, func(s *sort, v int64) bool { s.Kind = trace.Kind(v); return isKind(v) }},
}

var corrColumn = []column[uint32]{{true, nil, func(c *uint32, v int64) bool { *c = uint32(v); return isUint32(v) }}}

type launch = trace.Launch

var launchColumns = []column[launch]{
	{false, func(l *launch) int64 { return l.Dur }, func(l *launch, v int64) bool { l.Dur = v; return v >= 0 }},
	{true, func(l *launch) int64 { return int64(l.RF) }, func(l *launch, v int64) bool { l.RF = uint64(v); return true }},
	{false, func(l *launch) int64 { return int64(l.Count) }, func(l *launch, v int64) bool { l.Count = int32(v); return isIndex(v) }},
	{false, func(l *launch) int64 { return int64(l.Name) }, func(l *launch, v int64) bool { l.Name = uint32(v); return isUint32(v) }},
	{false, func(l *launch) int64 { return map[bool]int64{true: 1}[l.Missing] },
		func(l *launch, v int64) bool { l.Missing = v == 1; return v>>1 == 0 }},
}

type run = trace.LaunchRun

var runColumns = []column[run]{
	{false, func(r *run) int64 { return int64(r.Count) }, func(r *run, v int64) bool { r.Count = int32(v); return isIndex(v) }},
	{true, func(r *run) int64 { return r.Lead }, func(r *run, v int64) bool { r.Lead = v; return true }},
	{false, func(r *run) int64 { return r.Call }, func(r *run, v int64) bool { r.Call = v; return v >= 0 }},
	{false, func(r *run) int64 { return map[bool]int64{true: 1}[r.Graph] }, func(r *run, v int64) bool { r.Graph = v == 1; return v>>1 == 0 }},
}

func setBlocks(s *sort, v int64) bool {
	s.Blocks = math.Float32frombits(uint32(v))
	return isUint32(v)
}

func isUint32(v int64) bool { return v >= 0 && v <= math.MaxUint32 }
func isIndex(v int64) bool  { return v >= -1 && v <= math.MaxInt32 }
func isKind(v int64) bool   { return v >= 0 && v <= int64(trace.KindMemset) }

// errFormat is what is told of a text that Encode did not write.
var errFormat = errors.New("is no packed rank of this version")

// Decode reads what Encode wrote.
func Decode(r io.Reader) (ranks []*trace.Rank, err error) {
	ranks = []*trace.Rank{}
	err = decode(r, func(d *decoder) {
		for n := d.unsigned(); n > 0 && d.err == nil; n-- {
			ranks = append(ranks, d.rank())
		}
	})
	if err != nil {
		return nil, err
	}
	return ranks, nil
}

// DecodeLinks reads what EncodeLinks wrote.
func DecodeLinks(r io.Reader) (*trace.Links, error) {
	var h linksHead
	err := decode(r, func(d *decoder) {
		d.head(&h)
		h.Links.By = map[string][]launch{}
		for i, by := range metric.Launchers[:min(len(metric.Launchers), len(h.Launches))] {
			list := readColumns(d, h.Launches[i], launchColumns)
			if slices.ContainsFunc(list, func(l launch) bool { return int(l.Name) >= len(h.Links.Names) }) {
				d.fail(errNotThere)
			}
			h.Links.By[by] = list
		}
		h.Links.Runs = readColumns(d, h.Runs, runColumns)
	})
	return &h.Links, err
}

func decode(r io.Reader, read func(*decoder)) error {
	line := make([]byte, len(magic))
	if _, err := io.ReadFull(r, line); err != nil || string(line) != magic {
		return errFormat
	}
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20), zstd.WithDecoderLowmem(true))
	if err != nil {
		return err
	}
	defer z.Close()
	d := &decoder{r: bufio.NewReaderSize(z, 1<<16)}
	read(d)
	if _, err := d.r.ReadByte(); err != io.EOF { // the checksum stands at the end
		d.fail(errors.New("it goes on after its end"))
		d.fail(err)
	}
	if d.err != nil {
		return fmt.Errorf("%w: %w", errFormat, d.err)
	}
	return nil
}

// decoder reads numbers and keeps the first error.
type decoder struct {
	r   *bufio.Reader
	err error
}

func (d *decoder) unsigned() uint64 {
	v, err := binary.ReadUvarint(d.r)
	d.fail(err)
	return v
}

func (d *decoder) signed() int64 {
	v, err := binary.ReadVarint(d.r)
	d.fail(err)
	return v
}

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

// maxHead bounds the JSON part: names of kernels and metadata of collectives.
const maxHead = 256 << 20

// errNotThere is what is told of a number that stands for nothing.
var errNotThere = errors.New("it names what is not there")

func (d *decoder) head(h any) {
	n := d.unsigned()
	if n > maxHead {
		d.fail(errors.New("its head has no length"))
	}
	if d.err == nil {
		text, err := io.ReadAll(io.LimitReader(d.r, int64(n)))
		d.fail(err)
		d.fail(json.Unmarshal(text, h))
	}
}

// readColumns reads n things. The first column grows as it is read: a count that is not true costs nothing.
func readColumns[T any](d *decoder, n int, columns []column[T]) (list []T) {
	for first, c := range columns {
		last := int64(0)
		for i := 0; i < n && d.err == nil; i++ {
			if first == 0 {
				list = append(list, *new(T))
			}
			v := d.signed() + last
			if c.delta {
				last = v
			}
			if !c.set(&list[i], v) {
				d.fail(errors.New("a number is out of range"))
			}
		}
	}
	return list
}

func (d *decoder) rank() *trace.Rank {
	var h head
	d.head(&h)
	r := &h.Rank
	if h.Records < 0 || h.Samples < 0 {
		d.fail(errors.New("a count is negative"))
	}
	sorts := readColumns(d, h.Sorts, sortColumns)
	for _, s := range sorts {
		if int(s.Name) >= len(r.Names) || int(s.Coll) >= len(r.Colls) {
			d.fail(errNotThere)
		}
	}
	c := d.records(h.Records, sorts)
	if r.Columns = c; h.Corrs {
		if corr := readColumns(d, h.Records, corrColumn); d.err == nil {
			r.Records, r.Columns = c.Records(corr), nil
		}
	}
	d.samples(&h)
	return r
}

// mostRoom bounds the records for which room is made before they are read.
const mostRoom = 1 << 21

// records reads n records of those sorts.
func (d *decoder) records(n int, sorts []sort) *trace.Columns {
	c := trace.NewColumns(min(n, mostRoom))
	c.Sorts = sorts
	var start, dur [block]int64
	first, end := int64(math.MinInt64), int64(0)
	for ; n > 0 && d.err == nil; n -= block {
		own := min(n, block)
		for i := range own {
			start[i] = d.signed()
		}
		for i := range own {
			dur[i] = int64(d.unsigned())
		}
		for i := range own {
			sort, from := d.unsigned(), end+start[i]
			if sort >= uint64(len(sorts)) || dur[i] < 0 || from < first || from+dur[i] < from {
				d.fail(errors.New("a record cannot be"))
				return c
			}
			c.Append(uint32(sort), from, dur[i])
			first, end = from, from+dur[i]
		}
	}
	return c
}

func (d *decoder) samples(h *head) {
	last := int64(0)
	for i := 0; i < h.Samples && d.err == nil; i++ {
		last += d.signed()
		h.Rank.SMs = append(h.Rank.SMs, trace.Sample{At: last, Percent: math.Float32frombits(uint32(d.unsigned()))})
	}
}
