package measure

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"shardeck/backend/intake"
	"shardeck/backend/trace"
	"shardeck/backend/trace/kineto"
	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

// row is the card of a row of ccl-bench (https://github.com/cornell-sysphotonics/ccl-bench, trace_collection/), as far as it is read:
// its numbers are of any type, as people write them; see whole.
type row struct {
	HF       string `yaml:"hf_url"`
	URL      string `yaml:"trace_url"`
	Workload struct {
		Model struct {
			Phase     string `yaml:"phase"`
			Precision string `yaml:"precision"`
		} `yaml:"model"`
		Data struct {
			Batch  any `yaml:"batch_size"`
			SeqLen any `yaml:"seq_len"`
			Input  any `yaml:"input_len"`
			Output any `yaml:"output_len"`
		} `yaml:"data"`
		Hardware struct {
			XPU struct {
				Model string `yaml:"model"`
				Total any    `yaml:"total_count"`
			} `yaml:"xpu_spec"`
		} `yaml:"hardware"`
	} `yaml:"workload"`
	Executor struct {
		Framework struct {
			Name string `yaml:"name"`
		} `yaml:"framework"`
		Plan map[string]any `yaml:"model_plan_parallelization"`
	} `yaml:"Model-executor"`

	text []byte
}

// mostCard is more bytes than any card has.
const mostCard = 1 << 20

// rowIn is the card in a folder, the first by name as upstream's site reads it; nil: there is none.
func rowIn(dir string) *row {
	paths, _ := filepath.Glob(filepath.Join(globless(dir), "*.y*ml"))
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil || info.Size() > mostCard || filepath.Base(path) == string(model.FileWorkCard) { // which our runs have too
			continue
		}
		text, _ := os.ReadFile(path)
		r := &row{text: text}
		_ = yaml.Unmarshal(text, r) // what is of another type than it should be stays unknown
		if bytes.Contains(text, []byte("metric_source")) && bytes.Contains(text, []byte("Model-executor")) {
			return r
		}
	}
	return nil
}

