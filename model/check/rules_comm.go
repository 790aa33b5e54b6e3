package check

import (
	"fmt"
	"strings"

	"shardeck/model"
)

// commRules judge the communication backends against layout, nodes and GPU.
// [vllm.md §1: custom all-reduce, all2all]
func commRules() []rule {
	return []rule{
		{"all-reduce-unused", SeverityNote, "comm.all_reduce", func(s *subject) string {
			if model.IsAuto(s.e.Comm.AllReduce) || s.e.Layout.TP > 1 {
				return ""
			}
			return "with TP=1 there is no all-reduce for comm.all_reduce to choose"
		}, fixed("comm.all_reduce", "auto")},
		{"custom-nodes", SeverityWarning, "comm.all_reduce", func(s *subject) string {
			if s.e.Comm.AllReduce != "custom" || s.place.Nodes == 1 {
				return ""
			}
			return fmt.Sprintf("the custom all-reduce works inside one node: on %d nodes vLLM turns it off", s.place.Nodes)
		}, fixed("comm.all_reduce", "nccl")},
		{"custom-size", SeverityWarning, "comm.all_reduce", func(s *subject) string {
			tp := s.e.Layout.TP
			if s.e.Comm.AllReduce != "custom" || tp == 1 || tp == 2 || tp == 4 || tp == 6 || tp == 8 {
				return ""
			}
			return fmt.Sprintf("the custom all-reduce knows 2, 4, 6 or 8 ranks, not TP=%d: vLLM turns it off", tp)
		}, fixed("comm.all_reduce", "nccl")},
		{"custom-messages", SeverityNote, "comm.all_reduce", func(s *subject) string {
			if s.e.Comm.AllReduce != "custom" || s.e.Layout.TP == 1 || s.shape == nil {
				return ""
			}
			return fmt.Sprintf("the custom all-reduce takes up to %d tokens (8 MiB); longer steps use NCCL",
				customLimit/(int64(s.shape.Hidden)*valueBytes(s.e.Model.Precision)))
		}, nil},
		{"symm-mem-gpu", SeverityWarning, "comm.all_reduce", func(s *subject) string {
			if s.e.Comm.AllReduce != "symm_mem" || s.gpu == nil || s.gpu.AtLeast(9, 0) {
				return ""
			}
			return fmt.Sprintf("symm_mem needs compute capability 9.0; %s has %s and uses NCCL", s.gpu.Title, s.gpu.Capability)
		}, fixed("comm.all_reduce", "nccl")},
		{"all2all-unused", SeverityWarning, "comm.all2all", func(s *subject) string {
			l := s.e.Layout
			if model.IsAuto(s.e.Comm.All2All) || l.DP() > 1 && (s.shape == nil || s.shape.MoE != nil) {
				return ""
			}
			return "comm.all2all has no effect: it needs experts and DP above 1"
		}, fixed("comm.all2all", "auto")},
		{"deepep-install", SeverityWarning, "comm.all2all", func(s *subject) string {
			if !deepEP(s.e) || s.replay() {
				return ""
			}
			return s.e.Comm.All2All + " needs DeepEP and NVSHMEM installed beside vLLM"
		}, words("install them in the runtime of the jobs, or set comm.all2all to auto")},
	}
}

// customLimit is the largest message of the custom all-reduce.
const customLimit = 8 << 20

func deepEP(e model.Experiment) bool { return strings.HasPrefix(e.Comm.All2All, "deepep") }
