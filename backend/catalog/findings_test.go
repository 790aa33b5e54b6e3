package catalog

import (
	"regexp"
	"strings"
	"testing"

	"shardeck/model"
	"shardeck/model/check"
	"shardeck/model/modeltest"
	"shardeck/templates"
)

// What no finding may say, whatever is judged: signs of a number without its noun, of a missing word, of text cut short.
var badWords = []struct {
	kind  string
	words *regexp.Regexp
}{
	{"one of many", regexp.MustCompile(`(^|[^.,\d=x×·] )1 (nodes|GPUs|ranks|layers|tokens|heads|experts|stages|positions|hours|days|requests|processes|jobs)\b`)},
	{"many of one", regexp.MustCompile(`\b([2-9]|\d{2,}) (node|GPU|rank|layer|token|expert|stage|request|process|job)\b`)},
	{"there are one", regexp.MustCompile(`there are 1\b`)},
	{"a value Go could not print", regexp.MustCompile(`%!|<nil>|map\[|\[\]|NaN|Inf\b`)},
	{"a hole", regexp.MustCompile(`  | [,:;)]|\. \. |\( |: ?$|, ?$| (of|over|the|an|to|is|are|and|by|in|with)$`)},
	{"an article", regexp.MustCompile(`\ba [aeiou8]\w*|\ban [bcdfgjklmnpqrstvwxyz]\w*`)},
	{"a sentence's sign at the end", regexp.MustCompile(`[.!]$`)},
}

// Every finding at many layouts, on every site: its words are grammar, and nothing is cut.
func TestFindingsAreSentences(t *testing.T) {
	said := map[string]string{}
	for _, site := range []string{"perlmutter", "generic", "demo", "one"} {
		w := worldOf(t, site)
		for _, shape := range w.Shapes {
			for _, e := range manyExperiments(shape) {
				for _, f := range check.Check(e, w).Findings {
					said[f.Fault], said[f.Fix] = f.Code, f.Code
				}
			}
		}
	}
	if len(said) < 150 {
		t.Fatalf("%d texts: the experiments call up too few findings", len(said))
	}
	for text, code := range said {
		for _, bad := range badWords {
			if at := bad.words.FindString(text); at != "" {
				t.Errorf("%s: %s (%q) in %q", code, bad.kind, at, text)
			}
		}
		if strings.Count(text, "(") != strings.Count(text, ")") || strings.Count(text, `"`)%2 != 0 {
			t.Errorf("%s: brackets or quotes do not close in %q", code, text)
		}
	}
}

func worldOf(t *testing.T, site string) check.World {
	t.Helper()
	own, err := templates.FS.ReadFile("demo/workspace/sites/demo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return mustLoad(t, map[string]string{
		"ws/sites/demo.yaml": string(own),
		"ws/sites/one.yaml":  "name: one\ngpus_per_node: 1\nmax_nodes: 1\nnode_kinds: [{constraint: a, gpu: h100-80gb, nodes: 1}]\n",
	}, nil, "site="+site).World()
}

// manyExperiments are legal and illegal layouts, workloads and requests of one model.
func manyExperiments(shape model.Shape) (all []model.Experiment) {
	base := modeltest.Baseline()
	base.Model.Name = shape.Name
	for _, tp := range []int{1, 2, 3, 4, 8, 16} {
		for _, pp := range []int{1, 2, 5} {
			for _, dp := range []int{1, 2} {
				e := base
				e.Layout.TP, e.Layout.PP, e.Layout.DPReplicate = tp, pp, dp
				all = append(all, e)
				e.Layout.EP = tp * dp
				all = append(all, e)
			}
		}
	}
	for _, change := range []func(*model.Experiment){
		func(e *model.Experiment) { e.Slurm.QOS = "preempt" },
		func(e *model.Experiment) { e.Slurm.QOS, e.Slurm.Time = "debug", "48:00:00" },
		func(e *model.Experiment) { e.Slurm.QOS = "regulr" },
		func(e *model.Experiment) { e.Slurm.Constraint = "gpu&hbm80g" },
		func(e *model.Experiment) { e.Data.SeqLen = 1 << 20 },
		func(e *model.Experiment) { e.Data.BatchSize, e.Data.SeqLen = 4096, 8192 },
		func(e *model.Experiment) { e.Model.Precision = "fp8" },
		func(e *model.Experiment) { e.Model.Layers = 1 },
		func(e *model.Experiment) { e.Engine = model.EngineTorch },
		func(e *model.Experiment) { e.Comm.AllReduce, e.Comm.All2All = "custom", "deepep_low_latency" },
		func(e *model.Experiment) { e.Profiling.Nsys, e.Profiling.ExecutionTrace = true, true },
		func(e *model.Experiment) { e.Description = "TP=3 on 1 GPU" },
	} {
		e := base
		change(&e)
		all = append(all, e)
		e.Layout.TP = 2
		change(&e)
		all = append(all, e)
	}
	return all
}
