package panetest

import (
	"time"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/scaling"
)

func runs() []model.Run {
	run := func(name string, back time.Duration, kineto int64) model.Run {
		r := model.Run{Name: name, Dir: "trace_collection/" + name, Time: Now.Add(-back)}
		r.Files = []model.RunFile{{Kind: model.FileTiming, Path: r.Dir + "/timing_stats_0.json", Size: 2048}}
		if kineto > 0 {
			r.Files = append(r.Files, model.RunFile{Kind: model.FileKineto, Path: r.Dir + "/kineto_trace_0.json", Size: kineto})
		}
		return r
	}
	with := func(r model.Run, id, text, name string, tp int) model.Run {
		l := model.Layout{TP: tp, PP: 1, DPReplicate: 1, DPShard: 1, EP: 1}
		e := experiment(id, text, name, l, r.Name)
		r.Experiment = &e
		return r
	}
	slow := run("llama-8b-tp2@3141500", 26*time.Hour, 0)
	slow.Problem = "config.yaml is not there: model and layout are not known"
	replayed := with(run("tp1-b1-s512", 30*time.Hour, 0), "S1", "replay of a recording on 1 GPU", llama.Name, 1)
	replayed.Replay = true
	moe := with(run("deepseek-v2-lite-ep2", 5*time.Hour, 96<<20), "E3.2", "DeepSeek-V2-Lite expert parallelism EP=2 on 2 GPUs", deepseek.Name, 1)
	moe.Experiment.Layout.DPReplicate, moe.Experiment.Layout.EP = 2, 2
	return []model.Run{
		with(run("llama-8b-tp2", 2*time.Hour, 298<<20), "E1.2", "Llama-8B tensor parallelism TP=2 on 2 GPUs", llama.Name, 2),
		with(run("llama-8b-tp1", 3*time.Hour, 149<<20), "E1.1", "Llama-8B baseline on 1 GPU (TP=1, PP=1, EP=1)", llama.Name, 1),
		moe, slow, replayed}
}

// figures of the runs, in the order of names below.
var figures = map[string]map[string]float64{
	"llama-8b-tp1": {"ttft": 95.4, "tpot": 8.51, "iteration_wall_clock": 0.908, "throughput_tokens_sec": 11279, "output_tokens_sec": 2256,
		"tokens_sec_per_gpu": 11279, "mfu": 21.4, "gpu_busy": 97.2, "sm_coverage": 88.1, "load_imbalance": 1},
	"llama-8b-tp2": {"ttft": 61.2, "tpot": 6.64, "iteration_wall_clock": 0.659, "throughput_tokens_sec": 15532, "output_tokens_sec": 3106,
		"tokens_sec_per_gpu": 7766, "mfu": 14.7, "comm_overhead": 9.616, "exposed_comm": 9.6, "comm_comp_overlap": 0.02, "comm_transfer": 7.6,
		"comm_wait": 2.0, "coll_call_num": 4160, "coll_bytes": 1048576, "coll_busbw": 31.2, "gpu_busy": 91.6, "sm_coverage": 71.3, "profiler_start_skew": 200.5, "load_imbalance": 1.004},
	"deepseek-v2-lite-ep2": {"ttft": 120.7, "tpot": 14.2, "iteration_wall_clock": 1.61, "throughput_tokens_sec": 6360, "output_tokens_sec": 1272,
		"tokens_sec_per_gpu": 3180, "comm_overhead": 21.3, "coll_call_num": 6912, "gpu_busy": 74.5},
	"tp1-b1-s512": {"ttft": 20.3, "tpot": 7.9, "iteration_wall_clock": 0.52, "throughput_tokens_sec": 1108},
}

var missing = map[string]string{
	"comm_overhead": "TP=1: no collective to measure", "exposed_comm": "TP=1: no collective to measure", "comm_wait": "TP=1: no collective to measure",
	"bubble": "PP=1: no pipeline", "straggler": "none", "mfu": "the peak of this GPU is not known",
}

func analyses() map[string]*metric.Analysis {
	out := map[string]*metric.Analysis{}
	for name, values := range figures {
		a := &metric.Analysis{Run: name, Ranks: []int{0, 1}}
		switch name {
		case "tp1-b1-s512":
			a.Ranks, a.Replay = []int{0}, true
		case "llama-8b-tp1":
			a.Ranks = []int{0}
		default:
			a.Warnings = []string{"rank 1: first 401 ms cut: waiting for rank 0's profiler to start"}
		}
		for _, d := range metric.Definitions {
			a.Metrics = append(a.Metrics, metricOf(d, values, a.Ranks))
		}
		out[name] = a
	}
	out["llama-8b-tp2"].Trace = trace()
	out["deepseek-v2-lite-ep2"].Trace = otherTrace()
	return out
}

