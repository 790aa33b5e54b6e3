package check

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"shardeck/model"
)

// siteRules judge the job against the site: its QOS, nodes, network and account. [perlmutter.md §2, §3, §9]
var siteRules = []rule{
	{"qos-unknown", SeverityError, "slurm.qos", func(s *subject) string {
		return faultIf(s.queue == nil && s.place.QOS != "" && len(s.w.Site.Queues) > 0,
			"%s has no QOS %s: there are %s", s.w.Site.Title, s.place.QOS, strings.Join(s.w.Site.QOSNames(), ", "))
	}, func(s *subject) (string, []model.Edit) {
		return set("slurm.qos", cmp.Or(s.w.Site.NearestQOS(s.place.QOS), "auto"))
	}},
	{"qos-interactive", SeverityError, "slurm.qos", queued(func(s *subject, q model.Queue) string {
		return faultIf(q.Interactive, "%s is for salloc and takes no job scripts", q.Title())
	}), fixed("slurm.qos", "auto")},
	{"qos-gpus", SeverityError, "slurm.qos", queued(func(s *subject, q model.Queue) string {
		return faultIf(q.MaxGPUs != 0 && s.place.GPUs > q.MaxGPUs,
			"%s takes at most %d GPUs, and the layout needs %d", q.Title(), q.MaxGPUs, s.place.GPUs)
	}), fixed("slurm.qos", "auto")},
	{"qos-nodes", SeverityError, "slurm.qos", queued(func(s *subject, q model.Queue) string {
		return faultIf(q.MaxNodes != 0 && s.place.Nodes > q.MaxNodes && (q.MaxGPUs <= 0 || s.place.GPUs <= q.MaxGPUs),
			"%s takes at most %d nodes, and the layout needs %d", q.Title(), q.MaxNodes, s.place.Nodes)
	}), fixed("slurm.qos", "auto")},
	{"qos-time", SeverityError, "slurm.time", queued(func(s *subject, q model.Queue) string {
		most := hours(q.MaxHours)
		return faultIf(most != 0 && s.limit > most,
			"a time limit of %s is more than the %s of %s", model.DurationWords(s.limit), model.DurationWords(most), q.Title())
	}), func(s *subject) (string, []model.Edit) {
		return set("slurm.time", model.FormatTimeLimit(hours(s.queue.MaxHours)))
	}},
	{"qos-time-min", SeverityError, "slurm.time", queued(func(s *subject, q model.Queue) string {
		return faultIf(s.limit < hours(q.MinHours),
			"%s wants a time limit of at least %s", q.Title(), model.DurationWords(hours(q.MinHours)))
	}), func(s *subject) (string, []model.Edit) {
		return set("slurm.time", model.FormatTimeLimit(hours(s.queue.MinHours)))
	}},
	{"qos-note", SeverityNote, "slurm.qos", queued(func(s *subject, q model.Queue) string {
		return faultIf(q.Note != "", "%s: %s", q.Title(), q.Note)
	}), nil},
	// Nodes, network and account.
	{"constraint-unknown", SeverityError, "slurm.constraint", func(s *subject) string {
		site := s.w.Site
		return faultIf(len(site.Partitions) > 0 && site.Kind(s.e.Slurm) == nil && (s.queue != nil || site.Partitions[0].Queue == ""),
			"%s has no GPU nodes of constraint %.60q: there are %s", site.Title, s.e.Slurm.Constraint, strings.Join(site.Constraints(), ", "))
	}, fixed("slurm.constraint", "auto")},
	{"kind-nodes", SeverityError, "slurm.constraint", func(s *subject) string {
		k := s.w.Site.Kind(s.e.Slurm)
		if k == nil || k.Nodes == 0 || s.place.Nodes <= k.Nodes {
			return ""
		}
		return fmt.Sprintf("the layout needs %d nodes, and %s has %s", s.place.Nodes, s.w.Site.Title,
			strings.TrimSuffix(fmt.Sprintf("%d of %s", k.Nodes, k.Constraint), " of "))
	}, words("use fewer GPUs")},
	{"pp-spans-nodes", SeverityWarning, "parallelism.pp", func(s *subject) string {
		issue := s.w.Site.Issue("pp-spans-nodes")
		switch {
		case issue == nil || !s.place.PPSpans:
			return ""
		case issue.Ref == "":
			return issue.Text
		}
		return issue.Text + " (" + issue.Ref + ")"
	}, func(s *subject) (string, []model.Edit) {
		return s.w.Site.Issue("pp-spans-nodes").Fix, nil
	}},
	{"tp-spans-nodes", SeverityWarning, "parallelism.tp", func(s *subject) string {
		return faultIf(s.place.TPSpans,
			"TP groups of %d cross nodes of %s: their all-reduces go over %s", s.e.Layout.TP, gpus(s.place.GPUsPerNode), s.fabric())
	}, words("keep TP inside a node, unless the network is what you measure")},
	{"account", SeverityWarning, "slurm.account", func(s *subject) string {
		return faultIf(s.w.Site.AccountHint != "" && s.w.Account == "" && s.e.Slurm.Account == "",
			"no account is set: Slurm charges your default project, if you have one")
	}, func(s *subject) (string, []model.Edit) {
		return "write account: in shardeck.yaml, " + s.w.Site.AccountHint, nil
	}},
}

