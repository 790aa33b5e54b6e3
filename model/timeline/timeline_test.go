package timeline

import (
	"math/rand/v2"
	"slices"
	"testing"

	"shardeck/model/metric"
)

// history is what a rank did, nanosecond by nanosecond.
func history(r *rand.Rand, length int64) (pieces []Piece, each []Kind) {
	each = make([]Kind, length)
	for at := int64(0); at < length; {
		p := Piece{at + r.Int64N(4), 0, Kind(1 + r.IntN(Kinds-1))}
		p.End = p.Start + 1 + r.Int64N(9)
		pieces = append(pieces, p)
		for t := p.Start; t < min(p.End, length); t++ {
			each[t] = p.Kind
		}
		at = p.End
	}
	return pieces, each
}

func countIn(each []Kind, from, to int64) (c Cell) {
	for t := max(from, 0); t < min(to, int64(len(each))); t++ {
		c[each[t]]++
	}
	return c
}

// TestCellsAgainstBruteForce: any part in any number of cells, also beyond the ends.
func TestCellsAgainstBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		length := 1 + r.Int64N(3000)
		pieces, each := history(r, length)
		s := NewStates(length, pieces)
		for range 20 {
			from := r.Int64N(length+100) - 50
			to := from + 1 + r.Int64N(length)
			cells := make([]Cell, 1+r.IntN(200))
			s.Cells(from, to, cells)
			for i := range cells {
				n := int64(len(cells))
				if want := countIn(each, Edge(from, to, int64(i), n), Edge(from, to, int64(i)+1, n)); cells[i] != want {
					t.Fatalf("%d to %d of %d, cell %d of %d: %v, want %v", from, to, length, i, n, cells[i], want)
				}
			}
		}
	}
}

// TestStatesOfHours: blocks hold moments further apart than 4 s.
func TestStatesOfHours(t *testing.T) {
	const hour = int64(3600e9)
	s := NewStates(3*hour, ([]Piece{{1, hour, Compute}, {2 * hour, 2*hour + 5, Wait}}))
	cells := make([]Cell, 3)
	s.Cells(0, 3*hour, cells)
	if want := []Cell{{Idle: 1, Compute: hour - 1}, {Idle: hour}, {Idle: hour - 5, Wait: 5}}; !slices.Equal(cells, want) {
		t.Errorf("%v, want %v", cells, want)
	}
}

func FuzzStates(f *testing.F) {
	f.Add(int64(100), []byte{3, 5, 1, 0, 200, 4}, int64(-5), int64(90), uint8(7))
	f.Fuzz(func(t *testing.T, length int64, text []byte, from, span int64, n uint8) {
		length, span = length%1e6, span%1e6
		var pieces []Piece // in order, yet they may overlap, be empty or lie outside
		at := int64(0)
		for i := 0; i+2 < len(text); i += 3 {
			at += int64(text[i])
			pieces = append(pieces, Piece{at, at + int64(text[i+1]), Kind(int(text[i+2]) % Kinds)})
		}
		s := NewStates(length, pieces)
		cells := make([]Cell, n)
		from = from % 1e6
		s.Cells(from, from+span, cells)
		var sum Cell
		for i := range cells {
			sum.Add(&cells[i])
		}
		want := int64(0)
		if n > 0 && span > 0 {
			want = max(0, min(from+span, max(length, 0))-max(from, 0))
		}
		if sum.Total() != want {
			t.Errorf("cells hold %d ns, want %d", sum.Total(), want)
		}
		for _, ns := range sum {
			if ns < 0 {
				t.Errorf("negative time: %v", sum)
			}
		}
	})
}

// TestLongAgainstBruteForce: kernels of any length that overlap.
func TestLongAgainstBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 60 {
		var track Track
		var all []Kernel
		for at, i := int64(0), 0; i < 500; i++ {
			at += r.Int64N(10)
			k := Kernel{at, at + r.Int64N(1+r.Int64N(200)), uint32(i)}
			track.Add(k)
			all = append(all, k)
		}
		for range 20 {
			from, least := r.Int64N(3000), r.Int64N(30)
			to := from + 1 + r.Int64N(500)
			want := slices.DeleteFunc(slices.Clone(all), func(k Kernel) bool { return k.End <= from || k.Start >= to || k.End-k.Start < least })
			if got := slices.Collect(track.Long(from, to, least)); !slices.Equal(got, want) {
				t.Fatalf("%d to %d, at least %d: %v, want %v", from, to, least, got, want)
			}
		}
	}
}

