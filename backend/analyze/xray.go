package analyze

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"slices"

	"shardeck/backend/analyze/align"
	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/analyze/span"
	"shardeck/backend/trace"
	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/xray"
)

// Holding is how weights and the cache are held, as the experiment says.
type Holding struct {
	Quant     *model.Quant // nil: in the precision
	CacheBits int
}

// XRay takes the steps of each rank apart, with what is known of the launches of each by its number. It fails only when ctx ends.
func XRay(ctx context.Context, in Input, held Holding, launches map[int]trace.Launched) (xray.Report, error) {
	t, err := align.Build(ctx, in)
	if err != nil {
		return xray.Report{}, err
	}
	out := xray.Report{Run: in.Run, Layout: t.Layout, Damaged: len(t.Losses) > 0, Ranks: make([]xray.Rank, len(t.Ranks)),
		Warnings: append(append([]string{}, t.Losses...), t.Warnings...)}
	if in.Shape != nil {
		out.Model = in.Shape.Short
	}
	t.EachRank(&in, func(i int, r *align.Rank) {
		out.Ranks[i] = xray.Analyse(rankInput(&in, t, r, held), rawSteps(&in, t, r, launches[r.Number]))
	})
	for i, r := range t.Ranks {
		if why := r.NoSteps(); why != "" {
			out.Warnings = append(out.Warnings, fmt.Sprintf("%s: %s", r.File, why))
		}
		if gpu := gpuOf(&in, r); gpu != nil {
			out.GPU = cmp.Or(out.GPU, gpu.Title)
		} else if i == 0 {
			out.Warnings = append(out.Warnings, fmt.Sprintf("the GPU %q is not known: there are no floors", r.Device.Name))
		}
	}
	return out, ctx.Err()
}

func gpuOf(in *Input, r *align.Rank) *model.GPU {
	if in.GPU == nil {
		return nil
	}
	return in.GPU(r.Device.Name)
}

// rankInput is what is known of a rank beside its steps.
func rankInput(in *Input, t *align.Timeline, r *align.Rank, held Holding) xray.Input {
	out := xray.Input{Rank: r.Number, Layout: t.Layout, Stage: t.Layout.Coord(r.Number).PP, GPU: gpuOf(in, r), Width: 2,
		Quant: held.Quant, CacheBits: held.CacheBits, SMs: r.Device.SMs}
	if in.Shape != nil {
		out.Shape = *in.Shape
	}
	if e := in.Experiment; e != nil {
		out.Shape, out.Precision = out.Shape.WithLayers(e.Model.Layers), e.Model.Precision
		if e.Model.Precision == "float32" {
			out.Width = 4
		}
	}
	return out
}

// rawSteps are the steps of a rank with what its device did in each.
func rawSteps(in *Input, t *align.Timeline, r *align.Rank, launches trace.Launched) iter.Seq[*xray.Raw] {
	return func(yield func(*xray.Raw) bool) {
		if len(r.Steps) == 0 {
			return
		}
		requests, launched := newRequests(in, t.Layout), newLaunched(launches, r.Records())
		raw, at, call, more := &xray.Raw{NextNS: -1}, 0, 0, true
		end := func() {
			requests.step(&r.Steps[at], raw)
			raw.Index, raw.Cut = at, r.Skew > 0 && r.Steps[at].Start < r.Window.Start
			more = yield(raw)
			raw = &xray.Raw{NextNS: -1, Kernels: raw.Kernels[:0]}
		}
		r.Activity(func(i int, s span.Span, sort *trace.Sort) bool {
			for ; more && at+1 < len(r.Steps) && r.Steps[at+1].Start <= s.Start; at++ {
				if len(raw.Kernels) > 0 && raw.NextNS < 0 {
					raw.NextNS = max(0, s.Start-lastEnd(raw.Kernels))
				}
				end()
			}
			k := kernelOf(r, s, sort, &call)
			launched.note(i, r.Steps[at].Tokens, &k)
			if step := &r.Steps[at]; s.Start >= step.Start && s.Start < step.End && (at > 0 || s.Start >= step.Marked.Start) {
				if raw.NextNS < 0 && apart(step, raw.Kernels, s.Start) {
					raw.NextNS = s.Start - lastEnd(raw.Kernels)
				}
				if raw.NextNS < 0 {
					raw.Kernels = append(raw.Kernels, k)
				}
			} // else of a pass without requests, or of no step
			return more
		})
		if more {
			end()
		}
	}
}

