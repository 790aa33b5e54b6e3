package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"syscall"
	"time"

	"shardeck/tools/bench/peers"
)

// contestant is one way to do a piece of work.
type contestant struct {
	name string
	run  func() (peers.Work, error)
	free bool // does less than the work: its result is not compared
}

// sample is what one run took, in seconds.
type sample struct {
	Wall float64
	CPU  float64 // user and system time, of commands started too
}

// series are the samples of one contestant, one a round.
type series struct {
	Name    string
	Samples []sample
}

// compare runs every contestant in turn, round after round, and drops the first
// round. All that do the work must agree with the first of them, within slack ns a kernel
// where times are united.
func compare(list []contestant, rounds int, slack float64) ([]series, error) {
	out := make([]series, len(list))
	var want *peers.Work
	for r := range rounds + 1 {
		for i, c := range list {
			runtime.GC() // nobody pays for the garbage of the one before
			got, s, err := timed(c.run)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			if !c.free && want == nil {
				want = &got
			}
			if !c.free && got.Differs(*want, slack) != "" {
				return nil, fmt.Errorf("%s does not agree: %s", c.name, got.Differs(*want, slack))
			}
			out[i].Name = c.name
			if r > 0 {
				out[i].Samples = append(out[i].Samples, s)
			}
		}
		fmt.Fprint(os.Stderr, ".")
	}
	return out, nil
}

// timed runs f and says what it took.
func timed(f func() (peers.Work, error)) (peers.Work, sample, error) {
	cpu, start := cpuTime(), time.Now()
	w, err := f()
	return w, sample{Wall: time.Since(start).Seconds(), CPU: cpuTime() - cpu}, err
}

// cpuTime is the time that this process and its ended children spent on a core, s.
func cpuTime() float64 {
	sum := 0.0
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if syscall.Getrusage(who, &u) == nil {
			sum += seconds(u.Utime) + seconds(u.Stime)
		}
	}
	return sum
}

func seconds(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }

// clock picks the time of a sample that counts.
type clock func(sample) float64

func wall(s sample) float64 { return s.Wall }
func cpu(s sample) float64  { return s.CPU }

// spread is a median and what is around it.
type spread struct{ Median, Min, Max float64 }

func spreadOf(v []float64) spread {
	v = slices.Sorted(slices.Values(v))
	n := len(v)
	if n == 0 {
		return spread{}
	}
	return spread{(v[(n-1)/2] + v[n/2]) / 2, v[0], v[n-1]}
}

// times are the times of a series by one clock, s.
func (s series) times(c clock) spread {
	var v []float64
	for _, x := range s.Samples {
		v = append(v, c(x))
	}
	return spreadOf(v)
}

// ratio is how a series' time relates to another's, round by round.
func ratio(of, to series, c clock) spread {
	var v []float64
	for i := range min(len(of.Samples), len(to.Samples)) {
		v = append(v, c(of.Samples[i])/c(to.Samples[i]))
	}
	return spreadOf(v)
}
