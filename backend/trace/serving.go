package trace

import (
	"fmt"
	"path/filepath"
	"slices"

	"shardeck/backend/trace/jsonscan"
)

// Serving is bench_serve.json: what vLLM's `vllm bench serve` wrote of a server under load. Times are seconds.
type Serving struct {
	File          string
	Duration      float64 // from the first request sent to the last token of all
	Completed     int     // requests served
	Input, Output float64 // tokens of all requests served
	Requests      []Served
	Gaps          []float64          // between tokens, of all requests together
	Own           map[string]float64 // numbers that the file gives by itself, by their keys: p99_ttft_ms, request_goodput
	Damage        []Damage
}

// Served is a request that was served, as its client saw it. There are none in a file without lists (--save-detailed).
type Served struct {
	TTFT, TPOT, E2E float64 // TPOT is 0 of a single token
	Tokens          float64 // of output
}

// maxServing is more than the file of a hundred thousand requests holds; what lies beyond is not read.
const maxServing = 256 << 20

// requestLists are the lists of a file, one element a request.
var requestLists = []string{"ttfts", "itls", "input_lens", "output_lens"}

// OpenServing reads a file of `vllm bench serve`. Damage is listed; a file without a duration and requests is an error.
func OpenServing(path string) (*Serving, error) {
	text, cause, err := readUpTo(path, maxServing)
	if err != nil {
		return nil, err
	}
	s, err := parseServing(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	if s.File = path; cause != nil {
		s.Damage = append(s.Damage, Damage{Offset: int64(len(text)), Text: ReadFault(cause), Lost: "what came after"})
	}
	return s, nil
}

// parseServing reads the text of such a file.
func parseServing(b []byte) (*Serving, error) {
	p, lists, own := &timingText{b: b, t: &Timing{}}, map[string][][]float64{}, map[string]float64{}
	i := jsonscan.SkipSpace(b, 0)
	if i == len(b) || b[i] != '{' {
		return nil, fmt.Errorf("not JSON as `vllm bench serve --save-result` writes it; run the experiment again, or name another file")
	}
	end, st := jsonscan.EachKey(b, i, func(name []byte, from, to int) {
		switch v, number := jsonscan.Float(b[from:to]); {
		case slices.Contains(requestLists, string(name)):
			lists[string(name)] = p.rows(string(name), from, to)
		case number && measured(v):
			own[string(name)] = v
		}
	})
	s := &Serving{Duration: own["duration"], Completed: int(own["completed"]),
		Input: own["total_input_tokens"], Output: own["total_output_tokens"], Own: own}
	if s.Duration <= 0 || s.Completed < 1 {
		return nil, fmt.Errorf("holds no requests that were served; expected duration and completed, as `vllm bench serve` writes them")
	}
	p.end(end, st)
	s.Damage = p.t.Damage
	s.requests(lists)
	return s, nil
}

// rows are the numbers of each request; what is no measurement is damage.
func (p *timingText) rows(name string, from, to int) (out [][]float64) {
	p.odd = 0
	p.each(from, to, func(from, to int) {
		var row []float64
		p.each(from, to, func(from, to int) { row = p.number(from, to, row) })
		out = append(out, row) // one that is empty is of a request without
	})
	p.sayOdd(name)
	return out
}

// requests makes the lists of requests: those that failed have no token.
func (s *Serving) requests(lists map[string][][]float64) {
	n := len(lists["ttfts"])
	for _, name := range requestLists[1:] {
		if m := len(lists[name]); m != n && n > 0 {
			s.Damage = append(s.Damage, Damage{Offset: -1, Text: fmt.Sprintf("%s are of %d requests and ttfts of %d", name, m, n),
				Lost: "the requests that one of them has not"})
			n = min(n, m)
		}
	}
	for i := range n {
		ttft, gaps, tokens := sum(lists["ttfts"][i]), lists["itls"][i], sum(lists["output_lens"][i])
		if tokens <= 0 || ttft <= 0 {
			continue
		}
		s.Requests = append(s.Requests, Served{ttft, sum(gaps) / max(tokens-1, 1), ttft + sum(gaps), tokens})
		s.Gaps = append(s.Gaps, gaps...)
	}
	if n := len(s.Requests); n > 0 && s.Completed != n && len(s.Damage) == 0 {
		s.Damage = append(s.Damage, Damage{Offset: -1, Text: fmt.Sprintf("%d requests have times, and %d were served", n, s.Completed)})
	}
}
