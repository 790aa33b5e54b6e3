package logs

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"shardeck/backend/strictyaml"
	"shardeck/model"
	"shardeck/templates"
)

// Progress is what a job is doing, as the last telling line of its log says.
type Progress struct {
	Stage       model.Stage // empty: the log does not tell
	Done, Total int         // steps of that stage, where the log tells; Total 0: it does not
}

// sign is a line of an engine that tells a stage.
type sign struct {
	Holds string      `yaml:"holds"`
	Stage model.Stage `yaml:"stage"`
	Steps bool        `yaml:"steps"`
}

// signs are those of templates/stages.yaml, read once.
var signs = sync.OnceValue(func() []sign {
	var file struct {
		Signs []sign `yaml:"signs"`
	}
	strictyaml.MustDecode(templates.FS, "stages.yaml", &file)
	return file.Signs
})

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

// engineStage reads a line of an engine.
func engineStage(line string) (Progress, bool) {
	for _, s := range signs() {
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

// stageNamed is the stage of that name, empty if there is none.
func stageNamed(word string) model.Stage {
	if s := model.Stage(strings.TrimSpace(word)); slices.Contains(model.Stages(), s) {
		return s
	}
	return ""
}

// count takes the steps from a match.
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
