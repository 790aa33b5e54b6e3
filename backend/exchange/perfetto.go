package exchange

import (
	"bufio"
	"encoding/json"
	"fmt"
	"iter"
	"slices"

	"github.com/klauspost/compress/gzip"

	"shardeck/backend/trace/jsonscan"
	"shardeck/model/timeline"
)

// Threads of a rank's process, each with so many places for what runs at once.
const (
	threadSteps = 1 + atOnce*iota
	threadWork
	threadComm
	threadCalls
	atOnce = 100
)

// perfetto writes the JSON of Chrome's traces, which Perfetto reads: https://perfetto.dev/docs/getting-started/other-formats.
type perfetto struct {
	w     *bufio.Writer
	run   *timeline.Run
	lanes map[int][]int64 // by rank and thread: when each of its places is free
	event bool            // there is one already
}

// writePerfetto writes a process a rank, on one clock: its steps, kernels and matched calls. What a rank waits in a call lies in the call;
// an arrow leads from there to the rank that came last.
func writePerfetto(dir string, s Source) (remarks []string, err error) {
	return nil, file(dir, "timeline.json.gz", func(w *bufio.Writer) error {
		packed, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // the level is one that there is
		p := &perfetto{w: bufio.NewWriter(packed), lanes: map[int][]int64{}}
		p.w.WriteString(`{"displayTimeUnit":"ns","traceEvents":[`)
		first := true
		err := s.Lanes(func(run *timeline.Run) error {
			if p.run = run; first {
				p.head()
				p.calls()
			}
			first = false
			p.kernels()
			return p.w.Flush()
		})
		if err != nil {
			return err
		}
		p.w.WriteString("\n]}\n")
		if err := p.w.Flush(); err != nil {
			return err
		}
		return packed.Close()
	})
}

// put writes one event; a writer that failed fails at the next flush. Perfetto takes process 0 for the idle one.
func (p *perfetto) put(kind string, rank, thread int, format string, args ...any) {
	if p.event {
		p.w.WriteByte(',')
	}
	p.event = true
	fmt.Fprintf(p.w, "\n"+`{"ph":"%s","pid":%d,"tid":%d,`, kind, p.run.Ranks[rank].Number+1, thread)
	fmt.Fprintf(p.w, format+"}", args...)
}

// slice writes what lasts, on the first place of its thread that is free, and returns that place.
func (p *perfetto) slice(rank, thread int, start, end int64, name, category, args string) int {
	free := p.lanes[rank*threadCalls*2+thread]
	place := slices.IndexFunc(free, func(until int64) bool { return until <= start })
	if place < 0 {
		place = len(free)
		free = append(free, 0)
		p.thread(rank, thread, place)
	}
	free[place] = end
	p.lanes[rank*threadCalls*2+thread] = free
	p.span(rank, thread+place, start, end, name, category, args)
	return thread + place
}

func (p *perfetto) span(rank, thread int, start, end int64, name, category, args string) {
	p.put("X", rank, thread,
		`"ts":%s,"dur":%s,"cat":"%s","name":%s,"args":{%s}`, jsonscan.WrittenMicros(start), jsonscan.WrittenMicros(end-start), category, quoted(name), args)
}

var threadNames = map[int]string{threadSteps: "steps", threadWork: "compute and copies", threadComm: "communication",
	threadCalls: "calls and waits"}

func (p *perfetto) thread(rank, thread, place int) {
	p.put("M", rank, thread+place, `"name":"thread_name","args":{"name":"%s"}`, threadNames[thread])
	p.put("M", rank, thread+place, `"name":"thread_sort_index","args":{"sort_index":%d}`, thread+place)
}

func (p *perfetto) head() {
	for i, r := range p.run.Ranks {
		p.put("M", i, 0, `"name":"process_name","args":{"name":"rank %d, node %d"}`, r.Number, r.Node)
		p.put("M", i, 0, `"name":"process_sort_index","args":{"sort_index":%d}`, r.Number)
		for _, s := range r.Steps {
			p.slice(i, threadSteps, s.Start, s.End, fmt.Sprintf("%s %d", s.Phase, s.Number), "step", "")
		}
	}
}

// placed is a call on one rank.
type placed struct {
	call *timeline.Call
	part timeline.Part
}

// calls writes the calls of each rank in order of their starts; then the arrows, which need to know where the last rank's part lies.
func (p *perfetto) calls() {
	byRank, last := make([][]placed, len(p.run.Ranks)), map[*timeline.Call]int{}
	for i := range p.run.Calls {
		c := &p.run.Calls[i]
		for _, part := range c.Parts {
			byRank[part.Rank] = append(byRank[part.Rank], placed{c, part})
		}
	}
	type arrow struct {
		placed
		thread int
	}
	var arrows []arrow
	for rank, all := range byRank {
		slices.SortStableFunc(all, func(a, b placed) int { return int(a.part.Start - b.part.Start) })
		for _, x := range all {
			c := x.call
			bytes := "null"
			if c.Bytes >= 0 {
				bytes = fmt.Sprint(c.Bytes)
			}
			args := fmt.Sprintf(`"bytes":%s,"bytes_inferred":%t,"late_ns":%d,"last_rank":%d`, bytes,
				c.Inferred, c.LateNS, p.run.Ranks[c.Last].Number)
			thread := p.slice(rank, threadCalls, x.part.Start, x.part.End, fmt.Sprintf("%s %d", c.Type, c.Number), "call", args)
			if rank == c.Last {
				last[c] = thread
			}
			if end := min(c.At, x.part.End); rank != c.Last && c.LateNS > 0 && end > x.part.Start {
				p.span(rank, thread, x.part.Start, end, fmt.Sprintf("wait for rank %d", p.run.Ranks[c.Last].Number), "wait", "")
				arrows = append(arrows, arrow{x, thread})
			}
		}
	}
	for i, a := range arrows {
		p.put("s", a.part.Rank, a.thread, `"id":%d,"ts":%s,"cat":"wait","name":"waits for"`, i+1, jsonscan.WrittenMicros(a.part.Start))
		p.put("f", a.call.Last, last[a.call], `"id":%d,"ts":%s,"cat":"wait","name":"waits for","bp":"e"`, i+1, jsonscan.WrittenMicros(a.call.At))
	}
}

// kernels writes those of one part of the timeline.
func (p *perfetto) kernels() {
	names := make([]string, len(p.run.Names))
	for rank := range p.run.Ranks {
		for track, thread := range []int{timeline.Work: threadWork, timeline.Comm: threadComm} {
			for k := range kernelsOf(p.run, rank, track) {
				n := p.run.Names[k.Name]
				if names[k.Name] == "" {
					names[k.Name] = `"kernel":` + quoted(n.Full)
				}
				p.slice(rank, thread, k.Start, k.End, n.Short, quotedBare(n.Class), names[k.Name])
			}
		}
	}
}

// kernelsOf are the kernels of a track that begin in the run's part: those that only end there are of the part before.
// What began before the window is there from its beginning on.
func kernelsOf(run *timeline.Run, rank, track int) iter.Seq[timeline.Kernel] {
	return func(yield func(timeline.Kernel) bool) {
		for k := range run.Ranks[rank].Tracks[track].Long(run.Kernels.From, run.Kernels.To, 0) {
			if k.Start < run.Kernels.From && run.Kernels.From > 0 {
				continue
			}
			if k.Start = max(k.Start, 0); !yield(k) {
				return
			}
		}
	}
}

func quoted(text string) string {
	out, _ := json.Marshal(text) // a text: cannot fail
	return string(out)
}

func quotedBare(text string) string { q := quoted(text); return q[1 : len(q)-1] }
