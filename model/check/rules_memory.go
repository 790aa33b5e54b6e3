package check

import (
	"fmt"
	"shardeck/model/present/unit"
)

// tight is how much headroom the estimate of a fit may err by.
const tight = 2 * gib

// memoryRules judge the fit. They run on legal layouts only.
func memoryRules() []rule {
	return []rule{
		{"fit-weights", SeverityError, "parallelism.tp", fitted(func(s *subject, f Fit) string {
			if f.budget() > 0 {
				return ""
			}
			return fmt.Sprintf("the weights do not fit: %s and %s (engine) of %s usable on %s",
				gibWords(f.Weights), gibWords(f.Activations+f.Overhead), gibWords(f.Usable), s.gpu.Title)
		}), remedy},
		{"fit-cache", SeverityError, "vllm.max_model_len", fitted(func(s *subject, f Fit) string {
			if f.budget() <= 0 || s.cacheHolds(f, s.e.ModelLen()) >= 1 {
				return ""
			}
			return fmt.Sprintf("the cache holds %d tokens on %s, less than one sequence of %d", f.KVTokens, s.gpu.Title, s.e.ModelLen())
		}), remedy},
		{"fit-batch", SeverityWarning, "data.batch_size", fitted(func(s *subject, f Fit) string {
			if f.Headroom >= 0 || s.cacheHolds(f, s.e.ModelLen()) < 1 {
				return ""
			}
			n := s.cacheHolds(f, s.e.Data.SeqLen+s.e.Data.MaxTokens)
			return fmt.Sprintf("the cache holds %d of the %d requests of a replica: the others wait", n, s.e.RequestsPerReplica())
		}), remedy},
		{"fit-tight", SeverityWarning, "parallelism.tp", fitted(func(s *subject, f Fit) string {
			if f.Headroom < 0 || f.Headroom >= tight {
				return ""
			}
			return fmt.Sprintf("memory is tight: %s to spare on %s, give or take %s", gibWords(f.Headroom), s.gpu.Title, gibWords(tight))
		}), remedy},
	}
}

// fitted makes a rule of one that needs the fit of a run that computes.
func fitted(fault func(*subject, Fit) string) func(*subject) string {
	return func(s *subject) string {
		f := s.memory()
		if f == nil || s.replay() {
			return ""
		}
		return fault(s, *f)
	}
}

// budget is what is left for the cache.
func (f Fit) budget() int64 { return f.Headroom + f.KVCache }

// cacheHolds is how many sequences of a length the cache has room for.
func (s *subject) cacheHolds(f Fit, tokens int) int64 { return f.KVTokens / blocks(tokens) }

// gibWords is a size as people say it.
func gibWords(n int64) string { return unit.GiB(n) + " GiB" }
