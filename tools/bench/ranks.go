package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// manyRanks is a run of so many ranks: the first question, and those after it.
type manyRanks struct {
	Ranks   int
	Made    pair
	Metrics series // our cache off
	RSS     int64
	First   sample // with an empty cache, which it fills
	Kept    int64  // bytes in the cache then
	Second  []sample
}

// further are the questions asked of a run that was read.
var further = [][]string{{"metrics"}, {"trace"}, {"trace", "--late", "5"}, {"trace", "--ops"}, {"trace", "--json"}}

// grow measures runs of each number of ranks, one after the other: each is made of the recordings, and deleted.
func (p program) grow(o options, dir string) (all []manyRanks, err error) {
	for _, n := range o.ranks {
		m, err := p.many(n, o, filepath.Join(dir, "ranks"))
		if err != nil {
			return all, err
		}
		all = append(all, m)
	}
	return all, nil
}

func (p program) many(n int, o options, dir string) (m manyRanks, err error) {
	defer os.RemoveAll(dir)
	m.Ranks = n
	run, home := filepath.Join(dir, fmt.Sprintf("run-of-%d", n)), filepath.Join(dir, "cache")
	// in a child: the memory of who starts a program counts as its own
	if m.Made, _, err = ask[pair]("pair", pairOrder{o.recordings, run, o.size, n}, 2); err != nil {
		return m, err
	}
	if m.Metrics, m.RSS, err = p.metrics(run, o.rounds); err != nil {
		return m, err
	}
	cache := "XDG_CACHE_HOME=" + home
	if m.First, _, err = p.ask(cache, "metrics", run); err != nil {
		return m, err
	}
	for _, words := range further {
		args := append(append([]string{}, words...), run)
		var best sample
		for r := range o.rounds {
			took, _, err := p.ask(cache, args...)
			if err != nil {
				return m, err
			}
			if r == 0 || took.Wall < best.Wall {
				best = took
			}
		}
		m.Second = append(m.Second, best)
	}
	err = filepath.WalkDir(home, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			info, _ := d.Info()
			m.Kept += info.Size()
		}
		return err
	})
	return m, err
}

// ranksTable is what runs of many ranks take.
func (r *report) ranksTable() {
	if len(r.many) == 0 {
		return
	}
	r.say("## Many ranks\n")
	r.say("Runs made of the recordings, tiled and written as ranks of one world that meet in every collective. First `shardeck metrics`")
	r.say("without our cache, several times: the least by the clock and by the processor; once with an empty cache, which it fills; then other")
	r.say("questions, the whole process by the clock, the best of several. Asked for 64 ranks of 300 MB on two cores: 12 s and 1,500 MB, 1 s for a second question.\n")
	words := make([]string, len(further))
	for i, s := range further {
		words[i] = "`" + strings.Join(s, " ") + "`"
	}
	r.say("| ranks | MB | kernels | clock s | processor s | peak MB | filling the cache, processor s | kept MB | then %s |", strings.Join(words, " | then "))
	r.say("|%s", strings.Repeat("---|", 8+len(further)))
	for _, m := range r.many {
		row := fmt.Sprintf("| %d | %s | %s | %.2f | %.2f | %.0f | %.2f | %.1f |", m.Ranks, grouped(int(mb(m.Made.Bytes))), grouped(m.Made.Kernels),
			m.Metrics.times(wall).Min, m.Metrics.times(cpu).Min, mb(m.RSS), m.First.CPU, mb(m.Kept))
		for _, s := range m.Second {
			row += fmt.Sprintf(" %.2f |", s.Wall)
		}
		r.say("%s", row)
	}
}

// parseRanks reads 8,16,32.
func parseRanks(text string) (out []int, err error) {
	for _, word := range strings.FieldsFunc(text, func(c rune) bool { return c == ',' }) {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("-ranks %q: numbers of ranks, as 8,16,32", text)
		}
		out = append(out, n)
	}
	return out, nil
}
