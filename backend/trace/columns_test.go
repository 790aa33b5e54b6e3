package trace

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// What goes into columns comes out, in order of time: also what lasts or lies apart longer than four bytes of nanoseconds.
func TestColumnsKeepRecords(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	var records []Record
	for range 3000 {
		r := Record{Start: rng.Int64N(1e6), Dur: rng.Int64N(1000), Name: rng.Uint32N(40), Coll: int32(rng.IntN(3)) - 1,
			Blocks: float32(rng.IntN(2)), Stream: int32(rng.IntN(30)), Device: int16(rng.IntN(2)), Kind: Kind(rng.IntN(3))}
		switch rng.IntN(100) {
		case 0:
			r.Start += rng.Int64N(1e12)
		case 1:
			r.Dur = math.MaxUint32 - 1 + rng.Int64N(3)
		case 2:
			r.Start -= 1e15
		}
		records = append(records, r)
	}
	records = append(records, Record{Start: math.MinInt64, Coll: -1}, Record{Start: math.MaxInt64, Coll: -1})
	rank := Rank{Records: slices.Clone(records)}
	slices.SortStableFunc(records, func(a, b Record) int {
		if a.Start != b.Start {
			return map[bool]int{true: -1, false: 1}[a.Start < b.Start]
		}
		return int(a.Dur - b.Dur)
	})
	rank.Pack()
	c, n := rank.InColumns(), 0
	c.Each(0, func(i int, start, end int64) bool {
		s, want := c.Sorts[c.SortOf(i)], records[i]
		if i != n || start != want.Start || end != want.End() ||
			s.sortKey != (sortKey{want.Name, want.Coll, want.Blocks, want.Stream, want.Device, want.Kind}) {
			t.Fatalf("record %d: %d to %d, %+v; want %+v", i, start, end, s, want)
		}
		n++
		return true
	})
	if n != len(records) || c.Len() != n || rank.Records != nil {
		t.Errorf("%d records of %d; %d left", n, len(records), len(rank.Records))
	}
	var count, dur int64
	for _, s := range c.Sorts {
		count, dur = count+int64(s.Count), dur+s.Dur
	}
	for _, r := range records {
		count, dur = count-1, dur-r.Dur
	}
	if count != 0 || dur != 0 {
		t.Errorf("the sums of sorts are off by %d records and %d ns", count, dur)
	}
	c.Each(2000, func(i int, start, _ int64) bool {
		if i != 2000 || start != records[2000].Start {
			t.Errorf("from the middle: %d at %d, want %d", i, start, records[2000].Start)
		}
		return false
	})
	other := Rank{Records: slices.Clone(records)}
	if !c.Equal(other.InColumns()) {
		t.Error("two of the same differ")
	}
	if other.Records[5].Dur++; c.Equal(other.InColumns()) {
		t.Error("one that lasts longer is the same")
	}
}

// Sorts may be more than two bytes can number.
func TestColumnsOfManySorts(t *testing.T) {
	const n = math.MaxUint16 + 1000
	rank := Rank{Records: make([]Record, n)}
	for i := range rank.Records {
		rank.Records[i] = Record{Start: int64(i), Dur: 1, Name: uint32(n - i), Coll: -1}
	}
	again := slices.Clone(rank.Records)
	rank.Pack()
	for i := range n {
		if got := rank.Columns.Sorts[rank.Columns.SortOf(i)].Name; got != uint32(n-i) {
			t.Fatalf("record %d has name %d, not %d", i, got, n-i)
		}
	}
	if got := rank.Columns.Records(make([]uint32, n)); !slices.Equal(got, again) {
		t.Error("the records of the columns are others")
	}
}
