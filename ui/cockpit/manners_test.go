package cockpit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"

	"shardeck/backend/app"
	"shardeck/backend/replay"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
	"shardeck/ui/theme"
)

// Slurm's programs as a test has them: each call is a line in calls. squeue tells of one
// job in the state that the file queue holds, of none where there is no such file, and
// fails where there is a file down.
var programs = map[string]string{
	"squeue": `[ ! -e down ] || { echo 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)' >&2; exit 1; }
[ -e queue ] || exit 0
for last; do :; done
IFS=, read -ra fields <<<"${last#--Format=}"
for f in "${fields[@]}"; do
  case $f in
    JobArrayID:*) v=7 ;; State:*) v=$(cat queue) ;; SubmitTime:*) v=2026-11-23T14:00:00 ;;
    Comment:*) v=$(cat tag 2>/dev/null) ;; *) v=N/A ;;
  esac
  printf '%s%s' "$v" "${f#*:}"
done`,
	"sbatch": `for a; do
  case $a in --test-only) echo 'sbatch: Job 8 to start at 2026-11-23T14:20:00 using 64 processors on nodes nid001 in partition gpu' >&2; exit 0 ;;
    --comment=*) echo "${a#*=}" >tag ;; esac
done
echo PENDING >queue; echo 7`,
	"sacct": "exit 0", "scancel": "exit 0", "sinfo": "echo slurm 22.05.8", "scontrol": "exit 0", "sacctmgr": "exit 0",
}

// day is the cockpit on the real backend, whose Slurm is the programs above and whose time is
// the test's own.
type day struct {
	*panetest.Driver
	dir    string // of the programs
	now    time.Time
	timers []timer
}

type timer struct {
	at  time.Time
	msg tea.Msg
}

func newDay(t *testing.T, files ...string) *day {
	t.Helper()
	d := &day{dir: t.TempDir(), now: time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)}
	for name, lines := range programs {
		d.write(t, name, "#!/bin/bash\ncd "+d.dir+"\necho "+name+" >>calls\n"+lines+"\n", 0o755)
	}
	for _, f := range files {
		d.write(t, f, "RUNNING\n", 0o644)
	}
	t.Setenv("PATH", d.dir+":/usr/bin:/bin")
	ws := filepath.Join(t.TempDir(), "ws")
	if err := replay.WriteDemo(ws); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(ws, "shardeck.yaml"), []byte("scheduler: slurm\nsite: perlmutter\naccount: m1234_g\n"),
		0o644); err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	clock := func() time.Time { return d.now }
	l, err := app.Open(app.Options{Dir: ws, Now: clock, CacheDir: home, Binary: "/usr/bin/shardeck",
		Env: func(name string) string { return map[string]string{"HOME": home}[name] }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	o := Options{Theme: theme.New(termenv.Ascii, false)}
	o.Now, o.after = clock, d.after
	d.Driver = panetest.Drive(t, whole{New(t.Context(), l, o)}, 80, 24)
	return d
}

func (d *day) write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, name), []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// after gives short waits at once and keeps long ones until their time has come.
func (d *day) after(wait time.Duration, msg tea.Msg) tea.Cmd {
	if wait < time.Second {
		return pane.Send(msg)
	}
	d.timers = append(d.timers, timer{d.now.Add(wait), msg})
	return nil
}

// every is the time between two keys of a user at work.
const every = 5 * time.Second

// pass lets time pass, second by second, with a key pressed now and then, in turn.
func (d *day) pass(long time.Duration, keys ...string) *day {
	for i := range int(long / time.Second) {
		d.now = d.now.Add(time.Second)
		due := d.timers
		d.timers = nil
		for _, t := range due {
			if t.at.After(d.now) {
				d.timers = append(d.timers, t)
			} else {
				d.Send(t.msg)
			}
		}
		if n := i / int(every/time.Second); len(keys) > 0 && i%int(every/time.Second) == 0 {
			d.Press(keys[n%len(keys)])
		}
	}
	return d
}

// calls counts the programs of Slurm started since it was last asked.
func (d *day) calls() map[string]int {
	text, _ := os.ReadFile(filepath.Join(d.dir, "calls"))
	_ = os.Remove(filepath.Join(d.dir, "calls"))
	count := map[string]int{}
	for _, name := range strings.Fields(string(text)) {
		count[name]++
		count["all"]++
	}
	return count
}

