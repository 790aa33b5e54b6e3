package cockpit

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"

	"shardeck/model"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
	"shardeck/ui/theme"
)

// whole drives the whole cockpit.
type whole struct{ *Model }

func (s whole) Update(msg tea.Msg) tea.Cmd {
	_, cmd := s.Model.Update(msg)
	return cmd
}

func (s whole) SetSize(w, h int) { s.Model.Update(tea.WindowSizeMsg{Width: w, Height: h}) }

func start(t testing.TB, w *panetest.Workspace, width, height int) *panetest.Driver {
	t.Helper()
	return panetest.Drive(t, whole{New(t.Context(), w.App, testOptions(w))}, width, height)
}

// twoSizes are that of the least terminal and that of a roomy one, and what frames of them are called.
var twoSizes = []struct {
	name string
	w, h int
}{{"80x24", 80, 24}, {"140x45", 140, 45}}

func testOptions(w *panetest.Workspace) Options {
	env, _ := w.Env()
	return Options{Theme: env.Theme, Now: env.Now, after: env.After}
}

// unchanged fails if anything was submitted or cancelled.
func unchanged(t *testing.T, w *panetest.Workspace) {
	t.Helper()
	if s, c := w.Scheduler.Did("submit"), w.Scheduler.Did("cancel"); len(s)+len(c) > 0 {
		t.Fatalf("submitted %v, cancelled %v", s, c)
	}
}

func TestFrames(t *testing.T) {
	for _, size := range twoSizes {
		d := start(t, panetest.Analysed(t), size.w, size.h)
		d.Golden("experiments-" + size.name)
		d.Press("down", "e").Golden("config-" + size.name)
		d.Press("3").Golden("jobs-" + size.name)
		d.Press("?").Golden("help-" + size.name)
		d.Press("esc", "1", "enter").Golden("metrics-" + size.name)
		d.Press("5").Golden("charts-" + size.name)
		d.Press("1", "t").Golden("traces-" + size.name)
	}
}

func TestEditSaveAndSubmit(t *testing.T) {
	w := panetest.Open(t)
	d := start(t, w, 80, 24)
	d.Press("e").Expect("▌Config · E1.1", "◂ 1 ▸").Press("right", "right").Expect("◂ 4 ▸", "modified")
	d.Press("s").Expect("Save E1.1?", "+  tp: 4").Press("s").Expect("Submit E1.1?", "0.50 node-hours").Press("y")
	d.Expect("E1.1 submitted as job 3141600")
	d.Press("3").Expect("▌ 3141600", "waiting")
	if got := w.Scheduler.Did("submit"); len(got) != 1 || w.Row("E1.1").Experiment.Layout.TP != 4 {
		t.Errorf("submitted %v", got)
	}
}

func TestRefusedSubmissionIsFixedAtAKey(t *testing.T) {
	w := panetest.Open(t)
	w.Replace(w.Config("E1.1"), "tp: 1", "tp: 3")
	d := start(t, w, 80, 24)
	d.Press("s").Expect("E1.1 cannot be submitted", "32 heads do not divide by 3").Press("enter")
	d.Expect("▌Config · E1.1", "TP=3 is not possible", "ctrl+f").Press("ctrl+f").Expect("◂ 4 ▸", "done: set parallelism.tp to 4")
	d.Press("s").Press("s").Expect("Submit E1.1?").Press("y").Expect("submitted as job")
}

// TestRefusalStaysUntilSeen: whatever happens and whatever is pressed, what was asked and not done is on the message line until esc.
func TestRefusalStaysUntilSeen(t *testing.T) {
	w := panetest.Open(t)
	d := start(t, w, 120, 30)
	w.Scheduler.Reply = errors.New("Invalid account")
	d.Press("s").Expect("Submit E1.1?").Press("y").Expect("E1.1 was not submitted: Invalid account", "esc seen")
	w.Scheduler.Set("3141592", func(j *model.Job) { j.State = model.JobCompleted })
	w.Pass(time.Minute)
	d.Press("3", "r", "down", "Z").Expect("E1.1 was not submitted: Invalid account")
	d.Press(":", "m", "e", "s", "s", "enter").Expect("E1.3 done", "Z does nothing here").Press("esc").Expect("esc seen")
	d.Press("esc").Absent("not submitted")
}

