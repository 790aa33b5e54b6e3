package timeline

// Tick is a mark of a ruler.
type Tick struct {
	At   int64
	Cell int
}

// Ticks are moments at round times in a piece of time drawn in n cells, at least so many cells apart, and the time from one to the
// next: 1, 2 or 5 times a power of ten, ns.
func Ticks(from, to int64, n, apart int) (ticks []Tick, step int64) {
	if to <= from || n <= 0 {
		return nil, 1
	}
	least := float64(to-from) * float64(max(apart, 1)) / float64(n)
	step = 1
	for i := 0; float64(step) < least && step < 1<<60; i++ {
		step = step / []int64{1, 2, 5}[i%3] * []int64{2, 5, 10}[i%3]
	}
	for t := (from + step - 1) / step * step; t < to; t += step {
		ticks = append(ticks, Tick{t, CellOf(from, to, t, n)})
	}
	return ticks, step
}

// CellOf is which of n equal cells of a piece of time a moment lies in; it may lie outside of them.
func CellOf(from, to, t int64, n int) int {
	at := float64(t-from) / float64(to-from) * float64(n)
	if at < 0 {
		return -1
	}
	return int(min(at, float64(n)))
}

// View is the part of a timeline in sight.
type View struct{ From, To int64 }

// LeastView is how far a view can be zoomed in: the shortest kernels take a microsecond.
const LeastView = 2000

// Within moves a view inside a window, and makes it no longer than that and no shorter than LeastView, around its middle.
func (v View) Within(window int64) View {
	length := min(max(v.To-v.From, LeastView), max(window, 1))
	from := v.From + (v.To-v.From-length)/2
	from = max(min(from, window-length), 0)
	return View{from, from + length}
}

// Zoom makes a view so many times as long, a moment staying where it is on the screen.
func (v View) Zoom(times float64, at, window int64) View {
	length := min(max(int64(float64(v.To-v.From)*times), LeastView), max(window, 1))
	share := float64(at-v.From) / float64(max(v.To-v.From, 1))
	from := at - int64(share*float64(length))
	return View{from, from + length}.Within(window)
}

// Around is a view in which a place takes a share of the middle, so that what is before and behind it is seen too; never longer
// than v is.
func (v View) Around(s Span, share float64, window int64) View {
	length := min(max(int64(float64(s.End-s.Start)/share), LeastView), v.To-v.From)
	middle := s.Start + (s.End-s.Start)/2
	if s.End-s.Start > length { // its start is what was sought
		middle = s.Start + length*3/8
	}
	return View{middle - length/2, middle - length/2 + length}.Within(window)
}