// launched tells when the host launched records, which are asked for in order, and with which shapes.
type launched struct {
	trace.Launched
	first int             // number of the first record of Runs[0]
	at    int64           // when that run was launched; 0: its first record was not met
	graph []trace.Product // of the graph that the run replays; nil: not known
}

// newLaunched is of no run if they are not of so many records: some were left out as damage since.
func newLaunched(l trace.Launched, records int) *launched {
	for _, run := range l.Runs {
		records -= int(run.Count)
	}
	if records != 0 {
		return &launched{}
	}
	return &launched{Launched: l}
}

// note says of record i, of a step of so many tokens, how it was launched.
func (l *launched) note(i, tokens int, k *xray.Kernel) {
	for len(l.Runs) > 0 && i >= l.first+int(l.Runs[0].Count) {
		l.first, l.Runs, l.at = l.first+int(l.Runs[0].Count), l.Runs[1:], 0
	}
	if len(l.Runs) == 0 || l.Runs[0].Lead < 0 {
		return
	}
	run := &l.Runs[0]
	if l.at == 0 {
		l.at, l.graph = k.Start-run.Lead, l.captured(int(run.Count), tokens)
	}
	k.Launched, k.Calling, k.Graph = l.at, run.Call, run.Graph
	if run.Graph && i-l.first < len(l.graph) && k.Part == "gemm" {
		p := l.graph[i-l.first]
		k.Recorded = xray.Matmul{M: p.M, N: p.N, K: p.K}
	}
}

// captured is the graph with so many nodes that was captured for the fewest tokens that are enough; nil: there is none.
func (l *launched) captured(nodes, tokens int) (best []trace.Product) {
	rows := math.MaxInt
	for _, g := range l.Graphs {
		first := model.First(g, func(p trace.Product) bool { return p.M > 0 })
		if len(g) == nodes && first != nil && first.M >= tokens && first.M < rows {
			best, rows = g, first.M
		}
	}
	return best
}

// apart reports whether what begins at a time is of no step, or of the next: the device was idle after the step's annotation for longer
// than half of that lasted, which no sampling explains.
func apart(s *align.Step, all []xray.Kernel, at int64) bool {
	return len(all) > 0 && at > s.Marked.End && at-lastEnd(all[max(0, len(all)-64):]) > s.Marked.Length()/2
}

func lastEnd(all []xray.Kernel) (end int64) {
	for _, k := range all {
		end = max(end, k.Start+k.Dur)
	}
	return end
}

// kernelOf is what a device did at s; call counts on to its call, if it is one.
func kernelOf(r *align.Rank, s span.Span, sort *trace.Sort, call *int) xray.Kernel {
	name := &r.Names[sort.Name]
	k := xray.Kernel{Name: name.Full, Short: name.Short, Part: name.Part(), Start: s.Start, Dur: s.Length(), Wait: -1, Link: -1,
		Stream: sort.Stream, Blocks: int(math.Round(float64(max(0, sort.Blocks)) * float64(r.Device.SMs)))}
	switch {
	case sort.Kind == trace.KindMemset:
		k.Part = "fill"
	case sort.Kind == trace.KindMemcpy:
		k.Part = "memory"
	case name.IsComm():
		k.Call, k.Norm = name.Call.String(), name.Also == "norm"
		for *call < len(r.Calls) && r.Calls[*call].Start < s.Start {
			*call++
		}
		if *call < len(r.Calls) && r.Calls[*call].Start == s.Start && name.IsCall() {
			ofCall(&k, r.Calls[*call])
			*call++
		}
	}
	return k
}