// TestWhatChangedIsAskedAboutAgain: yes was said to another config.
func TestWhatChangedIsAskedAboutAgain(t *testing.T) {
	w := panetest.Open(t)
	d := start(t, w, 120, 30)
	d.Press("s").Expect("Submit E1.1?")
	w.Replace(w.Config("E1.1"), "tp: 1", "tp: 2")
	d.Press("y").Expect("Submit E1.1?", "changed since you were asked")
	unchanged(t, w)
	d.Press("y").Expect("E1.1 submitted as job")
}

func TestFailureLeadsToItsCause(t *testing.T) {
	d := start(t, panetest.Open(t), 80, 24)
	d.Press("down", "down", "down").Expect("E1.6 failed after 1:52").Press("enter")
	d.Expect("▌Jobs", "▌ 3141580", "CUDA out of memory", "try   raise parallelism.tp")
}

func TestCancelDefaultsToNo(t *testing.T) {
	w := panetest.Open(t)
	d := start(t, w, 80, 24)
	d.Press("3", "x").Expect("Cancel job 3141592 of E1.3?", "▌ No").Press("enter")
	unchanged(t, w)
	d.Press("x", "y")
	w.Pass(time.Minute)
	d.Press("r").Expect("cancelled")
}

func TestNumbersAndTabMove(t *testing.T) {
	d := start(t, panetest.Open(t), 80, 24)
	d.Press("2").Expect("▌Config").Press("3").Expect("▌Jobs").Press("1").Expect("▌Experiments")
	d.Press("tab").Expect("▌Config").Press("shift+tab").Expect("▌Experiments")
}

func TestConfigFollowsTheCursor(t *testing.T) {
	start(t, panetest.Open(t), 140, 45).Press("down").Expect("2 Config · E1.2").Press("down").Expect("2 Config · E1.3")
}

func TestZoom(t *testing.T) {
	d := start(t, panetest.Open(t), 140, 45)
	d.Expect("3 Jobs · slurm").Press("+").Absent("3 Jobs · slurm").Press("+").Expect("3 Jobs · slurm")
}

func TestResizeStorm(t *testing.T) {
	d := start(t, panetest.Open(t), 80, 24)
	for i := range 400 {
		d.Resize((i*37)%301, (i*23)%101)
		if i%9 == 0 {
			d.Press("tab")
		}
	}
	d.Resize(80, 24)
	d.Press("1").Expect("▌Experiments")
}

func TestTooSmallGoesOn(t *testing.T) {
	d := start(t, panetest.Open(t), 59, 17)
	d.Expect("needs 60×18")
	d.Resize(20, 5)
	d.Resize(1, 1)
	d.Resize(60, 18)
	d.Expect("Experiments")
}

func TestPanicInACommandIsAMessage(t *testing.T) {
	d := start(t, panetest.Open(t), 80, 24)
	d.Send(tea.Msg(nil))
	msg := guard(func() tea.Msg { panic("boom") })()
	d.Send(msg).Expect("a fault in shardeck itself: boom")
	batch := guard(tea.Batch(func() tea.Msg { return nil }, func() tea.Msg { panic("inner") }))().(tea.BatchMsg)
	if note, ok := batch[1]().(pane.Note); !ok || note.Text == "" {
		t.Error("a panic inside a batch was not caught")
	}
}

func TestErrorsOfTheBackend(t *testing.T) {
	w := panetest.Open(t)
	w.Block("experiments/configs")
	w.Remove(".shardeck/submitted")
	w.Scheduler.Down = errors.New("squeue: not found; is Slurm installed here?")
	d := start(t, w, 80, 24)
	d.Expect("experiments/configs: a part of this path").Press("3").Expect("squeue: not found")
}

