package tests

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BenchmarkKeyThousandPoints is how long keys wait where a sweep has 1,000 points, all of them measured: on the board with its row
// open, in the charts and in the sweep's own pane; and how long sweep check takes.
func BenchmarkKeyThousandPoints(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "demo")
	if out, err := exec.Command(binary, "demo", dir, "--no-open").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	thousand(b, dir)
	b.Run("check", func(b *testing.B) {
		for b.Loop() {
			out, err := exec.Command(binary, "-C", dir, "sweep", "check", "A0").CombinedOutput()
			if err != nil || !strings.Contains(string(out), "1 000 done") {
				b.Fatalf("%v: %s", err, out)
			}
		}
	})
	s := cockpit(b, dir)
	for seen, late := "", time.After(2*time.Minute); !strings.Contains(seen, "1 009"); { // experiments, with those of the demo
		select {
		case text := <-s.out:
			seen += text
		case <-late:
			b.Fatal("the board was not drawn within two minutes")
		}
	}
	s.press(b, "g", "▌")
	s.rest(5 * time.Second)
	s.press(b, "\r", "▾")
	for _, pane := range []string{"1 board", "5 charts", "7 sweep"} {
		number, name, _ := strings.Cut(pane, " ")
		if name != "board" {
			s.press(b, number, "▌")
		}
		s.rest(3 * time.Second)
		b.Run(name, func(b *testing.B) { keys(b, s) })
	}
}

// thousand makes a sweep of 1,000 points and a run of each, as vLLM would have left it.
func thousand(b *testing.B, dir string) {
	b.Helper()
	write := func(path, text string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	config := func(id string, batch, seq int) string {
		return fmt.Sprintf("experiment_id: %s\nengine: vllm\nmodel: {name: meta-llama/Llama-3.1-8B, weights: dummy}\n"+
			"parallelism: {tp: 1}\ndata: {batch_size: %d, seq_len: %d, max_tokens: 4}\noutput_dir: trace_collection/%s\n", id, batch, seq, id)
	}
	write("experiments/configs/A1.yaml", config("A1", 1, 128))
	write("experiments/sweeps/A0.yaml", "base: A1\nvary:\n  data.batch_size: 1..25\n  data.seq_len: 64..2560+64\n")
	for batch := 1; batch <= 25; batch++ {
		for seq := 64; seq <= 2560; seq += 64 {
			id := fmt.Sprintf("A0-b%d-s%d", batch, seq)
			text, step := config(id, batch, seq), float64(batch*seq)*1e-5+0.01
			write("experiments/configs/"+id+".yaml", text)
			run := "trace_collection/" + id + "/"
			write(run+"config.yaml", text)
			write(run+"run.json", fmt.Sprintf(`{"schema": 1, "runner": "benchmark", "engine": "vllm", "experiment_id": %q, "status": "complete", `+
				`"start": "2026-11-01T10:00:00Z", "end": "2026-11-01T10:01:00Z", "world_size": 1, "timed_iterations": 3}`, id))
			write(run+"timing_stats_0.json", fmt.Sprintf(`{"unprofiled_iteration_times": [%f, %f, %f], "unprofiled_ttft": [%f, %f, %f], `+
				`"unprofiled_tpot": [0.01, 0.0101, 0.0099]}`, step, step*1.01, step*1.02, step/2, step/2.1, step/2.2))
		}
	}
}
