package slurm

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"shardeck/backend/scheduler/slurmtest"
	"shardeck/model"
)

// statesOf is the file that holds what squeue and sacct of a version of Slurm, such as
// 22.05, answered for each scene.
func statesOf(version string) string { return "testdata/states-" + version + ".txtar" }

// recorder plays scenes on a cluster of its own and keeps Slurm's answers.
type recorder struct {
	*testing.T
	slurm *Slurm
	env   []string
	began time.Time
	file  string
	out   txtar.Archive
}

// TestRecord writes the file of states of the Slurm that is installed anew, in some
// five minutes; it is run by testdata/record and by nothing else.
func TestRecord(t *testing.T) {
	if os.Getenv("SHARDECK_RECORD") == "" {
		t.Skip("recordings are made by testdata/record")
	}
	for _, cluster := range []struct {
		options string
		scenes  []scene
	}{{"TEST_SLURM_OOM=0", scenes}, {"TEST_SLURM_OOM=1", memoryScenes}} {
		dir := slurmtest.Private(t, cluster.options)
		conf := "SLURM_CONF=" + filepath.Join(dir, "slurm.conf")
		work := filepath.Join(dir, "w")
		if err := os.Mkdir(work, 0o755); err != nil {
			t.Fatal(err)
		}
		r := &recorder{T: t, slurm: New(Options{Env: []string{conf}}), began: time.Now(),
			env: append(cleanEnv(os.Environ()), conf, "W="+work)}
		r.open()
		for _, s := range cluster.scenes {
			if only := os.Getenv("SHARDECK_RECORD"); regexp.MustCompile(only).MatchString(s.name) {
				t.Run(s.name, func(t *testing.T) {
					r.T = t
					r.play(s)
				})
			}
		}
		if regexp.MustCompile(os.Getenv("SHARDECK_RECORD")).MatchString("answers") && cluster.options == "TEST_SLURM_OOM=0" {
			t.Run("answers", func(t *testing.T) {
				r.T = t
				r.answers()
			})
		}
	}
}

// open reads what was recorded of this version before, to which scenes are added.
func (r *recorder) open() {
	l, err := r.slurm.Limits(context.Background())
	if err != nil {
		r.Fatal(err)
	}
	if _, err := r.slurm.History(context.Background(), r.began); err != nil { // which fields there are
		r.Fatal(err)
	}
	r.file = statesOf(regexp.MustCompile(`[0-9]+\.[0-9]+`).FindString(l.Version))
	r.out = txtar.Archive{Comment: []byte("Made by testdata/record; not to be edited.\n")}
	if a, err := txtar.ParseFile(r.file); err == nil {
		r.out = *a
	}
}

// helpers are what the scenes' shell lines have at hand: sb submits a job.
const helpers = `set -eu
sb() { sbatch --parsable -C gpu -A m1234 -q regular -t 10 -J scene -D "$W" -o "$W/%j.out" --comment=sd-"$SCENE" --gpus-per-node=4 "$@"; }
until_state() { until [ "$(squeue -h -j "$1" -o %T)" = "$2" ]; do sleep 0.1; done; }
`

// play sets a scene, waits for its state, keeps both answers and clears the stage.
func (r *recorder) play(s scene) {
	r.Helper()
	defer r.shell(s.name, `scancel -u root; `+s.after+`
for i in $(seq 200); do [ -n "$(squeue -h -t PD,R,CG,S)" ] || break; sleep 0.1; done`)
	id := strings.TrimSpace(r.shell(s.name, s.lines))
	end := time.Now().Add(3 * time.Minute)
	var squeue, sacct string
	for ; ; time.Sleep(50 * time.Millisecond) {
		squeue = r.ask(id, record, "squeue", squeueArgs("--me")...)
		if jobs, err := parseSqueue(squeue, time.UTC); err == nil && s.reached(jobs) {
			break
		}
		if time.Now().After(end) {
			r.Fatalf("%s: job %s is never %s, but\n%s", s.name, id, s.until, squeue)
		}
	}
	state, _, _ := strings.Cut(s.until, " ")
	for end = time.Now().Add(8 * time.Second); ; time.Sleep(100 * time.Millisecond) { // it lags
		fields := r.slurm.knownFields()
		sacct = r.ask(id, "\n", "sacct", sacctArgs(fields, r.slurm.mineSince(r.began))...)
		jobs, err := parseSacct(sacct, fields, time.UTC)
		said := func(j model.Job) bool { return string(j.State) == state }
		if err == nil && slices.ContainsFunc(jobs, said) || time.Now().After(end) {
			break
		}
	}
	r.keep(s.name+".squeue", squeue)
	r.keep(s.name+".sacct", sacct)
	if err := os.WriteFile(r.file, txtar.Format(&r.out), 0o644); err != nil {
		r.Fatal(err)
	}
}

// answers keeps whole answers of squeue, sacct and sprio, of jobs with odd names and of some that wait.
func (r *recorder) answers() {
	defer r.shell("answers", `scancel -u root`)
	since := time.Now().Truncate(time.Second)
	r.shell("answers", answers)
	for program, args := range map[string][]string{"squeue": squeueArgs("--me"), "sprio": sprioArgs,
		"sacct": sacctArgs(r.slurm.knownFields(), r.slurm.mineSince(since))} {
		text, err := r.slurm.ask(context.Background(), program, args...)
		if err != nil {
			r.Fatal(err)
		}
		r.keep("answers."+program, text)
	}
	if err := os.WriteFile(r.file, txtar.Format(&r.out), 0o644); err != nil {
		r.Fatal(err)
	}
}

// ask asks one of Slurm's commands and keeps the records of one job.
func (r *recorder) ask(id, end, program string, args ...string) string {
	r.Helper()
	text, err := r.slurm.ask(context.Background(), program, args...)
	if err != nil {
		r.Fatal(err)
	}
	var kept strings.Builder
	for _, rec := range strings.SplitAfter(text, end) {
		found, _, _ := strings.Cut(strings.TrimLeft(rec, "\n"), unit)
		if model.WholeID(found) == id {
			kept.WriteString(strings.TrimLeft(rec, "\n"))
		}
	}
	return kept.String()
}

// keep adds or replaces one answer.
func (r *recorder) keep(name, text string) {
	text = strings.NewReplacer(unit, "␟", record, "␞\n", filepath.Dir(r.work()), "/scratch").Replace(text)
	for i, f := range r.out.Files {
		if f.Name == name {
			r.out.Files[i].Data = []byte(text)
			return
		}
	}
	r.out.Files = append(r.out.Files, txtar.File{Name: name, Data: []byte(text)})
}

func (r *recorder) work() string {
	w, _ := strings.CutPrefix(r.env[len(r.env)-1], "W=")
	return w
}

// shell runs lines and returns the last line they print.
func (r *recorder) shell(name, lines string) string {
	r.Helper()
	cmd := exec.Command("bash", "-c", helpers+lines)
	cmd.Env = append(r.env, "SCENE="+name)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		r.Fatalf("%s: %v\n%s%s", name, err, out, errs.String())
	}
	all := strings.Split(strings.TrimSpace(string(out)), "\n")
	return all[len(all)-1]
}

// reached reports whether the job is as the scene wants it.
func (s scene) reached(jobs []model.Job) bool {
	for _, j := range jobs {
		if ok, _ := regexp.MatchString("^(?:"+s.until+")$", fmt.Sprintf("%s %s", j.State, j.Reason)); !ok {
			continue
		}
		return true
	}
	return false
}
