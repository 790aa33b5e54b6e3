package experiments

import (
	"context"
	"errors"
	"testing"
	"time"

	"shardeck/backend/lab"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

func drive(t *testing.T, l *panetest.Lab, w, h int) *panetest.Driver {
	t.Helper()
	return panetest.Drive(t, panetest.OfPane(New(l.Env(context.Background()))), w, h)
}

func TestFrames(t *testing.T) {
	drive(t, panetest.New(), 80, 18).Press("down").Expect("▌ E1.2", "tensor parallelism TP=2").Golden("80x18")
	drive(t, panetest.New(), 140, 39).Golden("140x39")
}

func TestSizes(t *testing.T) { panetest.Sizes(drive(t, panetest.New(), 80, 18)) }

func TestFilter(t *testing.T) {
	d := drive(t, panetest.New(), 80, 18)
	d.Press("/").Type("tp:4 model:~8b").Expect("E1.3").Absent("E1.2", "E2.1")
	d.Press("enter").Absent("/ tp").Press("esc").Expect("E1.2", "E2.1")
	d.Press("/").Type("!llama").Expect("E3.1").Absent("E1.1")
	d.Press("esc").Expect("E1.1")
	d.Press("/").Type("nothing such").Expect("no experiment matches")
}

func TestLettersGoToTheFilter(t *testing.T) {
	d := drive(t, panetest.New(), 80, 18)
	d.Press("/").Type("sec q").Expect("/ sec q")
	if !d.Pane().Capturing() {
		t.Error("a text field must have the keys")
	}
}

func TestSubmitAsksFirst(t *testing.T) {
	l := panetest.New()
	d := drive(t, l, 80, 18)
	d.Press("down", "s").Expect("Submit E1.2?", "0.25 node-hours", "▌ No")
	d.Press("enter").Absent("Submit E1.2?")
	if n := l.Called("Submit"); n != 0 {
		t.Fatalf("submitted %d times after No", n)
	}
	d.Press("s", "y")
	if l.Called("Submit E1.2") != 1 {
		t.Fatalf("calls: %v", l.Calls)
	}
	d.Expect("waiting")
}

// TestSubmitSaysWhenItWouldStart: once the scheduler has said so, and nobody waits for it.
func TestSubmitSaysWhenItWouldStart(t *testing.T) {
	l := panetest.New()
	l.Plan = lab.Start{At: panetest.Now.Add(18 * time.Minute)}
	d := drive(t, l, 80, 18).Press("s").Expect("Submit E1.1?", "would start ~14:20", "▌ No").Press("n")
	l.Plan = lab.Start{Note: "the account is not one that you may charge"}
	d.Press("s").Expect("when it would start is not known: the account", "▌ No")
	d.Press("y")
	if l.Called("Submit E1.1") != 1 || l.Called("Starts") != 2 {
		t.Errorf("calls: %v", l.Calls)
	}
}

// TestSubmitSaysWhatBecomesOfAResult: a new job does not replace it unsaid.
func TestSubmitSaysWhatBecomesOfAResult(t *testing.T) {
	d := drive(t, panetest.New(), 80, 18)
	d.Press("s").Expect("Submit E1.1?", "has a result already: kept as llama-8b-tp1@before-JOB").Press("n")
	d.Press("space", "space", "s").Expect("Submit 2 experiments?", "2 earlier results will be kept, as NAME@JOB").Press("n")
}

// TestSubmitHereIsSaid: where Slurm was not found a job would run on the login node.
func TestSubmitHereIsSaid(t *testing.T) {
	l := panetest.New()
	drive(t, l, 80, 18).Press("s").Absent("on this machine")
	l.Scheduler = "local"
	drive(t, l, 80, 18).Press("s").Expect("It is started here, on this machine: there is no Slurm.", "▌ No")
}

func TestSubmitRefusedLeadsToTheForm(t *testing.T) {
	l := panetest.New()
	l.Rows[1].Experiment.Layout.TP = 3
	d := drive(t, l, 80, 18)
	d.Press("down", "s").Expect("E1.2 cannot be submitted", "32 heads do not divide by 3", "set parallelism.tp to 4")
	d.Press("enter")
	if got, ok := panetest.Last[pane.OpenMsg](d); !ok || got.To != pane.Config || got.Experiment != "E1.2" {
		t.Errorf("Open led to %+v", got)
	}
	if l.Called("Submit") != 0 {
		t.Error("submitted what the checks refuse")
	}
}

func TestSubmitMarked(t *testing.T) {
	l := panetest.New()
	d := drive(t, l, 100, 24)
	d.Press("space", "space").Expect("•")
	d.Press("s").Expect("Submit 2 experiments?", "together at most").Press("n").Expect("•E1.1", "•E1.2")
	d.Press("s", "y").Absent("•")
	if l.Called("Submit E1.1") != 1 || l.Called("Submit E1.2") != 1 {
		t.Errorf("calls: %v", l.Calls)
	}
}

// TestOneOfSeveralRefused: the question names it, and the marks stay.
func TestOneOfSeveralRefused(t *testing.T) {
	l := panetest.New()
	l.Rows[1].Experiment.Layout.TP = 3
	d := drive(t, l, 100, 24).Press("space", "space", "s")
	d.Expect("E1.2 cannot be submitted", "take its mark off with space").Press("esc").Expect("•E1.1", "•E1.2")
	if l.Called("Submit") != 0 {
		t.Error("submitted a part without asking")
	}
}

func TestClone(t *testing.T) {
	l := panetest.New()
	d := drive(t, l, 80, 18)
	d.Press("c").Expect("clone E1.1 as E1.4").Press("enter").Expect("▌ E1.4")
	if l.Called("Clone E1.1 E1.4") != 1 {
		t.Errorf("calls: %v", l.Calls)
	}
	if got, ok := panetest.Last[pane.OpenMsg](d); !ok || got.Experiment != "E1.4" {
		t.Errorf("the form was not opened: %+v", got)
	}
}

func TestOpenGoesWhereItMatters(t *testing.T) {
	for id, want := range map[string]pane.Name{"E1.1": pane.Metrics, "E1.3": pane.Jobs, "E1.6": pane.Jobs, "E2.1": pane.Config} {
		d := drive(t, panetest.New(), 80, 18)
		d.Send(pane.OpenMsg{Experiment: id}).Press("enter")
		if got, _ := panetest.Last[pane.OpenMsg](d); got.To != want || got.Experiment != id {
			t.Errorf("%s opened %+v, want %s", id, got, want)
		}
	}
}

func TestReadOnly(t *testing.T) {
	l := panetest.New()
	l.Locked = true
	d := drive(t, l, 80, 18)
	d.Press("s").Absent("Submit")
	if note, ok := panetest.Last[pane.Note](d); !ok || note.Text == "" {
		t.Error("a key that cannot act must say why")
	}
}

func TestErrorsAreShown(t *testing.T) {
	l := panetest.New()
	l.Err["Board"] = errors.New("experiments/configs: permission denied")
	drive(t, l, 80, 18).Expect("permission denied", "r tries again")
}

func TestEmptyWorkspace(t *testing.T) {
	l := panetest.New()
	l.Rows = nil
	drive(t, l, 80, 18).Expect("There are no experiments", "shardeck generate")
}

// TestWhatLogsSayIsOnTheBoard: the stage of a job that runs, the cause of one that failed.
func TestWhatLogsSayIsOnTheBoard(t *testing.T) {
	d := drive(t, panetest.New(), 80, 18).Send(pane.OpenMsg{Experiment: "E1.3"}).Send(pane.SeenMsg{Titles: map[string]string{"3141592": "timing 3 of 5", "3141580": "CUDA out of memory"}})
	d.Press("down", "up").Expect("timing 3 of 5: ↵ shows the job").Press("down")
	if m := d.Pane().Message(); m.Text != "E1.6 failed after 1:52: CUDA out of memory. ↵ shows its log and the cause" {
		t.Errorf("message %q", m.Text)
	}
}

func TestLateBoardIsDropped(t *testing.T) {
	l := panetest.New()
	p := New(l.Env(context.Background()))
	first := p.load()
	second := p.load()
	late := first()
	second().(pane.Reply).Deliver()
	before := len(p.rows)
	p.rows = p.rows[:1]
	late.(pane.Reply).Deliver()
	if len(p.rows) != 1 || before == 1 {
		t.Error("a reply that came too late was taken")
	}
}

func TestAnalysisOfAnotherPaneIsShown(t *testing.T) {
	l := panetest.New()
	l.Rows[1].Analysis = nil
	d := drive(t, l, 80, 18).Press("down").Absent("15 532").Expect("traced, not yet analysed")
	d.Send(pane.AnalysedMsg{Analysis: l.Analyses["llama-8b-tp2"]}).Expect("15 532", "9.6 % communication")
}
