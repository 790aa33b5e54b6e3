package analyze

import (
	"testing"

	"shardeck/backend/trace"
	"shardeck/model"
)

// FuzzAnalyse makes runs of up to four ranks out of bytes: whatever they did, the
// analysis must come back, with values or reasons and parts that add up.
func FuzzAnalyse(f *testing.F) {
	f.Add([]byte{2, 1, 1, 1, 0, 1, 10, 20, 1, 1, 12, 18, 0, 0, 3, 9, 1, 0, 1, 9, 0, 1, 5, 5, 1, 1, 5, 5})
	f.Add([]byte{1, 2, 1, 1, 0, 2, 10, 20, 1, 2, 2, 40, 0, 3, 3, 9, 1, 3, 1, 9})
	f.Add([]byte{1, 1, 2, 2, 0, 2, 10, 20, 1, 2, 2, 40, 0, 6, 3, 9, 1, 7, 1, 9, 2, 8, 0, 0, 3, 9, 1, 1})
	f.Add([]byte{2, 2, 1, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 4 || len(data) > 4000 {
			return
		}
		in := fakeInput(layoutOf(int(data[0]%5), int(data[1]%4), int(data[2]%4), int(data[3]%4)))
		in.Shape = &model.Shape{Hidden: 8, Layers: 1, Heads: 1, HeadDim: 8, Vocab: 16}
		fill(in, data[4:])
		a, err := Analyse(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		checkMetrics(t, a)
		if a.Trace == nil {
			return
		}
		for i, r := range a.Trace.Ranks {
			if sum, least := parts(r); sum != r.WindowNS || least < 0 {
				t.Errorf("parts of the window: %+v", r)
			}
			if r.WindowNS > 0 {
				checkDensity(t, a.Trace.Timeline[i], r)
			}
		}
	})
}

// fill adds a record for each four bytes: rank, what, gap and length.
func fill(in Input, data []byte) {
	at := map[int]int64{}
	for ; len(data) >= 4; data = data[4:] {
		rank := int(data[0] % 4)
		if in.Ranks[rank] == nil {
			in.Ranks[rank] = newFake(rank).Rank
		}
		f := fake{Rank: in.Ranks[rank]}
		start := at[rank] + int64(data[2])
		end := start + int64(data[3])
		at[rank] = start + int64(data[3]%16) // kernels may overlap
		switch kind := data[1] % 10; kind {
		case 0:
			f.Run(gemm, start, end)
		case 1, 2, 3, 4:
			f.Run([]string{arKernel, srKernel, bcKernel, agKernel}[kind-1], start, end)
		case 5:
			f.Copy(start, end)
		case 6:
			f.Mark("prefill", start, end, data[0] > 128)
		case 7:
			f.Mark("execute_context_0(0)_generation_2(2)", start, end, true)
		case 8:
			f.RunMeta(srKernel, start, end, trace.Coll{Name: "send", DType: "Half", InElems: 4, OutElems: 4, Src: -1, Dst: int(data[3] % 5)})
		case 9:
			f.RunMeta(arKernel, start, end, trace.Coll{Name: "allreduce", DType: "Half", InElems: -1, OutElems: 4,
				GroupRanks: []int{rank, int(data[2] % 6)}})
		}
	}
}
