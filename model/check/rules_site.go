package check

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"shardeck/model"
)

// siteRules judge the job against the site: its QOS, nodes, network and account. [perlmutter.md §2, §3, §9]
func siteRules() []rule { return slices.Concat(qosRules(), nodeRules()) }

func qosRules() []rule {
	return []rule{
		{"qos-unknown", SeverityError, "slurm.qos", func(s *subject) string {
			if s.queue != nil || s.place.QOS == "" || len(s.w.Site.Queues) == 0 {
				return ""
			}
			return fmt.Sprintf("%s has no QOS %s: there are %s", s.w.Site.Title, s.place.QOS, strings.Join(s.w.Site.QOSNames(), ", "))
		}, func(s *subject) (string, []model.Edit) {
			return set("slurm.qos", cmp.Or(s.w.Site.NearestQOS(s.place.QOS), "auto"))
		}},
		{"qos-interactive", SeverityError, "slurm.qos", queued(func(s *subject, q model.Queue) string {
			return faultIf(q.Interactive, "QOS %s is for salloc and takes no job scripts", q.Name)
		}), fixed("slurm.qos", "auto")},
		{"qos-gpus", SeverityError, "slurm.qos", queued(func(s *subject, q model.Queue) string {
			return faultIf(q.MaxGPUs != 0 && s.place.GPUs > q.MaxGPUs,
				"QOS %s takes at most %d GPUs, and the layout needs %d", q.Name, q.MaxGPUs, s.place.GPUs)
		}), fixed("slurm.qos", "auto")},
		{"qos-nodes", SeverityError, "slurm.qos", queued(func(s *subject, q model.Queue) string {
			return faultIf(q.MaxNodes != 0 && s.place.Nodes > q.MaxNodes && (q.MaxGPUs <= 0 || s.place.GPUs <= q.MaxGPUs),
				"QOS %s takes at most %d nodes, and the layout needs %d", q.Name, q.MaxNodes, s.place.Nodes)
		}), fixed("slurm.qos", "auto")},
		{"qos-time", SeverityError, "slurm.time", queued(func(s *subject, q model.Queue) string {
			most := hours(q.MaxHours)
			return faultIf(most != 0 && s.limit > most,
				"a time limit of %s is more than the %s of QOS %s", model.DurationWords(s.limit), model.DurationWords(most), q.Name)
		}), func(s *subject) (string, []model.Edit) {
			return set("slurm.time", model.FormatTimeLimit(hours(s.queue.MaxHours)))
		}},
		{"qos-time-min", SeverityError, "slurm.time", queued(func(s *subject, q model.Queue) string {
			return faultIf(s.limit < hours(q.MinHours),
				"QOS %s wants a time limit of at least %s", q.Name, model.DurationWords(hours(q.MinHours)))
		}), func(s *subject) (string, []model.Edit) {
			return set("slurm.time", model.FormatTimeLimit(hours(s.queue.MinHours)))
		}},
		{"qos-note", SeverityNote, "slurm.qos", queued(func(s *subject, q model.Queue) string {
			return faultIf(q.Note != "", "QOS %s: %s", q.Name, q.Note)
		}), nil},
	}
}

func nodeRules() []rule {
	return []rule{
		{"constraint-unknown", SeverityError, "slurm.constraint", func(s *subject) string {
			site := s.w.Site
			if len(site.Partitions) == 0 || site.Kind(s.e.Slurm.Constraint) != nil {
				return ""
			}
			return fmt.Sprintf("%s has no GPU nodes of constraint %.60q: there are %s",
				site.Title, s.e.Slurm.Constraint, strings.Join(site.Constraints(), ", "))
		}, fixed("slurm.constraint", "auto")},
		{"kind-nodes", SeverityError, "slurm.constraint", func(s *subject) string {
			k := s.w.Site.Kind(s.e.Slurm.Constraint)
			if k == nil || k.Nodes == 0 || s.place.Nodes <= k.Nodes {
				return ""
			}
			return fmt.Sprintf("the layout needs %d nodes, and there are %d of %s", s.place.Nodes, k.Nodes, k.Constraint)
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
				"TP groups of %d cross nodes of %d: their all-reduces go over %s", s.e.Layout.TP, s.place.GPUsPerNode, s.fabric())
		}, words("keep TP inside a node, unless the network is what you measure")},
		{"account", SeverityWarning, "slurm.account", func(s *subject) string {
			return faultIf(s.w.Site.AccountHint != "" && s.w.Account == "" && s.e.Slurm.Account == "",
				"no account is set: Slurm charges your default project, if you have one")
		}, func(s *subject) (string, []model.Edit) {
			return "write account: in shardeck.yaml, " + s.w.Site.AccountHint, nil
		}},
	}
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

// knownRules say what cannot be judged, and what the model itself asks for.
func knownRules() []rule {
	return []rule{
		{"model-unknown", SeverityWarning, "model.name", func(s *subject) string {
			return faultIf(s.shape == nil, "the shape of %.60s is not known: layout and memory cannot be checked", s.e.Model.Name)
		}, func(s *subject) (string, []model.Edit) {
			if near := model.Nearest(s.e.Model.Name, s.w.modelNames()); near != "" {
				return set("model.name", near)
			}
			return "add its shape to models.yaml in the workspace", nil
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
	}
}

// lengthRules judge the length of sequences against what model and engine allow.
func lengthRules() []rule {
	return []rule{
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
}