func TestASCIIAndNoColour(t *testing.T) {
	w := panetest.Open(t)
	o := testOptions(w)
	o.Theme = theme.New(termenv.Ascii, true)
	for _, size := range twoSizes {
		d := panetest.Drive(t, whole{New(context.Background(), w.App, o)}, size.w, size.h)
		for _, key := range []string{"1", "2", "3", "4", "5", "6", "?"} {
			d.Press(key)
			for _, r := range d.S.View() {
				if r > 126 || r < 10 {
					t.Fatalf("%q on the screen of pane %s:\n%s", r, key, d.Frame())
				}
			}
		}
	}
}

func TestMouse(t *testing.T) {
	d := start(t, panetest.Open(t), 140, 45)
	down := tea.MouseMsg{Button: tea.MouseButtonWheelDown, Action: tea.MouseActionPress, X: 10, Y: 5}
	d.Send(down).Expect("▌ E1.2", "▌ 1 Experiments")
	d.Press("3").Send(down).Expect("▌ E1.3", "▌ 3 Jobs")
	d.Press("1", "?").Send(down).Absent("▌ E1.4").Press("esc")
	d.Send(tea.MouseMsg{Button: tea.MouseButtonLeft, Action: tea.MouseActionPress, X: 10, Y: 35}).Expect("▌ 3 Jobs")
	if msg := mousePressesOnly(nil, tea.MouseMsg{Action: tea.MouseActionMotion}); msg != nil {
		t.Error("motion must be dropped")
	}
}

func TestEscAndAKeyThatArriveTogether(t *testing.T) {
	d := start(t, panetest.Open(t), 80, 24).Press("?").Send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("3"), Alt: true})
	d.Absent("Keys").Expect("▌Jobs")
	d.Press("?").Send(tea.KeyMsg{Type: tea.KeyDown, Alt: true}).Absent("Keys").Expect("▌ 3141591")
}

func TestNumbersShowWhatIsSelected(t *testing.T) {
	w := panetest.Open(t)
	o := testOptions(w)
	o.after = func(time.Duration, tea.Msg) tea.Cmd { return nil } // the cursor never rests
	d := panetest.Drive(t, whole{New(context.Background(), w.App, o)}, 80, 24)
	d.Press("2").Expect("Config · E1.1", "Tensor (TP)").Press("1", "down", "2").Expect("Config · E1.2").Press("4").Expect("▌ llama-8b-tp2")
	d.Press("5").Expect("llama-8b-tp2 · ").Press("6").Expect("Traces · llama-8b-tp2", "nvjet_tst")
}

func TestFileThatIsNoYAMLGoesToTheEditor(t *testing.T) {
	w := panetest.Open(t)
	w.Remove(w.Config("E9.9"))
	w.Write("experiments/configs/E7_x.yaml", "experiment_id: E7\nmodel: {name: x}\nparallelism:\n  tp: [}\n")
	d := start(t, w, 80, 24).Press("G").Expect("▌ E7 ", "E7, line 3: is not YAML: did not find expected node")
	d.Press("2").Expect("E7 cannot be shown in the form, line 3: is not YAML").Press("1")
	d.Park = true
	d.Press("enter")
	d.Park = false
	if msg, ok := d.Parked[len(d.Parked)-1]().(pane.EditMsg); !ok || !strings.HasSuffix(msg.Path, "/experiments/configs/E7_x.yaml") ||
		msg.Line != 3 {
		t.Errorf("enter led to %+v", msg)
	}
}

func TestEmptyWorkspaceSaysWhatToDoInEveryPane(t *testing.T) {
	d := start(t, panetest.Empty(t), 80, 24)
	for key, text := range map[string]string{"1": "shardeck generate", "2": "go to 1", "3": "Submit an experiment in 1 with s",
		"4": "There is no run", "5": "No run has timings yet", "6": "There is no run to show yet"} {
		if d.Press(key).Expect(text); key != "1" {
			d.Absent("↵")
		}
	}
}

