package check

import (
	"fmt"
	"strconv"

	"shardeck/model"
)

// knownRules say what cannot be judged, and what the model itself asks for.
func knownRules() []rule {
	return []rule{
		{"model-unknown", SeverityWarning, "model.name", func(s *subject) string {
			if s.shape != nil {
				return ""
			}
			return fmt.Sprintf("the shape of %.60s is not known: layout and memory cannot be checked", s.e.Model.Name)
		}, func(s *subject) (string, []model.Edit) {
			if near := model.Nearest(s.e.Model.Name, s.w.modelNames()); near != "" {
				return set("model.name", near)
			}
			return "add its shape to models.yaml in the workspace", nil
		}},
		{"gpu-unknown", SeverityWarning, "slurm.constraint", func(s *subject) string {
			if s.gpu != nil || s.replay() {
				return ""
			}
			return fmt.Sprintf("the GPUs of %s are not known: memory cannot be checked", s.w.Site.Title)
		}, words("describe the nodes in sites/<name>.yaml and name that site in shardeck.yaml")},
		{"gated", SeverityNote, "model.name", func(s *subject) string {
			if s.shape == nil || !s.shape.Gated || s.e.Model.Weights == "dummy" || s.replay() {
				return ""
			}
			return s.shape.Short + " is gated: the hub gives it only to those who accept its licence"
		}, words("accept it there and set HF_TOKEN, or keep the files in hf_home")},
		{"dummy", SeverityNote, "model.weights", func(s *subject) string {
			if s.e.Model.Weights != "dummy" {
				return ""
			}
			if s.shape != nil && s.shape.MoE != nil {
				return "weights are random: times are right, but the load of the experts is not"
			}
			return "weights are random: times are right, the text is noise"
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
			if n <= m.MaxLen || m.MaxLen == 0 || e.Engine == model.EngineReplay {
				return ""
			}
			return fmt.Sprintf("seq_len + max_tokens = %d is more than the %d positions of %s", n, m.MaxLen, m.Short)
		}), func(s *subject) (string, []model.Edit) {
			if room := s.shape.MaxLen - s.e.Data.MaxTokens; room > 0 {
				return set("data.seq_len", strconv.Itoa(room))
			}
			return "lower data.max_tokens", nil
		}},
		{"max-model-len", SeverityError, "vllm.max_model_len", func(s *subject) string {
			n := s.e.Data.SeqLen + s.e.Data.MaxTokens
			if s.e.ModelLen() >= n {
				return ""
			}
			return fmt.Sprintf("vllm.max_model_len=%d leaves no room for seq_len + max_tokens = %d", s.e.ModelLen(), n)
		}, func(s *subject) (string, []model.Edit) {
			return set("vllm.max_model_len", strconv.Itoa(s.e.Data.SeqLen+s.e.Data.MaxTokens))
		}},
	}
}
