package scheduler

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of reasons anew")

// sentences are what slurmctld writes in the place of a code, what squeue and shardeck make of some, and words
// that nobody knows.
var sentences = []string{
	"Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions",
	"Nodes required for job are DOWN, DRAINED, REBOOTING or reserved for jobs in higher priority partitions",
	"ReqNodeNotAvail, UnavailableNodes:nid[001000-001003]", "ReqNodeNotAvail, UnavailableNodes:",
	"ReqNodeNotAvail, Reserved for maintenance", "ReqNodeNotAvail, May be reserved for other job", "ReqNodeNotAvail(Unavailable:nid001000)",
	"Job's account not permitted to use this partition (gpu_ss11 allows m1 not m1234_g)",
	"Job's QOS not permitted to use this partition (gpu_ss11 denies gpu_debug including gpu_debug)",
	"Job's QOS not known, so it can't use this partition (gpu_ss11 allows gpu_regular)",
	"uid 1000 not in group permitted to use this partition (gpu_ss11). groups allowed: staff",
	"Reservation maint was deleted", "Reservation maint is invalid", "Reservation r1, which this job was running under, has ended",
	"License request 'scratch:1' is no longer valid, holding job",
	"job requeued in held state", "job requeued in special exit state", "launch failed requeued held",
	"launch failure limit exceeded requeued held", "user env retrieval failed requeued held",
	"Job is at or exceeds QOS gpu's group max TRES(cpu) minutes of 10 with 12", "Unable to load job batch script",
	"burst_buffer/lua: slurm_bb_pre_run: failed",
	"RaisedSignal:53(Real-time_signal_19)", "RaisedSignal:15(Terminated)", "CANCELLED by fred",
	"Priority,JobArrayTaskLimit", "JobHeldUser,DependencyNeverSatisfied", "JobHeldUser,JobArrayTaskLimit",
	"SomethingNew", "AssocGrpQuantumLimit", "Something new, in words",
}

// TestReasons holds every code that a release of Slurm has, and its sentences, against the table of what is said.
func TestReasons(t *testing.T) {
	codes, err := os.ReadFile("testdata/reason-codes.txt")
	if err != nil {
		t.Fatal(err)
	}
	words := sentences
	for line := range strings.Lines(string(codes)) {
		words = append(words, strings.Fields(line)[0])
	}
	var b strings.Builder
	b.WriteString("| Slurm's | in words | waiting | what would help |\n|---|---|---|---|\n")
	for i, word := range words {
		r := ReasonOf(word)
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", word, r.Words, r.Waiting, r.Help)
		if i >= len(sentences) && strings.Contains(r.Words, word) {
			t.Errorf("%s is not known", word)
		}
		if !r.Forever && strings.Contains(r.Words, "never") {
			t.Errorf("%s: waiting helps, and yet %q", word, r.Words)
		}
		if r.Forever && r.Help == "" {
			t.Errorf("%s waits for ever, and nothing helps", word)
		}
	}
	const table = "testdata/reasons.md"
	if *update {
		if err := os.WriteFile(table, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(table); err != nil || string(want) != b.String() {
		t.Errorf("the words changed (-update writes them anew): %v\n%s", err, b.String())
	}
}

func TestReasonTable(t *testing.T) {
	for _, word := range []string{"", "(null)"} {
		if r := ReasonOf(word); r.Words != "" || r.Waiting != "" {
			t.Errorf("%q: %+v", word, r)
		}
	}
	if got := ReasonOf("evil\x1b[2J").Words; strings.Contains(got, "\x1b") {
		t.Errorf("control characters pass: %q", got)
	}
	for _, r := range slices.Concat(reasons().Reasons, reasons().Patterns) {
		if _, ok := waitingWords[r.Waiting]; r.Text == "" || strings.HasSuffix(r.Text, ".") || (r.Says == "") == (r.Like == "") ||
			!ok && r.Waiting != "" {
			t.Errorf("%+v", r)
		}
	}
}

func FuzzReasonOf(f *testing.F) {
	for _, s := range sentences {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, word string) {
		r := ReasonOf(word)
		if strings.ContainsAny(r.Words+r.Help, "\x1b\n") ||
			r.Words == "" && strings.TrimSpace(word) != "" && strings.TrimSpace(word) != "(null)" {
			t.Errorf("%q: %+v", word, r)
		}
	})
}
