package check

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"shardeck/model"
)

// bound is the range of a number in a config: wide enough for any sane one, so that a slip of the finger shows.
type bound struct {
	path   string
	lo, hi int
	get    func(model.Experiment) int
}

var bounds = []bound{
	{"parallelism.tp", 1, 4096, func(e model.Experiment) int { return e.Layout.TP }},
	{"parallelism.pp", 1, 4096, func(e model.Experiment) int { return e.Layout.PP }},
	{"parallelism.dp_replicate", 1, 4096, func(e model.Experiment) int { return e.Layout.DPReplicate }},
	{"parallelism.dp_shard", 1, 4096, func(e model.Experiment) int { return e.Layout.DPShard }},
	{"parallelism.ep", 1, 65536, func(e model.Experiment) int { return e.Layout.EP }},
	{"data.batch_size", 1, 1 << 20, func(e model.Experiment) int { return e.Data.BatchSize }},
	{"data.seq_len", 1, 1 << 24, func(e model.Experiment) int { return e.Data.SeqLen }},
	{"data.max_tokens", 1, 1 << 24, func(e model.Experiment) int { return e.Data.MaxTokens }},
	{"load.concurrency", 0, 1 << 20, func(e model.Experiment) int { return e.Load.Concurrency }},
	{"load.requests", 0, 1 << 20, func(e model.Experiment) int { return e.Load.Requests }},
	{"model.layers", 0, 1000, func(e model.Experiment) int { return e.Model.Layers }},
	{"warmup_iterations", 0, 10000, func(e model.Experiment) int { return e.WarmupIterations }},
	{"profile_iterations", 1, 10000, func(e model.Experiment) int { return e.ProfileIterations }},
	{"profiling.trace_iterations", 0, 10000, func(e model.Experiment) int { return int(e.Profiling.TraceIterations) }},
	{"profiling.trace_tokens", 0, 1 << 24, func(e model.Experiment) int { return int(e.Profiling.TraceTokens) }},
}

// Bounds is the range a whole number of a config may lie in, by path.
func Bounds(path string) (lo, hi int, ok bool) {
	if b := model.First(bounds, func(b bound) bool { return b.path == path }); b != nil {
		return b.lo, b.hi, true
	}
	return 0, 0, false
}

// sound reports whether every number lies in its range, so that arithmetic on it means something.
func sound(e model.Experiment) bool {
	return !slices.ContainsFunc(bounds, func(b bound) bool { n := b.get(e); return n < b.lo || n > b.hi })
}

// choice is a key that takes one of a few words.
type choice struct {
	path  string
	words []string
	get   func(model.Experiment) string
}

var choices = []choice{
	{"engine", []string{string(model.EngineVLLM), string(model.EngineTorch), string(model.EngineReplay)},
		func(e model.Experiment) string { return string(e.Engine) }},
	{"model.precision", []string{"bfloat16", "float16", "float32", "fp8"}, func(e model.Experiment) string { return e.Model.Precision }},
	{"model.weights", []string{"auto", "dummy"}, func(e model.Experiment) string { return e.Model.Weights }},
	{"load.shape", []string{"poisson", "constant"}, func(e model.Experiment) string { return cmp.Or(e.Load.Shape, "poisson") }},
	{"comm.all_reduce", []string{"auto", "nccl", "custom", "symm_mem"}, func(e model.Experiment) string { return e.Comm.AllReduce }},
	{"comm.all2all", []string{"auto", "allgather_reducescatter", "deepep_high_throughput", "deepep_low_latency"},
		func(e model.Experiment) string { return e.Comm.All2All }},
}

// Choices are the words a key of a config takes; nil: it is free, or a number.
func Choices(path string) []string {
	if c := model.First(choices, func(c choice) bool { return c.path == path }); c != nil {
		return c.words
	}
	return nil
}

// formRules judge single values: what they may be whatever the others are.
var formRules = slices.Concat(model.Each(bounds, bound.rule), model.Each(choices, choice.rule), nameRules)

