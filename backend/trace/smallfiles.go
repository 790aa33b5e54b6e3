package trace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"shardeck/backend/trace/jsonscan"
	"shardeck/model"
	"shardeck/model/present/unit"
)

// Timing is one rank's timing_stats_<rank>.json. Times are seconds, as recorded.
type Timing struct {
	File       string
	Untraced   Times // without a profiler: what metrics are made of, where it is there
	Traced     Times // with the profiler running
	PeakMemory int64 // bytes on the GPU; 0: not recorded
	Energy     Energy
	Damage     []Damage
}

// Energy is what the GPU of a rank used over the untraced iterations, from before the first to after the last, by its own counter.
type Energy struct {
	Joules, Seconds float64   // 0: not recorded
	Start           float64   // s since 1970
	Iterations      []float64 // J of each, coarser
	Clocks          []float64 // MHz of the multiprocessors right after each
	Reason          string    // why there is none; empty: the file does not say
}

// Times is what was measured over a number of iterations. A list that the file does
// not have is nil. Numbers that are none (NaN, Infinity) are left out, with Damage.
type Times struct {
	Iterations                           []float64   // s, one an iteration
	TTFT, TPOT                           [][]float64 // s, by iteration, one a request; one alone where the file says no more
	InputTokens, OutputTokens            []float64   // of all requests of an iteration, one number an iteration
	TTFTMean, TPOTMean, TTFTP99, TPOTP99 *float64    // the file's own statistics, for files without lists; nil: not given
}

// maxTiming is more than any timing file holds; what lies beyond is not read.
const maxTiming = 64 << 20

