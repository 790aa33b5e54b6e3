package cockpit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

const stateFile = ".shardeck/state.json"

func TestSessionIsFoundAgain(t *testing.T) {
	w := panetest.Open(t)
	d := start(t, w, 140, 45)
	d.Press("/").Type("tp:1").Press("enter", "down", "space", ">")
	d.Press("4", "right", "right", "b").Press("5", "y", "l", "3", "down", "+", "q")
	if !d.Quit || !strings.Contains(w.Read(stateFile), `"pane":"jobs"`) {
		t.Fatalf("quit %v, kept %s", d.Quit, w.Read(stateFile))
	}
	d = start(t, w, 140, 45)
	d.Expect("▌Jobs", "▌ 3141591").Absent("1 Experiments ·").Press("+")
	d.Expect("match tp:1, by ID", "•", "diff %", "against GPUs, log").Press("1", "/", "up").Expect("/ tp:1")
}

func TestSessionIsKeptWhileItGoesOn(t *testing.T) {
	w := panetest.Open(t)
	m, due := withTimers(w)
	d := panetest.Drive(t, whole{m}, 80, 24)
	d.Press("down", "3").Send(due(keepTime))
	if kept := w.Read(stateFile); !strings.Contains(kept, `"experiment":"E1.2"`) || !strings.Contains(kept, `"pane":"jobs"`) {
		t.Errorf("kept %s", kept)
	}
	w.Remove(stateFile)
	before := w.Digest()
	d.Press("x").Press("n").Send(due(keepTime))
	if changed := w.Changed(before); len(changed) > 0 {
		t.Errorf("written though nothing changed: %v", changed)
	}
}

func TestDamagedSessionIsPassedOver(t *testing.T) {
	for _, text := range []string{"", "{", `{"pane": "nowhere", "panes": {"experiments": {"sort": "99"}}}`, `{"panes": 5}`} {
		w := panetest.Open(t)
		w.Write(stateFile, text)
		start(t, w, 80, 24).Expect("▌Experiments", "▌ E1.1")
	}
}

func TestReadOnlyKeepsNothing(t *testing.T) {
	w := panetest.Open(t, panetest.ReadOnly)
	before := w.Digest()
	start(t, w, 80, 24).Press("down", "q")
	if changed := w.Changed(before); len(changed) > 0 {
		t.Errorf("a read-only session wrote %v", changed)
	}
}

// news is what the cockpit says when a job of the list goes to a state.
func news(t *testing.T, job string, state model.JobState) (*panetest.Driver, string) {
	w, out := panetest.Open(t), &bytes.Buffer{}
	o := testOptions(w)
	o.Out = out
	d := panetest.Drive(t, whole{New(context.Background(), w.App, o)}, 80, 24)
	if out.Len() > 0 {
		t.Fatalf("the first answer is no news: %q", out)
	}
	w.Scheduler.Set(job, func(j *model.Job) {
		if j.State = state; !state.Active() {
			j.End, j.Elapsed = w.Now(), 252*time.Second
		}
	})
	w.Pass(time.Minute)
	d.Send(pane.RefreshJobsMsg{})
	return d, out.String()
}

func TestNewsOfAJob(t *testing.T) {
	d, out := news(t, "3141591", model.JobRunning)
	d.Expect("E3.1 is running · 3 shows it")
	for _, part := range []string{"\a", "\x1b]2;shardeck: E3.1 is running\a", "\x1b]9;shardeck: E3.1 is running\a"} {
		if !strings.Contains(out, part) {
			t.Errorf("no %q in %q", part, out)
		}
	}
	d, _ = news(t, "3141592", model.JobFailed)
	d.Expect("E1.3 failed after 4:12").Send(pane.RefreshJobsMsg{})
	d, _ = news(t, "3141592", model.JobCompleted)
	d.Expect("E1.3 done after 4:12")
	if _, out := news(t, "3141592", model.JobRunning); out != "" {
		t.Errorf("said %q though nothing changed", out)
	}
}

func TestSortByAnyColumn(t *testing.T) {
	d := start(t, panetest.Open(t), 80, 24).Press(">").Expect("8 experiments, by ID")
	for range 8 {
		d.Press(">")
	}
	d.Expect("by tok/s, greatest first")
	order(t, d, "E1.2", "E1.1", "E3.2", "E1.3", "E9.9")
	order(t, d.Press("o").Type("tok").Expect("turned round: least first").Press("enter").Expect("experiments, by tok/s").Absent("by tok/s, greatest"), "E3.2", "E1.1", "E1.2", "E1.3")
	order(t, d.Press("esc").Absent("by tok/s"), "E1.1", "E1.2", "E1.3")
	d.Press("o").Expect("Order by", "1 of 18").Type("mod").Press("enter").Expect("by model").Press("esc")
	d.Press("4", "o").Expect("by TTFT").Press("o").Expect("by TTFT, greatest first").Press("o").Absent("by TTFT")
}

