package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"shardeck/tools/bench/tiling"
)

// options are what the command line asks for.
type options struct {
	out      string
	rounds   int
	mid, big int64
	run      string // a run directory for `shardeck metrics`; "" for none
	mixes    []mix
	words    []string // the arguments, for people to repeat

	ranks      []int // runs of so many are made of recordings, each rank of so many bytes
	recordings []string
	size       int64
}

func main() {
	if len(os.Args) == 4 && os.Args[1] == "part" {
		exit(runPart(os.Args[2], os.Args[3]))
	}
	o, err := parse(os.Args[1:])
	if err == nil {
		err = run(o)
	}
	exit(err)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func parse(args []string) (o options, err error) {
	fs := flag.NewFlagSet("bench", flag.ExitOnError)
	fs.StringVar(&o.out, "o", "", "file for the tables; empty: print them")
	fs.IntVar(&o.rounds, "rounds", 5, "rounds that count; one more is dropped")
	fs.StringVar(&o.run, "run", "", "a run directory to time `shardeck metrics` on")
	alone := fs.Bool("alone", false, "measure no documents: the run, or the ranks, alone")
	ranks := fs.String("ranks", "", "make runs of so many ranks, as 8,16,32,64, of the recordings that follow, and measure those alone")
	size := fs.String("size", "298MB", "size of a rank of theirs")
	mid := fs.String("mid", "139MB", "size for peers that hold the document")
	big := fs.String("big", "1GB", "size for those that read a file")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if o.mid, err = tiling.ParseSize(*mid); err != nil {
		return o, err
	}
	if o.big, err = tiling.ParseSize(*big); err != nil {
		return o, err
	}
	if o.size, err = tiling.ParseSize(*size); err != nil {
		return o, err
	}
	o.words = words(args)
	if o.ranks, err = parseRanks(*ranks); err != nil || *alone || len(o.ranks) > 0 {
		o.recordings = fs.Args()
		return o, err
	}
	for _, built := range []func() (mix, error){eager, vllm} {
		m, err := built()
		if err != nil {
			return o, err
		}
		o.mixes = append(o.mixes, m)
	}
	for _, arg := range fs.Args() {
		m, err := parseMix(arg)
		if err != nil {
			return o, err
		}
		o.mixes = append(o.mixes, m)
	}
	return o, nil
}

// words are the arguments with the folders of this machine left out.
func words(args []string) (out []string) {
	for _, a := range args {
		name, path, ok := strings.Cut(a, "=")
		switch {
		case ok:
			a = name + "=" + filepath.Base(path)
		case filepath.IsAbs(a):
			a = filepath.Base(a)
		}
		out = append(out, a)
	}
	return out
}

// run measures every mix and writes the tables.
func run(o options) error {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	p, err := buildProgram(dir)
	if err != nil {
		return fmt.Errorf("building shardeck: %w", err)
	}
	r := report{options: o, date: time.Now(), load: [2]string{load()}}
	for _, m := range o.mixes {
		got, err := measure(o, m, dir, p)
		if err != nil {
			return err
		}
		r.inputs = append(r.inputs, got)
	}
	if o.run != "" {
		if r.run, err = p.against(o.run, o.rounds); err != nil {
			return err
		}
	}
	if r.many, err = p.grow(o, dir); err != nil {
		return err
	}
	r.load[1] = load()
	return r.write(o.out)
}

// measure is everything on one mix, whose documents are removed in the end.
func measure(o options, x mix, dir string, p program) (m measured, err error) {
	step := func(what string) { fmt.Fprintf(os.Stderr, "\n%s: %s ", x.name, what) }
	step("tiling")
	if m.Input, _, err = ask[input]("make", makeOrder{x.name, x.paths, dir, o.mid, o.big}, 2); err != nil {
		return m, err
	}
	defer m.Input.remove()
	order := raceOrder{m.Input, o.rounds}
	cores := runtime.NumCPU()
	step("one core")
	if m.One, _, err = ask[race]("one", order, 1, pinned(cores)...); err != nil {
		return m, err
	}
	step("two cores")
	if m.Two, _, err = ask[race]("two", order, 2); err != nil {
		return m, err
	}
	step("memory")
	if err = m.costs(); err != nil {
		return m, err
	}
	step("stopping")
	if err = m.stopping(); err != nil {
		return m, err
	}
	step("shardeck metrics")
	runDir, err := runOf(dir, m.Input.Big)
	if err != nil {
		return m, err
	}
	defer os.RemoveAll(runDir)
	if m.Metrics, m.RSS, err = p.metrics(runDir, o.rounds); err != nil {
		return m, err
	}
	step("two ranks")
	return m, m.measurePair(o, x, dir, p)
}

// costs measures memory, a fresh process for each figure.
func (m *measured) costs() error {
	for _, c := range []struct {
		to   *opened
		path string
	}{{&m.Open, m.Input.Big}, {&m.Gz, m.Input.Gz}} {
		got, rss, err := ask[opened]("open", openOrder{c.path}, 1)
		if err != nil {
			return err
		}
		got.RSS = rss
		*c.to = got
	}
	return nil
}

// stopping measures how long a cancelled read goes on.
func (m *measured) stopping() error {
	m.Stop = map[string]stops{}
	for how, path := range map[string]string{"plain": m.Input.Big, "gz": m.Input.Gz} {
		got, _, err := ask[stops]("stop", stopOrder{path, 10}, 2)
		if err != nil {
			return err
		}
		m.Stop[how] = got
	}
	return nil
}

// load is the machine's load average over one minute, "" where there is none.
func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(b), " ")
	return first
}
