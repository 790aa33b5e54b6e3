package check

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
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