// order sees that ids stand below one another in this order.
func order(t *testing.T, d *panetest.Driver, ids ...string) {
	t.Helper()
	at := -1
	for _, id := range ids {
		i := strings.Index(d.Frame(), " "+id+" ")
		if i < at {
			t.Fatalf("%s is out of order:\n%s", id, d.Frame())
		}
		at = i
	}
}

func TestFiltersAreRemembered(t *testing.T) {
	d := start(t, panetest.Open(t), 80, 24)
	d.Press("/").Type("tp:4").Press("enter", "esc", "/").Type("state:failed").Press("enter")
	d.Press("/", "up").Expect("/ state:failed").Press("up").Expect("/ tp:4", "E1.3").Press("down", "down").Absent("tp:4").Press("esc")
	d.Press("4", "/", "up", "up").Expect("/ tp:4")
}

func TestSubmitShowsWhatDiffersFromLastTime(t *testing.T) {
	w := panetest.Open(t)
	w.Replace(w.Config("E1.1"), "output_dir", "slurm: {time: \"01:00:00\"}\noutput_dir")
	d := start(t, w, 80, 30).Press("s")
	d.Expect("what differs from the script submitted last", "-#SBATCH -t 00:30:00", "+#SBATCH -t 01:00:00").Absent("@@")
}

func TestCopyIsTheCommandThatSubmitsAgain(t *testing.T) {
	w, out := panetest.Open(t), &bytes.Buffer{}
	o := testOptions(w)
	o.Out = out
	d := panetest.Drive(t, whole{New(context.Background(), w.App, o)}, 100, 24).Press("down", "y")
	d.Expect("shardeck -C " + w.Dir + " submit E1.2")
	if !strings.HasPrefix(out.String(), "\x1b]52;c;") {
		t.Errorf("wrote %q", out)
	}
}

func TestFailedJobIsMendedAtAKey(t *testing.T) {
	w := panetest.Open(t)
	d := start(t, w, 80, 24).Press("3", "down", "down").Expect("CUDA out of memory", "f mends it")
	d.Press("f").Expect("Mend E1.6?", "1  parallelism.tp 1 → 2", "▌ Leave").Press("enter").Expect("▌Jobs")
	d.Press("f", "1").Expect("▌Config · E1.6", "◂ 2 ▸", "modified", "changed, not saved")
	if w.Row("E1.6").Experiment.Layout.TP != 1 {
		t.Error("saved without being asked")
	}
	d.Press("s").Expect("Save E1.6?", "+  tp: 2").Press("s").Expect("Submit E1.6?").Press("y").Expect("submitted as job")
	d.Press("3", "down", "f").Absent("Mend")
}

func TestNothingToMendSaysWhy(t *testing.T) {
	w := panetest.Open(t)
	w.Write("logs/E1.6_3141580.out", "shardeck: stage environment\nModuleNotFoundError: No module named 'vllm'\n")
	d := start(t, w, 80, 24).Press("3", "f").Expect("has not failed")
	d.Press("down", "down", "f").Expect("no change of the config mends this")
}

// many makes a board of so many experiments more.
func many(t testing.TB, n int) *panetest.Workspace {
	t.Helper()
	w := panetest.Open(t)
	config := w.Read(w.Config("E1.2"))
	for i := range n {
		id := fmt.Sprint("L", i)
		w.Write("experiments/configs/"+id+".yaml", strings.NewReplacer("E1.2", id, "llama-8b-tp2", id).Replace(config))
	}
	return w
}

// BenchmarkFirstFrame is the time from nothing to a drawn board of 1,000 experiments.
func BenchmarkFirstFrame(b *testing.B) {
	w := many(b, 1000)
	for b.Loop() {
		d := panetest.Drive(b, whole{New(context.Background(), w.App, testOptions(w))}, 140, 45)
		_ = d.S.View()
	}
}

// BenchmarkKey is a key on a board of 1,000 experiments, with the frame after it.
func BenchmarkKey(b *testing.B) {
	w := many(b, 1000)
	m := New(context.Background(), w.App, testOptions(w))
	panetest.Drive(b, whole{m}, 140, 45)
	key := panetest.Key("down")
	for b.Loop() {
		m.Update(key)
		_ = m.View()
	}
}