// OpenTiming reads a timing file, .json or .json.gz. Missing keys are missing values, damage is listed; a file
// that holds no key of a timing file is an error.
func OpenTiming(path string) (*Timing, error) {
	text, cause, err := readUpTo(path, maxTiming)
	if err != nil {
		return nil, err
	}
	t, err := parseTiming(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	t.File = path
	if cause != nil {
		t.Damage = append(t.Damage, Damage{Offset: int64(len(text)), Text: ReadFault(cause), Lost: "what came after"})
	}
	return t, nil
}

// readUpTo reads a file whole, up to a number of bytes. cause is why it ended too early, nil if it did not.
func readUpTo(path string, most int64) (text []byte, cause, err error) {
	src, err := OpenSource(context.Background(), path, nil)
	if err != nil {
		return nil, nil, err
	}
	defer src.Close()
	text, cause = io.ReadAll(io.LimitReader(src, most))
	return text, cause, nil
}

// timingFields are the keys of a timing file and where they go. A value has a list for each iteration, of one a request or of one.
var timingFields = map[string]func(t *Timing, v [][]float64){
	"unprofiled_iteration_times": func(t *Timing, v [][]float64) { t.Untraced.Iterations = slices.Concat(v...) },
	"unprofiled_ttft":            func(t *Timing, v [][]float64) { t.Untraced.TTFT = v },
	"unprofiled_tpot":            func(t *Timing, v [][]float64) { t.Untraced.TPOT = v },
	"unprofiled_input_tokens":    func(t *Timing, v [][]float64) { t.Untraced.InputTokens = model.Each(v, sum) },
	"unprofiled_output_tokens":   func(t *Timing, v [][]float64) { t.Untraced.OutputTokens = model.Each(v, sum) },
	"iteration_times":            func(t *Timing, v [][]float64) { t.Traced.Iterations = slices.Concat(v...) },
	"ttft":                       func(t *Timing, v [][]float64) { t.Traced.TTFT = v },
	"tpot":                       func(t *Timing, v [][]float64) { t.Traced.TPOT = v },
	"input_tokens":               func(t *Timing, v [][]float64) { t.Traced.InputTokens = model.Each(v, sum) },
	"output_tokens":              func(t *Timing, v [][]float64) { t.Traced.OutputTokens = model.Each(v, sum) },
	"ttft_avg":                   func(t *Timing, v [][]float64) { t.Traced.TTFTMean = first(v) },
	"tpot_avg":                   func(t *Timing, v [][]float64) { t.Traced.TPOTMean = first(v) },
	"ttft_p99":                   func(t *Timing, v [][]float64) { t.Traced.TTFTP99 = first(v) },
	"tpot_p99":                   func(t *Timing, v [][]float64) { t.Traced.TPOTP99 = first(v) },
	"energy_joules":              func(t *Timing, v [][]float64) { t.Energy.Joules = sum(slices.Concat(v...)) },
	"energy_seconds":             func(t *Timing, v [][]float64) { t.Energy.Seconds = sum(slices.Concat(v...)) },
	"energy_start":               func(t *Timing, v [][]float64) { t.Energy.Start = sum(slices.Concat(v...)) },
	"energy_iterations":          func(t *Timing, v [][]float64) { t.Energy.Iterations = slices.Concat(v...) },
	"sm_clock_mhz":               func(t *Timing, v [][]float64) { t.Energy.Clocks = slices.Concat(v...) },
	"peak_memory_bytes":          func(t *Timing, v [][]float64) { t.PeakMemory = int64(sum(slices.Concat(v[:min(1, len(v))]...))) },
}

func first(v [][]float64) *float64 {
	if len(v) == 0 {
		return nil
	}
	return &v[0][0] // numbers leaves no empty list
}

func sum(v []float64) float64 {
	total := 0.0
	for _, x := range v {
		total += x
	}
	return total
}

// timingText reads the text of a timing file.
type timingText struct {
	b     []byte
	t     *Timing
	known int // keys of a timing file seen
	odd   int // values of the present key that are no measurement; the first is at oddAt
	oddAt jsonscan.Span
}

func parseTiming(b []byte) (*Timing, error) {
	p := &timingText{b: b, t: &Timing{}}
	i := jsonscan.SkipSpace(b, 0)
	if i == len(b) || b[i] != '{' {
		return nil, fmt.Errorf("not JSON with the times of a run (timing_stats_<rank>.json); run the experiment again, or name another file")
	}
	end, st := jsonscan.EachKey(b, i, p.key)
	if p.known == 0 {
		return nil, fmt.Errorf("holds no times of a run; expected iteration_times, as in timing_stats_<rank>.json")
	}
	p.end(end, st)
	return p.t, nil
}

// end says what is wrong with a document that was read to b[at].
func (p *timingText) end(at int, st jsonscan.Status) {
	switch {
	case st == jsonscan.Short:
		p.damage(len(p.b), "ended before the document was closed", "what came after")
	case st == jsonscan.Broken:
		p.damage(at, "not JSON from here", "what came after")
	case jsonscan.SkipSpace(p.b, at) < len(p.b):
		p.damage(at, "text after the end of the document", "that text")
	}
}

func (p *timingText) damage(at int, text, lost string) {
	p.t.Damage = append(p.t.Damage, Damage{Offset: int64(at), Text: text, Lost: lost})
}

// key takes the value b[from:to] of one key.
func (p *timingText) key(name []byte, from, to int) {
	if string(name) == "energy_reason" {
		_ = json.Unmarshal(p.b[from:to], &p.t.Energy.Reason) // what is no text says nothing
		p.t.Energy.Reason = model.Printable(p.t.Energy.Reason)
	}
	set := timingFields[string(name)]
	if set == nil {
		return
	}
	p.known++
	p.odd = 0
	set(p.t, p.numbers(from, to))
	p.sayOdd(string(name))
}

// sayOdd tells of the values of a key that are no measurements.
func (p *timingText) sayOdd(name string) {
	if p.odd == 0 {
		return
	}
	first := jsonscan.FirstWords(p.oddAt.Of(p.b))
	text := fmt.Sprintf("%s holds %s, which is no measurement", name, first)
	if p.odd > 1 {
		text = fmt.Sprintf("%s holds %s values that are no measurements, the first %s", name, unit.Int(p.odd), first)
	}
	p.damage(int(p.oddAt.From), text, "those values of "+name)
}

// numbers reads a number, a list or a list of lists: a slice for each element. null is no number; what else is none is damage.
func (p *timingText) numbers(from, to int) (out [][]float64) {
	p.each(from, to, func(from, to int) {
		var row []float64
		p.each(from, to, func(from, to int) { row = p.number(from, to, row) })
		if len(row) > 0 {
			out = append(out, row)
		}
	})
	return out
}

// each calls do for the elements of a list, or for a value that is none.
func (p *timingText) each(from, to int, do func(from, to int)) {
	if p.b[from] != '[' {
		do(from, to)
	} else if !jsonscan.EachElement(p.b[:to], from, do) {
		p.isOdd(from, to)
	}
}

// measured says that sums and quotients of a measurement, in seconds, tokens or bytes, do not leave the range of a float.
func measured(v float64) bool { return v == 0 || v >= 1e-9 && v <= 1e15 }

// number appends the number b[from:to] to out.
func (p *timingText) number(from, to int, out []float64) []float64 {
	text := p.b[from:to]
	if v, ok := jsonscan.Float(text); ok && measured(v) {
		return append(out, v)
	} else if string(text) != "null" {
		p.isOdd(from, to)
	}
	return out
}

// isOdd counts a value that is no measurement.
func (p *timingText) isOdd(from, to int) {
	if p.odd == 0 {
		p.oddAt = jsonscan.SpanOf(from, to)
	}
	p.odd++
}

// OpenRunJSON reads run.json, which a runner writes beside its traces. Unknown keys are ignored and missing ones stay zero. A
// value of the wrong type is left out and said in Notes; text that is no JSON is an error with its place.
func OpenRunJSON(path string) (*model.RunInfo, error) {
	text, cause, err := readUpTo(path, maxTiming)
	if err != nil {
		return nil, err
	}
	info := &model.RunInfo{}
	err = json.Unmarshal(text, info)
	var kind *json.UnmarshalTypeError
	switch {
	case cause != nil:
		return nil, fmt.Errorf("%s: %s; the run can be read without it", filepath.Base(path), ReadFault(cause))
	case errors.As(err, &kind):
		info.Notes = append(info.Notes, fmt.Sprintf(
			"%s: %s is %s where %v is expected: left out", filepath.Base(path), kind.Field, kind.Value, kind.Type))
	case err != nil:
		return nil, fmt.Errorf("%s is not sound JSON (%w); the run can be read without it", filepath.Base(path), err)
	}
	printableInfo(info)
	return info, nil
}

// printableInfo cleans every text of info for the screen.
func printableInfo(info *model.RunInfo) {
	for _, s := range []*string{&info.Runner, &info.ReplayOf, &info.Origin, &info.Experiment, &info.JobID, &info.Cause, &info.GPU} {
		*s = model.Printable(*s)
	}
	for _, list := range [][]string{info.Missing, info.Notes, info.Hosts} {
		for i := range list {
			list[i] = model.Printable(list[i])
		}
	}
	for k, v := range info.Versions {
		info.Versions[k] = model.Printable(v)
	}
}