// queued makes a rule of one that needs the QOS; another rule tells of an unknown one.
func queued(fault func(*subject, model.Queue) string) func(*subject) string {
	return func(s *subject) string {
		if s.queue == nil {
			return ""
		}
		return fault(s, *s.queue)
	}
}

func (s *subject) fabric() string { return cmp.Or(s.w.Site.Fabric, "the network between nodes") }

func hours(h float64) time.Duration { return time.Duration(h * float64(time.Hour)) }

// modelRules say what cannot be judged, and what the model itself asks for.
var modelRules = []rule{
	{"model-unknown", SeverityWarning, "model.name", func(s *subject) string {
		return faultIf(s.shape == nil, "the shape of %.60s is not known: layout and memory cannot be checked", s.e.Model.Name)
	}, func(s *subject) (string, []model.Edit) {
		if near := sameLetters(s.e.Model.Name, s.w.modelNames()); near != "" {
			return set("model.name", near)
		}
		return configHint(s.e.Model.Name), nil
	}},
	{"gpu-unknown", SeverityWarning, "slurm.constraint", func(s *subject) string {
		return faultIf(s.gpu == nil && !s.replay(), "the GPUs of %s are not known: memory cannot be checked", s.w.Site.Title)
	}, words("describe the nodes in sites/<name>.yaml and name that site in shardeck.yaml")},
	{"gated", SeverityNote, "model.name", shaped(func(e model.Experiment, m model.Shape) string {
		return faultIf(m.Gated && e.Model.Weights != "dummy" && e.Engine != model.EngineReplay,
			"%s is gated: the hub gives it only to those who accept its licence", m.Short)
	}), words("accept it there and set HF_TOKEN, or keep the files in hf_home")},
	{"dummy", SeverityNote, "model.weights", func(s *subject) string {
		but := "the text is noise"
		if s.shape != nil && s.shape.MoE != nil {
			but = "but the load of the experts is not"
		}
		return faultIf(s.e.Model.Weights == "dummy", "weights are random: times are right, %s", but)
	}, nil},
	{"fp8-gpu", SeverityWarning, "model.precision", func(s *subject) string {
		if s.e.Model.Precision != "fp8" || s.gpu == nil || s.gpu.AtLeast(8, 9) || s.replay() {
			return ""
		}
		return s.gpu.Title + " has no fp8 arithmetic: weights are held in fp8, and computed in 16 bits"
	}, fixed("model.precision", "bfloat16")},
	// The length of sequences against what model and engine allow.
	{"length", SeverityError, "data.seq_len", shaped(func(e model.Experiment, m model.Shape) string {
		n := e.Data.SeqLen + e.Data.MaxTokens
		return faultIf(n > m.MaxLen && m.MaxLen != 0 && e.Engine != model.EngineReplay,
			"seq_len + max_tokens = %d is more than the %d positions of %s", n, m.MaxLen, m.Short)
	}), func(s *subject) (string, []model.Edit) {
		if room := s.shape.MaxLen - s.e.Data.MaxTokens; room > 0 {
			return set("data.seq_len", strconv.Itoa(room))
		}
		return "lower data.max_tokens", nil
	}},
	{"max-model-len", SeverityError, "vllm.max_model_len", func(s *subject) string {
		n := s.e.Data.SeqLen + s.e.Data.MaxTokens
		return faultIf(s.e.ModelLen() < n, "vllm.max_model_len=%d leaves no room for seq_len + max_tokens = %d", s.e.ModelLen(), n)
	}, func(s *subject) (string, []model.Edit) {
		return set("vllm.max_model_len", strconv.Itoa(s.e.Data.SeqLen+s.e.Data.MaxTokens))
	}},
}

// sameLetters is the name among some that differs in case and punctuation alone: another is another checkpoint. Empty: none.
func sameLetters(name string, known []string) string {
	bare := func(s string) string {
		return strings.ToLower(strings.NewReplacer("-", "", "_", "", ".", "", " ", "").Replace(s))
	}
	if near := model.First(known, func(k string) bool { return bare(k) == bare(name) || bare(model.ShortModel(k)) == bare(name) }); near != nil {
		return *near
	}
	return ""
}

