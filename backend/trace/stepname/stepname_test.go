package stepname

import (
	"slices"
	"strings"
	"testing"

	"shardeck/model/metric"
)

// forms are names as the writers of the table form them, with what they say.
var forms = []struct {
	name   string
	phase  string // empty: a pass without requests
	tokens int

	prompts, generating, promptTokens int // -1: not said
}{
	{"execute_context_2(4096)_generation_0(0)", metric.Prefill, 4096, 2, 0, 4096},
	{"execute_context_0(0)_generation_4(4)", metric.Decode, 4, 0, 4, 0},
	{"execute_context_0(0)_generation_32(128)", metric.Decode, 128, 0, 32, 0}, // four tokens of each are verified
	{"execute_context_1(512)_generation_3(3)", metric.Mixed, 515, 1, 3, 512},
	{"execute_context_1(512)_generation_3(3)_flops_9", metric.Mixed, 515, 1, 3, 512},
	{"execute_context_0(0)_generation_0(0)", "", 0, 0, 0, 0},
	{"execute_6147_context_2(sq6144sk7144sqsq20971520sqsk23019520)_generation_3(sq3sk6144sqsq3sqsk6144)", metric.Mixed, 6147, 2, 3, 6144},
	{"execute_17408_context_6(sq17408sk52224sqsq59768832sqsk179306496)_generation_0(sq0sk0sqsq0sqsk0)", metric.Prefill, 17408, 6, 0, 17408},
	{"execute_64_context_0(sq0sk0sqsq0sqsk0)_generation_64(sq64sk131072sqsq64sqsk131072)", metric.Decode, 64, 0, 64, 0},
	{"execute_new_4_cached_0", metric.Prefill, -1, 4, 0, -1}, // it counts requests, and a prompt has many tokens
	{"execute_new_0_cached_4", metric.Decode, 4, 0, 4, -1},
	{"execute_new_1_cached_4", metric.Mixed, -1, 1, 4, -1},
	{"execute_new_0_cached_0", "", 0, 0, 0, 0},
	{"execute_context_3_generation_0", metric.Prefill, -1, 3, 0, -1},

	{"step[DECODE bs=32]", metric.Decode, 32, 0, 32, -1},
	{"step[DECODE bs=64 g_sq=128 g_sqsq=256 g_sqsk=262144 g_sk=131072]", metric.Decode, 128, 0, 64, -1},
	{"step[EXTEND bs=2 toks=800]", metric.Prefill, 800, 2, 0, 800},
	{"step[EXTEND bs=2 toks=800 c_sq=800 c_sqsq=9 c_sqsk=9 c_sk=9]", metric.Prefill, 800, 2, 0, 800},
	{"step[EXTEND bs=2]", metric.Prefill, -1, 2, 0, -1},
	{"step[SPLIT_PREFILL bs=2]", metric.Prefill, -1, 2, 0, -1},
	{"step[MIXED bs=2]", metric.Mixed, -1, -1, -1, -1},
	{"step[MIXED bs=5 c=2 g=3 c_sq=6144 c_sk=7144 c_sqsq=2 c_sqsk=2 g_sq=3 g_sk=6144 g_sqsq=3 g_sqsk=6144]", metric.Mixed, 6147, 2, 3, 6144},
	{"step[MIXED bs=1 c=1 g=0 c_sq=3 c_sk=3 g_sq=0 g_sk=0]", metric.Prefill, 3, 1, 0, 3},
	{"step[TARGET_VERIFY bs=23]", metric.Decode, -1, -1, -1, -1},
	{"step[IDLE bs=0]", "", 0, 0, 0, 0},
	{"step[DECODE bs=0]", "", 0, 0, 0, 0}, // of a replica with nothing to do

	{"[Executor] _forward_step 7: 2 ctx reqs, 0 gen reqs", metric.Prefill, -1, 2, 0, -1},
	{"[Executor] _forward_step 60000: 0 ctx reqs, 0 ctx tokens, 32 gen reqs", metric.Decode, 32, 0, 32, 0},
	{"[Executor] _forward_step 8: 1 ctx reqs, 450 ctx tokens, 3 gen reqs", metric.Mixed, 453, 1, 3, 450},
	{"[Executor] _forward_step: 0 ctx reqs, 0 gen reqs", "", 0, 0, 0, 0},
	{"_forward_step: 1 ctx reqs, 3 gen reqs", metric.Mixed, -1, 1, 3, -1},
	{"executeStep: 0 ctx reqs, 3 gen reqs", metric.Decode, 3, 0, 3, -1},

	{"prefill[bs=2 tok=14721 ctx=[7803, 6918]]", metric.Prefill, 14721, 2, 0, 14721},
	{"prefill[bs=6 tok=17408 ctx=[4096, 4096, 4096]...+3 sqsq=5 sqsk=5 sk=5 tbo=1]", metric.Prefill, 17408, 6, 0, 17408},
	{"decode[bs=117/128 tok=117 d=117]", metric.Decode, 117, 0, 117, -1},
	{"decode[bs=128 tok=384 p=2 d=126 sqsq=1 sqsk=1 sk=1]", metric.Mixed, 384, 2, 126, -1},
	{"decode[bs=4 tok=16 p=0 d=4 spec=3]", metric.Decode, 16, 0, 4, -1},
	{"eager_decode[bs=32]", metric.Decode, 32, 0, 32, -1},

	{"prefill", metric.Prefill, -1, -1, -1, -1},
	{"decode", metric.Decode, -1, -1, -1, -1},
	{"ProfilerStep#15", metric.Step, -1, -1, -1, -1},
}

