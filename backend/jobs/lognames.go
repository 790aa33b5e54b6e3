package jobs

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"shardeck/backend/scheduler"
	"shardeck/model"
)

func absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// maxScript is what is read of a script: Slurm takes no longer one.
const maxScript = 4 << 20

// scriptOf is the text of the script that a job's command names, as it is now, and the options before it; empty: there is none.
func scriptOf(j model.Job) (script, options string) {
	for _, word := range strings.Fields(j.Command) {
		path := absolute(j.WorkDir, word)
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Size() > maxScript {
			continue
		}
		if text, err := os.ReadFile(path); err == nil && strings.HasPrefix(string(text), "#!") {
			before, _, _ := strings.Cut(j.Command, word)
			return string(text), before
		}
	}
	return "", j.Command
}

// outputOption and errorOption find the patterns of logs in a command or in #SBATCH lines; long options may be cut short.
var (
	outputOption = regexp.MustCompile(`(?:^|\s)(?:-o\s*|--ou[tpu]*(?:=|\s+))("[^"]+"|'[^']+'|[^\s"']+)`)
	errorOption  = regexp.MustCompile(`(?:^|\s)(?:-e\s*|--er[ro]*(?:=|\s+))("[^"]+"|'[^']+'|[^\s"']+)`)
)

// withLogs names the logs of a job and its parts where the scheduler does not: by the command that submitted it, else by its script's
// #SBATCH lines as they are now, else as Slurm does by itself.
func withLogs(j model.Job) model.Job {
	if j.Log != "" || j.WorkDir == "" {
		return j
	}
	script, said := scriptOf(j)
	header := ""
	for line := range strings.Lines(script) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			break // from its first command on sbatch reads no more of them
		}
		if option, ok := strings.CutPrefix(line, "#SBATCH"); ok {
			header += " " + option
		}
	}
	find := func(option *regexp.Regexp) string {
		last := "" // the command's beat the script's
		for _, m := range option.FindAllStringSubmatch(header+" "+said, -1) {
			last = strings.Trim(m[1], `"'`)
		}
		return last
	}
	standard := map[bool]string{true: "slurm-%A_%a.out", false: "slurm-%j.out"}[strings.Contains(j.ID, "_") || j.Tasks.Words() != ""]
	output, apart := cmp.Or(find(outputOption), standard), find(errorOption)
	name := func(p model.Job) model.Job {
		p.Log = absolute(p.WorkDir, scheduler.ExpandLog(output, p))
		if apart != "" {
			p.Errors = absolute(p.WorkDir, scheduler.ExpandLog(apart, p))
		}
		return p
	}
	if len(j.Parts) == 0 {
		return name(j)
	}
	j.Parts = model.Each(j.Parts, name)
	told := j.Worst()
	if j.Tasks.Words() == "" {
		told = j.Parts[0] // of a heterogeneous job, where it alone runs the script
	}
	j.Log, j.Errors = told.Log, told.Errors
	return j
}

// onNode is what of a log's pattern only the node knew, or not every release of Slurm.
var onNode = regexp.MustCompile(`%[0-9]*[NbS]`)

// onDisk is the path of a log: of one whose name only the node knew the newest file that fits.
func onDisk(path string) string {
	if _, err := os.Stat(path); err == nil || !onNode.MatchString(path) {
		return path
	}
	fits, _ := filepath.Glob(onNode.ReplaceAllString(literal(path), "*"))
	age := func(path string) time.Time {
		if info, err := os.Stat(path); err == nil {
			return info.ModTime()
		}
		return time.Time{}
	}
	if len(fits) == 0 {
		return path
	}
	return slices.MaxFunc(fits, func(a, b string) int { return age(a).Compare(age(b)) })
}

// literal is a path as a pattern for itself alone.
func literal(path string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `\`, `\\`).Replace(path)
}