// ofCall notes what a call moved, and how long it waited.
func ofCall(k *xray.Kernel, c *align.Call) {
	k.Call = c.Type.String()
	if c.Match == nil {
		return
	}
	k.Wait = c.Wait
	if c.Bytes >= 0 {
		k.Link = int64(float64(c.Bytes) * busFactor(c.Type, len(c.Match.Sequence.Ranks)))
	}
	if c.Type.Among() == kernelname.AllToAll { // a rank's own part stays where it is; how much that is differs
		k.Link = -1
	}
}

// requests follows the requests of a replica from step to step, since annotations say how many there are and not how long. Engines
// fill prompts in the order in which they came, and requests end in that order.
type requests struct {
	in     *Input
	prompt int64
	batch  int // requests of a replica; 0: not known
	live   []request
	lost   bool // a step was not understood, or the trace begins in the middle: no context is known until the next batch
}

type request struct{ context, left int64 }

func newRequests(in *Input, l model.Layout) *requests {
	r := &requests{in: in, lost: true}
	if e := in.Experiment; e != nil {
		r.prompt = int64(e.Data.SeqLen)
		if e.Data.BatchSize%max(1, l.DP()) == 0 {
			r.batch = e.Data.BatchSize / max(1, l.DP())
		}
	}
	return r
}

// step says what is put through the model in a step.
func (q *requests) step(s *align.Step, raw *xray.Raw) {
	raw.Phase, raw.Tokens, raw.Requests, raw.Context, raw.Pairs = s.Phase, s.Tokens, -1, -1, -1
	prompts, generating, tokens := s.Said.Prompts, s.Said.Generating, int64(s.Said.PromptTokens)
	vllm := q.in.Experiment != nil && q.in.Experiment.Engine == model.EngineVLLM
	if prompts < 0 && generating < 0 && q.batch > 0 && !vllm { // whole batches, as the reference engine runs them
		switch s.Phase {
		case metric.Prefill:
			prompts, generating, tokens = q.batch, 0, int64(q.batch)*q.prompt
		case metric.Decode:
			prompts, generating, tokens = 0, q.batch, 0
		}
	}
	if prompts < 0 || generating < 0 {
		q.lost = true
		return
	}
	if prompts == 0 {
		tokens = 0
	}
	raw.Requests = prompts + generating
	if raw.Tokens < 0 && tokens >= 0 {
		raw.Tokens = int(tokens) + generating
	}
	q.follow(raw, prompts, generating, tokens)
}

// follow moves the requests on by a step, and says how much context they have then.
func (q *requests) follow(raw *xray.Raw, prompts, generating int, tokens int64) {
	filling := slices.ContainsFunc(q.live, func(r request) bool { return r.left > 0 }) // a prompt is not through yet
	if prompts > 0 && generating == 0 && !filling {
		q.live, q.lost = q.live[:0], q.prompt == 0 || tokens < 0
	}
	ready := 0
	for _, r := range q.live {
		if r.left == 0 {
			ready++
		}
	}
	if q.lost || ready < generating || int64(raw.Tokens) != tokens+int64(generating) {
		q.lost = true
		return
	}
	for ; ready > generating && q.live[0].left == 0; ready-- { // those that came first have ended
		q.live = q.live[1:]
	}
	raw.Context, raw.Pairs = 0, 0
	for i := range q.live {
		if r := &q.live[i]; r.left == 0 {
			r.context++
			raw.Context, raw.Pairs = raw.Context+r.context, raw.Pairs+r.context
		}
	}
	q.fill(raw, prompts, tokens)
}

// fill puts tokens of prompts through: of those begun first.
func (q *requests) fill(raw *xray.Raw, prompts int, tokens int64) {
	for i := 0; prompts > 0; i++ {
		if i == len(q.live) {
			q.live = append(q.live, request{left: q.prompt})
		}
		r := &q.live[i]
		if r.left == 0 {
			continue
		}
		n := min(r.left, tokens)
		r.context, r.left, tokens, prompts = r.context+n, r.left-n, tokens-n, prompts-1
		raw.Context += r.context
		raw.Pairs += n*r.context - n*(n-1)/2
	}
	if tokens > 0 {
		q.lost = true
		raw.Context, raw.Pairs = -1, -1
	}
}
