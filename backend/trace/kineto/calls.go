package kineto

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

// Kernels of profilers before 2023 carry no metadata, but PyTorch annotates each of its calls: "nccl:all_to_all" on the
// thread that makes it, inside a record_param_comms which may have the metadata, and later on the stream, over the kernel.
// Where no kernel has any, the file is read once more for these.
const (
	callPrefix = "nccl:"
	callOp     = "record_param_comms"
)

// callReader collects annotations of calls, and the launches that they are around.
type callReader struct {
	*hostReader
	colls collTable // by hostRange.id
}

// event takes the event at b[i].
func (c *callReader) event(b []byte, i int) {
	n := len(c.ranges)
	if c.hostReader.event(b, i); len(c.ranges) == n {
		return
	}
	coll := readCall(b, i)
	c.ranges[n].id = int64(c.colls.number(collEntry{Coll: coll, key: fmt.Sprint(coll)}))
	if coll.Name == "" { // record_param_comms of before 2023
		c.ranges = c.ranges[:n]
	}
}

// nameCalls gives the NCCL kernels of r, none of which has metadata, that of the annotation around their launch, else of
// the one over them on their stream; or, where neither is known of any, of as many annotations in the order of launches.
// It fails only when ctx ends.
func nameCalls(ctx context.Context, r *trace.Rank) error {
	c := callReader{hostReader: newHostReader(callRange), colls: collTable{ids: map[string]int32{}}}
	d, err := openReader(ctx, r.File, nil, reading{everyEvent: func(b []byte, i int, _ int64) { c.event(b, i) }})
	if err != nil {
		return ctx.Err()
	}
	isPoor := func(r hostRange) bool { return c.colls.list[r.id].GroupSize < 0 }
	if rest := slices.DeleteFunc(slices.Clone(c.ranges), isPoor); len(rest) > 0 { // they say more than what is inside them
		c.ranges = rest
	}
	kernels := c.launchOnStreams(r, d.baseTime)
	switch {
	case c.connect(kernels, d.baseTime):
		r.Colls = c.colls.all()
	case len(c.ranges) == len(kernels):
		slices.SortStableFunc(kernels, func(a, b *trace.Record) int {
			return cmp.Or(cmp.Compare(a.Corr, b.Corr), cmp.Compare(a.Start, b.Start))
		})
		slices.SortStableFunc(c.ranges, func(a, b hostRange) int { return cmp.Compare(a.start, b.start) })
		for i, k := range kernels {
			k.Coll = int32(c.ranges[i].id)
		}
		r.Colls = c.colls.all()
		r.Info.Notes = append(r.Info.Notes, "launches were not recorded: annotations name the collectives, in the order of the calls")
	}
	return nil
}

// onStream is added to the number of a kernel that stands for its own launch: more than any correlation id.
const onStream = 1 << 40

// launchOnStreams lists the NCCL kernels of r, each of which it takes for a launch on the row of its stream too.
func (c *callReader) launchOnStreams(r *trace.Rank, base int64) (kernels []*trace.Record) {
	for i := range r.Records {
		if k := &r.Records[i]; k.Kind == trace.KindKernel && strings.HasPrefix(r.Names[k.Name], "nccl") {
			row := c.row(hostRow{int64(k.Device), int64(k.Stream)})
			c.launches = append(c.launches, hostLaunch{corr: onStream + int64(len(kernels)), start: k.Start - base, thread: row})
			kernels = append(kernels, k)
		}
	}
	return kernels
}

// connect gives kernels what the annotations around their launches say; false: there are none.
func (c *callReader) connect(kernels []*trace.Record, base int64) (found bool) {
	c.order()
	around := c.nest(callRange)
	for i, k := range kernels {
		for _, corr := range []int64{onStream + int64(i), int64(k.Corr)} { // the launch counts
			if l := c.launchOf(corr, k.Start-base); l >= 0 && around[l] >= 0 {
				k.Coll, found = int32(c.ranges[around[l]].id), true
			}
		}
	}
	return found
}