func TestForms(t *testing.T) {
	for _, f := range forms {
		want := Step{OfStep, f.phase, f.tokens, f.prompts, f.generating, f.promptTokens}
		if f.phase == "" {
			want = Step{Kind: Empty}
		}
		if got := Of(f.name); got != want {
			t.Errorf("%s: %+v, want %+v", f.name, got, want)
		}
	}
}

// What may be a step is named to the user, and what the program marks beside its steps is not.
func TestFormsThatAreNotKnown(t *testing.T) {
	for _, name := range []string{
		"execute_model", "prefill_more", "step[PREBUILT bs=1]", "step 12", "Iteration#4", "TrainStep 3", "engine_step(batch=4)",
		"decode: 4 requests",
		"execute_diffusion_1_1024x1024", "iteration 12 (prefill=1 decode=3)", "forward_step", "ProfilerStep", "model_inference",
		"execute_new_99999999999999999999_cached_1", "run_batch DECODE",
	} {
		if got := Of(name); got.Kind != Unknown {
			t.Errorf("%s: %+v, want it named", name, got)
		}
	}
	for _, name := range []string{
		"", "nccl:all_reduce", "## process_group:init ##", "Optimizer.step#Adam.step", "Optimizer.zero_grad#Adam.zero_grad",
		"enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__", "DistributedDataParallel.forward", "gpu_model_runner: forward",
		"Torch-Compiled Region: 0/0", "## Call CompiledFxGraph fjs ##", "stepping_stone_moe", "step[DRAFT_EXTEND bs=4]", "capture_128_decode",
		"execute_context_shardeck(execute_context_1(9)_generation_0(0))",
	} {
		if got := Of(name); got.Kind != NoStep {
			t.Errorf("%s: %+v, want none", name, got)
		}
	}
}

// Every row is met by a form of the table above, and says where it is from.
func TestEveryRowIsMet(t *testing.T) {
	names := []string{"capture_256_mixed_prefill", "Optimizer.step#x", "enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__",
		"step[DRAFT_EXTEND_V2 bs=4]", "execute_context_shardeck(decode)"}
	for _, f := range forms {
		names = append(names, f.name)
	}
	for i, row := range known().Steps {
		met := false
		for _, name := range names {
			met = met || row.pattern.MatchString(name) && known().looks.MatchString(name)
		}
		if !met || row.Source == "" || !strings.Contains("prefill decode mixed step none", row.Phase) {
			t.Errorf("row %d (%s) of %q, phase %q: met %v", i, row.Name, row.Source, row.Phase, met)
		}
	}
}

// FuzzOf holds that any text gives an answer that makes sense.
func FuzzOf(f *testing.F) {
	for _, form := range forms {
		f.Add(form.name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		s := Of(name)
		if known := slices.Contains(metric.PhaseNames, s.Phase); known != (s.Kind == OfStep) || s.Tokens < -1 || !known && s.Tokens != 0 {
			t.Errorf("%q: %+v", name, s)
		}
	})
}
