package experiments

import (
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shardeck/backend/scheduler"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func drive(t *testing.T, w *panetest.Workspace, width, height int) *panetest.Driver {
	t.Helper()
	_ = w.JobList() // the cockpit asks the scheduler; the board takes the answer that there is
	return panetest.Drive(t, panetest.OfPane(New(w.Env())), width, height)
}

// configs are the configs among files that were written.
func configs(changed []string) []string {
	return slices.DeleteFunc(changed, func(path string) bool { return !strings.HasPrefix(path, "experiments/configs/") })
}

func submitted(t *testing.T, w *panetest.Workspace, want ...string) {
	t.Helper()
	if got := w.Scheduler.Did("submit"); !slices.Equal(got, want) {
		t.Errorf("submitted %v, want %v", got, want)
	}
}

func TestFrames(t *testing.T) {
	w := panetest.Analysed(t)
	drive(t, w, 80, 18).Press("down").Expect("▌ E1.2", "tensor parallelism TP=2").Golden("80x18")
	drive(t, w, 140, 39).Golden("140x39")
}

func TestSizes(t *testing.T) { panetest.Sizes(drive(t, panetest.Open(t), 80, 18)) }

func TestFilter(t *testing.T) {
	d := drive(t, panetest.Open(t), 80, 18)
	d.Press("/").Type("tp:4 model:~8b").Expect("E1.3").Absent("E1.2", "E2.1")
	d.Press("enter").Absent("/ tp").Press("esc").Expect("E1.2", "E2.1")
	d.Press("/").Type("!llama").Expect("E3.1").Absent("E1.1")
	d.Press("esc").Expect("E1.1")
	d.Press("/").Type("nothing such").Expect("no experiment matches")
}

func TestLettersGoToTheFilter(t *testing.T) {
	d := drive(t, panetest.Open(t), 80, 18)
	d.Press("/").Type("sec q").Expect("/ sec q")
	if !d.Pane().Capturing() {
		t.Error("a text field must have the keys")
	}
}

func TestSubmitAsksFirst(t *testing.T) {
	w := panetest.Open(t)
	before := w.Digest()
	d := drive(t, w, 80, 18)
	d.Press("down", "s").Expect("Submit E1.2?", "0.25 node-hours", "▌ No")
	d.Press("enter").Absent("Submit E1.2?")
	if changed := w.Changed(before); len(changed) > 0 || len(w.Scheduler.Did("submit")) > 0 {
		t.Fatalf("submitted %v after No, written %v", w.Scheduler.Did("submit"), changed)
	}
	d.Press("s", "y")
	submitted(t, w, "E1.2")
	d.Expect("waiting")
}

// TestSubmitSaysWhenItWouldStart: once the scheduler has said so, and nobody waits for it.
func TestSubmitSaysWhenItWouldStart(t *testing.T) {
	w := panetest.Open(t)
	d := drive(t, w, 80, 18).Press("s").Expect("Submit E1.1?", "would start ~14:20", "▌ No").Press("n")
	w.Scheduler.Unplanned = &scheduler.Fault{Text: "the account is not one that you may charge"}
	w.Pass(3 * time.Minute) // a plan is believed for two
	d.Press("s").Expect("when it would start is not known: the account", "▌ No")
	d.Press("y")
	submitted(t, w, "E1.1")
	if n := len(w.Scheduler.Did("plan")); n != 2 {
		t.Errorf("asked for a plan %d times", n)
	}
}

// TestSubmitSaysWhatBecomesOfAResult: a new job does not replace it unsaid.
func TestSubmitSaysWhatBecomesOfAResult(t *testing.T) {
	d := drive(t, panetest.Open(t), 80, 18)
	d.Press("s").Expect("Submit E1.1?", "has a result already: kept as llama-8b-tp1@3141560").Press("n")
	d.Press("space", "space", "s").Expect("Submit 2 experiments?", "2 earlier results will be kept, as NAME@JOB").Press("n")
}

// TestSubmitHereIsSaid: where Slurm was not found a job would run on the login node.
func TestSubmitHereIsSaid(t *testing.T) {
	w := panetest.Open(t)
	drive(t, w, 80, 24).Press("s").Absent("on this machine")
	w.Scheduler.Label = "local"
	drive(t, w, 80, 24).Press("s").Expect("It is started here, on this machine: there is no Slurm.", "▌ No")
}

func TestSubmitRefusedLeadsToTheForm(t *testing.T) {
	w := panetest.Open(t)
	w.Replace(w.Config("E1.2"), "tp: 2", "tp: 3")
	d := drive(t, w, 80, 18)
	d.Press("down", "s").Expect("E1.2 cannot be submitted", "32 heads do not divide by 3", "set parallelism.tp to 4")
	d.Press("enter")
	if got, ok := panetest.Last[pane.OpenMsg](d); !ok || got.To != pane.Config || got.Experiment != "E1.2" {
		t.Errorf("Open led to %+v", got)
	}
	submitted(t, w)
}

func TestSubmitMarked(t *testing.T) {
	w := panetest.Open(t)
	d := drive(t, w, 100, 24)
	d.Press("space", "space").Expect("•")
	d.Press("s").Expect("Submit 2 experiments?", "together at most").Press("n").Expect("•E1.1", "•E1.2")
	d.Press("s", "y").Absent("•")
	submitted(t, w, "E1.1", "E1.2")
}

