package scheduler

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// maxScript is the longest script Slurm takes.
const maxScript = 4 << 20

// tagPattern keeps tags to what every scheduler carries unchanged.
var tagPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Check refuses a request that a scheduler would refuse, or, worse, take and let
// die without a log: both schedulers refuse the same things in the same words.
func (r Request) Check() error {
	for _, check := range []func() error{r.checkScript, r.checkWords, r.checkPlaces} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// checkScript refuses what is not a batch script.
func (r Request) checkScript() error {
	for _, rule := range []struct {
		broken     bool
		text, todo string
	}{
		{strings.TrimSpace(r.Script) == "", "the job script is empty", "generate it again"},
		{!strings.HasPrefix(r.Script, "#!"), "the job script does not begin with #!", "make its first line #!/bin/bash"},
		{strings.Contains(r.Script, "\r\n"), "the job script has DOS line ends", "convert it: sed -i 's/\\r$//' " + cmp.Or(r.Path, "the script")},
		{strings.ContainsRune(r.Script, 0), "the job script holds a zero byte, so it is no text", "generate it again"},
		{len(r.Script) > maxScript, fmt.Sprintf("the job script has %d bytes, Slurm takes 4 MiB", len(r.Script)), "move its data into a file"},
	} {
		if rule.broken {
			return &Fault{Text: rule.text, ToDo: rule.todo}
		}
	}
	return nil
}

// checkWords refuses values that would not reach the job as they are.
func (r Request) checkWords() error {
	if !tagPattern.MatchString(r.Tag) {
		return &Fault{Text: fmt.Sprintf("%q is no tag for a job", r.Tag), ToDo: "use at most 64 letters, digits, dots and dashes"}
	}
	for what, value := range map[string]string{"name": r.Name, "log path": r.Log, "directory": r.Dir} {
		if strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			return &Fault{Text: fmt.Sprintf("the job's %s %q holds a control character", what, value), ToDo: "rename it"}
		}
	}
	for _, e := range r.Env {
		if i := strings.IndexByte(e, '='); i < 1 || strings.ContainsRune(e, 0) {
			return &Fault{Text: fmt.Sprintf("%q is no environment variable", e), ToDo: "write KEY=value"}
		}
	}
	return nil
}

// checkPlaces refuses directories that do not exist: Slurm takes such a job and
// fails it seconds later, with no log.
func (r Request) checkPlaces() error {
	for _, path := range []string{r.Dir, r.Log} {
		if !filepath.IsAbs(path) {
			return &Fault{Text: fmt.Sprintf("the path %q of the job is not absolute", path), ToDo: "give the whole path"}
		}
	}
	for _, dir := range []string{r.Dir, filepath.Dir(r.Log)} {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return &Fault{Text: fmt.Sprintf("the directory %s does not exist, and the job needs it before it starts", dir), ToDo: "mkdir -p " + dir}
		}
	}
	return nil
}

// ExpandLog puts a job's id into a log path, as Slurm does for %j; %A (the array's
// id), %x (the name) and %% are known too, other patterns stay as they are.
func ExpandLog(path, id, name string) string {
	if !strings.Contains(path, "%") {
		return path
	}
	array, _, _ := strings.Cut(id, "_")
	return strings.NewReplacer("%%", "%", "%j", id, "%A", array, "%x", name).Replace(path)
}