// configHint is how a model's config.json comes here.
func configHint(name string) string {
	return "on a login node: huggingface-cli download " + name + " config.json; or shardeck model add FOLDER"
}

// runRules judge the communication backends. [vllm.md §1: custom all-reduce, all2all]
var runRules = []rule{
	{"all-reduce-unused", SeverityNote, "comm.all_reduce", func(s *subject) string {
		return faultIf(!model.IsAuto(s.e.Comm.AllReduce) && s.e.Layout.TP <= 1,
			"with TP=1 there is no all-reduce for comm.all_reduce to choose")
	}, fixed("comm.all_reduce", "auto")},
	{"custom-messages", SeverityNote, "comm.all_reduce", shaped(func(e model.Experiment, m model.Shape) string {
		return faultIf(e.Comm.AllReduce == "custom" && e.Layout.TP != 1,
			"the custom all-reduce takes up to %d tokens (8 MiB); longer steps use NCCL",
			customLimit/(int64(m.Hidden)*valueBytes(e.Model.Precision)))
	}), nil},
	{"all2all-unused", SeverityWarning, "comm.all2all", func(s *subject) string {
		l := s.e.Layout
		return faultIf(!model.IsAuto(s.e.Comm.All2All) && (l.DP() <= 1 || s.shape != nil && s.shape.MoE == nil),
			"comm.all2all has no effect: it needs experts and DP above 1")
	}, fixed("comm.all2all", "auto")},
	// What is recorded, and what would make it mean something else.
	{"nsys-kineto", SeverityWarning, "profiling.nsys", func(s *subject) string {
		return faultIf(s.e.Profiling.Nsys && s.e.Profiling.Kineto && !s.e.Load.On(),
			"nsys and the torch profiler both need CUPTI: only one will see kernels")
	}, fixed("profiling.kineto", "false")},
	{"no-trace", SeverityNote, "profiling.kineto", func(s *subject) string {
		p := s.e.Profiling
		return faultIf(!p.Kineto && !p.Nsys && !s.e.Load.On(),
			"no kernels are traced: there will be latency and throughput, and no communication metrics")
	}, fixed("profiling.kineto", "true")},
	{"memory-utilization", SeverityError, "vllm.gpu_memory_utilization", func(s *subject) string {
		u := s.e.EngineNumber("gpu_memory_utilization", 0.9)
		return faultIf(!(u > 0 && u <= 1), "vllm.gpu_memory_utilization must lie above 0 and at most 1")
	}, fixed("vllm.gpu_memory_utilization", "0.9")},
	// What a person wrote: a description of an earlier layout misleads in every table and chart.
	{"description-layout", SeverityWarning, "description", func(s *subject) string {
		return faultIf(described(s.e) != s.e.Description, "the description still speaks of another layout: %q", s.e.Description)
	}, func(s *subject) (string, []model.Edit) { return set("description", described(s.e)) }},
}

const customLimit = 8 << 20 // bytes of the largest message of the custom all-reduce

func deepEP(e model.Experiment) bool { return strings.HasPrefix(e.Comm.All2All, "deepep") }

// What a description may say of the layout; what it names twice compares, and is left alone.
var layoutWords = []struct {
	words *regexp.Regexp
	now   func(model.Layout) string
}{
	{regexp.MustCompile(`\b(?:TP|tp)=?(\d+)\b`), func(l model.Layout) string { return strconv.Itoa(l.TP) }},
	{regexp.MustCompile(`\b(?:PP|pp)=?(\d+)\b`), func(l model.Layout) string { return strconv.Itoa(l.PP) }},
	{regexp.MustCompile(`\b(?:EP|ep)=?(\d+)\b`), func(l model.Layout) string { return strconv.Itoa(l.EP) }},
	{regexp.MustCompile(`\bon (\d+ GPUs?)\b`), func(l model.Layout) string { return gpus(l.GPUs()) }},
}

// described is the description with the factors and the number of GPUs that it names as they are.
func described(e model.Experiment) string {
	text := e.Description
	for _, s := range layoutWords {
		if at := s.words.FindAllStringSubmatchIndex(text, 2); len(at) == 1 {
			text = text[:at[0][2]] + s.now(e.Layout) + text[at[0][3]:]
		}
	}
	return text
}

func gpus(n int) string {
	if n == 1 {
		return "1 GPU"
	}
	return strconv.Itoa(n) + " GPUs"
}