func metricOf(d metric.Definition, values map[string]float64, ranks []int) metric.Metric {
	m := metric.Metric{Name: d.Name, Unit: d.Unit, N: 5, Source: []string{"kineto_trace_0.json"}}
	v, ok := values[d.Name]
	if !ok {
		m.N, m.Source, m.Reason = 0, nil, missing[d.Name]
		if m.Reason == "" {
			m.Reason = "kineto_trace_0.json: no step annotations in this trace"
		}
		return m
	}
	m.Value = &v
	switch d.Family {
	case "communication", "device", "skew":
		m.PerRank = map[int]float64{}
		for _, r := range ranks {
			m.PerRank[r] = v * (0.9 + 0.2*float64(r))
		}
	}
	switch d.Name {
	case "ttft", "tpot":
		m.By.Stats = map[metric.Stat]float64{metric.P50: v * 0.99, metric.P99: v * 1.04}
	case "iteration_wall_clock":
		m.By.Stats = map[metric.Stat]float64{metric.Min: v * 0.998, metric.Max: v * 1.002, metric.P50: v}
	case "coll_call_num":
		m.By.Types = map[string]float64{"all_reduce": v * 4096 / 4160, "broadcast": v * 64 / 4160}
	case "comm_overhead", "comm_transfer", "comm_wait":
		m.By.Types, m.By.Phases = map[string]float64{"all_reduce": v * 0.99, "broadcast": v * 0.01}, map[string]float64{"prefill": v * 0.6, "decode": v * 1.1}
	case "coll_busbw":
		m.By.Types = map[string]float64{"all_reduce": v, "broadcast": 0.1}
	case "sm_coverage":
		m.Estimate = true
	}
	return m
}

func series() []scaling.Series {
	return []scaling.Series{
		{Name: "Llama-3.1-8B · batch 4 · 2048+512 · vllm · A100-40GB", Points: []scaling.Point{
			{Run: "llama-8b-tp1", Layout: "TP1", X: 1, Y: 11279, Spread: 0.2, N: 5, Speedup: 1, Efficiency: 100, Serial: -1},
			{Run: "llama-8b-tp2", Layout: "TP2", X: 2, Y: 15532, Spread: 0.1, N: 5, Speedup: 1.377, Efficiency: 68.9, Serial: 0.452},
			{Run: "llama-8b-tp4", Layout: "TP4", X: 4, Y: 24210, Spread: 0.4, N: 5, Speedup: 2.146, Efficiency: 53.7, Serial: 0.288}}},
		{Name: "DeepSeek-V2-Lite · batch 4 · 2048+512 · vllm · A100-40GB", Points: []scaling.Point{
			{Run: "deepseek-v2-lite-ep2", Layout: "DP2 EP2", X: 2, Y: 6360, N: 5, Serial: -1}}},
	}
}

