package kineto

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

// Kernels of profilers before 2023 carry no metadata, but PyTorch annotates each of its calls: "nccl:all_to_all" on the
// thread that makes it, inside a record_param_comms which may have the metadata, and later on the stream, over the kernel.
// Where no kernel has any, the file is read once more for these.
const (
	callPrefix    = "nccl:"
	callOp        = "record_param_comms"
	onStream      = "gpu_user_annotation"
	callRanges    = "call" // what a linkReader is asked for
	mostOfATensor = 1 << 50
)

// isCallRange says whether an event is an annotation of a call, name in quotes.
func isCallRange(cat string, name []byte) bool {
	text := string(jsonscan.Unquote(name))
	return (cat == "user_annotation" || cat == onStream) && strings.HasPrefix(text, callPrefix) || cat == "cpu_op" && text == callOp
}

// callReader collects annotations of calls, and the launches that they are around.
type callReader struct {
	threads *linkReader
	streams *linkReader // whose launches are kernels, on the rows of their streams
	colls   []trace.Coll
}

// nameCalls gives the NCCL kernels of r, none of which has metadata, what annotations say of their calls. What nothing
// connects with a kernel is left in r.Asked. It fails only when ctx ends.
func nameCalls(ctx context.Context, r *trace.Rank) error {
	c := callReader{threads: newLinkReader(callRanges), streams: newLinkReader(callRanges)}
	d, err := openReader(ctx, r.File, nil, blockSize, splitting{}, c.event)
	if err != nil {
		return ctx.Err()
	}
	isGrouped := func(r callRange) bool { return c.colls[r.id].GroupSize > 0 }
	if ranges := &c.threads.ranges; slices.ContainsFunc(*ranges, isGrouped) { // they say more than what is inside them
		*ranges = slices.DeleteFunc(*ranges, func(r callRange) bool { return !isGrouped(r) })
	}
	c.threads.order()
	c.connect(r, d.baseTime)
	if len(r.Colls) == 0 {
		slices.SortStableFunc(c.threads.ranges, func(a, b callRange) int { return cmp.Compare(a.start, b.start) })
		for _, m := range c.threads.ranges {
			r.Asked = append(r.Asked, c.colls[m.id])
		}
	}
	return nil
}

// connect gives each NCCL kernel the annotation around its launch, else the one over it on its stream.
func (c *callReader) connect(r *trace.Rank, base int64) {
	table := collTable{ids: map[string]int32{}}
	give := func(k *trace.Record, in *linkReader, around int32) {
		if around >= 0 && k.Coll < 0 {
			coll := c.colls[in.ranges[around].id]
			k.Coll = table.number(collEntry{Coll: coll, key: fmt.Sprint(coll)})
		}
	}
	for i := range r.Records {
		k := &r.Records[i]
		if k.Kind != trace.KindKernel || !strings.HasPrefix(r.Names[k.Name], "nccl") {
			continue
		}
		if l, _ := c.threads.launchOf(kernelRun{corr: int64(k.Corr), start: k.Start - base}); l != nil {
			give(k, c.threads, l.around)
		}
		if row, ok := c.threads.threads.KnownJSON(fmt.Append(nil, k.Device, " ", k.Stream)); ok {
			c.streams.launches = append(c.streams.launches, launchCall{corr: int64(i), start: k.Start - base, around: -1, thread: row})
		}
	}
	c.streams.nest()
	for _, l := range c.streams.launches {
		give(&r.Records[l.corr], c.streams, l.around)
	}
	r.Colls = table.all()
}

// event takes the event at b[i].
func (c *callReader) event(b []byte, i int) {
	n := len(c.threads.ranges)
	c.threads.event(b, i)
	if len(c.threads.ranges) == n {
		return
	}
	m := c.threads.ranges[n]
	c.threads.ranges = c.threads.ranges[:n]
	coll := readCall(b, i)
	if coll.Name == "" { // before 2023 record_param_comms says nothing
		return
	}
	m.id = int64(len(c.colls))
	c.colls = append(c.colls, coll)
	to := c.threads
	if string(c.threads.e.cat) == onStream {
		to = c.streams
	}
	to.ranges = append(to.ranges, m)
}

// readCall is what the annotation at b[i] says of its call: the metadata, else its name, as "nccl:all_to_all" or
// "nccl:send 0->1", and its tensors.
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
	var ranks string
	c.Name, ranks, _ = strings.Cut(call, " ")
	if _, to, ok := strings.Cut(ranks, "->"); ok {
		c.Dst = rankIn(to)
	}
	if _, from, ok := strings.Cut(ranks, "<-"); ok {
		c.Src = rankIn(from)
	}
	if list := jsonscan.Elements(types); len(list) > 0 {
		c.DType, c.InElems = trace.ElementType(jsonscan.Text(list[0])), elementsOf(dims)
	}
	return c
}

// rankIn reads a rank; -1: it is none.
func rankIn(text string) int {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return -1
}

// elementsOf is how many elements tensors of such dimensions have: [[8, 1024], [3]]; -1: that cannot be.
func elementsOf(dims []byte) (sum int64) {
	for _, tensor := range jsonscan.Elements(dims) {
		n := int64(1)
		for _, size := range jsonscan.Elements(tensor) {
			v, ok := jsonscan.Integer(size)
			if !ok || v < 0 || v > 0 && n > mostOfATensor/v {
				return -1
			}
			n *= v
		}
		sum += n
	}
	return sum
}
