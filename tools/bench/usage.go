package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"shardeck/backend/trace"
	"shardeck/tools/bench/peers"
)

// peak is the most memory a process had, in bytes.
func peak(p *os.ProcessState) int64 {
	u, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return u.Maxrss
	}
	return u.Maxrss * 1024
}

// openOrder asks for one file to be read and nothing else, for its cost in memory.
type openOrder struct{ Path string }

// opened is that cost; RSS is filled in by the parent.
type opened struct {
	CPU     float64 // s
	Kernels int
	Allocs  uint64 // objects
	Alloc   uint64 // bytes
	RSS     int64
}

func (o openOrder) run() (opened, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu := cpuTime()
	r, err := peers.Read(context.Background(), o.Path)
	if err != nil {
		return opened{}, err
	}
	runtime.ReadMemStats(&after)
	got := opened{CPU: cpuTime() - cpu, Allocs: after.Mallocs - before.Mallocs, Alloc: after.TotalAlloc - before.TotalAlloc}
	for _, s := range r.InColumns().Sorts {
		if s.Kind == trace.KindKernel {
			got.Kernels += int(s.Count)
		}
	}
	return got, nil
}

// stopOrder asks how long a read takes to stop, at times spread over the read.
type stopOrder struct {
	Path  string
	Times int
}

// stops are the times from the cancel to the return, s.
type stops []float64

func (o stopOrder) run() (stops, error) {
	read := func(ctx context.Context) error {
		_, err := peers.Read(ctx, o.Path)
		return err
	}
	start := time.Now()
	if err := read(context.Background()); err != nil {
		return nil, err
	}
	all := time.Since(start)
	var out stops
	for i := range o.Times {
		ctx, cancel := context.WithCancel(context.Background())
		called := make(chan time.Time, 1)
		time.AfterFunc(all*time.Duration(2*i+1)/time.Duration(2*o.Times), func() { called <- time.Now(); cancel() })
		err := read(ctx)
		end := time.Now()
		if errors.Is(err, context.Canceled) { // else it had ended before
			out = append(out, end.Sub(<-called).Seconds())
		}
		cancel()
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s was read before it could be stopped", o.Path)
	}
	return out, nil
}

// program is the real thing: the command line, built once.
type program string

func buildProgram(dir string) (program, error) {
	to := filepath.Join(dir, "shardeck")
	cmd := exec.Command("go", "build", "-o", to, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // as the README builds it
	cmd.Dir = "../.."
	cmd.Stderr = os.Stderr
	return program(to), cmd.Run()
}

// wholeRun is `shardeck metrics` on a run beside the reader alone and wc -l on its traces, in turn.
type wholeRun struct {
	metrics, reader, wc series
	rss                 int64
}

// against measures a run. The reader reads its plain traces one after the other, each in a child of its own.
func (p program) against(run string, rounds int) (w wholeRun, err error) {
	files, err := filepath.Glob(filepath.Join(run, "kineto_trace_*.json"))
	if err != nil {
		return w, err
	}
	for range rounds {
		got, rss, err := p.metrics(run, 0)
		if err != nil {
			return w, err
		}
		var reader sample
		for _, f := range files {
			one, _, err := ask[opened]("open", openOrder{f}, 1)
			if err != nil {
				return w, err
			}
			reader.CPU += one.CPU
		}
		_, wc, err := timed(nothing(func() error { return peers.Command("wc", append([]string{"-l"}, files...)...) }))
		if err != nil {
			return w, err
		}
		w.metrics.Samples = append(w.metrics.Samples, got.Samples...)
		w.reader.Samples, w.wc.Samples, w.rss = append(w.reader.Samples, reader), append(w.wc.Samples, wc), max(w.rss, rss)
	}
	return w, nil
}

// metrics times `shardeck metrics` on a run, the whole process, and gives its peak
// memory, the largest of all rounds: of several the first is dropped. Our cache is off.
func (p program) metrics(run string, rounds int) (s series, rss int64, err error) {
	s.Name = "shardeck metrics"
	for r := range rounds + 1 {
		took, most, err := p.ask("SHARDECK_NO_CACHE=1", "metrics", run)
		if err != nil {
			return s, 0, err
		}
		if r > 0 || rounds == 0 {
			s.Samples = append(s.Samples, took)
		}
		rss = max(rss, most)
	}
	return s, rss, nil
}

// ask runs a command once, the whole process, with one variable of the environment set.
func (p program) ask(env string, args ...string) (took sample, rss int64, err error) {
	cmd := exec.Command(string(p), args...)
	cmd.Env = append(os.Environ(), env)
	var said bytes.Buffer // its warnings matter only if it fails
	cmd.Stderr = &said
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return took, 0, fmt.Errorf("shardeck %s: %w\n%s", strings.Join(args, " "), err, said.String())
	}
	took = sample{Wall: time.Since(start).Seconds(), CPU: (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()}
	return took, peak(cmd.ProcessState), nil
}

// runOf is a run directory with one rank, whose trace is the file at path.
func runOf(dir, path string) (string, error) {
	run := filepath.Join(dir, strings.TrimSuffix(filepath.Base(path), ".json"))
	if err := os.MkdirAll(run, 0o755); err != nil {
		return "", err
	}
	to := filepath.Join(run, "kineto_trace_0.json")
	os.Remove(to)
	return run, os.Link(path, to)
}

// processor is the name of the machine's processor, and its cores.
func processor() string {
	name := runtime.GOARCH
	if f, err := os.Open("/proc/cpuinfo"); err == nil {
		defer f.Close()
		for s := bufio.NewScanner(f); s.Scan(); {
			if key, val, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
				name = strings.TrimSpace(val)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d cores, %s/%s", name, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
}

// version is what a command says of itself, in a line.
func version(command string) string {
	out, err := exec.Command(command, "--version").Output()
	if err != nil {
		return command
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return first
}
