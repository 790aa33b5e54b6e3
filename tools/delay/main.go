// Command delay edits a recording, for tests of what finds a delay: it makes every kernel of some name longer, and moves what comes after.
//
//	go run ./tools/delay -kernel 'act_and_mul' -by 20us -tpot 0.64ms -ttft 0.64ms RUN…/kineto_trace_0.json.gz
//
// -tpot and -ttft are what the timings beside the trace are longer by; iterations follow from them. Files are rewritten in place.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	kernel := flag.String("kernel", "", "a regular expression: which kernels")
	by := flag.Duration("by", 20*time.Microsecond, "how much longer each is")
	tpot := flag.Duration("tpot", 0, "how much longer a decode step is by that")
	ttft := flag.Duration("ttft", 0, "how much longer the first token takes")
	tokens := flag.Int("tokens", 1, "of output, of a request")
	flag.Parse()
	name, err := regexp.Compile(*kernel)
	for _, file := range flag.Args() {
		n := 0
		if err == nil {
			n, err = delayFile(file, name, *by)
		}
		if err == nil {
			fmt.Printf("%s: %d kernels\n", file, n)
			stats := filepath.Join(filepath.Dir(file), "timing_stats_"+rankOf(file)+".json")
			err = longer(stats, ttft.Seconds(), tpot.Seconds(), (*ttft + time.Duration(*tokens-1)**tpot).Seconds())
		}
	}
	if err != nil || *kernel == "" || flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "delay:", err)
		os.Exit(1)
	}
}

// rankOf is the number in the name of a trace.
func rankOf(file string) string { return regexp.MustCompile(`\d+`).FindString(filepath.Base(file)) }

// delayFile edits one trace, and says how many kernels were met.
func delayFile(file string, name *regexp.Regexp, by time.Duration) (int, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	packed := strings.HasSuffix(file, ".gz")
	if packed {
		r, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return 0, err
		}
		if data, err = io.ReadAll(r); err != nil {
			return 0, err
		}
	}
	var trace map[string]json.RawMessage
	var events []map[string]json.RawMessage
	if err := json.Unmarshal(data, &trace); err != nil {
		return 0, err
	}
	if err := json.Unmarshal(trace["traceEvents"], &events); err != nil {
		return 0, err
	}
	n := delay(events, name, by.Nanoseconds())
	trace["traceEvents"], _ = json.Marshal(events)
	if data, err = json.Marshal(trace); err != nil {
		return n, err
	}
	if packed {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		w.Write(data)
		w.Close()
		data = out.Bytes()
	}
	return n, os.WriteFile(file, data, 0o644)
}

// delay moves events: time goes on by so many nanoseconds at the end of every kernel of that name.
func delay(events []map[string]json.RawMessage, name *regexp.Regexp, by int64) int {
	var ends []int64
	for _, e := range events {
		if text(e["cat"]) == "kernel" && name.MatchString(text(e["name"])) {
			ends = append(ends, nanos(e["ts"])+nanos(e["dur"]))
		}
	}
	slices.Sort(ends)
	moved := func(t int64) int64 { n, _ := slices.BinarySearch(ends, t+1); return t + int64(n)*by }
	for _, e := range events {
		if e["ts"] == nil || text(e["ph"]) == "M" {
			continue
		}
		start := nanos(e["ts"])
		if e["dur"] != nil {
			e["dur"] = micros(moved(start+nanos(e["dur"])) - moved(start))
		}
		e["ts"] = micros(moved(start))
	}
	return len(ends)
}

func text(raw json.RawMessage) (s string) { json.Unmarshal(raw, &s); return s }

// nanos reads a time in microseconds without losing digits.
func nanos(raw json.RawMessage) int64 {
	whole, part, _ := strings.Cut(strings.Trim(string(raw), `"`), ".")
	us, _ := strconv.ParseInt(whole, 10, 64)
	ns, _ := strconv.ParseInt((part + "000")[:3], 10, 64)
	return us*1000 + ns
}

func micros(ns int64) json.RawMessage { return fmt.Appendf(nil, "%d.%03d", ns/1000, ns%1000) }

// longer adds seconds to the timings of a rank.
func longer(file string, ttft, tpot, iteration float64) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var stats map[string]any
	if err := json.Unmarshal(data, &stats); err != nil {
		return err
	}
	for key, v := range stats {
		more := 0.0
		switch {
		case strings.Contains(key, "ttft"):
			more = ttft
		case strings.Contains(key, "tpot"):
			more = tpot
		case strings.Contains(key, "iteration_time"):
			more = iteration
		}
		stats[key] = plus(v, more)
	}
	if data, err = json.MarshalIndent(stats, "", "  "); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}

// plus adds to every number of a value.
func plus(v any, more float64) any {
	switch v := v.(type) {
	case float64:
		return v + more
	case []any:
		for i := range v {
			v[i] = plus(v[i], more)
		}
	}
	return v
}
