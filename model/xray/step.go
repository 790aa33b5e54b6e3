package xray

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"shardeck/model"
)

// Analyse takes the steps of a rank apart, one after the other. Any input gives some answer.
func Analyse(in Input, steps iter.Seq[*Raw]) Rank {
	r := Rank{Rank: in.Rank, Stage: in.Stage, Layers: in.layers(), Steps: []Step{}}
	for raw := range steps {
		if len(raw.Kernels) > 0 {
			r.Steps = append(r.Steps, in.step(raw))
		}
	}
	return r
}

// LayerBounds is when each layer of a step begins, in order, and last when the last one ends; nil where no layers are told.
func LayerBounds(in *Input, raw *Raw) (bounds []int64) {
	if len(raw.Kernels) == 0 {
		return nil
	}
	end := int64(0)
	for i, n := range parse(in, raw.Kernels).layer {
		k := &raw.Kernels[i]
		if n == len(bounds) { // the first kernel of the next one
			bounds = append(bounds, k.Start)
		}
		if n >= 0 {
			end = max(end, k.Start+k.Dur)
		}
	}
	if len(bounds) > 0 {
		bounds = append(bounds, end)
	}
	return bounds
}

// order is that of operators on a page: of a layer, with what comes before and after.
var order = strings.Fields(`input embedding norm qkv qk_norm rope cache attention o residual router dispatch experts shared gate_up
	activation down quantise glue all_reduce reduce_scatter all_gather all_to_all send recv send_recv broadcast head sampling`)

// sum is what was counted of an operator.
type sum struct {
	n, parts   int
	own, dur   int64
	wait, link int64 // -1: not known
	byLayer    map[int]int64
	names      map[string]int64
}

// step takes one step apart.
func (in *Input) step(raw *Raw) Step {
	p := parse(in, raw.Kernels)
	s := Step{Index: raw.Index, Cut: raw.Cut, Phase: raw.Phase, Tokens: raw.Tokens, Requests: raw.Requests, Context: raw.Context,
		NextNS: raw.NextNS, Kernels: len(raw.Kernels), Operators: []Operator{}}
	var own []int64
	own, s.Gaps = s.divide(raw.Kernels)
	s.launches(raw.Kernels)
	s.Period, s.Repeats = p.period()
	sums := map[string]*sum{}
	for i := range raw.Kernels {
		sums[p.op[i]] = p.add(sums[p.op[i]], i, own[i])
	}
	z := in.sizes(p, raw)
	for _, name := range slices.SortedFunc(maps.Keys(sums), func(a, b string) int { return cmp.Or(place(a)-place(b), cmp.Compare(a, b)) }) {
		s.Operators = append(s.Operators, in.operator(p, z, raw, name, sums[name]))
	}
	return s
}

func place(op string) int {
	if i := slices.Index(order, op); i >= 0 {
		return i
	}
	return len(order)
}

// divide gives each kernel the time that is its own, the first of several that run at once having it, and tells the gaps by cause.
func (s *Step) divide(k []Kernel) (own []int64, gaps []Gap) {
	own = make([]int64, len(k))
	end, last := k[0].Start, 0
	by := map[string]*Gap{}
	for i := range k {
		if gap := k[i].Start - end; gap > 0 {
			cause := causeOf(&k[last], &k[i], end)
			if by[cause] == nil {
				by[cause] = &Gap{Cause: cause}
			}
			by[cause].NS, by[cause].N = by[cause].NS+gap, by[cause].N+1
		}
		if stop := k[i].Start + k[i].Dur; stop > end {
			own[i] = stop - max(end, k[i].Start)
			end, last = stop, i
		}
	}
	s.WallNS = end - k[0].Start
	return own, model.Each(slices.Sorted(maps.Keys(by)), func(cause string) Gap { return *by[cause] })
}

// briefly is how long a device takes from one kernel to the next that was launched in time: 0.3 to 3 µs in all recordings.
const briefly = 5000

// causeOf is why nothing ran from end until k began, after the kernel before it had ended.
func causeOf(before, k *Kernel, end int64) string {
	switch gap := k.Start - end; {
	case k.Launched > end:
		return "host"
	case k.Launched > 0 && k.Stream != before.Stream && gap > briefly:
		return "stream"
	case k.Launched > 0 && k.Launched+k.Calling > end && gap > briefly: // the call was still under way
		return "host"
	case gap <= briefly:
		return "between"
	}
	return "unknown"
}

// launches sums up what the host did for the step.
func (s *Step) launches(k []Kernel) {
	var calls, pitch []int64
	graph, known, before := 0, 0, int64(0)
	for i := range k {
		if k[i].Graph {
			graph++
		}
		if k[i].Launched == 0 {
			continue
		}
		known++
		if k[i].Launched == before {
			continue
		}
		calls = append(calls, k[i].Calling)
		if before > 0 && k[i].Launched > before {
			pitch = append(pitch, k[i].Launched-before)
		}
		before = k[i].Launched
	}
	s.Graph = 2*graph > len(k)
	if 2*known < len(k) {
		return
	}
	s.CallNS, s.PitchNS = median(calls), median(pitch)
	host := slices.IndexFunc(s.Gaps, func(g Gap) bool { return g.Cause == "host" })
	s.Bound = new(host >= 0 && s.Gaps[host].NS*10 > s.WallNS)
}

