package xray

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"shardeck/model"
	"shardeck/model/modeltest"
)

// kernels makes kernels of words: the part, with the name after a colon, blocks after an @, and ns after an =; each begins 1 µs after the
// end of the one before.
func kernels(words string) (out []Kernel) {
	at := int64(1000)
	for _, w := range strings.Fields(words) {
		k := Kernel{Start: at, Dur: 2000, Wait: -1, Link: -1, Stream: 7}
		var ns, blocks string
		w, ns, _ = strings.Cut(w, "=")
		w, blocks, _ = strings.Cut(w, "@")
		k.Part, k.Name, _ = strings.Cut(w, ":")
		_, _ = fmt.Sscan(ns, &k.Dur)
		_, _ = fmt.Sscan(blocks, &k.Blocks)
		if call, ok := strings.CutPrefix(k.Part, "!"); ok {
			k.Part, k.Call, k.Wait, k.Link = "", call, 100, 1000
		}
		if k.Short = k.Part; k.Part == "x" {
			k.Part = ""
		}
		out = append(out, k)
		at += k.Dur + 1000
	}
	return out
}

// layerOps are the operators of a step's kernels, one after the other, runs of one operator in one layer as one.
func layerOps(p *parser) string {
	var out []string
	for i, op := range p.op {
		word := op
		if p.layer[i] >= 0 {
			word = fmt.Sprintf("%s%d", op, p.layer[i])
		}
		if len(out) == 0 || out[len(out)-1] != word {
			out = append(out, word)
		}
	}
	return strings.Join(out, " ")
}

func TestParse(t *testing.T) {
	moe := modeltest.V2Lite
	for name, c := range map[string]struct {
		shape        model.Shape
		layers       int
		kernels, ops string
	}{
		"fused norms, split-K": {modeltest.Llama8B, 2, `memory embedding gemm x x cache attention attention_part gemm gemm_part norm gemm activation gemm gemm_part norm
			gemm x x cache attention gemm norm gemm activation gemm norm x gemm x sampling`,
			`input embedding qkv0 rope0 cache0 attention0 o0 norm0 gate_up0 activation0 down0 norm1 qkv1 rope1 cache1 attention1 o1 norm1 gate_up1
			activation1 down1 norm glue head sampling`},
		"tensor parallel": {modeltest.Llama8B, 2, `embedding !all_reduce norm gemm rope cache attention gemm !all_reduce norm gemm activation gemm !all_reduce
			norm gemm rope cache attention gemm !all_reduce norm gemm activation gemm !all_reduce norm gemm !all_gather sampling`,
			`embedding all_reduce norm0 qkv0 rope0 cache0 attention0 o0 all_reduce0 norm0 gate_up0 activation0 down0 all_reduce0 norm1 qkv1 rope1 cache1
			attention1 o1 all_reduce1 norm1 gate_up1 activation1 down1 all_reduce1 norm head all_gather sampling`},
		"eager, three projections, no final norm": {modeltest.Llama8B, 2, `embedding norm gemm gemm gemm x x memory:cat rope cache cache x fill attention gemm x norm gemm x activation x
			gemm x norm gemm gemm gemm x rope cache fill attention gemm x norm gemm gemm activation x gemm x fill gemm sampling`,
			`embedding norm0 qkv0 rope0 cache0 glue0 attention0 o0 residual0 norm0 gate_up0 activation0 down0 residual0 norm1 qkv1 rope1 cache1 attention1 o1
			residual1 norm1 gate_up1 activation1 down1 residual1 head sampling`},
		"a first dense layer, grouped experts, shared ones": {moe, 2, `embedding norm gemm gemm norm rope cache gemm attention gemm gemm norm gemm activation gemm
			norm gemm gemm norm rope cache gemm attention gemm gemm norm gemm x router dispatch experts activation experts dispatch gemm activation gemm x norm gemm sampling`,
			`embedding norm0 qkv0 qk_norm0 rope0 cache0 qkv0 attention0 o0 norm0 gate_up0 activation0 down0 norm1 qkv1 qk_norm1 rope1 cache1 qkv1 attention1 o1
			norm1 router1 dispatch1 experts1 dispatch1 shared1 dispatch1 norm head sampling`},
		"a pipeline's first stage": {modeltest.Llama8B, 1,
			`embedding norm gemm rope cache attention gemm norm gemm activation gemm x !send !broadcast`,
			`embedding norm0 qkv0 rope0 cache0 attention0 o0 norm0 gate_up0 activation0 down0 residual0 send0 broadcast0`},
		"a loss's softmax, once": {model.Shape{}, 0, `gemm x norm gemm softmax gemm`, `gemm other norm gemm softmax gemm`},
		"softmax of each layer": {model.Shape{}, 2, `norm gemm softmax gemm norm gemm gemm norm gemm softmax gemm`,
			`norm0 qkv0 attention0 o0 norm0 gate_up0 down0 norm1 qkv1 attention1 o1`},
		"nothing known": {model.Shape{}, 0, `gemm x norm router memory gemm`, `gemm other norm router memory gemm`},
		"latent attention as products": {moe, 2, `embedding norm gemm gemm norm x rope gemm gemm gemm x softmax x gemm gemm gemm x norm gemm activation gemm x
			norm gemm gemm norm x rope gemm gemm gemm x softmax x gemm gemm gemm x norm gemm softmax router dispatch gemm activation gemm dispatch norm gemm sampling`,
			`embedding norm0 qkv0 qk_norm0 rope0 qkv0 attention0 glue0 attention0 glue0 attention0 o0 residual0 norm0 gate_up0 activation0 down0 residual0
			norm1 qkv1 qk_norm1 rope1 qkv1 attention1 glue1 attention1 glue1 attention1 o1 residual1 norm1 router1 dispatch1 experts1 dispatch1 norm head sampling`},
		"attention and nothing else": {model.Shape{}, 1, `attention`, `attention0`},
		"two kernels of attention a layer": {modeltest.Llama8B, 2,
			`norm gemm attention attention gemm norm gemm activation gemm norm gemm attention attention gemm norm gemm activation gemm norm gemm`,
			`norm0 qkv0 attention0 o0 norm0 gate_up0 activation0 down0 norm1 qkv1 attention1 o1 norm1 gate_up1 activation1 down1 norm head`},
	} {
		t.Run(name, func(t *testing.T) {
			p := parse(&Input{Shape: c.shape.WithLayers(c.layers), Layout: model.Defaults().Layout}, kernels(c.kernels))
			want := strings.Join(strings.Fields(c.ops), " ")
			if got := layerOps(p); got != want || p.layers != c.layers {
				t.Errorf("%d layers\n%s\nwant\n%s", p.layers, got, want)
			}
		})
	}
}

