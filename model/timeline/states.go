package timeline

import "sort"

// Piece is a piece of time in which a device does one thing.
type Piece struct {
	Start, End int64
	Kind       Kind
}

// States is what a rank does from 0 to its length: moments at which that changes, in blocks that know the sums before them.
type States struct {
	length int64
	blocks []stateBlock
	start  []uint32 // of each piece, from the start of its block; it lasts until the next one
	kind   []Kind
}

type stateBlock struct {
	start int64
	first int  // piece
	sums  Cell // before start
}

// piecesInBlock is how many pieces are gone over at most to answer a question.
const piecesInBlock = 32

// NewStates takes disjoint pieces in order of time inside 0 to length; between them the device is idle.
func NewStates(length int64, pieces []Piece) States {
	s := States{length: max(length, 0)}
	end, sums := int64(0), Cell{}
	add := func(p Piece) {
		if p.End = min(p.End, s.length); p.End <= p.Start {
			return
		}
		if n := len(s.kind); n == 0 || s.kind[n-1] != p.Kind {
			s.change(p, &sums)
		}
		sums[p.Kind] += p.End - p.Start
		end = p.End
	}
	for _, p := range pieces {
		p.Start = max(p.Start, end)
		add(Piece{end, min(p.Start, s.length), Idle})
		add(p)
	}
	add(Piece{end, s.length, Idle})
	return s
}

func (s *States) change(p Piece, sums *Cell) {
	n := len(s.blocks)
	if n == 0 || len(s.kind)-s.blocks[n-1].first >= piecesInBlock || p.Start-s.blocks[n-1].start > 1<<32-1 {
		s.blocks = append(s.blocks, stateBlock{p.Start, len(s.kind), *sums})
		n++
	}
	s.start, s.kind = append(s.start, uint32(p.Start-s.blocks[n-1].start)), append(s.kind, p.Kind)
}

// blockAt is the last block that begins at t or before; 0: none does.
func (s *States) blockAt(t int64, from int) int {
	return max(from+sort.Search(len(s.blocks)-from, func(i int) bool { return s.blocks[from+i].start > t })-1, 0)
}

// pieces is the number of the first piece behind a block.
func (s *States) pieces(block int) int {
	if block+1 < len(s.blocks) {
		return s.blocks[block+1].first
	}
	return len(s.kind)
}

// before is the time in each kind before t; block is where t lies.
func (s *States) before(t int64, block int) Cell {
	t = min(t, s.length)
	if len(s.blocks) == 0 || t <= 0 {
		return Cell{}
	}
	b := &s.blocks[block]
	out, last := b.sums, s.pieces(block)
	for i := b.first; i < last; i++ {
		start, end := b.start+int64(s.start[i]), t
		if start >= t {
			break
		}
		if i+1 < last {
			end = min(t, b.start+int64(s.start[i+1]))
		}
		out[s.kind[i]] += end - start
	}
	return out
}

// Length is how long the rank was recorded.
func (s *States) Length() int64 { return s.length }

// Cells divides a piece of time into as many equal cells as out has, and adds to each what the rank did in it. Outside of what
// was recorded cells get nothing.
func (s *States) Cells(from, to int64, out []Cell) {
	n, block := int64(len(out)), 0
	if len(s.blocks) == 0 || n == 0 || to <= from {
		return
	}
	edge := func(i int64) Cell {
		t := Edge(from, to, i, n)
		block = s.blockAt(t, block)
		return s.before(t, block)
	}
	last := edge(0)
	for i := range out {
		next := edge(int64(i) + 1)
		for k := range next {
			out[i][k] += next[k] - last[k]
		}
		last = next
	}
}

// Edge is where the i-th of n equal cells of a piece of time begins.
func Edge(from, to, i, n int64) int64 {
	whole, rest := (to-from)/n, (to-from)%n
	return from + whole*i + rest*i/n
}

// each walks over the pieces from the block of t on.
func (s *States) each(t int64, yield func(Piece) bool) {
	if len(s.blocks) == 0 {
		return
	}
	for b := s.blockAt(t, 0); b < len(s.blocks); b++ {
		end := s.length
		if b+1 < len(s.blocks) {
			end = s.blocks[b+1].start
		}
		for i, last := s.blocks[b].first, s.pieces(b); i < last; i++ {
			p := Piece{s.blocks[b].start + int64(s.start[i]), end, s.kind[i]}
			if i+1 < last {
				p.End = s.blocks[b].start + int64(s.start[i+1])
			}
			if !yield(p) {
				return
			}
		}
	}
}