// median of a list, which it sorts; nil of none.
func median(list []int64) *int64 {
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	return &list[len(list)/2]
}

// period is how many kernels of the same names come again and again, one attention after the other, and how often.
func (p *parser) period() (length, repeats int) {
	counts, lengths := map[string]int{}, map[string]int{}
	var names strings.Builder
	n, last := 0, -1
	for i := range p.k {
		if p.op[i] == "attention" && p.layer[i] != last {
			if last >= 0 {
				counts[names.String()]++
				lengths[names.String()] = n
			}
			last, n = p.layer[i], 0
			names.Reset()
		}
		names.WriteString(p.k[i].Name)
		names.WriteByte('\n')
		n++
	}
	for text, times := range counts {
		if times > repeats || times == repeats && lengths[text] > length {
			length, repeats = lengths[text], times
		}
	}
	return length, repeats
}

// add counts a kernel of an operator.
func (p *parser) add(s *sum, i int, own int64) *sum {
	s = cmp.Or(s, &sum{byLayer: map[int]int64{}, names: map[string]int64{}})
	k := &p.k[i]
	s.parts++
	if k.Part != "gemm_part" && k.Part != "fill" {
		s.n++
	}
	s.own, s.dur = s.own+own, s.dur+k.Dur
	if k.Call != "" {
		s.wait, s.link = addKnown(s.wait, k.Wait), addKnown(s.link, k.Link)
	}
	s.byLayer[p.layer[i]] += own
	s.names[k.Short] += k.Dur
	return s
}

func addKnown(sum, more int64) int64 {
	if sum < 0 || more < 0 {
		return -1
	}
	return sum + more
}

// operator sums an operator up.
func (in *Input) operator(p *parser, z sizes, raw *Raw, name string, s *sum) Operator {
	o := Operator{Name: name, N: s.n, NS: s.own, DurNS: s.dur, Certain: true, Products: []Matmul{}}
	var layers []int64
	for layer, ns := range s.byLayer {
		if layer >= 0 {
			layers = append(layers, ns)
		}
	}
	o.Layers = len(layers)
	if m := median(layers); m != nil {
		o.LayerNS = *m
	}
	o.Kernels = slices.SortedFunc(maps.Keys(s.names), func(a, b string) int {
		return cmp.Or(cmp.Compare(s.names[b], s.names[a]), cmp.Compare(a, b))
	})
	if slices.ContainsFunc(p.k, func(k Kernel) bool { return k.Call == name }) {
		in.link(&o, s)
		return o
	}
	c, recorded := p.recorded(z, name)
	if !recorded {
		c = z.costs(p, raw, name, o.Layers, s.n)
		o.Why = p.why(in, name, &c)
	}
	o.Certain = o.Why == "" && c.maybe == ""
	o.Why = cmp.Or(o.Why, c.maybe)
	if c.unknown == "" {
		o.Bytes = &c.bytes
		if c.products != nil {
			o.Products = c.products
		}
		if c.flops > 0 {
			o.FLOPs = &c.flops
		}
		in.setFloor(&o, c.flops, c.bytes, 0)
	} else if o.Why == "" {
		o.Why, o.Certain = c.unknown, !slices.Contains(products, name)
	}
	return o
}

// setFloor sets the floor, unless it lies above what was measured: then something else ran than the model's shape says.
func (in *Input) setFloor(o *Operator, flops, bytes, link float64) {
	ns, by := in.floor(flops, bytes, link)
	switch {
	case by == "":
	case ns > 1.1*float64(o.DurNS) && !o.Certain && o.Why != "":
		o.FLOPs, o.Bytes, o.Why = nil, nil, o.Why+fmt.Sprintf(", it would take %.1f µs at least: that is not so", ns/1e3)
	case ns > 1.1*float64(o.DurNS) && len(o.Products) > 0:
		o.Why = fmt.Sprintf("faster than the GPU could do it (%.1f µs at least): something else ran than the model's shape says", ns/1e3)
		o.Certain, o.FLOPs, o.Bytes, o.Products = false, nil, nil, []Matmul{}
	default:
		o.FloorNS, o.Floor = new(min(int64(ns), o.DurNS)), by
	}
}

// products are the operators that are products of matrices by the model's shape.
var products = []string{"qkv", "attention", "o", "gate_up", "down", "experts", "shared", "head"}

// link sums up communication.
func (in *Input) link(o *Operator, s *sum) {
	if s.wait >= 0 {
		o.WaitNS = new(s.wait)
	} else {
		o.Why = "its wait for other ranks is not known"
	}
	if s.link > 0 {
		o.Link = new(float64(s.link))
		in.setFloor(o, 0, 0, *o.Link)
	}
}

// why says why an operator is not certain; empty: it is.
func (p *parser) why(in *Input, name string, c *cost) string {
	switch want := in.layers(); {
	case p.layers == 0:
		return "no attention is told by its name: operators are classes of kernels"
	case name == "other":
		return "not told by name or place"
	case len(c.products) == 0:
		return ""
	case want > 0 && p.layers != want:
		return fmt.Sprintf("attention ran %d×, the model has %d layers here", p.layers, want)
	case p.odd[name] != "":
		return p.odd[name]
	}
	return p.geometry(name, c.products)
}
