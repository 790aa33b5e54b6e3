package analyze

import (
	"testing"

	"shardeck/backend/trace"
	"shardeck/backend/trace/kineto"
)

// TestFillMetadata: metadata that a trace lost comes back as it was, from calls in order.
func TestFillMetadata(t *testing.T) {
	for _, name := range []string{"llama-8b-tp2", "llama-8b-pp2"} {
		r, err := kineto.Open(t.Context(), "../../tests/recordings/"+name+"/kineto_trace_1.json.gz", nil)
		if err != nil {
			t.Fatal(err)
		}
		if LacksMetadata(r) {
			t.Fatalf("%s has metadata", name)
		}
		var asked, want []trace.Coll
		lane, _ := newLane(1, r)
		for _, c := range lane.calls {
			asked, want = append(asked, *c.meta), append(want, *c.meta)
		}
		for i := range r.Records {
			r.Records[i].Coll = -1
		}
		r.Colls = nil
		if !LacksMetadata(r) {
			t.Fatalf("%s lacks its metadata now", name)
		}
		if name == "llama-8b-tp2" { // two equal iterations
			asked = asked[:len(asked)/2]
		}
		if n := FillMetadata(r, asked); n != len(want) {
			t.Fatalf("%s: %d of %d kernels", name, n, len(want))
		}
		again, _ := newLane(1, r)
		for i, c := range again.calls {
			if c.meta == nil || c.meta.Name != want[i].Name || c.meta.InElems != want[i].InElems {
				t.Errorf("%s, call %d: %+v, want %+v", name, i, c.meta, want[i])
			}
		}
	}
}

// TestFillMetadataLeavesWhatDiffers: one call too few of a type, and none of it is trusted.
func TestFillMetadataLeavesWhatDiffers(t *testing.T) {
	f := newFake(0).run(arKernel, 0, 1).run(arKernel, 2, 3).run(bcKernel, 4, 5)
	n := FillMetadata(f.Rank, []trace.Coll{{Name: "allreduce"}, {Name: "broadcast", InElems: 4}})
	if n != 1 || f.Records[0].Coll != -1 || f.Records[2].Coll != 1 {
		t.Errorf("%d kernels, %+v", n, f.Records)
	}
	if LacksMetadata(newFake(0).run(gemm, 0, 1).Rank) {
		t.Error("a trace without communication lacks nothing")
	}
}
