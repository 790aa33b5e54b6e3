package analyze

import (
	"fmt"
	"path/filepath"

	"shardeck/backend/trace"
	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

// served are the metrics of a run under load: over all requests after warm-up, which has a file of its own. None has samples: the
// requests of one server are not independent of each other.
func served(in Input, gpus int) []sampled {
	s, noIteration := in.Serving, metric.Metric{Reason: "a run under load has no iterations"}
	of := func(get func(trace.Served) float64) []float64 {
		return model.Each(s.Requests, func(r trace.Served) float64 { return get(r) * 1e3 })
	}
	var tpot []float64
	for _, r := range s.Requests {
		if r.Tokens > 1 {
			tpot = append(tpot, r.TPOT*1e3)
		}
	}
	perToken := latencyOf(in, "tpot", tpot)
	gaps := latencyOf(in, "itl", model.Each(s.Gaps, func(gap float64) float64 { return gap * 1e3 }))
	return []sampled{
		latencyOf(in, "ttft", of(func(r trace.Served) float64 { return r.TTFT })), perToken, gaps,
		latencyOf(in, "e2e", of(func(r trace.Served) float64 { return r.E2E })),
		{Metric: defined("iteration_wall_clock", noIteration)}, {Metric: defined("mfu", noIteration)},
		rateOf(in, "throughput_tokens_sec", s.Input+s.Output), rateOf(in, "output_tokens_sec", s.Output),
		rateOf(in, "tokens_sec_per_gpu", (s.Input+s.Output)/float64(max(gpus, 1))),
		rateOf(in, "requests_sec", float64(s.Completed)), goodput(in), perUser(perToken),
	}
}

// latencyOf is a latency of the requests served, in ms: their median; where the file has no lists, its own.
func latencyOf(in Input, name string, list []float64) sampled {
	m := metric.Metric{Source: []string{filepath.Base(in.Serving.File)}, N: len(list), Note: loadWords(in)}
	own := map[string]string{"e2e": "e2el"}[name]
	if own == "" {
		own = name
	}
	median, ok := in.Serving.Own["median_"+own+"_ms"]
	switch {
	case len(list) > 0:
		m.Value, m.By.Stats = new(metric.Median(list)), sampleStats(list)
	case ok && len(in.Serving.Requests) == 0:
		m.Value, m.N, m.By.Stats = &median, in.Serving.Completed, map[metric.Stat]float64{metric.P50: median}
		for stat, key := range map[metric.Stat]string{metric.P99: "p99_", metric.MeanStat: "mean_"} {
			if v, ok := in.Serving.Own[key+own+"_ms"]; ok {
				m.By.Stats[stat] = v
			}
		}
		m.Note = joinNotes(m.Note, "as the file gives it, without its requests")
	case len(in.Serving.Requests) > 0:
		m.Reason = m.Source[0] + ": no request has a second token to time"
	default:
		m.Reason = m.Source[0] + ": no " + name + " in it"
	}
	return sampled{Metric: defined(name, m)}
}

// rateOf is an amount of all requests served over the measured duration.
func rateOf(in Input, name string, amount float64) sampled {
	m := metric.Metric{Source: []string{filepath.Base(in.Serving.File)}, N: in.Serving.Completed, Note: loadWords(in)}
	if m.Value = new(amount / in.Serving.Duration); amount <= 0 {
		m.Value, m.Reason = nil, m.Source[0]+": no number of tokens in it"
	}
	return sampled{Metric: defined(name, m)}
}

// goodput is the requests that keep every limit, a second; where the file has no lists, its own number.
func goodput(in Input) sampled {
	m := metric.Metric{Source: []string{filepath.Base(in.Serving.File)}, N: in.Serving.Completed, Note: loadWords(in)}
	own, counted := in.Serving.Own["request_goodput"]
	switch {
	case in.Experiment == nil || in.Experiment.SLO == model.SLO{}:
		m.Reason = "no limits to be good by: set slo in the config, as in slo: {ttft: 200, tpot: 20}"
	case len(in.Serving.Requests) > 0:
		good := 0.0
		for _, r := range in.Serving.Requests {
			if keeps(in.Experiment.SLO, r) {
				good++
			}
		}
		m.Value = new(good / in.Serving.Duration)
		m.Note = joinNotes(fmt.Sprintf("%.0f of %s good", good, unit.Plural(len(in.Serving.Requests), "request")), m.Note)
	case counted:
		m.Value = &own
	default:
		m.Reason = m.Source[0] + ": neither requests nor request_goodput in it"
	}
	return sampled{Metric: defined("goodput", m)}
}

// keeps reports whether a request meets all limits there are, as vLLM counts: a single token has a tpot of 0.
func keeps(slo model.SLO, r trace.Served) bool {
	within := func(seconds, limit float64) bool { return limit == 0 || seconds*1e3 <= limit }
	return within(r.TTFT, slo.TTFT) && within(r.TPOT, slo.TPOT) && within(r.E2E, slo.E2E)
}

// loadWords are the load that numbers are of: 200 requests, 2/s.
func loadWords(in Input) string {
	text := unit.Plural(in.Serving.Completed, "request")
	if in.Experiment != nil && in.Experiment.Load.On() {
		text += ", " + in.Experiment.Load.String()
	}
	return text
}

// reached is the share of the rate asked for below which a server is behind; arrivals of 200 requests vary by some 7 %.
const reached = 0.85

// overload tells of a server that was sent more than it serves: its waiting time is that of the number of requests.
func overload(in Input) []string {
	s, e := in.Serving, in.Experiment
	if s == nil || e == nil || e.Load.Rate == 0 || e.Load.Concurrency > 0 || len(s.Requests) == 0 {
		return nil
	}
	last := metric.Median(model.Each(s.Requests, func(r trace.Served) float64 { return r.E2E }))
	if got := float64(s.Completed) / max(s.Duration-last, 1e-9); got < reached*e.Load.Rate {
		return []string{fmt.Sprintf("of %g requests a second %.3g were served: the queue grew all the time, and TTFT with the number of requests",
			e.Load.Rate, got)}
	}
	return nil
}