// step of two layers of Llama-3.1-8B in a decode of four requests on an H100.
func llama(t *testing.T, words string) Step {
	t.Helper()
	in := Input{Shape: modeltest.Llama8B.WithLayers(2), Layout: model.Defaults().Layout, Width: 2, SMs: 132,
		GPU: &model.GPU{HBM: 1000, NVLink: 100, Peak: map[string]float64{"bfloat16": 100}}}
	raw := &Raw{Phase: "decode", Tokens: 4, Requests: 4, Context: 4000, Pairs: 4000, Kernels: kernels(words)}
	r := Analyse(in, slices.Values([]*Raw{raw}))
	return r.Steps[0]
}

const twoLayers = `embedding norm gemm:nvjet_64x8_@96=100000 rope cache attention=40000 gemm=60000 norm gemm=300000 activation gemm=200000 norm
	gemm:nvjet_64x8_@96=100000 rope cache attention=40000 gemm=60000 norm gemm=300000 activation gemm=200000 norm gemm=2000000 sampling`

func TestOperators(t *testing.T) {
	s := llama(t, twoLayers)
	var sum int64
	for _, o := range s.Operators {
		sum += o.NS
	}
	for _, g := range s.Gaps {
		sum += g.NS
	}
	if sum != s.WallNS || s.Period != 10 || s.Repeats != 1 {
		t.Errorf("operators and gaps last %d of %d ns, %d kernels a layer, %d times", sum, s.WallNS, s.Period, s.Repeats)
	}
	for name, want := range map[string]struct {
		flops, bytes float64
		floor        string
	}{
		"qkv":       {2 * 2 * 4 * 6144 * 4096, 2 * 2 * (6144*4096 + 4*(6144+4096)), "memory"},
		"gate_up":   {2 * 2 * 4 * 28672 * 4096, 2 * 2 * (28672*4096 + 4*(28672+4096)), "memory"},
		"head":      {2 * 4 * 128256 * 4096, 2 * (128256*4096 + 4*(128256+4096)), "memory"},
		"attention": {2 * 2 * 32 * 256 * 4000, 2 * 2 * (4000*2*1024 + 4*32*256), "memory"},
	} {
		o := s.Operators[slices.IndexFunc(s.Operators, func(o Operator) bool { return o.Name == name })]
		if *o.FLOPs != want.flops || *o.Bytes != want.bytes || o.Floor != want.floor || !o.Certain || *o.FloorNS != int64(want.bytes/1000) {
			t.Errorf("%+v: %v flops, %v bytes, floor %d; want %+v", o, *o.FLOPs, *o.Bytes, *o.FloorNS, want)
		}
	}
}

