package replay

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shardeck/model"
	"shardeck/model/forecast"
)

const tp4 = "experiment_id: X.4\ndescription: four GPUs\nengine: replay\nmodel: {name: meta-llama/Llama-3.1-8B}\nparallelism: {tp: 4}\n" +
	"data: {batch_size: 4, seq_len: 2048, max_tokens: 4}\nwarmup_iterations: 1\nprofile_iterations: 3\noutput_dir: trace_collection/x\n"

func foretold(e model.Experiment) forecast.Forecast {
	if e.Layout.TP > 4 {
		return forecast.Forecast{Refused: "it is too far"}
	}
	on := []string{"run llama-8b-tp1", "prior h100"}
	return forecast.Forecast{GPU: "NVIDIA H100 80GB HBM3", Notes: []string{"engine " + string(e.Engine)}, Metrics: []forecast.Metric{
		{Name: "ttft", Value: 80, Low: 78, High: 84, RestsOn: on}, {Name: "tpot", Value: 6, Low: 5, High: 8, RestsOn: on},
		{Name: "iteration_wall_clock", Value: 0.1, Low: 0.09, High: 0.2, RestsOn: on},
		{Name: "throughput_tokens_sec", Value: 82080, Low: 41040, High: 91200, RestsOn: on}}}
}

// A forecast replay goes through the stages of a replay and leaves one number of each time, its interval, the config that it is of, and
// in every file that it is a forecast.
func TestForecastReplay(t *testing.T) {
	dir := t.TempDir()
	var log bytes.Buffer
	err := Run(t.Context(), Options{Config: writeConfig(t, tp4), OutputDir: dir, Factor: fast, Foretell: foretold, Out: &log})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(names(t, dir), " "); got != "config.yaml run.json timing_stats_0.json" {
		t.Errorf("it left %s", got)
	}
	var times timing
	readJSON(t, filepath.Join(dir, "timing_stats_0.json"), &times)
	if len(times.Timed) != 1 || times.Timed[0] != 0.1 || len(times.TTFT) != 1 || string(times.TTFT[0]) != "0.08" || string(times.TPOT[0]) != "0.006" {
		t.Errorf("times %+v", times)
	}
	info := readInfo(t, dir)
	f := info.Forecast
	if f == nil || !info.Replay || info.Status != model.RunComplete || info.Timed != 1 || info.Traced != 0 || info.WorldSize != 4 ||
		info.GPU != "NVIDIA H100 80GB HBM3" || strings.Join(info.Notes, "") != "engine torch" {
		t.Fatalf("run.json says %+v", info)
	}
	if f.Level != forecast.Level || f.Intervals["ttft"] != [2]float64{78, 84} || f.Intervals["tokens_sec_per_gpu"] != [2]float64{10260, 22800} ||
		f.Intervals["tokens_sec_per_user"] != [2]float64{125, 200} || f.RestsOn[0] != "recording llama-8b-tp1" {
		t.Errorf("forecast %+v", f)
	}
	text, _ := os.ReadFile(filepath.Join(dir, "config.yaml"))
	e, err := parseConfig(text, model.Experiment{})
	if err != nil || e.Layout.TP != 4 || e.Data.BatchSize != 4 || e.Description != "forecast: four GPUs" || e.Replay.Engine != model.EngineTorch {
		t.Errorf("config %v\n%s", err, text)
	}
	for _, line := range []string{"nothing of this is recorded", "forecast from 1 recording of engine torch", "iteration 3 of 3 timing", "stage done"} {
		if !strings.Contains(log.String(), line) {
			t.Errorf("the log lacks %q:\n%s", line, log.String())
		}
	}
}

func TestForecastReplayStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	err := Run(ctx, Options{Config: writeConfig(t, tp4), OutputDir: dir, Foretell: foretold, Out: &bytes.Buffer{}})
	if info := readInfo(t, dir); !errors.Is(err, ErrStopped) || info.Status != model.RunFailed || len(names(t, dir)) != 2 {
		t.Errorf("%v left %v: %+v", err, names(t, dir), info)
	}
}

// What the forecaster refuses is refused in its words, in one line; so is what no law tells of.
func TestNoForecastReplay(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		tell Foretell
		says string
	}{
		"far":    {strings.Replace(tp4, "tp: 4", "tp: 8", 1), foretold, "no recording of Llama-3.1-8B with TP8, and no forecast: it is too far"},
		"nobody": {tp4, nil, "no recording of Llama-3.1-8B with TP4"},
		"a sick GPU": {strings.NewReplacer("tp: 4", "tp: 2", "size: 4", "size: 8").Replace(tp4) + "replay: {recording: llama-8b-tp2-slow-gpu}",
			foretold, "TP2 of this load, and no forecast: no law tells what sets the recording llama-8b-tp2-slow-gpu apart from llama-8b-tp2"},
	} {
		err := Run(t.Context(), Options{Config: writeConfig(t, c.text), OutputDir: t.TempDir(), Foretell: c.tell, Out: &bytes.Buffer{}})
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") || ExitCode(err) != model.ExitConfig {
			t.Errorf("%s: %v", name, err)
		}
	}
}