// TestTheLastOfSeveralFails: what was submitted before it stays so, and the error is what is said.
func TestTheLastOfSeveralFails(t *testing.T) {
	w := panetest.Open(t)
	d := drive(t, w, 100, 30).Press("down", "space", "space", "s").Expect("Submit 2 experiments?").Press("y")
	submitted(t, w, "E1.2")
	if n, _ := panetest.Last[pane.Note](d); !strings.Contains(n.Text, "E1.3 is submitted already: job 3141592 is RUNNING") {
		t.Errorf("said %q", n.Text)
	}
	if m, ok := panetest.Last[pane.SubmittedMsg](d); !ok || m.Job != "3141600" {
		t.Errorf("the jobs pane was led to %+v", m)
	}
}

// TestOneOfSeveralRefused: the question names it, and the marks stay.
func TestOneOfSeveralRefused(t *testing.T) {
	w := panetest.Open(t)
	w.Replace(w.Config("E1.2"), "tp: 2", "tp: 3")
	d := drive(t, w, 100, 24).Press("space", "space", "s")
	d.Expect("E1.2 cannot be submitted", "take its mark off with space").Press("esc").Expect("•E1.1", "•E1.2")
	submitted(t, w)
	d.Press("s").Expect("Go on with the 1 experiment that can be?").Press("enter").Expect("Submit E1.1?").Press("y")
	submitted(t, w, "E1.1")
}

func TestClone(t *testing.T) {
	w := panetest.Open(t)
	before := w.Digest()
	d := drive(t, w, 80, 18)
	d.Press("c").Expect("clone E1.1 as E1.4").Press("enter").Expect("▌ E1.4")
	if made := configs(w.Changed(before)); !slices.Equal(made, []string{w.Config("E1.4")}) {
		t.Errorf("made %v", made)
	}
	if got, ok := panetest.Last[pane.OpenMsg](d); !ok || got.Experiment != "E1.4" {
		t.Errorf("the form was not opened: %+v", got)
	}
}

func TestOpenGoesWhereItMatters(t *testing.T) {
	w := panetest.Open(t)
	for id, want := range map[string]pane.Name{"E1.1": pane.Metrics, "E1.3": pane.Jobs, "E1.6": pane.Jobs, "E2.1": pane.Config} {
		d := drive(t, w, 80, 18)
		d.Send(pane.OpenMsg{Experiment: id}).Press("enter")
		if got, _ := panetest.Last[pane.OpenMsg](d); got.To != want || got.Experiment != id {
			t.Errorf("%s opened %+v, want %s", id, got, want)
		}
	}
}

func TestReadOnly(t *testing.T) {
	d := drive(t, panetest.Open(t, panetest.ReadOnly), 80, 18)
	d.Press("s").Absent("Submit")
	if note, ok := panetest.Last[pane.Note](d); !ok || note.Text == "" {
		t.Error("a key that cannot act must say why")
	}
}

func TestErrorsAreShown(t *testing.T) {
	w := panetest.Open(t)
	w.Block("experiments/configs")
	drive(t, w, 80, 18).Expect("experiments/configs: a part of this path", "r tries again")
}

func TestEmptyWorkspace(t *testing.T) {
	drive(t, panetest.Empty(t), 80, 18).Expect("There are no experiments", "shardeck generate")
}

// TestWhatLogsSayIsOnTheBoard: the stage of a job that runs, the cause of one that failed.
func TestWhatLogsSayIsOnTheBoard(t *testing.T) {
	d := drive(t, panetest.Open(t), 80, 18).Send(pane.OpenMsg{Experiment: "E1.3"})
	d.Send(pane.SeenMsg{Titles: map[string]string{"3141592": "timing 3 of 5", "3141580": "CUDA out of memory"}})
	d.Press("down", "up").Expect("timing 3 of 5: ↵ shows the job").Press("down")
	if m := d.Pane().Message(); m.Text != "E1.6 failed after 1:52: CUDA out of memory. ↵ shows its log and the cause" {
		t.Errorf("message %q", m.Text)
	}
}

func TestLateBoardIsDropped(t *testing.T) {
	w := panetest.Open(t)
	p := New(w.Env())
	late := p.load()() // it is there before the next is asked for, and taken after it
	second := p.load()
	second().(pane.Reply).Deliver()
	before := len(p.list.Rows())
	p.list.SetRows(p.list.Rows()[:1])
	late.(pane.Reply).Deliver()
	if len(p.list.Rows()) != 1 || before == 1 {
		t.Error("a reply that came too late was taken")
	}
}

func TestAnalysisOfAnotherPaneIsShown(t *testing.T) {
	w := panetest.Open(t)
	d := drive(t, w, 80, 18).Press("down").Absent("% communication").Expect("communication not known: t reads the traces")
	d.Send(pane.AnalysedMsg{Analysis: w.Analysis("llama-8b-tp2")}).Expect("17 618", "11.5 % communication")
}

func TestEnergyStandsBesideThePrice(t *testing.T) {
	w := panetest.Open(t)
	d := drive(t, w, 140, 39).Press("down").Absent("J/tok")
	a := w.Analysis("llama-8b-tp2")
	for i, m := range a.Metrics {
		if m.Name == "energy_j_per_token" {
			a.Metrics[i].Value = new(0.3743)
		}
	}
	d.Send(pane.AnalysedMsg{Analysis: a}).Expect("node-hours · 0.374 J/tok")
}