// What does not fit the model's shape is not certain, with the reason; it has neither floor nor ceiling.
func TestContradictions(t *testing.T) {
	for name, c := range map[string]struct{ old, new, op, why string }{
		"blocks":   {"@96", "@24", "qkv", "24 blocks of 64 by 8 do not fit 4×6144×4096"},
		"too fast": {"gemm=300000", "gemm=3000", "gate_up", "faster than the GPU could do it (470.3 µs at least)"},
		"uneven products": {"gemm=300000 activation gemm=200000 norm gemm=2000000",
			"gemm=300000 gemm=1000 activation gemm=200000 norm gemm=2000000", "gate_up", "not as many products in each layer"},
		"another depth": {twoLayers, "embedding norm gemm rope cache attention=40000 gemm=60000 norm gemm=300000 activation " +
			"gemm=200000 norm gemm=2000000", "o", "attention ran 1×, the model has 2 layers here"},
	} {
		t.Run(name, func(t *testing.T) {
			s := llama(t, strings.Replace(strings.Join(strings.Fields(twoLayers), " "), strings.Join(strings.Fields(c.old), " "), c.new, -1))
			o := s.Operators[slices.IndexFunc(s.Operators, func(o Operator) bool { return o.Name == c.op })]
			if o.Certain || !strings.Contains(o.Why, c.why) {
				t.Errorf("%+v: want %q", o, c.why)
			}
		})
	}
}

// A moment in which several kernels run is of the one that began first, and what lies between has a cause.
func TestTimeIsCountedOnce(t *testing.T) {
	s := Step{}
	own, gaps := s.divide([]Kernel{
		{Start: 0, Dur: 10_000}, {Start: 8_000, Dur: 10_000}, {Start: 9_000, Dur: 1_000},
		{Start: 20_000, Dur: 1_000, Launched: 100},                                // at once
		{Start: 41_000, Dur: 1_000, Launched: 30_000, Calling: 5_000},             // late
		{Start: 61_000, Dur: 1_000, Launched: 31_000, Stream: 3},                  // waits for the other stream
		{Start: 81_000, Dur: 1_000, Launched: 61_500, Calling: 10_000, Stream: 3}, // the call was under way
		{Start: 99_000, Dur: 1_000},
	})
	if want := []int64{10_000, 8_000, 0, 1_000, 1_000, 1_000, 1_000, 1_000}; !slices.Equal(own, want) {
		t.Errorf("%v, want %v", own, want)
	}
	want := []Gap{{"between", 2_000, 1}, {"host", 39_000, 2}, {"stream", 19_000, 1}, {"unknown", 17_000, 1}}
	if !slices.Equal(gaps, want) || s.WallNS != 100_000 {
		t.Errorf("%+v of %d, want %+v", gaps, s.WallNS, want)
	}
}

// Any order of any parts gives an answer, and times that add up.
func FuzzAnalyse(f *testing.F) {
	parts := []string{"gemm", "attention", "norm", "activation", "cache", "rope", "", "fill", "experts", "router", "dispatch",
		"embedding", "attention_part", "gemm_part"}
	f.Add([]byte(`\x0b\x02\x00\x05\x04\x01\x00\x02\x00\x03\x00\x02\x00`), uint8(2))
	f.Fuzz(func(t *testing.T, which []byte, layers uint8) {
		var words []Kernel
		at := int64(0)
		for i, b := range which {
			words = append(words, Kernel{Start: at, Dur: int64(b) * 10, Part: parts[int(b)%len(parts)], Name: "k", Blocks: i, Launched: int64(b)})
			at += int64(b)*10 + int64(i%3) - 1
		}
		if len(words) == 0 {
			return
		}
		for _, shape := range []model.Shape{{}, modeltest.Llama8B, modeltest.V2Lite} {
			in := Input{Shape: shape.WithLayers(int(layers)), Layout: model.Defaults().Layout, Width: 2, GPU: &model.GPU{HBM: 1000}}
			s := Analyse(in, slices.Values([]*Raw{{Phase: "decode", Tokens: 4, Requests: 4, Context: 9, Pairs: 9, Kernels: words}})).Steps[0]
			sum := int64(0)
			for _, o := range s.Operators {
				sum += o.NS
			}
			for _, g := range s.Gaps {
				sum += g.NS
			}
			if sum != s.WallNS {
				t.Fatalf("%d of %d", sum, s.WallNS)
			}
		}
	})
}