// readCall is what the annotation at b[i] says of its call: the metadata, else its name, as "nccl:send 0->1", and its tensors.
func readCall(b []byte, i int) trace.Coll {
	var e event
	var dims, types []byte
	eachPair(b, i, func(key []byte, inArgs bool, from, to int) {
		switch f := fieldOf(key, inArgs); {
		case f.isColl() || f == fieldName:
			e.setValue(b, f, jsonscan.SpanOf(from, to))
		case inArgs && string(key) == "Input Dims":
			dims = b[from:to]
		case inArgs && string(key) == "Input type":
			types = b[from:to]
		}
	})
	c := readColl(b, &e, "").Coll
	call, annotated := strings.CutPrefix(jsonscan.CleanText(e.name.Of(b)), callPrefix)
	if c.Name != "" || !annotated {
		return c
	}
	name, ranks, _ := strings.Cut(call, " ")
	own := 0
	c.Name = name
	_, _ = fmt.Sscanf(ranks, "%d->%d", &own, &c.Dst) // of send; else Dst stays unknown
	_, _ = fmt.Sscanf(ranks, "%d<-%d", &own, &c.Src)
	if list := jsonscan.Elements(types); len(list) > 0 {
		c.DType, c.InElems = trace.ElementType(jsonscan.Text(list[0])), elementsOf(dims)
	}
	return c
}

// elementsOf is how many elements tensors of such dimensions have: [[8, 1024], [3]]; -1: that cannot be.
func elementsOf(dims []byte) (sum int64) {
	for _, tensor := range jsonscan.Elements(dims) {
		n := int64(1)
		for _, size := range jsonscan.Elements(tensor) {
			v, ok := jsonscan.Integer(size)
			if !ok || v < 0 || v > 0 && n > 1<<50/v {
				return -1
			}
			n *= v
		}
		sum += n
	}
	return sum
}

// collTable interns NCCL metadata: calls of one kind and size share one Coll.
type collTable struct {
	ids  map[string]int32
	list []collEntry
	key  []byte // scratch
}

type collEntry struct {
	trace.Coll
	key string // its text
	bad bool   // a number of it is none
}

// intern is the index of the Coll of e, which was read from b; -1 if it has no metadata.
func (t *collTable) intern(b []byte, e *event) int32 {
	if !e.collGiven {
		return -1
	}
	t.key = t.key[:0]
	for _, v := range e.coll {
		t.key = append(append(t.key, v.Of(b)...), 0)
	}
	if id, ok := t.ids[string(t.key)]; ok {
		return id
	}
	return t.number(readColl(b, e, string(t.key)))
}

// number is the index of c, which may be an entry of another table.
func (t *collTable) number(c collEntry) int32 {
	id, ok := t.ids[c.key]
	if !ok {
		id = int32(len(t.list))
		t.ids[c.key] = id
		t.list = append(t.list, c)
	}
	return id
}

// all is the metadata that a Rank holds.
func (t *collTable) all() (out []trace.Coll) {
	for _, c := range t.list {
		out = append(out, c.Coll)
	}
	return out
}

// readColl reads the metadata of one event. A number that is missing or none is -1.
func readColl(b []byte, e *event, key string) collEntry {
	c := collEntry{key: key}
	val := func(f field) []byte { return e.coll[f-collName].Of(b) }
	text := func(f field) string { return jsonscan.CleanText(val(f)) }
	integer := func(f field) int64 {
		var n number
		n.set(val(f), jsonscan.Integer)
		c.bad = c.bad || n.state == notANumber
		return n.or(-1)
	}
	c.Coll = trace.Coll{
		Name: text(collName), DType: text(collDType), InElems: integer(collIn), OutElems: integer(collOut),
		GroupSize: int(integer(collSize)), GroupName: text(collGroup), GroupRanks: trace.RankList(val(collRanks)),
		Src: int(integer(collSrc)), Dst: int(integer(collDst)),
	}
	return c
}
