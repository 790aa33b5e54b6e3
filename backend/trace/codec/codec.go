// Package codec keeps what one trace file holds, a rank or those of a node, as it is in
// memory, so that a job on a compute node can read a large file and leave what analysis needs
// of it in the cache: some bytes a kernel instead of the kilobytes of its JSON.
//
// A packed file is a line that names the format, then a zstd stream (which carries its
// own checksum): the number of ranks, and of each the small things as JSON with its
// length before it, then one column after the other of the records and the samples. Times
// and correlation ids are written as differences, numbers as varints. Encode and Decode are
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

	"github.com/klauspost/compress/zstd"

	"shardeck/backend/trace"
)

// magic is the first line; its number changes with the format.
const magic = "shardeck rank 1\n"

// head is all of a rank but its columns.
type head struct {
	Records, Samples int
	Rank             trace.Rank
}

// Encode writes ranks.
func Encode(w io.Writer, ranks []*trace.Rank) error {
	if _, err := io.WriteString(w, magic); err != nil {
		return err
	}
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	e := &encoder{w: bufio.NewWriterSize(z, 1<<16)}
	e.unsigned(uint64(len(ranks)))
	for _, r := range ranks {
		if err == nil {
			err = e.rank(r)
		}
	}
	return cmp.Or(err, e.w.Flush(), z.Close())
}

// encoder writes numbers; the first error of w stays in w.
type encoder struct {
	w   *bufio.Writer
	buf [binary.MaxVarintLen64]byte
}

func (e *encoder) unsigned(v uint64) { e.w.Write(binary.AppendUvarint(e.buf[:0], v)) }
func (e *encoder) signed(v int64)    { e.w.Write(binary.AppendVarint(e.buf[:0], v)) }

func (e *encoder) rank(r *trace.Rank) error {
	h := head{Records: len(r.Records), Samples: len(r.SMs), Rank: *r}
	h.Rank.Records, h.Rank.SMs = nil, nil
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	e.unsigned(uint64(len(text)))
	e.w.Write(text)
	for _, c := range columns {
		last := int64(0)
		for i := range r.Records {
			v := c.get(&r.Records[i])
			e.signed(v - last)
			if c.delta {
				last = v
			}
		}
	}
	last := int64(0)
	for _, s := range r.SMs {
		e.signed(s.At - last)
		e.unsigned(uint64(math.Float32bits(s.Percent)))
		last = s.At
	}
	return nil
}

type rec = trace.Record

// column is one field of a record as a number.
type column struct {
	delta bool // written as the difference from the record before
	get   func(*rec) int64
	set   func(*rec, int64) bool // false: the number cannot be one of this field
}

var columns = []column{
	{true, func(r *rec) int64 { return r.Start }, func(r *rec, v int64) bool { r.Start = v; return true }},
	{false, func(r *rec) int64 { return r.Dur }, func(r *rec, v int64) bool { r.Dur = v; return v >= 0 }},
	{false, func(r *rec) int64 { return int64(r.Name) }, func(r *rec, v int64) bool { r.Name = uint32(v); return isUint32(v) }},
	{true, func(r *rec) int64 { return int64(r.Corr) }, func(r *rec, v int64) bool { r.Corr = uint32(v); return isUint32(v) }},
	{false, func(r *rec) int64 { return int64(r.Coll) }, func(r *rec, v int64) bool { r.Coll = int32(v); return isIndex(v) }},
	{false, func(r *rec) int64 { return int64(math.Float32bits(r.Blocks)) }, setBlocks},
	{false, func(r *rec) int64 { return int64(r.Stream) }, func(r *rec, v int64) bool { r.Stream = int32(v); return int64(r.Stream) == v }},
	{false, func(r *rec) int64 { return int64(r.Device) }, func(r *rec, v int64) bool { r.Device = int16(v); return int64(r.Device) == v }},
	{false, func(r *rec) int64 { return int64(r.Kind) }, func(r *rec, v int64) bool { r.Kind = trace.Kind(v); return isKind(v) }},
}

func setBlocks(r *rec, v int64) bool {
	r.Blocks = math.Float32frombits(uint32(v))
	return isUint32(v)
}

func isUint32(v int64) bool { return v >= 0 && v <= math.MaxUint32 }
func isIndex(v int64) bool  { return v >= -1 && v <= math.MaxInt32 }
func isKind(v int64) bool   { return v >= 0 && v <= int64(trace.KindMemset) }

// errFormat is what is told of a text that Encode did not write.
var errFormat = errors.New("is no packed rank of this version")

// Decode reads what Encode wrote.
func Decode(r io.Reader) ([]*trace.Rank, error) {
	line := make([]byte, len(magic))
	if _, err := io.ReadFull(r, line); err != nil || string(line) != magic {
		return nil, errFormat
	}
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	d := &decoder{r: bufio.NewReaderSize(z, 1<<16)}
	ranks := []*trace.Rank{}
	for n := d.unsigned(); n > 0 && d.err == nil; n-- {
		ranks = append(ranks, d.rank())
	}
	if _, err := d.r.ReadByte(); err != io.EOF { // the checksum stands at the end
		d.fail(errors.New("it goes on after its end"))
		d.fail(err)
	}
	if d.err != nil {
		return nil, fmt.Errorf("%w: %w", errFormat, d.err)
	}
	return ranks, nil
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

func (d *decoder) rank() *trace.Rank {
	var h head
	n := d.unsigned()
	if n > maxHead {
		d.fail(errors.New("its head has no length"))
	}
	if d.err == nil {
		text, err := io.ReadAll(io.LimitReader(d.r, int64(n)))
		d.fail(err)
		d.fail(json.Unmarshal(text, &h))
	}
	d.records(&h)
	d.samples(&h)
	return &h.Rank
}

// records fills the columns. The first grows as it is read: a count that is not true costs nothing.
func (d *decoder) records(h *head) {
	r := &h.Rank
	if h.Records < 0 || h.Samples < 0 {
		d.fail(errors.New("a count is negative"))
	}
	for n, c := range columns {
		last := int64(0)
		for i := 0; i < h.Records && d.err == nil; i++ {
			if n == 0 {
				r.Records = append(r.Records, trace.Record{})
			}
			v := d.signed() + last
			if c.delta {
				last = v
			}
			if !c.set(&r.Records[i], v) {
				d.fail(errors.New("a number is out of range"))
			}
		}
	}
	for i := range r.Records {
		if int(r.Records[i].Name) >= len(r.Names) || int(r.Records[i].Coll) >= len(r.Colls) {
			d.fail(errors.New("a record names what is not there"))
		}
	}
}

func (d *decoder) samples(h *head) {
	last := int64(0)
	for i := 0; i < h.Samples && d.err == nil; i++ {
		last += d.signed()
		h.Rank.SMs = append(h.Rank.SMs, trace.Sample{At: last, Percent: math.Float32frombits(uint32(d.unsigned()))})
	}
}