// Recorded shapes are taken before what the order of kernels and the model's shape say, of another model too.
func TestRecordedShapes(t *testing.T) {
	k := kernels("norm gemm attention gemm norm gemm activation gemm norm gemm")
	k[1].Recorded = Matmul{M: 8, N: 100, K: 50}
	in := Input{Layout: model.Defaults().Layout, Width: 2}
	s := Analyse(in, slices.Values([]*Raw{{Phase: "decode", Tokens: 4, Kernels: k}})).Steps[0]
	for _, o := range s.Operators {
		if o.Name == "qkv" && (!o.Certain || *o.FLOPs != 2*8*100*50 || *o.Bytes != 2*(5000+8*150) || len(o.Products) != 1) {
			t.Errorf("%+v", o)
		}
		if o.Name == "o" && (o.Certain || o.FLOPs != nil || o.Why != "the model's shape is not known") {
			t.Errorf("%+v", o)
		}
	}
}

// Weights of four bits are read as such; experts as many as tokens reach.
func TestQuantisedAndExperts(t *testing.T) {
	in := Input{Shape: modeltest.Llama8B, Layout: model.Defaults().Layout, Width: 2, Quant: &model.Quant{Bits: 4}}
	z := in.sizes(&parser{}, &Raw{Tokens: 1})
	if c := z.of(1, 3, z.wb, Matmul{N: 1000, K: 500}); c.bytes != 3*(0.5*500_000+2*1500) {
		t.Errorf("%v bytes", c.bytes)
	}
	in = Input{Shape: modeltest.Mixtral, Layout: model.Layout{TP: 2, PP: 1, DPReplicate: 1, DPShard: 1, EP: 2}, Width: 2}
	z = in.sizes(&parser{}, &Raw{Tokens: 1})
	c := z.routed(&parser{loops: map[string]int{}}, 1)
	if want := 2 * 3 * 4096 * 14336.0; c.flops != want || c.maybe == "" {
		t.Errorf("%+v: one of two experts of a token is here: %v", c, want)
	}
	if weights := c.bytes - 2*(2*4096+3*14336); weights != 2*3*4096*14336 {
		t.Errorf("%v bytes of weights, want those of one expert", weights)
	}
}

func TestGeometry(t *testing.T) {
	for name, c := range map[string]struct {
		kernel string
		blocks int
		want   Matmul
		fits   bool
	}{
		"a block a tile":              {"nvjet_sm90_tst_64x8_64x16_4x1_v_bz_TNT", 96, Matmul{M: 4, N: 6144}, true},
		"half as many":                {"nvjet_sm90_tst_64x8_64x16_4x1_v_bz_TNT", 48, Matmul{M: 4, N: 6144}, false},
		"persistent":                  {"nvjet_sm90_tst_128x8_64x12_2x1_v_bz_TNT", 132, Matmul{M: 4, N: 28672}, true},
		"split-K":                     {"nvjet_sm90_tst_64x8_64x16_2x1_v_bz_splitK_TNT", 128, Matmul{M: 4, N: 4096}, true},
		"filled up to clusters":       {"nvjet_sm90_tst_256x8_64x6_2x1_v_bz_TNT", 22, Matmul{M: 4, N: 5472}, true},
		"Ampere, split without words": {"ampere_bf16_s16816gemm_bf16_128x64_ldg8_f2f_stages_64x3_tn", 96, Matmul{M: 4, N: 4096}, true},
		"Ampere, of another width":    {"ampere_bf16_s16816gemm_bf16_128x64_ldg8_f2f_stages_64x3_tn", 50, Matmul{M: 4, N: 4096}, false},
		"no tile in the name":         {"gemv2T_kernel_val", 3, Matmul{M: 1, N: 4096}, true},
	} {
		k := Kernel{Name: c.kernel, Blocks: c.blocks}
		if got := fits(&k, c.want, 132); got != c.fits {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A step of one kernel has no gaps, and says so by an empty list.
func TestNoGaps(t *testing.T) {
	r := Analyse(Input{}, slices.Values([]*Raw{{Kernels: kernels("gemm")}}))
	if s := r.Steps[0]; s.Gaps == nil || len(s.Gaps) > 0 || len(s.Operators) != 1 {
		t.Errorf("%+v", s)
	}
}
