package metric

import "strings"

// Definitions lists every metric in the order of screens, files and JSON: tables take their
// headers from here, and `metric --explain` prints Text.
var Definitions = []Definition{
	{"ttft", nil, "TTFT ms", "ms", "latency",
		"Time to first token: first token − arrival, the mean over the requests of an iteration, then the median over " +
			"the untraced iterations where the timing file has them, else over the traced ones (marked \"traced\"). " +
			"n counts iterations. By: mean, min, p50, p99, max of the requests. With data parallelism the requests of all replicas are pooled.",
		Lower, 1},
	{"tpot", nil, "TPOT ms", "ms", "latency",
		"Time per output token: (last token − first token) / (output tokens − 1), the mean over the requests of an " +
			"iteration, then the median over the iterations of ttft; requests with one output token or none are left " +
			"out. By: as ttft.",
		Lower, 2},
	{"iteration_wall_clock", []string{"iteration_wall_clock_time"}, "iter s", "s", "latency",
		"Median time of one iteration: one batch, from prompt to last token. By: mean, min, p50, p99, max. With data " +
			"parallelism an iteration lasts as long as its slowest replica.",
		Lower, 3},
	{"throughput_tokens_sec", []string{"throughput"}, "tok/s", "tok/s", "throughput",
		"batch_size × (seq_len + max_tokens) / median iteration time: prompt and output tokens; from recorded " +
			"token counts when the timing file has them. " +
			"It differs from the original scripts on purpose: theirs was batch_size × seq_len / time, without output " +
			"tokens, over prompts that were never seq_len long.",
		Higher, 0},
	{"output_tokens_sec", nil, "out tok/s", "tok/s", "throughput",
		"batch_size × max_tokens / median iteration time: output tokens alone; from recorded token counts when the " +
			"timing file has them.",
		Higher, 0},
	{"tokens_sec_per_gpu", nil, "tok/s/GPU", "tok/s", "throughput",
		"throughput_tokens_sec / number of GPUs of the run.",
		Higher, 0},
	{"tokens_sec_per_user", nil, "tok/s/user", "tok/s", "throughput",
		"1 / tpot: the output tokens that one user sees in a second, once the first is there.",
		Higher, 1},
	{"mfu", nil, "MFU %", "%", "throughput",
		"Model FLOPs utilisation: FLOPs of an iteration / (median iteration time × GPUs × dense peak of the " +
			"config's precision on the detected GPU). " +
			"FLOPs = 2·(active parameters − input embedding)·B·(S+O−1) + 2·L·heads·(d_qk+d_v)·Σ context, with B " +
			"batch, S prompt and O output tokens, Σ context over all tokens of the causal context lengths.",
		Higher, 1},

	{"comm_overhead", nil, "comm %", "%", "communication",
		"Length of the union of communication intervals / steady window, per rank; the run's value is the mean " +
			"over ranks. Communication kernels are told by function name (NCCL, custom and symmetric-memory " +
			"all-reduce, DeepEP and other all-to-all). " +
			"The steady window starts when every rank's profiler runs, so waiting for a profiler is not counted. By: " +
			"min, max over ranks; phases as a share of that phase's time.",
		Lower, 2},
	{"exposed_comm", nil, "exposed %", "%", "communication",
		"(Union of communication − its intersection with compute) / steady window: communication that nothing " +
			"hides. By as comm_overhead.",
		Lower, 2},
	{"comm_comp_overlap", nil, "overlap %", "%", "communication",
		"Intersection of communication with compute / union of communication, both as unions of intervals; no " +
			"value without communication. By as comm_overhead.",
		Higher, 2},
	{"comm_transfer", nil, "transfer %", "%", "communication",
		"Time that matched calls spend moving data, as a share of the steady window. The shortest duration of a " +
			"call over the ranks of its group is its transfer; a recv's is what follows the start of the matching " +
			"send; a send is all transfer. " +
			"Calls that overlap count once. By: call types, phases.",
		NoBetter, 2},
	{"comm_wait", nil, "wait %", "%", "communication",
		"Time that matched calls spend waiting for a peer, as a share of the steady window: own duration − " +
			"transfer; for a recv, from its start to the start of the matching send, at most its duration; while " +
			"another call moves data, nobody waits. By: call types, phases. " +
			"The rank that waits most is never the straggler.",
		Lower, 2},
	{"comm_unmatched", nil, "unmatched %", "%", "communication",
		"Time in communication that is neither transfer nor wait, as a share of the steady window: calls without a partner in the files or beyond the rule of matching, " +
			"and kernels that only prepare calls. comm_transfer + comm_wait + comm_unmatched = comm_overhead where all three have a value. By: call types, phases.",
		Lower, 2},
	{"coll_call_num", []string{"coll_cal_num"}, "calls", "calls", "communication",
		"Communication kernel launches of one GPU in one traced iteration: all launches in the file / traced " +
			"iterations (run.json, else profile_iterations), mean over ranks. By: call types. " +
			"Launches are not API calls: tensors grouped in one NCCL call are one kernel. The whole file is " +
			"coll_calls_total, also `--total`. " +
			"The original script counted the whole file, NCCL only.",
		NoBetter, 0},
	{"coll_calls_total", nil, "calls/file", "calls", "communication",
		"Communication kernel launches of one GPU in the whole traced file, profiler start included; mean over " +
			"ranks. By: call types.",
		NoBetter, 0},
	{"coll_calls_per_step", nil, "calls/step", "calls", "communication",
		"Communication kernel launches of one GPU per forward step (a prefill or one decode step), where step " +
			"annotations or run.json say how many steps were traced. " +
			"Forward passes without requests, which engines run on a data-parallel replica until all are done, are " +
			"left out; a warning says how many. By: call types.",
		NoBetter, 1},
	{"coll_bytes", nil, "bytes", "B", "communication",
		"Mean size of a call as nccl-tests counts it (all-gather and reduce-scatter: the whole buffer), from " +
			"NCCL metadata, else inferred from model shape, phase and layout and marked as an estimate. By: call " +
			"types.",
		NoBetter, 0},
	{"coll_algbw", nil, "alg GB/s", "GB/s", "communication",
		"Algorithm bandwidth: bytes / transfer time, summed over matched calls of known size. By: call types.",
		Higher, 1},
	{"coll_busbw", nil, "bus GB/s", "GB/s", "communication",
		"Bus bandwidth: algbw × 2(n−1)/n for all-reduce, (n−1)/n for all-gather, reduce-scatter and all-to-all, " +
			"1 for broadcast, send and recv, with n ranks in the group. By: call types.",
		Higher, 1},

	{"gpu_busy", []string{"gpu_utilization"}, "busy %", "%", "device",
		"Union of all kernels / steady window: how long the device had something to run, not how well it used " +
			"its SMs. By: min, max over ranks; phases.",
		Higher, 1},
	{"sm_coverage", []string{"sm"}, "SM cover %", "%", "device",
		"Σ duration × min(1, blocks per SM) / Σ duration over kernels: an upper bound of SM use from launch " +
			"geometry, always an estimate. Real SM activity comes only from nsys GPU metrics. By: min, max over " +
			"ranks; phases.",
		Higher, 1},
	{"sm_active", nil, "SM active %", "%", "device",
		"Mean share of the device's multiprocessors that had work, over the samples of Nsight Systems (GPU " +
			"metric \"SMs Active\") in the steady window: measured, where sm_coverage is an upper bound. By: min, " +
			"max over ranks; phases.",
		Higher, 1},
	{"kernel_classes", nil, "top class %", "%", "device",
		"Share of summed kernel time of the largest class of kernels; By holds every class: gemm, convolution, " +
			"attention, softmax, norm, activation, elementwise, embedding, sampling, moe, quantise, optimizer, memory, " +
			"communication, other. A kernel's class is told by its name, and kernels.yaml in the workspace adds to what " +
			"names are known; copies by the copy engine are not kernels.",
		NoBetter, 1},
	{"top_kernels", nil, "top kernel ms", "ms", "device",
		"Summed time of the kernel that takes most inside the steady window, mean over the ranks; By holds the " +
			"twenty that take most. Kernels that differ in their template arguments are two. `shardeck trace` shows " +
			"each with count, mean, min, max and share.",
		NoBetter, 1},
	{"phase_time", nil, "phase ms", "ms", "device",
		"Length of the steady window that step annotations divide into prefill, decode and mixed steps, or plain steps " +
			"where only a profiler says them; By holds each phase, mean over ranks. A step lasts until the next one starts.",
		NoBetter, 1},
	{"bubble", []string{"bubble_size_pipeline"}, "bubble %", "%", "device",
		"Pipeline parallelism only: waiting in the pipeline's own calls (recv, and the broadcast of the token " +
			"from the last stage) / steady window. By: stage_0 …; idle and stage_0_idle … are the time with neither " +
			"compute nor such waiting.",
		Lower, 1},

	{"profiler_start_skew", nil, "skew ms", "ms", "skew",
		"T0 − start of the rank's first matched call, where T0 is the latest such start: what was cut because " +
			"profilers start at different moments. By: min, max over ranks.",
		NoBetter, 0},
	{"clock_drift", nil, "drift µs/s", "µs/s", "skew",
		"How fast a rank's clock gains on that of the lowest rank that it shares calls with; the run's value is the largest. The offset of the ends of matched all-reduce, all-gather and reduce-scatter calls of one type and size, the first tenth of the window against the last. " +
			"Found, and corrected, if each tenth has at least 20 such calls, the change is above 20 µs and above 5 median absolute deviations, and the middle tenths lie on the line; else a warning says that it is beyond correction. No value with the reason \"none\" is an answer.",
		NoBetter, 1},
	{"straggler", nil, "straggler", "rank", "skew",
		"The rank that others wait for. Over matched all-reduce, all-gather, reduce-scatter and all-to-all calls " +
			"after the first, the last rank to start is charged its start − the second-latest start; a rank's " +
			"lateness is the sum. " +
			"Named if its lateness is at least 5 % of the window, at least 2/3 of all ranks' lateness, and the " +
			"largest in each of K equal runs of calls, K = max(2, traced iterations). " +
			"Cause is \"device\" if the rank's excess of compute before those calls explains half its lateness, else " +
			"\"host\" (launching, Python, profiler). No value with the reason \"none\" is an answer.",
		NoBetter, 0},
	{"load_imbalance", []string{"load_imbalance_ratio"}, "imbalance", "ratio", "skew",
		"Largest / mean compute time of a rank in the steady window; 1 is even.",
		Lower, 3},
}

// Define finds a definition by name or alias, in any case; ok is false if there is none.
func Define(name string) (d Definition, ok bool) {
	name = strings.ToLower(name)
	for _, d := range Definitions {
		if d.Name == name {
			return d, true
		}
		for _, a := range d.Aliases {
			if a == name {
				return d, true
			}
		}
	}
	return Definition{}, false
}
