package catalog

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"shardeck/backend/config"
	"shardeck/model"
	"shardeck/model/check"
	"shardeck/model/modeltest"
)

// judged is what is found in the first experiment with keys changed by keys, as "key=value; key=value". The keys release and capability
// are of vLLM and the GPU.
func judged(t *testing.T, w check.World, keys string) []check.Finding {
	t.Helper()
	e, own := modeltest.Baseline(), *w.Engine()
	w.GPUs = map[string]model.GPU{"a100-40gb": w.GPUs["a100-40gb"], "a100-80gb": w.GPUs["a100-80gb"]}
	for edit := range strings.SplitSeq(keys, "; ") {
		key, value, ok := strings.Cut(edit, "=")
		switch {
		case !ok:
		case key == "release":
			own.Release = value
		case key == "capability":
			for name, g := range w.GPUs {
				g.Capability = value
				w.GPUs[name] = g
			}
		default:
			if err := config.Apply(&e, key, value); err != nil {
				t.Fatalf("%s: %v", keys, err)
			}
		}
	}
	w.Engine = func() *check.Engine { return &own }
	return check.Check(e, w).Findings
}

const (
	moe8    = "model.name=Qwen/Qwen3-30B-A3B; parallelism.dp_replicate=8; parallelism.ep=8; data.batch_size=8; "
	moe4    = "model.name=deepseek-ai/DeepSeek-V2-Lite; parallelism.dp_replicate=4; parallelism.ep=4; "
	twoNode = "parallelism.tp=8; "
)