func (b bound) rule() rule {
	return rule{"number", SeverityError, b.path, func(s *subject) string {
		n := b.get(s.e)
		return faultIf(n < b.lo || n > b.hi, "%s is %d: it must be a whole number from %d to %d", b.path, n, b.lo, b.hi)
	}, func(s *subject) (string, []model.Edit) {
		return set(b.path, fmt.Sprint(min(max(b.get(s.e), b.lo), b.hi)))
	}}
}

// also are words that mean one of the choices elsewhere.
var also = map[string]string{"bf16": "bfloat16", "fp16": "float16", "half": "float16", "fp32": "float32", "float": "float32",
	"pplx": "allgather_reducescatter", "naive": "allgather_reducescatter"}

func (c choice) rule() rule {
	return rule{"word", SeverityError, c.path, func(s *subject) string {
		got := c.get(s.e)
		return faultIf(!slices.Contains(c.words, got), "%s cannot be %.40q: it is one of %s", c.path, got, strings.Join(c.words, ", "))
	}, func(s *subject) (string, []model.Edit) {
		got := strings.ToLower(c.get(s.e))
		return set(c.path, cmp.Or(also[got], model.Nearest(got, c.words), c.words[0]))
	}}
}

// nameRules judge what reaches file names and job scripts.
var nameRules = []rule{
	{"id", SeverityError, "experiment_id", func(s *subject) string { return said(model.CheckID(s.e.ID)) },
		words("choose an id such as E1.4")},
	{"model-name", SeverityError, "model.name", func(s *subject) string {
		if s.e.Model.Name == "" {
			return "no model is named"
		}
		if strings.ContainsFunc(s.e.Model.Name, func(r rune) bool { return r <= ' ' || strings.ContainsRune("\"'`$\\;&|<>", r) }) {
			return fmt.Sprintf("%.60q cannot name a model", s.e.Model.Name)
		}
		return ""
	}, words("write its hub id, such as meta-llama/Llama-3.1-8B")},
	{"secret", SeverityWarning, "env", func(s *subject) string {
		paths := s.e.Secrets()
		return faultIf(len(paths) > 0, "%s: a secret stands in the config, for whoever can read it", strings.Join(paths, ", "))
	}, words("keep it in a file that you alone can read, and name that: env_from: {HF_TOKEN: ~/.hf_token}")},
	{"env-twice", SeverityError, "env_from", func(s *subject) string {
		for _, name := range slices.Sorted(maps.Keys(s.e.EnvFrom)) {
			if _, twice := s.e.Env[name]; twice {
				return name + " stands under env and under env_from"
			}
		}
		return ""
	}, words("remove it from env")},
	{"output-dir", SeverityError, "output_dir", func(s *subject) string { return said(model.CheckOutputDir(s.e.OutputDir)) },
		words("write a path such as trace_collection/llama-8b-tp4")},
	{"output-dir-absolute", SeverityWarning, "output_dir", func(s *subject) string {
		return faultIf(strings.HasPrefix(s.e.OutputDir,
			"/"), "output_dir lies outside the workspace: shardeck finds the run by its path only")
	}, words("write a path below trace_collection/")},
	{"account-name", SeverityError, "slurm.account", func(s *subject) string { return said(model.CheckSlurmWord(s.e.Slurm.Account)) },
		nil},
	{"qos-name", SeverityError, "slurm.qos", func(s *subject) string { return said(model.CheckSlurmWord(s.e.Slurm.QOS)) },
		fixed("slurm.qos", "auto")},
	{"constraint-name", SeverityError, "slurm.constraint",
		func(s *subject) string { return said(model.CheckConstraint(s.e.Slurm.Constraint)) }, fixed("slurm.constraint", "auto")},
	{"time", SeverityError, "slurm.time", func(s *subject) string {
		_, err := model.ParseTimeLimit(s.e.Slurm.Time)
		return said(err)
	}, fixed("slurm.time", "00:30:00")},
	{"env", SeverityError, "env", func(s *subject) string { return envFault(s.e.Env) }, nil},
	{"replay-factor", SeverityError, "replay.factor", func(s *subject) string {
		f := s.e.Replay.Factor
		return faultIf(f < 0 || f > 10000 || math.IsNaN(f), "replay.factor is %g: it must lie from 0 to 10000", f)
	}, fixed("replay.factor", "1")},
}