func TestMainKind(t *testing.T) {
	for _, c := range []struct {
		cell Cell
		want Kind
	}{
		{Cell{}, Idle}, {Cell{Idle: 95, Compute: 5}, Idle}, {Cell{Idle: 90, Compute: 10}, Compute},
		{Cell{Compute: 50, Wait: 20, Transfer: 30}, Transfer}, {Cell{Compute: 40, Wait: 35, Transfer: 25}, Wait},
		{Cell{Idle: 80, Wait: 20}, Wait}, {Cell{Idle: 90, Copy: 10}, Copy}, {Cell{Compute: 60, Unmatched: 40}, Compute},
	} {
		if got := c.cell.Main(); got != c.want {
			t.Errorf("%v: %d, want %d", c.cell, got, c.want)
		}
	}
}

// two is a run of two ranks: rank 1 comes late to the second of three calls.
func two() *Run {
	run := &Run{WindowNS: 1000, Names: []Name{{Full: "gemm<64>", Short: "gemm"}, {Full: "AllReduce_Sum", Short: "all_reduce"}}}
	for i := range int64(2) {
		r := Rank{Number: int(i) + 4, Steps: []Step{{"prefill", 1, 0, 400, []int64{10, 200, 390}}, {"decode", 1, 400, 1000, nil}}}
		r.States = NewStates(1000, ([]Piece{{0, 100, Compute}, {100, 120 + 80*i, Wait}, {300, 310, Transfer}, {700, 705, Wait}}))
		r.Tracks[Work].Add(Kernel{0, 100, 0})
		r.Tracks[Work].Add(Kernel{400, 650, 0})
		r.Tracks[Comm].Add(Kernel{100, 300, 1})
		run.Ranks = append(run.Ranks, r)
	}
	for k, at := range []int64{100, 300, 700} {
		run.Calls = append(run.Calls, Call{Number: k + 1, At: at, Last: 1, LateNS: int64(k),
			Parts: []Part{{0, at - int64(k), at + 9}, {1, at, at + 9}}})
	}
	return run
}

func TestJumps(t *testing.T) {
	run := two()
	r := &run.Ranks[1]
	wait := func(at, least int64, back bool) int64 { s, _ := r.NextWait(at, least, back); return s.Start }
	if got := []int64{wait(-1, 1, false), wait(100, 1, false), wait(-1, 200, false), wait(700, 1, true), wait(900, 50, true),
		wait(100, 1, true)}; !slices.Equal(got, []int64{100, 700, 0, 100, 100, 0}) {
		t.Errorf("waits at %v", got)
	}
	if s, ok := r.LongestGap(0, 1000); !ok || s != (Span{310, 700}) {
		t.Errorf("gap %v %v", s, ok)
	}
	if s, ok := r.LongestGap(640, 720); !ok || s != (Span{640, 700}) {
		t.Errorf("gap in a part %v %v", s, ok)
	}
	if a, b, c := run.NextCall(0, 98, false), run.NextCall(0, 698, true), run.Call(1, 3); a.Number != 1 || b.Number != 2 || c.Number != 3 {
		t.Errorf("calls %d %d %d", a.Number, b.Number, c.Number)
	}
	if run.NextCall(0, 2000, false) != nil || run.Call(0, 4) != nil || run.Call(0, 0) != nil || run.Calls[0].On(7) != nil {
		t.Error("calls that are not there")
	}
	if c := run.LatestIn(0, 1000, 10); c[1] != nil || c[3].Number != 2 || c[7].Number != 3 {
		t.Errorf("latest %v", c)
	}
	if k, ok := run.Find(1, "REDUCE", -1, false); !ok || k.Start != 100 {
		t.Errorf("found %v %v", k, ok)
	}
	if k, ok := run.Find(1, "e", 400, true); !ok || k.Start != 100 {
		t.Errorf("found before %v %v", k, ok)
	}
	if _, ok := run.Find(1, "softmax", -1, false); ok {
		t.Error("found what is not there")
	}
	if s := r.Step("decode", 1); s == nil || s.Start != 400 || r.Step("", 2) != s || r.Step("decode", 2) != nil ||
		r.StepAt(399).Phase != "prefill" {
		t.Errorf("step %v", s)
	}
	if l, ok := r.Steps[0].Layer(2); !ok || l != (Span{200, 390}) || r.Steps[0].Layers() != 2 || r.Steps[1].Layers() != 0 {
		t.Errorf("layer %v", l)
	}
	if _, ok := r.Steps[0].Layer(3); ok || run.At(5) != 1 || run.At(6) != -1 {
		t.Error("a layer or a rank that is not there")
	}
}

