package logs

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"shardeck/backend/strictyaml"
	"shardeck/model"
)

// Progress is what a job is doing, as the last telling line of its log says.
type Progress struct {
	Stage       model.Stage // empty: the log does not tell
	Done, Total int         // steps of that stage, where the log tells; Total 0: it does not
}

type sign struct {
	Holds string      `yaml:"holds"`
	Stage model.Stage `yaml:"stage"`
	Steps bool        `yaml:"steps"`
}

var signs = strictyaml.Embedded[struct {
	Signs []sign `yaml:"signs"`
}]("stages.yaml")

var (
	// steps are those of a progress bar.
	steps = regexp.MustCompile(`\|\s*(\d+)/(\d+)`)
	// iteration is a line of model.IterationLine.
	iteration = regexp.MustCompile(`^shardeck: iteration (\d+) of (\d+) (.+)$`)
)

// Stage tells what the job is doing, from the last line that says so. An engine's own
// words never lead back behind the runner's: the second engine, started for the
// execution trace, loads weights while the job is writing traces.
func Stage(lines []string) Progress {
	var engine Progress
	for i := len(lines) - 1; i >= 0; i-- {
		if p, ok := runnerStage(lines[i]); ok {
			if engine.Stage != "" && stageOrder(engine.Stage) >= stageOrder(p.Stage) {
				return engine
			}
			return p
		}
		if engine.Stage == "" {
			engine, _ = engineStage(lines[i])
		}
	}
	return engine
}

func stageOrder(s model.Stage) int { return slices.Index(model.Stages(), s) }

// runnerStage reads a line of our runner. It may have a rank's prefix before it.
func runnerStage(line string) (Progress, bool) {
	i := strings.Index(line, ownLine)
	if i < 0 {
		return Progress{}, false
	}
	line = strings.TrimSpace(line[i:])
	if m := iteration.FindStringSubmatch(line); m != nil {
		p := Progress{Stage: stageNamed(m[3])}
		p.count(m)
		return p, p.Stage != ""
	}
	s := stageNamed(strings.TrimPrefix(line, model.Stage("").Line()))
	return Progress{Stage: s}, s != ""
}

func engineStage(line string) (Progress, bool) {
	for _, s := range signs().Signs {
		if strings.Contains(line, s.Holds) {
			p := Progress{Stage: s.Stage}
			if s.Steps {
				p.count(steps.FindStringSubmatch(line))
			}
			return p, true
		}
	}
	return Progress{}, false
}

func stageNamed(word string) model.Stage {
	if s := model.Stage(strings.TrimSpace(word)); slices.Contains(model.Stages(), s) {
		return s
	}
	return ""
}

func (p *Progress) count(m []string) {
	if m == nil {
		return
	}
	done, err1 := strconv.Atoi(m[1])
	total, err2 := strconv.Atoi(m[2])
	if err1 == nil && err2 == nil && done <= total {
		p.Done, p.Total = done, total
	}
}

// Finding is why a job failed, or what slows it down.
type Finding struct {
	Title string   // "CUDA out of memory"
	Line  string   // the line that proves it; empty: the job's state does
	Index int      // of that line among those given, -1 if there is none
	Fixes []string // what to do, best first
}

// Cause tells why a job failed: by what Slurm says of it, where that is the whole story, else by the first line
// that a cause in the table knows, causes that bring others about first. It is false only for a job that did
// not fail; where the log says nothing the finding says so.
func Cause(lines []string, job model.Job) (Finding, bool) {
	if !job.State.Failed() && job.State != model.JobUnknown {
		return Finding{Index: -1}, false
	}
	grave := withoutNews(lines)
	for _, table := range [][]cause{known().Outside, known().Failures} {
		for _, c := range table {
			if f, ok := c.find(grave, job.State); ok {
				return f.withCircumstances(lines, job), true
			}
		}
	}
	return unexplained(lines, job), true
}

// withoutNews blanks what NCCL tells of its tries: a plugin that is not there is "undefined symbol" to it.
func withoutNews(lines []string) []string {
	out := slices.Clone(lines)
	for i, l := range out {
		if strings.Contains(l, "NCCL INFO") {
			out[i] = ""
		}
	}
	return out
}

// withCircumstances adds what else is known of an end from outside: who cancelled the job, or what made it slow.
func (f Finding) withCircumstances(lines []string, job model.Job) Finding {
	if who, ok := strings.CutPrefix(job.Reason, "CANCELLED by "); ok && job.State == model.JobCancelled {
		f.Title += " by " + who
	}
	if job.State == model.JobTimeout {
		for _, r := range Remarks(lines) {
			f.Fixes = append(f.Fixes, fmt.Sprintf("%s: %s", r.Title, r.Fixes[0]))
		}
	}
	return f
}

// Remarks tells what the log says is amiss though it ends no job: slow networks.
func Remarks(lines []string) (out []Finding) {
	for _, c := range known().Slowdowns {
		if f, ok := c.find(lines, ""); ok {
			out = append(out, f)
		}
	}
	return out
}

