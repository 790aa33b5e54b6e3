package slurm

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"shardeck/backend/logs"
	"shardeck/backend/scheduler"
	"shardeck/model"
)

// wordsOf is the table of states of one version: what Slurm says and what a pane says
// for it.
func wordsOf(version string) string { return "testdata/states-" + version + ".md" }

// recordings are the versions that were recorded, each from a Debian of its own, and
// what their sacct knows.
var recordings = map[string][]field{"20.11": without(submitLine, "StdOut", "StdErr"), "22.05": without("StdOut", "StdErr"),
	"24.11": sacctFields}

func without(names ...string) []field {
	var old Slurm
	for _, name := range names {
		old.unknown.Store(name, true)
	}
	return old.knownFields()
}

var update = flag.Bool("update", false, "write the table of states anew")

// TestStatesSeen replays what real Slurms answered for every scene, and holds the words
// made of it against their tables.
func TestStatesSeen(t *testing.T) {
	for version, fields := range recordings {
		t.Run(version, func(t *testing.T) { statesSeen(t, version, fields) })
	}
}

func statesSeen(t *testing.T, version string, fields []field) {
	all := recorded(t, version)
	var b strings.Builder
	b.WriteString("| scene | squeue | sacct | state | why | tasks |\n|---|---|---|---|---|---|\n")
	for _, s := range append(append([]scene{}, scenes...), memoryScenes...) {
		text, ok := all[s.name+".squeue"]
		if !ok {
			t.Errorf("%s is not recorded: run testdata/record '^%s$'", s.name, s.name)
			continue
		}
		raw, err := parseSqueue(text, time.UTC)
		if err != nil || !s.reached(raw) {
			t.Errorf("%s: %v, %v; want %s", s.name, err, raw, s.until)
			continue
		}
		jobs := foldArrays(raw)
		past, err := parseSacct(all[s.name+".sacct"], fields, time.UTC)
		if past = foldArrays(past); err != nil || len(jobs) != 1 || len(past) > 1 {
			t.Errorf("%s: %v, %d jobs, %d in the history", s.name, err, len(jobs), len(past))
			continue
		}
		told := len(past) == 1 && (version != "20.11" || !past[0].State.Active()) // older ones keep a comment at the end
		if jobs[0].Tag != "sd-"+s.name || told && past[0].Tag != jobs[0].Tag {
			t.Errorf("%s: tag %q, %+v", s.name, jobs[0].Tag, past)
		}
		agree(t, s.name, jobs[0], past)
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", s.name, said(jobs[0]), saidAll(past), jobs[0].State.Words(),
			why(jobs[0], past), jobs[0].Tasks.Words())
	}
	if *update {
		if err := os.WriteFile(wordsOf(version), []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(wordsOf(version))
	if err != nil || string(want) != b.String() {
		t.Errorf("the words changed (-update writes them anew): %v\n%s", err, b.String())
	}
}

// recorded is the recording of a version, as Slurm wrote it.
func recorded(t testing.TB, version string) map[string]string {
	t.Helper()
	a, err := txtar.ParseFile(statesOf(version))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range a.Files {
		all[f.Name] = strings.NewReplacer("␟", unit, "␞\n", record).Replace(string(f.Data))
	}
	return all
}

// agree: squeue and sacct tell the same of a job that has ended.
func agree(t *testing.T, name string, now model.Job, past []model.Job) {
	t.Helper()
	if now.State.Active() {
		if !now.End.IsZero() || now.ExitCode != "" {
			t.Errorf("%s: active, and yet %+v", name, now)
		}
		return
	}
	if len(past) == 0 && now.Start.IsZero() { // accounting never hears of jobs that ended before they might start
		return
	}
	if len(past) == 0 {
		t.Errorf("%s: not in the history", name)
		return
	}
	p := past[0]
	outside := now.State != model.JobFailed && now.State != model.JobOutOfMemory // ended so, a code means nothing
	if p.State != now.State || p.ExitCode != now.ExitCode && !outside || p.GPUs != now.GPUs || !p.End.Equal(now.End) ||
		!p.Start.Equal(now.Start) {
		t.Errorf("%s: squeue says %+v\nsacct %+v", name, now, p)
	}
}

// said is what Slurm says of a job, in its own words.
func said(j model.Job) string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", j.State, j.Reason, j.ExitCode))
}

func saidAll(jobs []model.Job) string {
	if len(jobs) == 0 {
		return ""
	}
	return said(jobs[0])
}

// why is what a pane says beside the state: the reason in words, and for failures
// the cause that no log is needed for.
func why(j model.Job, past []model.Job) string {
	if len(past) > 0 && !j.State.Active() {
		j.Reason = cmp.Or(past[0].Reason, j.Reason)
	}
	words := scheduler.ReasonOf(j.Reason).Words
	if f, ok := logs.Cause(nil, j); ok {
		words = strings.TrimPrefix(words+"; "+f.Title, "; ")
	}
	if scheduler.ReasonOf(j.Reason).Forever {
		words += " (cancel is offered)"
	}
	return words
}