// Every conflict is found where it is, says what it is of, and offers a fix that cures it; beside it stands what looks alike and
// is legal.
func TestConflicts(t *testing.T) {
	w := mustLoad(t, nil, perlmutter, "account=m1234_g").World()
	oss := model.First(publishedModels(t), func(p published) bool { return p.Name == "openai/gpt-oss-20b" })
	shape, _ := ShapeOf(oss.Name, oss.Config)
	w.Shapes = append(w.Shapes, shape)
	seen := map[string]bool{}
	for _, tt := range []struct{ code, keys, says, fix, legal string }{
		{"chunked-off-budget", "data.seq_len=8192; vllm.enable_chunked_prefill=false; vllm.max_num_batched_tokens=2048",
			"2048 cannot hold a prompt of max_model_len=8704", "vllm.max_num_batched_tokens=8704",
			"data.seq_len=8192; vllm.enable_chunked_prefill=false; vllm.max_num_batched_tokens=8704"},
		{"chunked-off-budget", "vllm.enable_chunked_prefill=false; vllm.max_num_batched_tokens=2048", "2560",
			"vllm.max_num_batched_tokens=2560", "vllm.enable_chunked_prefill=false; vllm.max_num_batched_tokens=2048; release=0.11.0"},
		{"chunked-off-nodes", twoNode + "vllm.enable_chunked_prefill=false; data.seq_len=9000", "over 2 nodes",
			"vllm.max_num_batched_tokens=9512", "vllm.enable_chunked_prefill=false; data.seq_len=9000"},
		{"chunked-off-ignored", "vllm.enable_chunked_prefill=false; release=0.10.2", "vLLM 0.10.2 turns chunked prefill on",
			"vllm.enable_chunked_prefill=true", "vllm.enable_chunked_prefill=false; release=0.13.0"},
		{"load-release", "load.rate=2; release=0.7.3", "vLLM 0.7.3 has none", "", "load.rate=2; release=0.8.0"},
		{"seqs-batch", "load.concurrency=32; vllm.max_num_seqs=8", "32 requests in turns", "vllm.max_num_seqs=32",
			"data.batch_size=32; load.rate=2; vllm.max_num_seqs=8"},
		{"budget-seqs", "vllm.max_num_seqs=1024; vllm.max_num_batched_tokens=512", "512 is less than max_num_seqs=1024",
			"vllm.max_num_batched_tokens=1024", "vllm.max_num_seqs=512; vllm.max_num_batched_tokens=512"},
		{"budget-seqs", "data.batch_size=512; data.seq_len=64; data.max_tokens=64; vllm.max_num_batched_tokens=256",
			"max_num_seqs=512", "vllm.max_num_batched_tokens=512", "data.batch_size=64; vllm.max_num_batched_tokens=128"},
		{"seqs-batch", "data.batch_size=8; vllm.max_num_seqs=4", "8 requests in turns", "vllm.max_num_seqs=8",
			"data.batch_size=8; vllm.max_num_seqs=8"},
		{"active-seqs", "vllm.max_num_seqs=8; vllm.max_num_active_seqs=16", "more than max_num_seqs=8", "vllm.max_num_active_seqs=8",
			"vllm.max_num_seqs=8; vllm.max_num_active_seqs=8"},
		{"long-prefill", "vllm.long_prefill_token_threshold=9000", "more than max_model_len=2560",
			"vllm.long_prefill_token_threshold=2560", "vllm.long_prefill_token_threshold=1024"},
		{"partial-prefills", "vllm.enable_chunked_prefill=false; vllm.max_num_partial_prefills=2; release=0.11.2",
			"needs chunked prefill", "vllm.enable_chunked_prefill=true", "vllm.max_num_partial_prefills=2; release=0.11.2"},
		{"model-len-positions", "vllm.max_model_len=262144", "131072 positions", "vllm.max_model_len=2560", "vllm.max_model_len=131072"},
		{"model-len-positions", "vllm.max_model_len=262144", "", "", "vllm.max_model_len=262144; env.VLLM_ALLOW_LONG_MAX_MODEL_LEN=1"},
		{"async-pp", "parallelism.pp=2; vllm.async_scheduling=true; release=0.10.2", "PP=2", "vllm.async_scheduling=false",
			"parallelism.pp=2; vllm.async_scheduling=true; release=0.28.0"},
		{"async-pp", "parallelism.pp=2; vllm.async_scheduling=true; release=0.11.0", "", "", "parallelism.pp=2; vllm.async_scheduling=true"},
		{"context-tp", "parallelism.tp=2; vllm.decode_context_parallel_size=4", "TP=2 has fewer",
			"vllm.decode_context_parallel_size=2", "parallelism.tp=4; vllm.decode_context_parallel_size=4"},
		{"pp-release", "parallelism.pp=2; release=0.8.5.post1", "Ray only", "parallelism.pp=1", "parallelism.pp=2; release=0.9.0"},
		{"utilization-left", "vllm.gpu_memory_utilization=0.99", "leaves 0.4 GiB of A100-40GB", "vllm.gpu_memory_utilization=0.95",
			"vllm.gpu_memory_utilization=0.97"},
		{"utilization-unused", "vllm.gpu_memory_utilization=0.8; vllm.kv_cache_memory_bytes=1000000000", "no say", "",
			"vllm.kv_cache_memory_bytes=1000000000"},
		{"cpu-offload", "vllm.cpu_offload_gb=4", "over PCIe", "vllm.cpu_offload_gb=0", "vllm.cpu_offload_gb=0"},
		{"allocator-all-reduce", "parallelism.tp=4; env.PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True", "exclude each other",
			"comm.all_reduce=nccl", "parallelism.tp=4; env.PYTORCH_CUDA_ALLOC_CONF=expandable_segments:False"},
		{"allocator-all-reduce", "parallelism.tp=2; env.PYTORCH_ALLOC_CONF=max_split_size_mb:512,expandable_segments:true",
			"PYTORCH_ALLOC_CONF", "comm.all_reduce=nccl", "env.PYTORCH_ALLOC_CONF=expandable_segments:True"},
		{"allocator-all-reduce", "parallelism.tp=2; env.PYTORCH_ALLOC_CONF=backend:cudaMallocAsync", "", "",
			"parallelism.tp=2; env.PYTORCH_ALLOC_CONF=expandable_segments:True; vllm.enforce_eager=true"},
		{"allocator-all-reduce", "parallelism.tp=2; comm.all_reduce=custom; env.PYTORCH_ALLOC_CONF=expandable_segments:True", "", "",
			"parallelism.tp=8; env.PYTORCH_ALLOC_CONF=expandable_segments:True"},
		{"custom-nodes", twoNode + "comm.all_reduce=custom", "2 nodes", "comm.all_reduce=nccl", "parallelism.tp=4; comm.all_reduce=custom"},
		{"custom-size", "parallelism.tp=16; comm.all_reduce=custom", "not TP=16", "comm.all_reduce=nccl",
			"parallelism.tp=2; comm.all_reduce=custom"},
		{"symm-mem-gpu", "parallelism.tp=4; comm.all_reduce=symm_mem", "A100-40GB has 8.0", "comm.all_reduce=nccl",
			"parallelism.tp=4; comm.all_reduce=symm_mem; capability=9.0"},
		{"deepep-install", moe4 + "comm.all2all=deepep_high_throughput", "NVSHMEM", "", moe4 + "comm.all2all=auto"},
		{"prefix-caching", "vllm.enable_prefix_caching=true", "finds nothing", "vllm.enable_prefix_caching=false",
			"vllm.enable_prefix_caching=false"},
		{"deepep-ampere-nodes", moe8 + "comm.all2all=deepep_low_latency", "A100-40GB has 8.0, on 2 nodes", "comm.all2all=auto",
			moe8 + "comm.all2all=allgather_reducescatter"},
		{"deepep-ampere", moe4 + "comm.all2all=deepep_high_throughput", "Hopper parts taken out", "comm.all2all=auto",
			moe4 + "comm.all2all=deepep_high_throughput; capability=9.0"},
		{"deepep-fabric", moe8 + "comm.all2all=deepep_high_throughput; capability=9.0", "over Slingshot 11", "comm.all2all=auto",
			moe4 + "comm.all2all=deepep_high_throughput; capability=9.0"},
		{"eplb-ep", "model.name=deepseek-ai/DeepSeek-V2-Lite; parallelism.tp=2; vllm.enable_eplb=true", "expert parallelism is off",
			"vllm.enable_eplb=false", moe4 + "vllm.enable_eplb=true"},
		{"interface-loopback", twoNode + "env.NCCL_SOCKET_IFNAME=lo", "loopback", "env.NCCL_SOCKET_IFNAME=hsn",
			twoNode + "env.NCCL_SOCKET_IFNAME=^lo,docker0"},
		{"interface-loopback", twoNode + "env.GLOO_SOCKET_IFNAME=lo", "GLOO_SOCKET_IFNAME", "", "env.GLOO_SOCKET_IFNAME=lo"},
		{"interface-loopback", twoNode + "env.NCCL_SOCKET_IFNAME==lo", "", "", twoNode + "env.NCCL_SOCKET_IFNAME=hsn0"},
		{"address-loopback", twoNode + "env.VLLM_HOST_IP=127.0.0.1", "2 nodes", "", "env.VLLM_HOST_IP=127.0.0.1"},
		{"p2p-off", "parallelism.tp=2; env.NCCL_P2P_DISABLE=1", "NVLink", "env.NCCL_P2P_DISABLE=0", "parallelism.tp=2; env.NCCL_P2P_DISABLE=0"},
		{"net-socket", twoNode + "env.NCCL_NET=Socket", "TCP", "env.NCCL_NET=AWS Libfabric", "env.NCCL_NET=Socket"},
		{"ranks-by-hand", "env.VLLM_DP_RANK=0", "the runner to set", "", "env.MASTER_PORT=29511"},
		{"fork", "env.VLLM_WORKER_MULTIPROC_METHOD=fork", "forked", "env.VLLM_WORKER_MULTIPROC_METHOD=spawn",
			"env.VLLM_WORKER_MULTIPROC_METHOD=spawn"},
		{"multiproc-word", "env.VLLM_WORKER_MULTIPROC_METHOD=thread", "spawn and fork", "env.VLLM_WORKER_MULTIPROC_METHOD=spawn",
			"env.VLLM_WORKER_MULTIPROC_METHOD=spawn"},
		{"devices-few", "parallelism.tp=4; env.CUDA_VISIBLE_DEVICES=0,1", "shows 2 of the 4", "",
			"parallelism.tp=4; env.CUDA_VISIBLE_DEVICES=0,1,2,3"},
		{"devices-by-hand", "env.CUDA_VISIBLE_DEVICES=2", "by hand", "", "env.CUDA_DEVICE_ORDER=PCI_BUS_ID"},
		{"launch-blocking", "env.CUDA_LAUNCH_BLOCKING=1", "debugging", "env.CUDA_LAUNCH_BLOCKING=0", "env.CUDA_LAUNCH_BLOCKING=0"},
		{"function-trace", "env.VLLM_TRACE_FUNCTION=1", "every call of Python", "env.VLLM_TRACE_FUNCTION=0", "env.VLLM_TRACE_FUNCTION=0"},
		{"profiler-by-hand", "env.VLLM_TORCH_PROFILER_DIR=/tmp/x", "by the runner", "", "env.VLLM_LOGGING_LEVEL=INFO"},
		{"speculative-random", "vllm.speculative_config={method: ngram, num_speculative_tokens: 3}", "random tokens", "",
			"vllm.max_num_seqs=256"},
		{"speculative-random", "vllm.spec_method=eagle3", "random tokens", "", "vllm.enforce_eager=true"},
		{"speculative-tokens", "vllm.speculative_config={method: ngram, num_speculative_tokens: 0}", "at least 1", "",
			"vllm.speculative_config={method: ngram, num_speculative_tokens: 1}"},
		{"speculative-count", "vllm.speculative_config={method: ngram}", "method ngram needs", "", "vllm.speculative_config={method: suffix}"},
		{"eager-graphs", "vllm.enforce_eager=true; vllm.cudagraph_capture_sizes=[1, 2]", "no CUDA graphs", "vllm.enforce_eager=false",
			"vllm.enforce_eager=false; vllm.cudagraph_capture_sizes=[1, 2]"},
		{"eager-graphs", "vllm.enforce_eager=true; vllm.compilation_config={cudagraph_mode: FULL}", "cudagraph_mode",
			"vllm.enforce_eager=false", "vllm.enforce_eager=true; vllm.compilation_config={cudagraph_mode: NONE}"},
		{"kv-fp8-gpu", "vllm.kv_cache_dtype=fp8", "A100-40GB has no FP8", "vllm.kv_cache_dtype=auto", "vllm.kv_cache_dtype=fp8; capability=8.9"},
		{"kv-e5m2-gpu", "vllm.kv_cache_dtype=fp8_e5m2", "16 bits", "", "vllm.kv_cache_dtype=auto"},
		{"kv-nvfp4-gpu", "vllm.kv_cache_dtype=nvfp4; capability=9.0", "Blackwell", "vllm.kv_cache_dtype=auto",
			"vllm.kv_cache_dtype=nvfp4; capability=10.0"},
		{"float16-model", "model.name=google/gemma-3-27b-it; model.precision=float16", "not stable", "model.precision=bfloat16",
			"model.name=google/gemma-3n-E4B; model.precision=float16"},
		{"float16-model", "model.name=zai-org/GLM-4-32B-0414; model.precision=float16", "", "", "model.precision=float16"},
		{"bfloat16-gpu", "capability=7.5", "no bfloat16", "model.precision=float16", "capability=7.5; model.precision=float16"},
		{"context-heads", "parallelism.tp=4; vllm.decode_context_parallel_size=2", "TP=4 holds each 1 times",
			"vllm.decode_context_parallel_size=1", "parallelism.tp=16; vllm.decode_context_parallel_size=2"},
		{"context-heads", "parallelism.tp=16; vllm.decode_context_parallel_size=4", "2 times", "vllm.decode_context_parallel_size=2",
			"model.name=deepseek-ai/DeepSeek-V2-Lite; parallelism.tp=4; vllm.decode_context_parallel_size=4"},
		{"dbo-all2all", moe4 + "vllm.enable_dbo=true; comm.all2all=allgather_reducescatter", "DeepEP", "vllm.enable_dbo=false",
			moe4 + "vllm.enable_dbo=true; comm.all2all=deepep_low_latency"},
		{"lora-rank", "vllm.enable_lora=true; vllm.max_lora_rank=12", "knows 1, 8", "", "vllm.enable_lora=true; vllm.max_lora_rank=16"},
		{"allocator-sleep", "vllm.enable_sleep_mode=true; env.PYTORCH_ALLOC_CONF=max_split_size_mb:64,expandable_segments: True",
			"exclude each other", "vllm.enable_sleep_mode=false",
			"vllm.enable_sleep_mode=true; env.PYTORCH_ALLOC_CONF=max_split_size_mb:64"},
		{"address-nodes", twoNode + "env.VLLM_HOST_IP=10.1.2.3", "one address for 2 nodes", "", "env.VLLM_HOST_IP=10.1.2.3"},
		{"quantisation-precision", "model.name=Qwen/Qwen2.5-32B-Instruct-AWQ; vllm.quantization=awq", "float16 only",
			"vllm.quantization=awq_marlin", "model.name=Qwen/Qwen2.5-32B-Instruct-AWQ; vllm.quantization=awq; model.precision=float16"},
		{"quantisation-precision", "model.name=Qwen/Qwen2.5-32B-Instruct-GPTQ-Int4; vllm.quantization=gptq", "float16 only",
			"vllm.quantization=gptq_marlin", "model.name=Qwen/Qwen2.5-32B-Instruct-GPTQ-Int4"},
		{"quantisation-float32", "model.name=Qwen/Qwen3-32B-FP8; model.precision=float32", "refuses them with float32",
			"model.precision=bfloat16", "model.precision=float32"},
		{"mxfp4-float16", "model.name=openai/gpt-oss-20b; model.precision=float16", "bfloat16 only", "model.precision=bfloat16",
			"model.name=openai/gpt-oss-20b"},
		{"quantisation-word", "vllm.quantization=int4", "no release", "", "vllm.quantization=fp8"},
		{"kv-e5m2-checkpoint", "model.name=Qwen/Qwen3-32B-FP8; vllm.kv_cache_dtype=fp8_e5m2", "does not go with weights in fp8",
			"vllm.kv_cache_dtype=auto", "model.name=Qwen/Qwen2.5-32B-Instruct-AWQ; vllm.kv_cache_dtype=fp8_e5m2"},
		{"kv-e5m2-checkpoint", "vllm.quantization=fp8; vllm.kv_cache_dtype=fp8_e5m2", "", "", "vllm.kv_cache_dtype=fp8_e5m2"},
		{"kv-e5m2-compressed", "model.name=x/Llama-3.1-8B-FP8-dynamic; vllm.kv_cache_dtype=fp8_e5m2", "many releases",
			"vllm.kv_cache_dtype=auto", "model.name=x/Llama-3.1-8B-FP8-dynamic; vllm.kv_cache_dtype=auto"},
		{"attention-hopper", "model.name=deepseek-ai/DeepSeek-V2-Lite; vllm.attention_backend=FLASHMLA", "Hopper", "",
			"model.name=deepseek-ai/DeepSeek-V2-Lite; vllm.attention_backend=TRITON_MLA"},
		{"attention-blackwell", "model.name=deepseek-ai/DeepSeek-V2-Lite; vllm.attention_backend=CUTLASS_MLA; capability=9.0",
			"Blackwell", "", "model.name=deepseek-ai/DeepSeek-V2-Lite; vllm.attention_backend=CUTLASS_MLA; capability=10.0"},
		{"attention-ampere", "vllm.attention_backend=FLASHINFER; capability=7.5; model.precision=float16", "8.0", "",
			"vllm.attention_backend=FLASHINFER"},
		{"attention-mla", "vllm.attention_backend=TRITON_MLA", "Llama-3.1-8B has not", "", "vllm.attention_backend=TRITON_ATTN"},
		{"attention-no-mla", "model.name=deepseek-ai/DeepSeek-V2-Lite; env.VLLM_ATTENTION_BACKEND=FLASH_ATTN; release=0.11.0",
			"does not know it", "", "model.name=deepseek-ai/DeepSeek-V2-Lite; env.VLLM_ATTENTION_BACKEND=FLASH_ATTN; " +
				"env.VLLM_MLA_DISABLE=1; release=0.11.0"},
		{"attention-other", "vllm.attention_backend=ROCM_ATTN", "not for NVIDIA", "", "vllm.attention_backend=FLEX_ATTENTION"},
		{"attention-kv-fp8", "vllm.attention_backend=TRITON_ATTN; vllm.kv_cache_dtype=fp8", "no FP8 cache",
			"vllm.kv_cache_dtype=auto", "vllm.attention_backend=FLASHINFER; vllm.kv_cache_dtype=fp8"},
	} {
		seen[tt.code] = true
		f := model.First(judged(t, w, tt.keys), func(f check.Finding) bool { return f.Code == tt.code })
		if f == nil || !strings.Contains(f.Fault, tt.says) ||
			strings.ContainsAny(f.Fault+f.Fix, "{}") && !strings.Contains(tt.keys, "{") || tt.fix != "" && edited(f.Edits) != tt.fix {
			t.Errorf("%s, %s: %+v", tt.code, tt.keys, f)
			continue
		}
		if cured := judged(t, w, tt.keys+"; "+edited(f.Edits)); len(f.Edits) > 0 && has(cured, tt.code) {
			t.Errorf("%s, %s: %s does not cure it", tt.code, tt.keys, edited(f.Edits))
		}
		if has(judged(t, w, tt.legal), tt.code) {
			t.Errorf("%s: a false alarm at %s", tt.code, tt.legal)
		}
	}
	for _, c := range w.Engine().Conflicts {
		if !seen[c.Code] {
			t.Errorf("%s has no test", c.Code)
		}
		if !slices.Contains([]check.Severity{check.SeverityError, check.SeverityWarning, check.SeverityNote}, c.Severity) ||
			len(c.When) == 0 || c.Fix == "" && c.Severity != check.SeverityNote {
			t.Errorf("%s: incomplete", c.Code)
		}
	}
}

