package logs

import (
	"cmp"
	"fmt"
	"math"
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

var signs = strictyaml.Embedded[struct {
	Signs []struct {
		Holds string      `yaml:"holds"`
		Stage model.Stage `yaml:"stage"`
		Steps bool        `yaml:"steps"`
	} `yaml:"signs"`
	Rates []struct { // tokens a second
		Shows string `yaml:"shows"`
		Of    string `yaml:"of"`
	} `yaml:"rates"`
	Quiet map[string]struct { // how long a stage may tell nothing
		Minutes int  `yaml:"minutes"`
		Slow    bool `yaml:"slow"` // the engine says that it waits though all is well
	} `yaml:"quiet"`
}]("stages.yaml")

var (
	// steps are those of a progress bar.
	steps = regexp.MustCompile(`\|\s*(\d+)/(\d+)`)
	// iteration is a line of model.IterationLine.
	iteration = regexp.MustCompile(`^shardeck: iteration (\d+) of (\d+) ([a-z -]+)`)
	// ownTime is when a runner wrote a line, and when Slurm ended the job.
	ownTime = regexp.MustCompile(`^shardeck: (?:stage|iteration) .*, (\d\d-\d\d [\d:]{8})$|CANCELLED AT (\d{4}-\d\d-\d\dT[\d:]{8})`)
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
	name, _, _ := strings.Cut(strings.TrimPrefix(line, model.Stage("").Line()), ",")
	s := stageNamed(name)
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
	done, _ := strconv.Atoi(m[1])
	if total, err := strconv.Atoi(m[2]); err == nil && done <= total {
		p.Done, p.Total = done, total
	}
}

// Finding is why a job failed, or what slows it down.
type Finding struct {
	Kind  string   // of failure, as templates/failures.yaml names it; empty: not known
	Title string   // "CUDA out of memory"
	Line  string   // the line that proves it; empty: the job's state does
	Index int      // of that line among those given, -1 if there is none
	Fixes []string // what to do, best first
	Edits []string // those of them that are changes of the config: key, and its value or up, down, half, double, +12m, ifname
}

// Cause tells why a job failed. Evidence has an order: the engine's first exception on the first rank that fell, the runner's
// own sentence, srun's, the container's, the kernel's, then the job's state and exit code. It is false only for a job that
// did not fail; a failure that the table does not know is said to be that, with the exception, its rank and no advice.
func Cause(lines []string, job model.Job) (Finding, bool) {
	if !job.State.Failed() && job.State != model.JobUnknown {
		return Finding{Index: -1}, false
	}
	log := listen(lines)
	found := gather(log)
	e, ok := first(found)
	code := exitOf(job) // a runner's tells more than an echo without advice
	mute := ok && e.says != nil && e.says.Echo && len(e.says.Fixes) == 0 && code != nil && len(code.Fixes) > 0
	told := func() Finding { return e.finding(lines, log, found, job) }
	by, at := outside(log, job.State)
	switch {
	case by == nil && ok && !mute:
		return told(), true
	case by == nil:
		return unexplained(lines, log, job), true
	case by.Limit && e.fatal():
		f := told()
		f.Title += "; it then stood to its time limit"
		return f, true
	case by.Limit:
		f := atLimit(by.finding(lines, at, job), lines, log, job)
		for _, r := range Remarks(lines) {
			f.Fixes = append(f.Fixes, fmt.Sprintf("%s: %s", r.Title, r.Fixes[0]))
		}
		return f, true
	}
	f := by.finding(lines, at, job)
	if who, ok := strings.CutPrefix(job.Reason, "CANCELLED by "); ok && job.State == model.JobCancelled {
		f.Title += " by " + who
	}
	if job.State == model.JobCancelled && e.fatal() {
		f.Title += ", after " + told().Title
	}
	return f, true
}

// outside is the end that came from outside the program, and the line that shows it, -1 if only the state does.
func outside(log []heard, state model.JobState) (*cause, int) {
	for i := range known().Outside {
		c := &known().Outside[i]
		proven := slices.Contains(c.States, state)
		at := slices.IndexFunc(log, func(h heard) bool { return slices.ContainsFunc(c.Holds, h.shows) })
		if proven || at >= 0 && (len(c.States) == 0 || state == model.JobUnknown) {
			return c, at
		}
	}
	return nil, -1
}

// Remarks tells what the log says is amiss though it ends no job: slow networks.
func Remarks(lines []string) (out []Finding) {
	for i := range known().Slowdowns {
		c := &known().Slowdowns[i]
		shows := func(l string) bool { return slices.ContainsFunc(c.Holds, heard{flat: squeeze(l)}.shows) }
		if at := slices.IndexFunc(lines, shows); at >= 0 {
			out = append(out, c.finding(lines, at, model.Job{}))
		}
	}
	return out
}

// finding is the cause with its proof, and its fixes with what the log names.
func (c *cause) finding(lines []string, i int, job model.Job) Finding {
	f := Finding{Kind: c.Kind, Title: c.Title, Index: i}
	if i >= 0 {
		f.Line = strings.TrimSpace(lines[i])
	}
	value := ""
	if c.Name != "" {
		value = named(c.Name, slices.Concat([]string{f.Line}, lines[max(i, 0):], lines[max(i-around, 0):], []string{job.NodeList}))
	}
	fill := func(text string) string {
		return placeholder.ReplaceAllStringFunc(text, func(name string) string {
			return cmp.Or(value, strings.ToUpper(strings.Trim(name, "{}")))
		})
	}
	f.Title, f.Fixes = fill(f.Title), model.Each(c.Fixes, fill)
	for _, edit := range c.Edits {
		if value != "" || !placeholder.MatchString(edit) {
			f.Edits = append(f.Edits, fill(edit))
		}
	}
	return f
}

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

// named is what a pattern of the table finds in the first line that has it; of two numbers their quotient, rounded down.
func named(name string, lines []string) string {
	for _, l := range lines {
		for _, m := range known().patterns[name].FindAllStringSubmatch(l, -1) {
			switch {
			case len(m) > 2:
				part, _ := strconv.ParseFloat(m[1], 64)
				whole, _ := strconv.ParseFloat(m[2], 64)
				return fmt.Sprintf("%.2f", math.Floor(100*part/max(whole, 1))/100)
			case !strings.HasPrefix(m[1], "docs/"): // a page of the hub, no model
				return m[1]
			}
		}
	}
	return ""
}

// finding tells a known kind, or of an unknown exception what it is, of which rank, and no advice.
func (e evidence) finding(lines []string, log []heard, found []evidence, job model.Job) Finding {
	if e.says != nil {
		return e.says.finding(lines, e.line, job)
	}
	title := "not known: " + shortened(e.name) + speaker(e.who)
	if then := e.became(log, found); then != "" {
		title += "; it became " + shortened(then)
	}
	return Finding{Title: title, Line: strings.TrimSpace(lines[e.line]), Index: e.line, Fixes: []string{}}
}

// shortened is an exception as a title has room for it.
func shortened(name string) string {
	r := []rune(name)
	return string(r[:min(len(r), 160)]) + map[bool]string{true: " …"}[len(r) > 160]
}

// exitOf is what the job's exit code tells, if a runner has that code; nil: nothing.
func exitOf(job model.Job) *cause {
	code, _, _ := strings.Cut(job.ExitCode, ":")
	return model.First(known().Exits, func(c cause) bool { return strconv.Itoa(c.Exit) == code })
}

// unexplained is for a failure whose log tells nothing: the runner's exit code, and the best line there is.
func unexplained(lines []string, log []heard, job model.Job) Finding {
	f := Finding{Index: -1, Fixes: []string{}}
	worth, ran := 0, false
	for i, h := range log {
		now := 1
		switch ran = ran || strings.HasPrefix(h.text, ownLine); {
		case strings.TrimSpace(h.text) == "" || strings.HasPrefix(h.text, ownLine+"exit code"):
			continue
		case h.program == runner:
			now = 3
		case h.program != news && LooksBad(h.text):
			now = 2
		}
		if now > worth || now == worth && now != 2 { // the first that looks bad, of others the last
			worth, f.Index, f.Line = now, i, strings.TrimSpace(lines[i])
		}
	}
	switch c := exitOf(job); {
	case c != nil && ran:
		f.Kind, f.Title, f.Fixes, f.Edits = c.Kind, "the runner ended: "+c.Title, append(f.Fixes, c.Fixes...), c.Edits
	case len(lines) == 0 && job.ExitCode == "0:53":
		f.Title = "Slurm could not enter the working directory or open the log"
		f.Fixes = []string{"mkdir -p the log's directory before submitting, and see that the disk has room"}
	case len(lines) == 0:
		f.Title = "there is no log, and the job ended " + ending(job)
		f.Fixes = []string{"see the job's reason, and that the log's directory exists"}
	default:
		f.Title = "not known: nothing in the log says why; the job ended " + ending(job)
	}
	return f
}

// ownLine is what the lines of our runners begin with.
const ownLine = "shardeck: "

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

// cause is a kind of failure: how it is known, and the way out. In fixes and edits, {model} stands for what the pattern of
// that name finds, or for the word MODEL.
type cause struct {
	Kind   string           `yaml:"kind"`   // its name, unique
	Title  string           `yaml:"title"`  //
	States []model.JobState `yaml:"states"` // the job's state alone proves it
	Limit  bool             `yaml:"limit"`  // the time limit ended it
	Exit   int              `yaml:"exit"`   // code of the runner

	Holds  []pattern `yaml:"holds"`  // any of these proves it
	In     []string  `yaml:"in"`     // the programs whose lines they are; none: any but news
	With   []pattern `yaml:"with"`   // one of these stands in the line or the next
	Near   []pattern `yaml:"near"`   // one of these stands within 40 lines
	Unless []pattern `yaml:"unless"` // none of these does
	Before []string  `yaml:"before"` // kinds that it explains, where they show in the same incident
	Echo   bool      `yaml:"echo"`   // it befalls the others of a rank that fell
	Kills  bool      `yaml:"kills"`  // from without: what the process printed then is no cause

	Name     string   `yaml:"name"` // what its fixes have in braces, by a pattern of causes.Names
	Fixes    []string `yaml:"fixes"`
	Edits    []string `yaml:"edits"`    // see Finding
	Releases string   `yaml:"releases"` // of the engine, where it matters
	Source   string   `yaml:"source"`   // public reports, or the program's source
}

type causes struct {
	Names     map[string]string `yaml:"names"`
	Outside   []cause           `yaml:"outside"`
	Hang      cause             `yaml:"hang"`
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
	for _, table := range [][]cause{all.Outside, all.Failures, all.Exits, all.Slowdowns} {
		for _, c := range table {
			squeezeAll(c.Holds, c.With, c.Near, c.Unless)
		}
	}
})