// find looks for the cause. A state that proves it needs no line, but a line that shows it is given too.
func (c cause) find(lines []string, state model.JobState) (Finding, bool) {
	f := Finding{Title: c.Title, Index: -1}
	proven := slices.Contains(c.States, state)
	if i := slices.IndexFunc(lines, c.shows); i >= 0 && (proven || len(c.States) == 0 || state == model.JobUnknown) {
		f.Line, f.Index, proven = strings.TrimSpace(lines[i]), i, true
	}
	if proven {
		f.Fixes = c.fixesFor(append([]string{f.Line}, lines...))
	}
	return f, proven
}

func (c cause) shows(line string) bool {
	return slices.ContainsFunc(c.Holds, func(words string) bool { return strings.Contains(line, words) })
}

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

// named is what the cause's pattern finds, in the first line that has it.
func (c cause) named(lines []string) string {
	for _, l := range lines {
		for _, m := range known().patterns[c.Name].FindAllStringSubmatch(l, -1) {
			if !strings.HasPrefix(m[1], "docs/") { // a page of the hub, no model
				return m[1]
			}
		}
	}
	return ""
}

// fixesFor puts the name found in the proving line, or else in another, into the fixes.
func (c cause) fixesFor(lines []string) []string {
	value := ""
	if c.Name != "" {
		value = c.named(lines)
	}
	fill := func(name string) string { return cmp.Or(value, strings.ToUpper(strings.Trim(name, "{}"))) }
	return model.Each(c.Fixes, func(fix string) string { return placeholder.ReplaceAllStringFunc(fix, fill) })
}

// byExit is what the runner's exit code tells; its own last words, if it said some, are the line.
func byExit(lines []string, job model.Job) (Finding, bool) {
	code, _, _ := strings.Cut(job.ExitCode, ":")
	n, err := strconv.Atoi(code)
	i := slices.IndexFunc(known().Exits, func(c cause) bool { return c.Exit == n })
	if err != nil || i < 0 || !slices.ContainsFunc(lines, isOwn) {
		return Finding{}, false
	}
	c := known().Exits[i]
	last := len(lines) - 1
	for i, l := range lines {
		if isOwn(l) && !strings.Contains(l, ownLine+"stage ") && !strings.Contains(l, ownLine+"iteration ") {
			last = i
		}
	}
	return Finding{Title: "the runner ended: " + c.Title, Line: strings.TrimSpace(lines[last]), Index: last, Fixes: c.Fixes}, true
}

func isOwn(line string) bool { return strings.Contains(line, ownLine) }

// ownLine is what the lines of our runners begin with.
const ownLine = "shardeck: "

// exception is the last line of a Python traceback: ValueError: …
var exception = regexp.MustCompile(`(?:^|[\s\]|)])([A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit))(?:: |$)`)

// unexplained is for a failure that the tables do not know: the last exception in the log, else the exit code.
func unexplained(lines []string, job model.Job) Finding {
	if f, ok := byExit(lines, job); ok {
		return f
	}
	for i := len(lines) - 1; i >= 0; i-- {
		if m := exception.FindStringSubmatch(lines[i]); m != nil && !strings.Contains(lines[i], "See root cause above") {
			return Finding{Title: "the program ended with " + m[1], Line: strings.TrimSpace(lines[i]), Index: i,
				Fixes: []string{"read the lines above it in the log"}}
		}
	}
	f := Finding{Index: -1, Fixes: []string{"read the log from its end"}}
	switch {
	case len(lines) == 0 && job.ExitCode == "0:53":
		f.Title = "Slurm could not enter the working directory or open the log"
		f.Fixes = []string{"mkdir -p the log's directory before submitting, and see that the disk has room"}
	case len(lines) == 0:
		f.Title = fmt.Sprintf("there is no log, and the job ended %s", ending(job))
		f.Fixes = []string{"see the job's reason, and that the log's directory exists"}
	default:
		f.Title = fmt.Sprintf("nothing in the log says why; the job ended %s", ending(job))
		f.Line, f.Index = lines[len(lines)-1], len(lines)-1
	}
	return f
}

func ending(job model.Job) string {
	text := string(job.State)
	if job.ExitCode != "" {
		text += " with exit code " + job.ExitCode
	}
	if job.Reason != "" {
		text += " (" + job.Reason + ")"
	}
	return text
}

// cause is a way to fail: signs of it, and the way out. In fixes, {model} stands for what
// the pattern of that name finds, or for the word MODEL.
type cause struct {
	Title  string           `yaml:"title"`
	States []model.JobState `yaml:"states"` // the job's state alone proves it
	Holds  []string         `yaml:"holds"`  // any of these in a line proves it
	Exit   int              `yaml:"exit"`   // code of the runner
	Name   string           `yaml:"name"`   // what its fixes have in braces, by a pattern of causes.Names
	Fixes  []string         `yaml:"fixes"`
}

type causes struct {
	Names     map[string]string `yaml:"names"`
	Outside   []cause           `yaml:"outside"`
	Failures  []cause           `yaml:"failures"`
	Exits     []cause           `yaml:"exits"`
	Slowdowns []cause           `yaml:"slowdowns"`

	patterns map[string]*regexp.Regexp // of Names
}

var known = strictyaml.Embedded("failures.yaml", func(all *causes) {
	all.patterns = map[string]*regexp.Regexp{}
	for name, text := range all.Names {
		all.patterns[name] = regexp.MustCompile(text)
	}
})