// envFault is the first variable, by name, that a shell could not export.
func envFault(env map[string]string) string {
	for _, n := range slices.Sorted(maps.Keys(env)) {
		if err := model.CheckEnvName(n); err != nil {
			return err.Error()
		}
		if strings.ContainsAny(env[n], "\x00\n\r") {
			return fmt.Sprintf("env.%s holds a line break: remove it", n)
		}
	}
	return ""
}

func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// layoutRules judge how the model and the batch divide over the ranks: what vLLM refuses, as errors. Its tables
// are functions because their fixes try other layouts against the same tables. [vllm.md §1]
func layoutRules() []rule {
	return append([]rule{
		{"tp-heads", SeverityError, "parallelism.tp", shaped(func(e model.Experiment, m model.Shape) string {
			return faultIf(m.Heads%e.Layout.TP != 0,
				"TP=%d is not possible: %d heads do not divide by %d", e.Layout.TP, m.Heads, e.Layout.TP)
		}), nearest("parallelism.tp")},
		{"tp-kv-heads", SeverityError, "parallelism.tp", shaped(func(e model.Experiment, m model.Shape) string {
			tp, kv := e.Layout.TP, m.KVHeads
			even := kv == 0 || kv >= tp && kv%tp == 0 || kv < tp && tp%kv == 0
			return faultIf(m.MLA == nil && m.Heads%tp == 0 && !even,
				"TP=%d is not possible: %d key-value heads neither divide by it nor repeat evenly", tp, kv)
		}), nearest("parallelism.tp")},
		{"tp-ffn", SeverityError, "parallelism.tp", shaped(func(e model.Experiment, m model.Shape) string {
			return faultIf(m.Heads%e.Layout.TP == 0 && m.DenseLayers() > 0 && m.Intermediate%e.Layout.TP != 0,
				"TP=%d is not possible: the feed-forward width %d does not divide by %d", e.Layout.TP, m.Intermediate, e.Layout.TP)
		}), nearest("parallelism.tp")},
		{"expert-ffn", SeverityError, "parallelism.tp", experts(func(e model.Experiment, m model.Shape) string {
			n := e.Layout.TP * e.Layout.DP()
			return faultIf(e.Layout.EP <= 1 && m.MoE.Intermediate%n != 0,
				"experts of width %d cannot be cut over TP × DP = %d ranks (EP is off)", m.MoE.Intermediate, n)
		}), nearest("parallelism.tp")},
		{"ep-dense", SeverityError, "parallelism.ep", shaped(func(e model.Experiment, m model.Shape) string {
			return faultIf(e.Layout.EP != 1 && m.MoE == nil, "EP=%d is not possible: %s has no experts", e.Layout.EP, m.Short)
		}), fixed("parallelism.ep", "1")},
		{"ep-size", SeverityError, "parallelism.ep", epSize, fixEPSize},
		{"ep-experts", SeverityError, "parallelism.ep", experts(func(e model.Experiment, m model.Shape) string {
			return faultIf(e.Layout.EP > m.MoE.Experts, "EP=%d is not possible: there are only %d experts", e.Layout.EP, m.MoE.Experts)
		}), fixed("parallelism.ep", "1")},
		{"ep-deepep", SeverityError, "parallelism.ep", experts(func(e model.Experiment, m model.Shape) string {
			return faultIf(deepEP(e) && m.MoE.Experts%e.Layout.EP != 0,
				"DeepEP needs equal parts: %d experts do not divide by EP=%d", m.MoE.Experts, e.Layout.EP)
		}), fixed("comm.all2all", "auto")},
		{"pp-layers", SeverityError, "parallelism.pp", shaped(func(e model.Experiment, m model.Shape) string {
			return faultIf(e.Layout.PP > m.Layers, "PP=%d is not possible: there are only %d layers", e.Layout.PP, m.Layers)
		}), nearest("parallelism.pp")},
		{"batch-dp", SeverityError, "data.batch_size", func(s *subject) string {
			b, dp := s.e.Data.BatchSize, s.e.Layout.DP()
			return faultIf(b%dp != 0 && !s.e.Load.On(), "batch_size=%d does not divide by DP=%d: each replica gets as many requests", b, dp)
		}, func(s *subject) (string, []model.Edit) {
			dp := s.e.Layout.DP()
			return set("data.batch_size", strconv.Itoa(model.CeilDiv(s.e.Data.BatchSize, dp)*dp))
		}},
		{"gpus", SeverityError, "parallelism", tooManyGPUs, words("lower tp, pp or dp_replicate × dp_shard")},
		{"nodes-whole", SeverityError, "parallelism", func(s *subject) string {
			return faultIf(s.place.GPUs != s.place.Nodes*s.place.GPUsPerNode,
				"%d GPUs cannot be spread evenly over nodes of %d", s.place.GPUs, s.w.GPUsPerNode())
		}, words("use as many GPUs on each node: a multiple of the GPUs of a node")},
	}, familyRules()...)
}

