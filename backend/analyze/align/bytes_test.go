package align

import (
	"testing"

	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/trace"
	"shardeck/model"
	"shardeck/model/metric"
)

func TestBytesFromMetadata(t *testing.T) {
	for _, c := range []struct {
		typ  kernelname.CallType
		meta trace.Coll
		want int64
	}{
		{kernelname.AllReduce, trace.Coll{DType: "BFloat16", InElems: 10, OutElems: 10}, 20},
		{kernelname.AllGather, trace.Coll{DType: "Float", InElems: 10, OutElems: 40}, 160}, // the whole buffer
		{kernelname.ReduceScatter, trace.Coll{DType: "Half", InElems: 40, OutElems: 10}, 80},
		{kernelname.AllToAll, trace.Coll{DType: "Long", InElems: 64, OutElems: 60}, 512},
		{kernelname.Recv, trace.Coll{DType: "Float8_e4m3fn", InElems: -1, OutElems: 7}, 7},
		{kernelname.AllReduce, trace.Coll{DType: "BFloat16", InElems: -1, OutElems: 10}, 20},
		{kernelname.AllReduce, trace.Coll{DType: "Quaternion", InElems: 10, OutElems: 10}, -1},
		{kernelname.AllReduce, trace.Coll{DType: "Float", InElems: -1, OutElems: -1}, -1},
	} {
		if got := CollBytes(c.typ, &c.meta); got != c.want {
			t.Errorf("%s of %+v: %d bytes, want %d", c.typ, c.meta, got, c.want)
		}
	}
}

func TestBytesFromShape(t *testing.T) {
	dense, moe := model.Shape{Hidden: 100, Vocab: 1000}, model.Shape{Hidden: 100, MoE: &model.MoE{TopK: 6}}
	inPrefill, inDecode := &Step{Phase: metric.Prefill, Tokens: -1}, &Step{Phase: metric.Decode, Tokens: -1}
	chunk := &Step{Phase: metric.Mixed, Tokens: 515}
	for _, c := range []struct {
		typ    kernelname.CallType
		engine model.Engine
		shape  *model.Shape
		layout model.Layout
		step   *Step
		want   int64
	}{
		{kernelname.AllReduce, model.EngineTorch, &dense, layoutOf(2, 1, 1, 1), inPrefill, 4 * 50 * 100 * 2},
		{kernelname.AllReduce, model.EngineTorch, &dense, layoutOf(2, 1, 1, 1), inDecode, 4 * 100 * 2},
		{kernelname.AllReduce, model.EngineTorch, &dense, layoutOf(2, 1, 2, 1), inDecode, 2 * 100 * 2}, // a replica has half the requests
		{kernelname.AllReduce, model.EngineTorch, &dense, layoutOf(2, 1, 3, 1), inDecode, -1},          // they do not divide
		{kernelname.AllReduce, model.EngineVLLM, &dense, layoutOf(2, 1, 1, 1), inPrefill, -1},          // it may be cut into chunks
		{kernelname.AllReduce, model.EngineVLLM, &dense, layoutOf(2, 1, 1, 1), chunk, 515 * 100 * 2},
		{kernelname.AllReduce, model.EngineTorch, &dense, layoutOf(2, 1, 1, 1), nil, -1},
		{kernelname.AllReduce, model.EngineTorch, nil, layoutOf(2, 1, 1, 1), inDecode, -1},
		{kernelname.Send, model.EngineTorch, &dense, layoutOf(2, 2, 1, 1), inDecode, 4 * 100 * 2},
		{kernelname.Send, model.EngineVLLM, &dense, layoutOf(2, 2, 1, 1), inDecode, 4 * 100 * 2 / 2}, // a slice on each TP rank
		{kernelname.AllToAll, model.EngineTorch, &moe, layoutOf(1, 1, 2, 2), inDecode, 2 * 100 * 2 * 6},
		{kernelname.AllToAll, model.EngineTorch, &dense, layoutOf(1, 1, 2, 2), inDecode, -1},
		{kernelname.Broadcast, model.EngineTorch, &dense, layoutOf(2, 1, 1, 1), inDecode, 4 * 8},
		{kernelname.Broadcast, model.EngineVLLM, &dense, layoutOf(2, 1, 1, 1), inDecode, -1},
		{kernelname.AllGather, model.EngineVLLM, &dense, layoutOf(2, 1, 1, 1), inDecode, 4 * 1000 * 2},
		{kernelname.AllGather, model.EngineVLLM, &moe, layoutOf(2, 1, 1, 1), inDecode, -1},
		{kernelname.Reduce, model.EngineTorch, &dense, layoutOf(2, 1, 1, 1), inDecode, -1},
	} {
		in := fakeInput(c.layout)
		in.Experiment.Engine, in.Experiment.Data = c.engine, model.Workload{BatchSize: 4, SeqLen: 50, MaxTokens: 2}
		in.Shape = c.shape
		b := &builder{Timeline: &Timeline{Layout: c.layout}, in: in}
		if got := b.inferBytes(&Call{Type: c.typ}, c.step); got != c.want {
			t.Errorf("%s of %s in %s, step %+v: %d bytes, want %d", c.typ, c.engine, c.layout, c.step, got, c.want)
		}
	}
}
