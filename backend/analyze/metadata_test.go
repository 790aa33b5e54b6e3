package analyze

import (
	"cmp"
	"slices"
	"strings"
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
		var made, want []trace.Coll
		for _, i := range collsOf(r) {
			made, want = append(made, r.Colls[i]), append(want, r.Colls[i])
		}
		for i := range r.Records {
			r.Records[i].Coll = -1
		}
		r.Colls = nil
		if !LacksMetadata(r) {
			t.Fatalf("%s lacks its metadata now", name)
		}
		if name == "llama-8b-tp2" { // two equal iterations
			made = made[:len(made)/2]
		}
		if n := FillMetadata(r, made); n != len(want) {
			t.Fatalf("%s: %d of %d kernels", name, n, len(want))
		}
		for k, i := range collsOf(r) {
			if i < 0 || r.Colls[i].Name != want[k].Name || r.Colls[i].InElems != want[k].InElems {
				t.Errorf("%s, call %d: metadata %d, want %+v", name, k, i, want[k])
			}
		}
	}
}

// collsOf is the metadata of each call in a trace, in order of time.
func collsOf(r *trace.Rank) (out []int32) {
	records := slices.Clone(r.Records)
	slices.SortStableFunc(records, func(a, b trace.Record) int { return cmp.Compare(a.Start, b.Start) })
	for _, k := range records {
		if k.Kind == trace.KindKernel && strings.HasPrefix(r.Names[k.Name], "nccl") {
			out = append(out, k.Coll)
		}
	}
	return out
}

// TestFillMetadataLeavesWhatDiffers: one call too few of a type, and none of it is trusted.
func TestFillMetadataLeavesWhatDiffers(t *testing.T) {
	f := newFake(0).Run(arKernel, 0, 1).Run(arKernel, 2, 3).Run(bcKernel, 4, 5)
	n := FillMetadata(f.Rank, []trace.Coll{{Name: "allreduce"}, {Name: "broadcast", InElems: 4}})
	if n != 1 || f.Records[0].Coll != -1 || f.Records[2].Coll != 1 {
		t.Errorf("%d kernels, %+v", n, f.Records)
	}
	if LacksMetadata(newFake(0).Run(gemm, 0, 1).Rank) {
		t.Error("a trace without communication lacks nothing")
	}
}

// Groups have streams of their own, so that kernels may start in another order than the calls: launches do not.
func TestFillMetadataInTheOrderOfLaunches(t *testing.T) {
	f := newFake(0).Run(arKernel, 10, 11).Run(arKernel, 0, 1)
	f.Records[0].Corr, f.Records[1].Corr = 7, 8
	FillMetadata(f.Rank, []trace.Coll{{Name: "allreduce", InElems: 1}, {Name: "allreduce", InElems: 2}})
	if a, b := f.Colls[f.Records[0].Coll], f.Colls[f.Records[1].Coll]; a.InElems != 1 || b.InElems != 2 {
		t.Errorf("%+v, %+v", a, b)
	}
}