func TestLettersThatArriveTogether(t *testing.T) {
	d := start(t, panetest.Open(t), 80, 24)
	d.Send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("jj")}).Expect("▌ E1.3")
	d.Send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("/tp:4")}).Expect("/ tp:4").Absent("E1.2")
	d.Send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(" x"), Paste: true}).Expect("/ tp:4 x")
	d.Press("esc").Send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("qq"), Paste: true})
	if d.Quit {
		t.Error("a pasted text was taken for keys")
	}
	w := panetest.Open(t)
	d = start(t, w, 80, 24)
	d.Press("s").Send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("y"), Paste: true}).Expect("Submit E1.1?")
	unchanged(t, w)
}

// monkeys are the seeds of a test at random: fewer where it is to be short, as under the race detector, for the keys are pressed by one
// goroutine whatever they are.
func monkeys(all uint64) uint64 {
	if testing.Short() {
		return all / 3
	}
	return all
}

// TestMonkey presses what comes to hand, at sizes that change: nothing may panic, and every
// frame must be exact (the driver checks each).
func TestMonkey(t *testing.T) {
	keys := []string{"1", "2", "3", "4", "5", "6", "up", "down", "left", "right", "enter", "esc", "tab", "space", "/", "a", "x", "y",
		"n", "s", "w",
		"z", "Z", "c", "e", "p", "f", "r", "+", "?", ":", "g", "G", "pgdown", "pgup", "home", "end", "backspace", "ctrl+f", "ctrl+u",
		"ctrl+l", "i",
		"l", "m", "d", "b", "t", "N", "E", "<", ">", "[", "]", "4", "8", "3", "漢", "-"}
	for seed := range monkeys(6) {
		random := rand.New(rand.NewPCG(seed, 7))
		d := start(t, panetest.Open(t), 80, 24)
		for range 1500 {
			if random.IntN(40) == 0 {
				d.Resize(random.IntN(200), random.IntN(60))
			}
			d.Press(keys[random.IntN(len(keys))])
		}
	}
}

// TestNothingIsDoneBlindly presses keys on a screen too small to show their questions.
func TestNothingIsDoneBlindly(t *testing.T) {
	w := panetest.Open(t)
	d := start(t, w, 40, 10).Expect("needs 60×18").Press("s", "y", "3", "x", "y", "e", "right")
	unchanged(t, w)
	d.Resize(80, 24)
	d.Expect("▌Jobs").Absent("Cancel").Resize(40, 10)
	if d.Press("q"); !d.Quit {
		t.Error("q does not leave a small screen")
	}
}

func TestNarrowTabsKeepTheirNumbers(t *testing.T) {
	start(t, panetest.Open(t), 60, 18).Expect("1 Experiments  2  3  4  5  6").Press("3").Expect("1  2  3 Jobs  4  5  6")
}

// TestReadOnlySaysSo: each key that would change something says why it does not.
func TestReadOnlySaysSo(t *testing.T) {
	d := start(t, panetest.Open(t, panetest.ReadOnly), 80, 24).Expect("read-only  as of 14:02")
	for _, keys := range [][]string{{"c"}, {"s"}, {"P"}, {"2", "right"}, {"enter"}, {"w"}, {"s"}, {"z"}, {"ctrl+f"}, {"3", "x"},
		{"down", "down", "f"}} {
		d.Press(keys...).Expect("read-only: start shardeck without --read-only")
	}
}

func TestConfigCopiesTheCommand(t *testing.T) {
	w := panetest.Open(t)
	start(t, w, 100, 24).Press("e", "y").Expect("shardeck -C " + w.Dir + " submit E1.1")
}