// trace is a picture of 1 132 ms on two ranks: a prefill and sixty-three decode steps.
func trace() *metric.TraceSummary {
	const window, ms = int64(1_132_000_000), int64(1_000_000)
	t := &metric.TraceSummary{WindowNS: window, Bytes: 2 * 149 << 20}
	for rank := range 2 {
		wait := int64(11+rank*26) * ms
		t.Ranks = append(t.Ranks, metric.RankSplit{Rank: rank, Device: "NVIDIA A100-SXM4-40GB", WindowNS: window, ComputeNS: 920 * ms,
			TransferNS: 76 * ms, WaitNS: wait, CopyNS: 2 * ms, IdleNS: window - 920*ms - 76*ms - wait - 2*ms, SkewNS: int64(rank) * 401 * ms, Kernels: 21042})
		t.Timeline = append(t.Timeline, density(rank, window))
		t.Phases = append(t.Phases, metric.Phase{Rank: rank, Name: "prefill", Steps: 1, EndNS: 120 * ms},
			metric.Phase{Rank: rank, Name: "decode", Steps: 63, StartNS: 120 * ms, EndNS: window, Starts: decodeStarts(120*ms, window)})
	}
	t.Lateness = lateness(ms)
	kernel := func(short, class string, total int64, n int, share float64) metric.KernelStat {
		return metric.KernelStat{Name: "void " + short + "<float>(int)", Short: short, Class: class, TotalNS: total, Count: n, MinNS: total / int64(n) / 2, MaxNS: total / int64(n) * 3, Share: share}
	}
	t.Kernels = []metric.KernelStat{
		kernel("nvjet_tst_64x8_64x16_4x1_v_bz_TNT", "gemm", 412_600_000, 8064, 36.4),
		kernel("ncclDevKernel_AllReduce_Sum_bf16_RING_LL", "communication", 87_400_000, 8192, 7.7),
		kernel("flash_fwd_splitkv_kernel", "attention", 61_200_000, 4032, 5.4),
		kernel("triton_red_fused_add_rms_norm", "norm", 38_000_000, 4096, 3.3),
	}
	t.Classes = []metric.KernelClass{{Name: "gemm", TotalNS: 700 * ms, Count: 16000, Share: 61.8}, {Name: "communication", TotalNS: 88 * ms, Count: 8320, Share: 7.8}}
	t.Collectives = []metric.CollStat{
		{Type: "all_reduce", Bytes: 32 << 10, Count: 8064, Matched: 8064, TransferNS: 39_513_600, WaitNS: 9 * ms, AlgBW: 6.7, BusBW: 6.7},
		{Type: "all_reduce", Bytes: 64 << 20, Inferred: true, Count: 128, Matched: 128, TransferNS: 51_456_000, WaitNS: 2 * ms, AlgBW: 167, BusBW: 167},
		{Type: "broadcast", Bytes: -1, Count: 128, Matched: 128, TransferNS: 640_000},
	}
	return t
}

// otherTrace is trace with a slower attention, other collectives and more waiting.
func otherTrace() *metric.TraceSummary {
	t := trace()
	const ms = int64(1_000_000)
	for i := range t.Ranks {
		r := &t.Ranks[i]
		r.ComputeNS, r.WaitNS, r.WindowNS = r.ComputeNS+60*ms, r.WaitNS+90*ms, r.WindowNS+150*ms
	}
	t.WindowNS += 150 * ms
	t.Kernels[2].TotalNS += 120 * ms
	t.Kernels[3].Short = "rms_norm_kernel"
	t.Classes[0].TotalNS += 4 * ms
	t.Collectives[0].WaitNS += 180 * ms
	t.Collectives[2].Type = "all_to_all"
	return t
}

func decodeStarts(from, to int64) []int64 {
	var starts []int64
	for i := range int64(63) {
		starts = append(starts, from+i*(to-from)/63)
	}
	return starts
}

// lateness is that of two ranks of which the first is last more often, but not by much.
func lateness(ms int64) *metric.Lateness {
	l := &metric.Lateness{Calls: 8190, Ranks: []metric.RankLate{{Rank: 0, Calls: 6365, LateNS: 35 * ms, MedianNS: 5500, MaxNS: ms},
		{Rank: 1, Calls: 1825, LateNS: 8 * ms, MedianNS: 2100, MaxNS: ms / 4}}}
	for i, n := range []int{300, 900, 2100, 3600, 1000, 150, 80, 40, 14, 5, 1} {
		from := int64(0)
		if i > 0 {
			from = 1000 << (i - 1)
		}
		l.Bins = append(l.Bins, metric.LateBin{FromNS: from, Calls: n})
	}
	for i := range 40 {
		late := ms / int64(i+1)
		c := metric.LateCall{Type: "all_reduce", Bytes: 32 << 10, Group: []int{0, 1}, Number: 8000 - i*190, Phase: "decode", Step: 62 - i, Rank: i % 3 % 2,
			AtNS: int64(1120-25*i) * ms, LateNS: late, SpreadNS: late}
		if i%5 == 1 {
			c.ComputeNS = late / 2
		}
		l.Worst = append(l.Worst, c)
	}
	return l
}

func density(rank int, window int64) metric.RankDensity {
	const bins = 200
	bin := window / bins
	d := metric.RankDensity{Rank: rank, BinNS: bin}
	for i := range bins {
		compute := bin * 95 / 100
		if i > 21 {
			compute = bin * int64(70+10*(i%3)) / 100
		}
		transfer := (bin - compute) / 2
		wait := transfer / 4
		d.Compute, d.Transfer = append(d.Compute, compute), append(d.Transfer, transfer)
		d.Wait, d.Idle = append(d.Wait, wait), append(d.Idle, bin-compute-transfer-wait)
		d.Late = append(d.Late, int64((i*7+rank)%40)*wait/80)
	}
	return d
}