func TestSuspendAndBack(t *testing.T) {
	w := panetest.Open(t)
	d := start(t, w, 80, 24).Press("2", "right").Expect("◂ 2 ▸", "modified")
	w.Pass(2 * time.Minute)
	before := len(w.Scheduler.Did("list"))
	d.Press("ctrl+z").Expect("◂ 2 ▸", "modified")
	if _, ok := panetest.Last[tea.ResumeMsg](d); !ok {
		t.Fatal("ctrl+z did not come back")
	}
	if len(w.Scheduler.Did("list")) != before+1 {
		t.Error("coming back must ask the scheduler once")
	}
}

func TestEditorOpenedAndClosed(t *testing.T) {
	w := panetest.Open(t)
	d := start(t, w, 80, 24).Press("e")
	d.Park = true
	d.Press("e")
	d.Park = false
	if msg, ok := d.Parked[0]().(pane.EditMsg); !ok || msg.Path != w.Path(w.Config("E1.1")) {
		t.Fatalf("e asked for %+v", msg)
	}
	w.Replace(w.Config("E1.1"), "tp: 1", "tp: 4") // what the user did in the editor
	d.Send(pane.EditedMsg{}).Expect("◂ 4 ▸").Absent("modified")
	d.Send(pane.EditedMsg{Err: errors.New("vi: not found")}).Expect("vi: not found")
}

func TestEditorWaitsForUnsavedChanges(t *testing.T) {
	start(t, panetest.Open(t), 80, 24).Press("e", "right", "e").Expect("save with w first")
}

// TestTracesAreReadWhileTheUserTypes holds the pool and sees that every key still acts.
func TestTracesAreReadWhileTheUserTypes(t *testing.T) {
	w := panetest.Open(t)
	d := start(t, w, 80, 24).Press("down")
	d.Park = true
	d.Press("t").Send(d.Parked[0]())
	d.Expect("▌Traces · llama-8b-tp2", "reading the traces", "esc stops it")
	d.Press("1").Expect("▌Experiments").Press("down").Expect("▌ E1.3").Press("/").Type("tp:4").Expect("/ tp:4").Absent("E3.2")
	d.Press("esc", "2", "3", "6").Expect("reading the traces of llama-8b-tp2")
	d.Release().Expect("nvjet_tst")
}

func TestStoppedReadingStaysStopped(t *testing.T) {
	w := panetest.Open(t)
	d := start(t, w, 80, 24).Press("down")
	d.Park = true
	d.Press("t")
	open := d.Parked[0]()
	d.Parked = nil
	d.Send(open).Press("esc")
	d.Release().Expect("llama-8b-tp2", "are not read yet").Absent("nvjet_tst")
	d.Press("enter").Expect("nvjet_tst")
}

func TestCloneChangeSubmit(t *testing.T) {
	w := panetest.Open(t)
	d := start(t, w, 80, 24).Press("c").Expect("clone E1.1 as E1.4").Press("enter").Expect("▌Config · E1.4", "E1.4 made")
	d.Press("right", "s", "s").Expect("Submit E1.4?").Press("y").Expect("E1.4 submitted as job")
	if got := w.Scheduler.Did("submit"); len(got) != 1 || got[0] != "E1.4" {
		t.Errorf("submitted %v", got)
	}
}

// TestCloneWithAChange types the change behind the new id; what is refused stays there.
func TestCloneWithAChange(t *testing.T) {
	w := panetest.Open(t)
	d := start(t, w, 80, 24).Press("c").Type(" tp").Press("enter").Expect(`"tp" is no change`, "clone E1.1 as E1.4 tp")
	d.Type("=4").Press("enter").Expect("▌Config · E1.4", "◂ 4 ▸", "E1.4 made").Absent("modified")
	d.Press("1", "c").Type(" batch=x").Press("enter").Expect("clone E1.4 as E1.5 batch=x")
	if n, _ := panetest.Last[pane.Note](d); !strings.Contains(n.Text, "batch_size") {
		t.Errorf("said %q", n.Text)
	}
}

func TestMarkSeveralAndActOnAll(t *testing.T) {
	w, out := panetest.Open(t), &bytes.Buffer{}
	o := testOptions(w)
	o.Out = out
	d := panetest.Drive(t, whole{New(context.Background(), w.App, o)}, 100, 24).Press("space", "space").Expect("2 marked: s submits")
	d.Press("y").Expect("submit E1.1 E1.2").Press("s").Expect("Submit 2 experiments?").Press("y").Expect("2 jobs submitted")
}

func TestFilterForWhatThereIsNot(t *testing.T) {
	d := start(t, panetest.Open(t), 80, 24).Press("/").Expect("state:failed model:~70b").Type("foo:3").Press("enter")
	d.Expect("no experiment matches foo:3", "there is no foo: here; there are", " tp")
	d.Press("3", "/").Type("tp:3").Press("enter").Expect("no job matches tp:3", "there is no tp: here; there are", "qos")
}
