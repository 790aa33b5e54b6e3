package trace

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// written is a file of `vllm bench serve` in short: three requests, of which one failed.
const written = `{"date": "20261130-181232", "backend": "openai", "num_prompts": 3, "request_rate": 4.0, "max_concurrency": null, "duration": 2.5,
"completed": 2, "failed": 1, "total_input_tokens": 128, "total_output_tokens": 5, "request_goodput": 0.4, "input_lens": [64, 64, 64],
"output_lens": [4, 0, 1], "ttfts": [0.01, 0.0, 0.03], "itls": [[0.002, 0.004], [], []], "generated_texts": [" w1 w2", "", " w3"],
"errors": ["", "Bad Request", ""], "median_ttft_ms": 20.0, "p99_ttft_ms": 29.8}`

func openServing(t *testing.T, text string) (*Serving, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bench_serve.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return OpenServing(path)
}

func TestServing(t *testing.T) {
	s, err := openServing(t, written)
	if err != nil || len(s.Damage) > 0 {
		t.Fatal(err, s)
	}
	if s.Duration != 2.5 || s.Completed != 2 || s.Input != 128 || s.Output != 5 || s.Own["p99_ttft_ms"] != 29.8 || len(s.Gaps) != 2 {
		t.Errorf("%+v", s)
	}
	near := func(a, b float64) bool { return math.Abs(a-b) < 1e-12 }
	if r := s.Requests; len(r) != 2 || !near(r[0].E2E, 0.016) || !near(r[0].TPOT, 0.002) || r[1].TPOT != 0 || r[1].Tokens != 1 {
		t.Errorf("%+v", s.Requests)
	}
}

// What is wrong with a file is said, and what is sound stays.
func TestServingDamage(t *testing.T) {
	cut := strings.Index(written, `"generated_texts"`)
	for text, says := range map[string]string{
		written[:cut+30]: "ended before the document was closed",
		strings.Replace(written, "[0.002, 0.004]", `[0.002, NaN]`, 1):                                 `itls holds "NaN"`,
		strings.Replace(written, `"ttfts": [0.01, 0.0, 0.03]`, `"ttfts": [0.01, 0.0]`, 1):             "itls are of 3 requests and ttfts of 2",
		strings.Replace(written, `"completed": 2`, `"completed": 3`, 1):                               "2 requests have times, and 3 were served",
		strings.Replace(written, `"itls": [[0.002, 0.004], [], []]`, `"itls": {"a": 1}`, 1):           "itls holds",
		strings.Replace(written, `"total_output_tokens": 5`, `"total_output_tokens": -5`, 1) + "junk": "text after the end",
	} {
		s, err := openServing(t, text)
		if err != nil {
			t.Errorf("%s: %v", says, err)
			continue
		}
		if len(s.Damage) == 0 || !strings.Contains(s.Damage[0].String(), says) {
			t.Errorf("%v; want %s", s.Damage, says)
		}
	}
	for text, says := range map[string]string{
		"": "the file is empty", "[]": "not JSON", "{}": "no requests that were served", `{"duration": 2}`: "no requests",
		written[:40]: "no requests",
		strings.Replace(written, `"completed": 2`, `"completed": 0`, 1): "no requests",
	} {
		if _, err := openServing(t, text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.40q: %v; want %s", text, err, says)
		}
	}
}

func FuzzServing(f *testing.F) {
	f.Add([]byte(written))
	f.Add([]byte(`{"duration": 1e3, "completed": 1e14, "ttfts": [[1]], "itls": 3, "output_lens": [[2, 3]], "input_lens": [1]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := parseServing(text)
		if err != nil {
			return
		}
		if s.Duration <= 0 || s.Completed < 1 || s.Input < 0 || s.Output < 0 {
			t.Errorf("%+v", s)
		}
		for _, r := range s.Requests {
			if !(r.TTFT > 0 && r.TPOT >= 0 && r.E2E >= r.TTFT && r.Tokens > 0) || math.IsInf(r.E2E, 0) {
				t.Errorf("%+v", r)
			}
		}
	})
}