const tenMinutes = 10 * time.Minute

// mostIn is how many queries an interval of 60 s less its tenth allows in ten minutes.
const mostIn = 12

// TestBusyUserIsPolite: a job runs, and its user goes round all panes. The history is looked through for jobs submitted by hand once, at
// the start, and where the refresh key asks for it once a minute.
func TestBusyUserIsPolite(t *testing.T) {
	d := newDay(t, "queue")
	d.pass(tenMinutes, "3", "down", "1", "j", "2", "4", "5", "6", "/", "a", "esc")
	if n := d.calls(); n["squeue"] < 8 || n["squeue"] > mostIn || n["sacct"] > 1 || n["all"] != n["squeue"]+n["sacct"] {
		t.Errorf("calls: %v", n)
	}
	d.Press("3")
	d.pass(tenMinutes, "r")
	if n := d.calls(); n["squeue"] > 60 || n["sacct"] > 10 || n["all"] != n["squeue"]+n["sacct"] {
		t.Errorf("with the refresh key held: %v", n)
	}
}

// TestNobodyAsksForNothing: nothing of ours is queued or running, and the user is in
// other panes: no query at all. The jobs' own pane asks while it is looked at.
func TestNobodyAsksForNothing(t *testing.T) {
	d := newDay(t)
	d.calls()
	d.pass(tenMinutes, "1", "down", "2", "4", "5", "6")
	if n := d.calls(); n["all"] != 0 {
		t.Errorf("calls: %v", n)
	}
	d.Press("3")
	if n := d.calls(); n["squeue"] != 1 {
		t.Errorf("on turning to the jobs: %v", n)
	}
	d.pass(tenMinutes)
	if n := d.calls(); n["squeue"] < 8 || n["squeue"] > mostIn {
		t.Errorf("while the jobs are looked at: %v", n)
	}
	d.Press("1")
	d.pass(tenMinutes)
	if n := d.calls(); n["all"] != 0 {
		t.Errorf("after they are left: %v", n)
	}
}

// TestSubmissionResumesTheQueries, and the last job's end stops them.
func TestSubmissionResumesTheQueries(t *testing.T) {
	d := newDay(t)
	d.pass(tenMinutes)
	d.calls()
	d.Press("s").Expect("Submit E1.1?", "would start ~14:20").Press("y").Expect("submitted as job 7")
	if n := d.calls(); n["sbatch"] != 2 {
		t.Errorf("to plan and to submit: %v", n)
	}
	d.pass(tenMinutes)
	if n := d.calls(); n["squeue"] < 8 || n["squeue"] > mostIn {
		t.Errorf("while it waits: %v", n)
	}
	d.write(t, "queue", "COMPLETED\n", 0o644)
	d.pass(2 * time.Minute).Expect("E1.1 done")
	d.calls()
	d.pass(tenMinutes)
	if n := d.calls(); n["all"] != 0 {
		t.Errorf("after it ended: %v", n)
	}
}

// TestUnfocusedTerminalAsksNothing, though a job runs, and asks when it is looked at.
func TestUnfocusedTerminalAsksNothing(t *testing.T) {
	d := newDay(t, "queue")
	d.calls()
	d.Send(tea.BlurMsg{})
	d.pass(tenMinutes)
	if n := d.calls(); n["all"] != 0 {
		t.Errorf("unfocused: %v", n)
	}
	d.Send(tea.FocusMsg{})
	if n := d.calls(); n["squeue"] != 1 {
		t.Errorf("focused again: %v", n)
	}
}

// TestSickSchedulerIsLeftAlone: the waits double, and it is found again by itself.
func TestSickSchedulerIsLeftAlone(t *testing.T) {
	d := newDay(t, "queue")
	d.write(t, "down", "", 0o644)
	d.Press("3")
	d.calls()
	d.pass(3*tenMinutes).Expect("stale", "controller is not running")
	if n := d.calls(); n["squeue"] < 3 || n["squeue"] > 6 {
		t.Errorf("in half an hour of illness: %v", n)
	}
	if err := os.Remove(filepath.Join(d.dir, "down")); err != nil {
		t.Fatal(err)
	}
	d.pass(11 * time.Minute).Absent("stale")
}
