package trace

import (
	cmp2 "cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sortedBy(a, b Record) int {
	return cmp2.Or(cmp2.Compare(a.Start, b.Start), cmp2.Compare(a.End(), b.End()))
}

// TestTakenAreAllInOrder: whatever the windows are, what was taken is all, in the order of a stable sort, with its ids; disorder
// over more than what is kept is told, and loses nothing.
func TestTakenAreAllInOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		stray, window, keep int
		ok                  bool
	}{{0, 7, 3, true}, {3, 64, 8, true}, {40, 64, 8, false}, {3, 64, 64, true}} {
		const n = 1000
		records := make([]Record, n)
		for i := range records { // many of the same time
			at := int64(i-rng.IntN(c.stray+1)) / 3 * 1e9
			records[i] = Record{Start: at, Dur: rng.Int64N(3) * 3e9, Corr: uint32(i), Name: uint32(i % 5), Stream: int32(i % 2), Coll: -1}
		}
		want := slices.Clone(records)
		slices.SortStableFunc(want, sortedBy)
		p, window, sorted := NewPacker(0), []Record(nil), true
		for _, r := range records {
			if window = append(window, r); len(window) >= c.window && sorted {
				window, sorted = p.Take(window, c.keep)
			}
		}
		if sorted != c.ok {
			t.Errorf("%+v: in order %v", c, sorted)
		}
		if sorted {
			window, _ = p.Take(window, 0)
		}
		got := append(p.Records(), window...)
		if slices.SortStableFunc(got, sortedBy); !slices.Equal(got, want) {
			t.Errorf("%+v: what was taken is other than what was given", c)
		}
		if sorted {
			moved := Rank{Columns: p.Columns(1 << 60)}
			moved.Unpack()
			for i := range want {
				want[i].Start += 1 << 60
			}
			whole := Rank{Records: want}
			if !slices.Equal(moved.Records, want) || !p.columns.Equal(whole.InColumns()) {
				t.Errorf("%+v: what was moved is other", c)
			}
		}
	}
}

// mendBoth mends a rank as records and as columns, and fails if they come out differently.
func mendBoth(t *testing.T, r *Rank, h Host) {
	t.Helper()
	p := NewPacker(0)
	_, _ = p.Take(slices.Clone(r.Records), 0)
	packed := &Rank{JSON: r.JSON, Columns: p.Columns(0)}
	r.mendTimes(func() Host { return h })
	packed.mendTimes(func() Host { return h })
	packed.Unpack()
	if diff := cmp.Diff(r.Damage, packed.Damage); diff != "" || !slices.Equal(r.Records, packed.Records) || !cmp.Equal(r.Info, packed.Info) {
		t.Fatalf("columns are mended otherwise than records: %s\n%+v\n%+v", diff, r.Records, packed.Records)
	}
}

// TestColumnsAreMendedAsRecords: times that cannot be are seen in columns too, each rule at its limit; sound ones stay columns.
func TestColumnsAreMendedAsRecords(t *testing.T) {
	made := func(change func(list []Record)) []Record {
		list := make([]Record, 64)
		for i := range list {
			list[i] = Record{Start: 1e15 + int64(i)*1e6, Dur: 5e5, Corr: uint32(1 + i), Stream: int32(i % 2), Coll: -1}
		}
		change(list)
		return list
	}
	for name, c := range map[string]struct {
		change func([]Record)
		sound  bool
	}{
		"sound":          {func([]Record) {}, true},
		"late":           {func(l []Record) { l[10].Dur = l[12].End() - l[10].Start + maxOverrun + 1 }, false},
		"nearly late":    {func(l []Record) { l[10].Dur = l[12].End() - l[10].Start + maxOverrun }, true},
		"in one replay":  {func(l []Record) { l[10].Corr = 13; l[10].Dur, l[11].Corr = 2e7, 12; l[12].Corr = 13; l[14].Dur = 3e7 }, false},
		"of one launch":  {func(l []Record) { l[10].Dur, l[12].Corr = 26e5, 11 }, true},
		"disorder":       {func(l []Record) { l[10].Corr, l[12].Corr = 13, 11 }, false},
		"outside":        {func(l []Record) { l[63].Start += 1e13 }, false},
		"before":         {func(l []Record) { l[0].Start -= 1e13 }, false},
		"other streams":  {func(l []Record) { l[10].Dur = 2e6 }, true},
		"unknown launch": {func(l []Record) { l[10].Dur, l[10].Corr = 9e6, 0 }, true},
		"copy":           {func(l []Record) { l[10].Dur, l[10].Kind = 9e6, KindMemcpy }, true},
	} {
		r := &Rank{JSON: smallTrace, Records: made(c.change)}
		p := NewPacker(0)
		_, _ = p.Take(slices.Clone(r.Records), 0)
		if got := p.Columns(0).sound(); got != c.sound {
			t.Errorf("%s: sound %v", name, got)
		}
		mendBoth(t, r, Host{})
		if c.sound && (len(r.Damage) > 0 || !slices.Equal(r.Records, made(c.change))) {
			t.Errorf("%s: sound columns of records that are not: %v", name, r.Damage)
		}
	}
}