func has(found []check.Finding, code string) bool {
	return slices.ContainsFunc(found, func(f check.Finding) bool { return f.Code == code })
}

func edited(edits []model.Edit) string {
	return strings.Join(model.Each(edits, func(e model.Edit) string { return e.Path + "=" + e.Value }), "; ")
}

// Names and values of single arguments and variables; empty: there is nothing to say.
func TestEngineArguments(t *testing.T) {
	w := mustLoad(t, nil, perlmutter, "account=m1234_g").World()
	for _, tt := range []struct{ keys, code, says, fix string }{
		{"vllm.max_num_seqs=64", "", "", ""},
		{"vllm.max_num_sequences=64", "vllm-unknown", "has no argument max_num_sequences", "did you mean vllm.max_num_seqs?"},
		{"vllm.max-num-seqs=64", "vllm-unknown", "", "did you mean vllm.max_num_seqs?"},
		{"vllm.mem_fraction_static=0.8", "vllm-unknown", "", "use vllm.gpu_memory_utilization"},
		{"vllm.port=8000", "vllm-unknown", "option of vllm serve", "remove it"},
		{"vllm.a_thing_of_a_fork=1", "vllm-unknown", "no vLLM up to 0.33", ""},
		{"vllm.tensor_parallel_size=2", "vllm-key", "set by parallelism.tp", ""},
		{"vllm.data_parallel_rank=0", "vllm-key", "parallelism.dp_replicate", ""},
		{"vllm.attention_backend=FLASH_ATTN; release=0.12.0", "vllm-unknown",
			"vLLM 0.12.0 has no argument attention_backend: it came with 0.13", ""},
		{"vllm.attention_backend=FLASH_ATTN; release=0.13.0", "", "", ""},
		{"vllm.attention_backend=FLASH_ATN", "vllm-type", "cannot be \"FLASH_ATN\"", "set vllm.attention_backend to FLASH_ATTN"},
		{"vllm.cuda_graph_sizes=[8]; release=0.20.2", "vllm-unknown", "it went after 0.12", "use vllm.cudagraph_capture_sizes"},
		{"vllm.cuda_graph_sizes=[8]; release=0.12.0", "", "", ""},
		{"vllm.swap_space=4; release=0.20.2", "vllm-unknown", "went after", "remove it: the engine recomputes"},
		{"vllm.cuda_graph_sizes=[8]", "vllm-gone", "since 0.13", "use vllm.cudagraph_capture_sizes"},
		{"vllm.cudagraph_capture_sizes=[8]; release=0.11.1", "", "", ""},
		{"vllm.max_num_seqs='64'", "vllm-type", "the text \"64\": it takes a whole number", "set vllm.max_num_seqs to 64"},
		{"vllm.max_num_batched_tokens=1e4", "vllm-type", "it takes a whole number", "set vllm.max_num_batched_tokens to 10000"},
		{"vllm.gpu_memory_utilization='0.8'", "vllm-type", "takes a number", "set vllm.gpu_memory_utilization to 0.8"},
		{"vllm.cpu_offload_gb=0", "", "", ""},
		{"vllm.enforce_eager=on", "vllm-type", "it takes true or false", "set vllm.enforce_eager to true"},
		{"vllm.enforce_eager=1", "vllm-type", "", "set vllm.enforce_eager to true"},
		{"vllm.enforce_eager=null", "", "", ""},
		{"vllm.max_num_seqs=-1", "vllm-type", "at least 1", ""},
		{"vllm.max_logprobs=-1; vllm.seed=-3", "", "", ""},
		{"vllm.cpu_offload_gb=-1", "vllm-type", "at least 0", ""},
		{"vllm.speculative_config=ngram", "vllm-type", "keys with values", ""},
		{"vllm.compilation_config=3", "", "", ""},
		{"vllm.kv_cache_dtype=fp8e5m2", "vllm-type", "", "set vllm.kv_cache_dtype to fp8_e5m2"},
		{"env.VLLM_ATTENTION_BACKEND=FLASH_ATTN; release=0.20.2", "env-unread", "vLLM 0.20.2 does not read VLLM_ATTENTION_BACKEND",
			"use vllm.attention_backend"},
		{"env.VLLM_ATTENTION_BACKEND=FLASH_ATTN; release=0.11.0", "", "", ""},
		{"env.VLLM_ATTENTION_BACKEND=FLASH_ATTN", "env-unread", "since 0.16", "use vllm.attention_backend"},
		{"env.VLLM_LOGING_LEVEL=DEBUG", "env-unread", "", "did you mean VLLM_LOGGING_LEVEL?"},
		{"env.VLLM_SOMETHING_OF_TOMORROW=1; release=0.40.0", "", "", ""},
		{"env.HF_HUB_OFFLINE=1; env.NCCL_DEBUG=INFO; env.VLLM_LOGGING_LEVEL=DEBUG", "", "", ""},
		{"engine=torch; vllm.max_num_sequences=64; env.VLLM_NOTHING=1", "", "", ""},
	} {
		found := slices.DeleteFunc(judged(t, w, tt.keys), func(f check.Finding) bool {
			return !strings.HasPrefix(f.Code, "vllm-") && f.Code != "env-unread"
		})
		switch {
		case tt.code == "" && len(found) == 0:
		case len(found) != 1, found[0].Code != tt.code, !strings.Contains(found[0].Fault, tt.says), !strings.Contains(found[0].Fix, tt.fix):
			t.Errorf("%s: %+v", tt.keys, found)
		}
	}
}

