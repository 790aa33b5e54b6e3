package check

import (
	"fmt"
	"math"
	"time"

	"shardeck/model"
)

// loadRules judge a server under load, and what only one has.
var loadRules = []rule{
	{"load-rate", SeverityError, "load.rate", func(s *subject) string {
		r := s.e.Load.Rate
		return faultIf(r < 0 || r > 1e6 || math.IsNaN(r), "load.rate is %g: it must lie above 0, requests a second", r)
	}, fixed("load.rate", "1")},
	{"load-none", SeverityError, "load", func(s *subject) string {
		return faultIf(!s.e.Load.On() && s.e.Load != model.Load{}, "load has neither a rate nor a concurrency: nothing says when a request comes")
	}, words("write load: {rate: 2}, requests a second, or load: {concurrency: 8}, requests at once")},
	{"slo", SeverityError, "slo", func(s *subject) string {
		l := s.e.SLO
		return faultIf(!(l.TTFT >= 0 && l.TPOT >= 0 && l.E2E >= 0), "slo has a limit that is no time: each is in ms, above 0")
	}, words("write slo: {ttft: 200, tpot: 20}, in ms")},
	{"slo-unused", SeverityWarning, "slo", func(s *subject) string {
		return faultIf(!s.e.Load.On() && s.e.SLO != model.SLO{}, "slo has no effect: only requests under load are good or not")
	}, words("set load too, as in load: {rate: 2}, or remove slo")},
	{"load-engine", SeverityError, "engine", underLoad(func(s *subject) string {
		return faultIf(s.e.Engine == model.EngineTorch, "a server under load is vLLM's own: engine %s has none", s.e.Engine)
	}), fixed("engine", string(model.EngineVLLM))},
	{"load-nsys", SeverityError, "profiling.nsys", underLoad(func(s *subject) string {
		return faultIf(s.e.WantsNsys(), "a server under load is timed, and not run under nsys")
	}), fixed("profiling.nsys", "false")},
	{"load-nodes", SeverityError, "parallelism", underLoad(func(s *subject) string {
		return faultIf(s.place.Nodes > 1 && !s.replay(), "a server under load and its client are on one node, and this layout takes %d", s.place.Nodes)
	}), words("lower tp, pp or dp_replicate × dp_shard to the GPUs of a node")},
	{"load-time", SeverityError, "load.requests", underLoad(func(s *subject) string {
		need := s.e.Load.Least()
		return faultIf(s.limit > 0 && need > s.limit && !s.replay(), "%d requests at %s take %s, and slurm.time is %s",
			s.e.Load.Count(), s.e.Load, need.Round(time.Second), s.e.Slurm.Time)
	}), func(s *subject) (string, []model.Edit) {
		return set("load.requests", fmt.Sprint(max(1, int(s.limit.Seconds()/2*s.e.Load.Rate))))
	}},
	{"load-trace", SeverityNote, "load", underLoad(func(s *subject) string {
		return "nothing is traced under load: there will be latency, throughput and goodput, and no communication metrics"
	}), nil},
}

// underLoad makes a rule of one that is about a server under load.
func underLoad(fault func(*subject) string) func(*subject) string {
	return func(s *subject) string {
		if !s.e.Load.On() {
			return ""
		}
		return fault(s)
	}
}