// evenRules tell of layouts that run, but divide unevenly.
var evenRules = []rule{
	{"pp-uneven", SeverityNote, "parallelism.pp", shaped(func(e model.Experiment, m model.Shape) string {
		if e.Layout.PP > m.Layers || m.Layers%e.Layout.PP == 0 {
			return ""
		}
		return fmt.Sprintf("%d layers do not divide by PP=%d: the stages hold %s", m.Layers, e.Layout.PP,
			list(model.StageLayers(m.Layers, e.Layout.PP)))
	}), nil},
	{"ep-uneven", SeverityWarning, "parallelism.ep", experts(func(e model.Experiment, m model.Shape) string {
		return faultIf(e.Layout.EP <= m.MoE.Experts && m.MoE.Experts%e.Layout.EP != 0,
			"%d experts do not divide by EP=%d: some ranks hold one more", m.MoE.Experts, e.Layout.EP)
	}), nil},
	{"node-part", SeverityWarning, "parallelism", func(s *subject) string {
		per := s.w.Site.GPUsPerNode
		return faultIf(!s.place.Shared && s.place.GPUsPerNode < per && len(s.w.Site.Queues) > 0,
			"a job uses %d of the %d GPUs of each node, and all are paid for", s.place.GPUsPerNode, per)
	}, fixNodePart},
}

// adviceRules tell of layouts that run, and do not do what one may think.
var adviceRules = []rule{
	{"dp-dense", SeverityWarning, "parallelism.dp_replicate", shaped(func(e model.Experiment, m model.Shape) string {
		dp := e.Layout.DP()
		return faultIf(dp != 1 && m.MoE == nil,
			"DP=%d of a dense model is %d independent copies: nothing is sent between them", dp, dp)
	}), nil},
	{"ep-no-all2all", SeverityNote, "parallelism.ep", experts(func(e model.Experiment, _ model.Shape) string {
		return faultIf(e.Layout.EP != 1 && e.Layout.DP() <= 1,
			"with DP=1 experts use no all-to-all, but all-reduce over the TP group")
	}), nil},
	{"tp-experts", SeverityWarning, "parallelism.tp", experts(func(e model.Experiment, m model.Shape) string {
		return faultIf(e.Layout.TP > m.MoE.Experts,
			"some models refuse more TP ranks (%d) than experts (%d)", e.Layout.TP, m.MoE.Experts)
	}), nil},
	{"pp-batch", SeverityNote, "data.batch_size", func(s *subject) string {
		n, pp := s.e.RequestsPerReplica(), s.e.Layout.PP
		return faultIf(n < int64(pp) && !s.e.Load.On(), "%d requests cannot keep %d stages busy: each stage works on its own", n, pp)
	}, func(s *subject) (string, []model.Edit) {
		return set("data.batch_size", strconv.Itoa(s.e.Layout.PP*s.e.Layout.DP()))
	}},
}