// What the release in the jobs' environment lists itself is the truth, whatever the table says.
func TestOwnArguments(t *testing.T) {
	w := mustLoad(t, nil, perlmutter).World()
	own := *w.Engine()
	own.Release, own.Own = "0.99.0", map[string]bool{"max_num_seqs": true, "of_a_fork": true}
	w.Engine = func() *check.Engine { return &own }
	for name, want := range map[string]string{"max_num_seqs": "", "of_a_fork": "", "enforce_eager": "vllm-unknown",
		"max_num_sequences": "vllm-unknown"} {
		e := modeltest.With(modeltest.Baseline(), func(e *model.Experiment) { e.VLLM = map[string]any{name: nil} })
		if found := check.Check(e, w).Findings; has(found, "vllm-unknown") != (want != "") {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

// What a person wrote reaches the screen without control characters.
func TestEngineFindingsArePrintable(t *testing.T) {
	w := mustLoad(t, nil, perlmutter).World()
	e := modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
		e.VLLM, e.Env = map[string]any{"a\x1b[31m": 1, "enforce_eager": "\x1b[2J"},
			map[string]string{"CUDA_VISIBLE_DEVICES": "\x1b[31m0", "VLLM_\x1b[0m": "1"}
	})
	found := check.Check(e, w).Findings
	if !has(found, "vllm-unknown") || !has(found, "devices-by-hand") ||
		slices.ContainsFunc(found, func(f check.Finding) bool { return strings.Contains(f.Fault+f.Fix, "\x1b") }) {
		t.Errorf("%+q", found)
	}
}

// The table itself: types that are known, releases that are releases, names that stand once, and nothing of shardeck's own in it.
func TestEngineTable(t *testing.T) {
	g := mustLoad(t, nil, nil).World().Engine()
	kinds := regexp.MustCompile(`^(bool|int|number|text|list|map)(\|(bool|int|number|text|list|map))*$`)
	release := regexp.MustCompile(`^(0\.\d+(\.\d+)?)?$`)
	for name, a := range g.Arguments {
		if !kinds.MatchString(a.Type) || !release.MatchString(a.Since) || !release.MatchString(a.Until) || model.Older(a.Until, a.Since) {
			t.Errorf("%s: %+v", name, a)
		}
	}
	seen := map[string]bool{}
	for _, v := range g.Variables {
		for _, name := range v.Names {
			if seen[name] || strings.HasPrefix(name, "VLLM_") || !release.MatchString(v.Since+v.Until) && (v.Since == "" || v.Until == "") {
				t.Errorf("VLLM_%s: %+v", name, v)
			}
			seen[name] = true
		}
	}
	for _, name := range slices.Concat(g.Positive, g.Signed) {
		if !strings.Contains(g.Arguments[name].Type, "int") && g.Arguments[name].Type != "number" {
			t.Errorf("%s is no number", name)
		}
	}
	for _, name := range g.Server {
		if _, clash := g.Arguments[name]; clash {
			t.Errorf("%s is an argument of the engine", name)
		}
	}
	if len(g.Arguments) < 250 || len(seen) < 350 {
		t.Errorf("%d arguments, %d variables", len(g.Arguments), len(seen))
	}
}