// globless is a folder's name as a pattern that means it alone: rows have brackets in their names.
func globless(dir string) string {
	return strings.NewReplacer(`\`, `\\`, "[", `\[`, "*", `\*`, "?", `\?`).Replace(dir)
}

// rowsIn are the folders with cards below one that is no row itself, and those without.
func rowsIn(dir string) (rows, others []string) {
	if rowIn(dir) != nil {
		return nil, nil
	}
	all, _ := filepath.Glob(filepath.Join(globless(dir), "*/"))
	for _, d := range all {
		if rowIn(d) != nil {
			rows = append(rows, d)
		} else {
			others = append(others, d)
		}
	}
	return rows, others
}

func (r *row) engine() model.Engine {
	switch name := strings.ToLower(r.Executor.Framework.Name); {
	case strings.HasPrefix(name, "vllm"):
		return model.EngineVLLM
	case name == string(model.EngineTorch): // as our own cards name it
		return model.EngineTorch
	}
	return ""
}

// model is the hub's id of the model; empty: the card has none.
func (r *row) model() string {
	_, id, _ := strings.Cut(r.HF, "huggingface.co/")
	parts := append(strings.Split(id, "/"), "")
	if parts[0] == "" || parts[1] == "" {
		return ""
	}
	return parts[0] + "/" + parts[1]
}

// precisions are ours by their names there.
var precisions = map[string]string{"bf16": "bfloat16", "bfloat16": "bfloat16", "fp16": "float16", "float16": "float16", "fp32": "float32",
	"float32": "float32", "fp8": "fp8"}

func (r *row) precision() string { return precisions[strings.ToLower(r.Workload.Model.Precision)] }

// size is a size of the layout; 1 where the card tells none.
func (r *row) size(name string) int {
	if n := whole(r.Executor.Plan[name]); n != nil {
		return max(*n, 1)
	}
	return 1
}

// whole is a number above 0, in quotes or not; nil: it is none, as a list of several.
func whole(v any) *int {
	if n, err := strconv.Atoi(fmt.Sprint(v)); err == nil && n > 0 {
		return &n
	}
	return nil
}

func (r *row) layout() model.Layout {
	return model.Layout{TP: r.size("tp"), PP: r.size("pp"), DPReplicate: r.size("dp_replicate"), DPShard: r.size("dp_shard"), EP: r.size("ep")}
}

// prompt is the length of a prompt: seq_len is that in some cards, and prompt and output in others.
func (r *row) prompt() *int {
	d := r.Workload.Data
	return cmp.Or(whole(d.Input), whole(d.SeqLen))
}

// whole says that nothing of the config is left open.
func (r *row) whole() bool {
	d := r.Workload.Data
	return r.model() != "" && r.precision() != "" && whole(d.Batch) != nil && r.prompt() != nil && whole(d.Output) != nil && r.engine() != "" &&
		r.Executor.Plan != nil
}

// config is the experiment that the card tells; what it does not has no value.
func (r *row) config(name, dir string) []byte {
	number := func(n *int) string {
		if n == nil {
			return ""
		}
		return fmt.Sprint(*n)
	}
	l, d, id := r.layout(), r.Workload.Data, ""
	if r.model() != "" {
		id = fmt.Sprintf("%q", r.model())
	}
	layout := fmt.Sprintf("tp: %d, pp: %d, dp_replicate: %d, dp_shard: %d, ep: %d}", l.TP, l.PP, l.DPReplicate, l.DPShard, l.EP)
	if r.Executor.Plan == nil {
		layout = "tp: , pp: , dp_replicate: 1, dp_shard: , ep: }"
	}
	return configText(name, dir, "measured by others, for ccl-bench", string(r.engine()), "name: "+id+", precision: "+r.precision(),
		layout, fmt.Sprintf("batch_size: %s, seq_len: %s, max_tokens: %s", number(whole(d.Batch)), number(r.prompt()), number(whole(d.Output))))
}

// What is asked of a row: its own rule's decode steps, and a TPOT that is no further above the floor than kernels without graphs take it.
const leastDecodes, farAbove = 128, 5.0

// doubts says what is doubtful in the numbers of a row.
func (im *Importer) doubts(r *row, run model.Run, f intake.Facts) (out []string) {
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if r.Workload.Model.Phase == "training" {
		add("a row of training: no metric of inference is of it")
	}
	if n := whole(r.Workload.Data.Output); n != nil && *n-1 < leastDecodes && r.Workload.Model.Phase != "training" {
		add("%s, of which upstream's rule asks for %d", unit.Plural(max(*n-1, 0), "decode step"), leastDecodes)
	}
	n, total := r.layout().GPUs(), whole(r.Workload.Hardware.XPU.Total)
	if r.Executor.Plan != nil && total != nil && *total != n {
		add("its card counts %s, and its layout is of %d (%s)", unit.Plural(*total, "GPU"), n, r.layout().Short())
	}
	if r.Executor.Plan != nil && f.World > 0 && f.World != n {
		add("its card says %s (%s), its traces are of %s", unit.Plural(n, "GPU"), r.layout().Short(), unit.Plural(f.World, "rank"))
	}
	if len(run.KernelFiles()) > 0 {
		add("its times are of profiled steps: untraced ones are shorter")
	}
	steps, tpot := profiledTPOT(run)
	if floor := im.floor(r); tpot > 0 && floor > 0 {
		switch times := tpot / floor; {
		case times < 1:
			add("a TPOT of %s (%s) is below the floor of %s that reading the weights takes", unit.Duration(int64(tpot)), steps,
				unit.Duration(int64(floor)))
		case times > farAbove:
			add("a TPOT of %s (%s) is %s times the floor of %s that reading the weights takes", unit.Duration(int64(tpot)), steps,
				unit.Number(times, 0), unit.Duration(int64(floor)))
		}
	}
	return out
}

// floor is the ns that a decode step takes at least: the weights that one token reads, over the bandwidth of the memory that holds them;
// 0: not known. Stages follow one another, and replicas each read their own, so TP alone shares them; experts may lie on all ranks.
func (im *Importer) floor(r *row) float64 {
	shape := im.world.Shape(r.model())
	width := map[string]float64{"bfloat16": 2, "float16": 2, "float32": 4, "fp8": 1}[r.precision()]
	if shape == nil {
		return 0
	}
	params, l := float64(shape.Params()-shape.EmbedParams()), r.layout()
	share := float64(l.TP)
	if shape.MoE != nil {
		params, share = float64(shape.ActiveParams()-shape.EmbedParams()), float64(l.GPUs()/max(l.PP, 1))
	}
	gpu := strings.ReplaceAll(strings.TrimPrefix(strings.ToLower(r.Workload.Hardware.XPU.Model), "nvidia_"), "_", "-")
	fastest := 0.0 // of those of the name: its floor is the lowest
	for _, g := range im.world.GPUs {
		if gpu != "" && !g.MIG && strings.HasPrefix(g.Key, gpu) {
			fastest = max(fastest, g.HBM)
		}
	}
	if fastest == 0 {
		return 0
	}
	return params * width / share / fastest
}

// mostMarks is how many bytes of a trace are read for its steps.
const mostMarks = 1 << 30

// profiledTPOT is the ns of a decode step by the ranges that vLLM's host marks, as upstream takes them: the mean of all but the first and
// the last; 0: they are not known.
func profiledTPOT(run model.Run) (steps string, ns float64) {
	file := model.First(run.KernelFiles(), func(f model.RunFile) bool { return f.Kind == model.FileKineto && f.Size < mostMarks })
	if file == nil {
		return "", 0
	}
	rank, err := kineto.Open(context.Background(), file.Path, nil)
	if err != nil {
		return "", 0
	}
	marks := slices.DeleteFunc(rank.Marks, func(m trace.Mark) bool { return m.GPU || !strings.HasPrefix(m.Name, "execute_context_") })
	if len(marks) < 3 {
		return "", 0
	}
	slices.SortFunc(marks, func(a, b trace.Mark) int { return cmp.Compare(a.Start, b.Start) })
	inner := marks[1 : len(marks)-1]
	return "the mean of " + unit.Plural(len(inner), "profiled step"),
		metric.Mean(model.Each(inner, func(m trace.Mark) float64 { return float64(m.Dur) }))
}
