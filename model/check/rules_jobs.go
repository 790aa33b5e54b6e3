package check

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"shardeck/model"
)

// runtimeRules judge the software of the jobs against what the layout asks of it.
var runtimeRules = []rule{
	{"network-plugin", SeverityWarning, "parallelism", func(s *subject) string {
		r, net := s.w.Runtime, s.w.Site.Network["NCCL_NET"]
		if own, given := s.e.Env["NCCL_NET"]; given {
			net = own
		}
		brought := net == "" || net == "Socket" || net == "IB" || r.Image() || r.Kind == "module" || len(r.Modules) > 0
		return faultIf(s.place.Nodes > 1 && !brought && !s.replay(),
			"nothing loads the plugin that brings NCCL_NET=%s between nodes: unless the environment has it, the job ends at its start", net)
	}, words("name the module that has libnccl-net.so in shardeck.yaml, runtime: {modules: [nccl]}")},
	{"image-nodes", SeverityError, "parallelism", func(s *subject) string {
		v := release(s.w.Runtime)
		old := v != nil && slices.Compare(v, nodesRelease) < 0 && s.e.Engine == model.EngineVLLM
		return faultIf(old && s.e.Layout.TP*s.e.Layout.PP > s.place.GPUsPerNode,
			"the image %s cannot: a replica over %d nodes needs vLLM 0.12 or newer", s.w.Runtime.Name, s.place.Nodes)
	}, words("name a newer one in shardeck.yaml, runtime: {name: vllm/vllm-openai:v0.13.0}")},
	{"mig", SeverityError, "parallelism.tp", func(s *subject) string {
		if s.gpu == nil || !s.gpu.MIG || s.e.Layout.TP*s.e.Layout.PP == 1 || s.replay() {
			return ""
		}
		return "slices of a card (" + s.gpu.Title + ") do not talk to each other: NCCL joins no two"
	}, words("use one slice a replica (TP=1, PP=1), or whole cards: slurm.qos names another partition")},
}

// nodesRelease is the first vLLM whose own executor spans nodes (nnodes). [vllm.md §0]
var nodesRelease = []int{0, 12}

// releaseTag is that of vLLM's own images: vllm/vllm-openai:v0.11.0.
var releaseTag = regexp.MustCompile(`vllm[^:]*:v?(\d+)\.(\d+)`)

// release is the vLLM of an image, as its tag tells; nil: it does not.
func release(r model.Runtime) []int {
	m := releaseTag.FindStringSubmatch(r.Name)
	if m == nil || !r.Image() {
		return nil
	}
	major, _ := strconv.Atoi(m[1])
	minor, _ := strconv.Atoi(m[2])
	return []int{major, minor}
}

// MixedCards says of experiments that would make a series, several on one model, when they may run on different cards, whose
// runs do not compare: a sentence and its fix for each such model.
func MixedCards(all []model.Experiment, w World) (out []Finding) {
	cards, count := map[string][]string{}, map[string]int{}
	for _, e := range all {
		if name := e.Model.Name + " in " + e.Model.Precision; e.Engine != model.EngineReplay {
			cards[name] = append(cards[name], w.Site.Cards(e.Slurm)...)
			count[name]++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cards)) {
		keys := cards[name]
		slices.Sort(keys)
		if keys = slices.Compact(keys); count[name] < 2 || len(keys) < 2 {
			continue
		}
		titles := model.Each(keys, func(key string) string { return w.GPUs[key].Title })
		f := Finding{Code: "mixed-cards", Severity: SeverityWarning, Field: "slurm.constraint", Edits: []model.Edit{},
			Fault: fmt.Sprintf("%d experiments on %s may run on %s: runs on different cards do not compare", count[name], name,
				strings.Join(titles, " or "))}
		if k := w.Site.Kind(model.SlurmRequest{}); k != nil && k.Constraint != "" {
			f.Fix = "give them one: --set 'slurm.constraint=" + k.Constraint + "', or another card's"
		}
		out = append(out, f)
	}
	return out
}