// shaped makes a rule of one that needs the shape; a model not known passes.
func shaped(fault func(model.Experiment, model.Shape) string) func(*subject) string {
	return func(s *subject) string {
		if s.shape == nil {
			return ""
		}
		return fault(s.e, *s.shape)
	}
}

// experts is shaped, for models with experts.
func experts(fault func(model.Experiment, model.Shape) string) func(*subject) string {
	return shaped(func(e model.Experiment, m model.Shape) string {
		if m.MoE == nil {
			return ""
		}
		return fault(e, m)
	})
}

func epSize(s *subject) string {
	l := s.e.Layout
	all := l.TP * l.DP()
	if l.EP == 1 || l.EP == all || s.shape != nil && s.shape.MoE == nil {
		return ""
	}
	if all == 1 {
		return fmt.Sprintf("EP=%d is not possible: experts are spread over the TP × DP ranks, and there is one", l.EP)
	}
	return fmt.Sprintf("EP=%d is not possible: experts lie on all TP × DP = %d ranks, or ep is 1", l.EP, all)
}

// fixEPSize gives the experts the ranks there are; where there is one, the ranks they were meant for.
func fixEPSize(s *subject) (string, []model.Edit) {
	l := s.e.Layout
	if all := l.TP * l.DP(); all > 1 {
		return set("parallelism.ep", strconv.Itoa(all))
	}
	try := s.e
	try.Layout.DPShard = l.EP
	if t := newSubject(try, s.w); t.passes(layoutRules(), SeverityError) {
		return fmt.Sprintf("set parallelism.dp_shard to %d as well, or parallelism.ep to 1", l.EP),
			[]model.Edit{{Path: "parallelism.dp_shard", Value: strconv.Itoa(l.EP)}}
	}
	return set("parallelism.ep", "1")
}

func tooManyGPUs(s *subject) string {
	n, most := s.place.GPUs, s.w.maxGPUs()
	switch {
	case most == 0 || n <= most || s.replay() && s.w.Site.GPUsPerNode == 0:
		return ""
	case s.w.Site.MaxNodes == 1:
		return fmt.Sprintf("the layout needs %d GPUs, and %s", n, hereAre(most))
	}
	return fmt.Sprintf("%d GPUs are more than the %d of the largest job here (%d nodes of %d)", n, most, s.w.Site.MaxNodes, s.w.GPUsPerNode())
}

func fixNodePart(s *subject) (string, []model.Edit) {
	site := s.w.Site
	if !model.IsAuto(s.e.Slurm.QOS) && s.place.Nodes == 1 && s.place.GPUs <= site.DefaultQOS.SharedGPUs {
		words, edits := set("slurm.qos", "auto")
		return words + " for a part of a node", edits
	}
	return fmt.Sprintf("use a layout of a multiple of %d GPUs", site.GPUsPerNode), nil
}

// list is small numbers in words: 7, 7, 7 and 6; long lists are cut.
func list(ns []int) string {
	joined := func(ns []int) string { return strings.ReplaceAll(strings.Trim(fmt.Sprint(ns), "[]"), " ", ", ") }
	last := len(ns) - 1
	switch {
	case last > 8:
		return joined(ns[:8]) + " …"
	case last > 0:
		return joined(ns[:last]) + " and " + strconv.Itoa(ns[last])
	}
	return joined(ns)
}

// hereAre says how many GPUs there are.
func hereAre(n int) string {
	if n == 1 {
		return "there is 1 here"
	}
	return fmt.Sprintf("there are %d here", n)
}