// TestClickGoesToWhatItPointsAt clicks on the line that holds a text.
func TestClickGoesToWhatItPointsAt(t *testing.T) {
	for _, size := range twoSizes {
		d := start(t, panetest.Open(t), size.w, size.h)
		click := func(text string) *panetest.Driver {
			for y, line := range strings.Split(d.Frame(), "\n") {
				if at := strings.Index(line, text); at >= 0 {
					x := len([]rune(line[:at]))
					return d.Send(tea.MouseMsg{Button: tea.MouseButtonLeft, Action: tea.MouseActionPress, X: x, Y: y})
				}
			}
			t.Fatalf("no %q to click on:\n%s", text, d.Frame())
			return d
		}
		click(" E1.3 ").Expect("▌ E1.3")
		click("tok/s").Expect("▌ E1.3", "1 Experiments", "by tok/s")
		click("  tok/s").Expect("by tok/s").Absent("by tok/s, greatest")
		click("  tok/s").Absent("by tok/s")
		d.Press("3")
		click(" 3141570 ").Expect("▌ 3141570")
		click("2 Config").Expect("▌ Tensor (TP)")
		click("Pipeline (PP)").Expect("▌ Pipeline (PP)")
		click("→ change").Expect("Pipeline (PP)  ◂ 2 ▸")
		click("? help").Expect("Keys", "take the fix offered")
		click("esc back").Absent("Keys").Expect("▌ Pipeline (PP)")
		d.Press("4")
		click("deepseek-v2-lite-ep2").Expect("▌ deepseek-v2-lite-ep2")
		click("TPOT").Expect("by TPOT").Absent("greatest")
		d.Press("enter")
		click("ranks  phases").Expect("▌ranks")
		click("calls").Expect("calls, greatest first")
		d.Press("esc", "5")
		click("  TP4  ").Expect("▌ ●     4  TP4")
		d.Press("1", "home", "down", "t")
		click("collectives  ").Expect("▌collectives")
		click("broadcast    ").Expect("▌ broadcast")
	}
}

// TestLongErrorIsReadWhole: what to do stands at the end of an error, and is never lost.
func TestLongErrorIsReadWhole(t *testing.T) {
	w := panetest.Open(t)
	w.Scheduler.Reply = errors.New("sbatch refused the job of E1.1, which asks for four nodes of the regular QOS: " +
		"the account m1234 is not a GPU account; use the account m1234_g in shardeck.yaml")
	for _, size := range [][2]int{{60, 18}, {80, 24}, {140, 45}} {
		d := start(t, w, size[0], size[1])
		d.Press("s").Expect("Submit E1.1?").Press("y").Expect("sbatch refused", "! in full").Absent("in shardeck.yaml")
		d.Press("!").Expect("m1234_g").Press("esc").Absent("m1234_g in shardeck")
		d.Press(":", "m", "e", "s", "enter").Expect("m1234_g")
	}
}

// TestOneNumberInEveryPane: what stands for the requests of a run, and how far its iterations lie apart, is the same on the
// board, in the metrics, their differences and the charts.
func TestOneNumberInEveryPane(t *testing.T) {
	w := panetest.Analysed(t)
	for _, rank := range []string{"0", "1"} { // two groups of requests in each iteration: neither is the number
		w.Write("trace_collection/llama-8b-tp2/timing_stats_"+rank+".json", `{"unprofiled_iteration_times": [0.50, 0.55, 0.45],
 "unprofiled_ttft": [[0.378, 0.378, 0.760, 0.760], [0.378, 0.378, 0.760, 0.760], [0.378, 0.378, 0.960, 0.960]], "unprofiled_tpot": [0.005, 0.005, 0.006]}`)
	}
	d := start(t, w, 80, 24).Press("down").Expect("16 896", "3 iterations, spread 20.2 %")
	d.Press("4").Send(pane.OpenMsg{To: pane.Metrics, Run: "llama-8b-tp2"}).Expect("569.0", "16 896")
	d.Send(pane.OpenMsg{To: pane.Metrics, Run: "llama-8b-tp1"}).Press("b").Send(pane.OpenMsg{To: pane.Metrics, Run: "llama-8b-tp2"})
	d.Expect("+496.4") // 569.0 over 95.4
	d.Press("5").Send(pane.OpenMsg{To: pane.Charts, Run: "llama-8b-tp2"}).Expect("16 896", "20.2")
	d.Press("y", "y").Expect("TTFT against GPUs", "569.0", "17.6") // the means are 569, 569 and 669
}