func TestTicksAreRoundAndApart(t *testing.T) {
	for _, c := range []struct {
		from, to  int64
		n, apart  int
		step, one int64
	}{{0, 1_132e6, 100, 10, 200e6, 0}, {242_500_000, 242_700_000, 60, 15, 50_000, 242_500_000}, {7, 9, 80, 9, 1, 7}} {
		ticks, step := Ticks(c.from, c.to, c.n, c.apart)
		if step != c.step || ticks[0].At != c.one {
			t.Errorf("%+v: step %d, first %+v", c, step, ticks[0])
		}
		for i, tick := range ticks {
			if tick.At%step != 0 || tick.Cell < 0 || tick.Cell >= c.n || i > 0 && tick.Cell-ticks[i-1].Cell < c.apart {
				t.Errorf("%+v: %+v", c, ticks)
			}
		}
	}
	if ticks, _ := Ticks(5, 5, 10, 1); ticks != nil {
		t.Error("ticks of nothing")
	}
}

// TestViewsStayInside: whatever is pressed, a view lies in the window, and zooming in and out comes back.
func TestViewsStayInside(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, window := range []int64{0, 1, LeastView, 5000, 1e9, 1e13} {
		v := View{0, window}.Within(window)
		for range 300 {
			at := r.Int64N(max(window, 1))
			switch r.IntN(4) {
			case 0:
				v = v.Zoom(0.5, at, window)
			case 1:
				v = v.Zoom(2, at, window)
			case 2:
				v = View{v.From + at - window/2, v.To + at - window/2}.Within(window)
			case 3:
				v = v.Around(Span{at, at + r.Int64N(1+window/50)}, 0.3, window)
			}
			if v.From < 0 || v.To > max(window, 1) || v.To-v.From < min(LeastView, max(window, 1)) {
				t.Fatalf("window %d: %v", window, v)
			}
		}
		for range 60 {
			v = v.Zoom(2, v.From, window)
		}
		if v.From != 0 || v.To != max(window, 1) {
			t.Errorf("window %d: zoomed out to %v", window, v)
		}
	}
	v := View{0, 1 << 30}.Zoom(0.5, 1<<29, 1<<30)
	if at := CellOf(v.From, v.To, 1<<29, 100); at != 50 {
		t.Errorf("what stood in the middle stands at %d", at)
	}
}

// TestSummaryAsRun: bins give what they hold, in any cells as long as bins.
func TestSummaryAsRun(t *testing.T) {
	s := &metric.TraceSummary{WindowNS: 25, Ranks: []metric.RankSplit{{Rank: 3, WindowNS: 25, Node: 1}},
		Phases: []metric.Phase{{Rank: 3, Name: "decode", Steps: 2, StartNS: 5, EndNS: 25, Starts: []int64{5, 15}}},
		Timeline: []metric.RankDensity{{Rank: 3, BinNS: 10, Compute: []int64{10, 2, 0}, Transfer: []int64{0, 3, 0},
			Wait: []int64{0, 1, 5}, Idle: []int64{0, 4, 0}}}}
	run := OfSummary(s)
	cells := make([]Cell, 2)
	run.Ranks[0].States.Cells(0, 20, cells)
	if cells[0] != (Cell{Compute: 10}) || cells[1] != (Cell{Compute: 2, Transfer: 3, Wait: 1, Idle: 4}) || run.Ranks[0].Node != 1 ||
		!run.Coarse {
		t.Errorf("%v", cells)
	}
	if steps := run.Ranks[0].Steps; len(steps) != 2 || steps[1].Number != 2 || steps[1].Start != 15 || steps[1].End != 25 ||
		steps[0].End != 15 {
		t.Errorf("%+v", steps)
	}
}
