package logs

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"shardeck/model"
)

// Progress is what a job is doing, as the last telling line of its log says.
type Progress struct {
	Stage       model.Stage // empty: the log does not tell
	Done, Total int         // steps of that stage, where the log tells; Total 0: it does not
}

// stageSign is a line that tells a stage. The pattern's groups, if it has any, are the
// steps done and to do.
type stageSign struct {
	holds string // what the line must hold, looked for first
	stage model.Stage
	steps *regexp.Regexp
}

var (
	shards = regexp.MustCompile(`\|\s*(\d+)/(\d+)`)
	// iteration is a line of model.IterationLine.
	iteration = regexp.MustCompile(`^shardeck: iteration (\d+) of (\d+) (.+)$`)
)

// signs are lines of engines that do not speak as our runner does, by how vLLM's
// releases write them.
var signs = []stageSign{
	{"Starting to load model", model.StageWeights, nil},
	{"Loading safetensors checkpoint shards", model.StageWeights, shards},
	{"Loading pt checkpoint shards", model.StageWeights, shards},
	{"Loading weights took", model.StageWeights, nil},
	{"Loading model weights took", model.StageWeights, nil},
	{"Model loading took", model.StageWeights, nil},
	{"Downloading shards", model.StageWeights, shards},
	{"Using cache directory:", model.StageCompile, nil}, // of torch.compile
	{"Dynamo bytecode transform time", model.StageCompile, nil},
	{"Compiling a graph", model.StageCompile, nil},
	{"torch.compile takes", model.StageCompile, nil},
	{"Available KV cache memory", model.StageCompile, nil},
	{"GPU KV cache size", model.StageCompile, nil},
	{"Maximum concurrency for", model.StageCompile, nil},
	{"Capturing CUDA graph", model.StageCompile, shards},
	{"Capturing cudagraphs", model.StageCompile, shards},
	{"Graph capturing finished", model.StageCompile, nil},
	{"init engine (profile, create kv cache", model.StageCompile, nil},
	{"Processed prompts", model.StageTiming, nil},
	{"Generating '/", model.StageWriting, nil}, // nsys
}

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
	i := strings.Index(line, "shardeck: ")
	if i < 0 {
		return Progress{}, false
	}
	return ownStage(strings.TrimSpace(line[i:]))
}

// engineStage reads a line of an engine.
func engineStage(line string) (Progress, bool) {
	for _, s := range signs {
		if strings.Contains(line, s.holds) {
			p := Progress{Stage: s.stage}
			if s.steps != nil {
				p.count(s.steps.FindStringSubmatch(line))
			}
			return p, true
		}
	}
	return Progress{}, false
}

// ownStage reads a line of our own runner.
func ownStage(line string) (Progress, bool) {
	if m := iteration.FindStringSubmatch(line); m != nil {
		p := Progress{Stage: stageNamed(m[3])}
		p.count(m)
		return p, p.Stage != ""
	}
	word, ok := strings.CutPrefix(line, model.Stage("").Line())
	return Progress{Stage: stageNamed(word)}, ok && stageNamed(word) != ""
}

// stageNamed is the stage of that name, empty if there is none.
func stageNamed(word string) model.Stage {
	for _, s := range model.Stages() {
		if string(s) == strings.TrimSpace(word) {
			return s
		}
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
