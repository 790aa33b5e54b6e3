package analyze

import (
	"testing"

	"shardeck/backend/trace"
	"shardeck/model"
)

func TestBytesFromMetadata(t *testing.T) {
	for _, c := range []struct {
		typ  callType
		meta trace.Coll
		want int64
	}{
		{allReduce, trace.Coll{DType: "BFloat16", InElems: 10, OutElems: 10}, 20},
		{allGather, trace.Coll{DType: "Float", InElems: 10, OutElems: 40}, 160}, // the whole buffer
		{reduceScatter, trace.Coll{DType: "Half", InElems: 40, OutElems: 10}, 80},
		{allToAll, trace.Coll{DType: "Long", InElems: 64, OutElems: 60}, 512},
		{recv, trace.Coll{DType: "Float8_e4m3fn", InElems: -1, OutElems: 7}, 7},
		{allReduce, trace.Coll{DType: "BFloat16", InElems: -1, OutElems: 10}, 20},
		{allReduce, trace.Coll{DType: "Quaternion", InElems: 10, OutElems: 10}, -1},
		{allReduce, trace.Coll{DType: "Float", InElems: -1, OutElems: -1}, -1},
	} {
		if got := metaBytes(&call{typ: c.typ, meta: &c.meta}); got != c.want {
			t.Errorf("%s of %+v: %d bytes, want %d", c.typ, c.meta, got, c.want)
		}
	}
}

func TestBytesFromShape(t *testing.T) {
	dense, moe := model.Shape{Hidden: 100, Vocab: 1000}, model.Shape{Hidden: 100, MoE: &model.MoE{TopK: 6}}
	inPrefill, inDecode := &step{phase: prefill, tokens: -1}, &step{phase: decode, tokens: -1}
	chunk := &step{phase: mixed, tokens: 515}
	for _, c := range []struct {
		typ    callType
		engine model.Engine
		shape  *model.Shape
		layout model.Layout
		step   *step
		want   int64
	}{
		{allReduce, model.EngineTorch, &dense, layoutOf(2, 1, 1, 1), inPrefill, 4 * 50 * 100 * 2},
		{allReduce, model.EngineTorch, &dense, layoutOf(2, 1, 1, 1), inDecode, 4 * 100 * 2},
		{allReduce, model.EngineTorch, &dense, layoutOf(2, 1, 2, 1), inDecode, 2 * 100 * 2}, // a replica has half the requests
		{allReduce, model.EngineTorch, &dense, layoutOf(2, 1, 3, 1), inDecode, -1},          // they do not divide
		{allReduce, model.EngineVLLM, &dense, layoutOf(2, 1, 1, 1), inPrefill, -1},          // it may be cut into chunks
		{allReduce, model.EngineVLLM, &dense, layoutOf(2, 1, 1, 1), chunk, 515 * 100 * 2},
		{allReduce, model.EngineTorch, &dense, layoutOf(2, 1, 1, 1), nil, -1},
		{allReduce, model.EngineTorch, nil, layoutOf(2, 1, 1, 1), inDecode, -1},
		{send, model.EngineTorch, &dense, layoutOf(2, 2, 1, 1), inDecode, 4 * 100 * 2},
		{send, model.EngineVLLM, &dense, layoutOf(2, 2, 1, 1), inDecode, 4 * 100 * 2 / 2}, // a slice on each TP rank
		{allToAll, model.EngineTorch, &moe, layoutOf(1, 1, 2, 2), inDecode, 2 * 100 * 2 * 6},
		{allToAll, model.EngineTorch, &dense, layoutOf(1, 1, 2, 2), inDecode, -1},
		{broadcast, model.EngineTorch, &dense, layoutOf(2, 1, 1, 1), inDecode, 4 * 8},
		{broadcast, model.EngineVLLM, &dense, layoutOf(2, 1, 1, 1), inDecode, -1},
		{allGather, model.EngineVLLM, &dense, layoutOf(2, 1, 1, 1), inDecode, 4 * 1000 * 2},
		{allGather, model.EngineVLLM, &moe, layoutOf(2, 1, 1, 1), inDecode, -1},
		{reduce, model.EngineTorch, &dense, layoutOf(2, 1, 1, 1), inDecode, -1},
	} {
		in := fakeInput(c.layout)
		in.Experiment.Engine, in.Experiment.Data = c.engine, model.Workload{BatchSize: 4, SeqLen: 50, MaxTokens: 2}
		w := &world{in: in, layout: c.layout}
		w.in.Shape = c.shape
		if got := w.inferBytes(&call{typ: c.typ}, c.step); got != c.want {
			t.Errorf("%s of %s in %s, step %+v: %d bytes, want %d", c.typ, c.engine, c.layout, c.step, got, c.want)
		}
	}
}

func TestBusBandwidth(t *testing.T) {
	for _, c := range []struct {
		typ  callType
		n    int
		want float64
	}{{allReduce, 2, 1}, {allReduce, 4, 1.5}, {allGather, 4, 0.75}, {reduceScatter, 8, 0.875}, {allToAll, 2, 0.5}, {broadcast, 8, 1}, {send, 2, 1}} {
		if got := busFactor(c.typ, c.n); got != c.want {
			t.Errorf("%s of %d: %v, want %v", c.typ, c.n, got, c.want)
		}
	}
	a, b := newFake(0), newFake(1)
	meta := trace.Coll{Name: "_allgather_base", DType: "Float", InElems: 1000, OutElems: 2000, GroupRanks: []int{0, 1}}
	for k := range int64(3) { // 8000 bytes, 10 µs on the rank that came last
		a.run(gemm, 100*k, 100*k+20).runMeta(agKernel, 100*k+20, 100*k+50, meta)
		b.run(gemm, 100*k, 100*k+40).runMeta(agKernel, 100*k+40, 100*k+50, meta)
	}
	got := analyse(t, fakeInput(layoutOf(2, 1, 1, 1), a, b))
	near(t, "bytes", value(t, got, "coll_bytes"), 8000, 6)
	near(t, "algbw", value(t, got, "coll_algbw"), 0.8, 9)
	near(t, "busbw", value(t, got, "coll_busbw"), 0.4, 9)
	if m := got.Metric("coll_busbw"); m.Estimate || len(m.By.Types) != 1 {
		t.Errorf("coll_busbw: %+v", m)
	}
}
