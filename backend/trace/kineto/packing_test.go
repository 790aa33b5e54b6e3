package kineto

import (
	"bytes"
	"cmp"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

// samePacked holds a rank whose records were packed against one of records: they are the same in order of time.
func samePacked(t *testing.T, want, got *trace.Rank, packed bool) {
	t.Helper()
	if (got.Columns != nil) != packed {
		t.Errorf("packed %v, want %v", got.Columns != nil, packed)
	}
	sorted := *want
	sorted.Records = slices.Clone(want.Records)
	for _, r := range []*trace.Rank{&sorted, got} {
		r.Unpack()
		slices.SortStableFunc(r.Records, func(a, b trace.Record) int {
			return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End(), b.End()))
		})
	}
	if d := gocmp.Diff(&sorted, got); d != "" {
		t.Fatalf("(-records +packed):\n%.2000s", d)
	}
}

// TestPackedWhileReadIsTheSame: whatever the window is; from where the host's events are given up too. A file in more disorder
// than the window holds gives records.
func TestPackedWhileReadIsTheSame(t *testing.T) {
	for _, path := range recordings(t) {
		want, err := Open(t.Context(), path, nil)
		if err != nil {
			t.Fatal(err)
		}
		inOrder := slices.IsSortedFunc(want.Records, func(a, b trace.Record) int { return cmp.Compare(a.Start, b.Start) })
		for _, window := range []int{9, 1000} {
			for _, most := range []int{0, 1, 3000} {
				how := reading{window: window}
				if most > 0 {
					how.host = newHostReader(launchers)
					how.host.most = most
				}
				got, err := open(t.Context(), path, nil, how)
				if err != nil {
					t.Fatal(err)
				}
				packed := len(got.Records) == 0
				if enough := len(want.Records) > window && got.Links == nil; inOrder && packed != enough || packed && !enough {
					t.Errorf("%s, window %d, at most %d events of the host: packed %v", shortName(path), window, most, packed)
				}
				got.Links = nil
				samePacked(t, want, got, packed)
			}
		}
	}
}

// scanPacked is scanBlocks with a window of records.
func scanPacked(text []byte, window int) *trace.Rank {
	d := newReader(jsonscan.NewWindow(bytes.NewReader(text), blockSize))
	d.scan.window = window
	if d.Read() != nil {
		return nil
	}
	return d.rank()
}
