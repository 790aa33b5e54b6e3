package slurm

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"
)

// real reads an answer of a real Slurm from testdata, where the separators stand as
// ␟ and ␞ for the eye.
func real(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer("␟", unit, "␞\n", record, "␞", record).Replace(string(text))
}

func at(hour, min, sec int) time.Time {
	return time.Date(2026, 11, 23, hour, min, sec, 0, time.UTC)
}

func TestParseSqueue(t *testing.T) {
	got, err := parseSqueue(real(t, "squeue-22.05.txt"), time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	base := model.Job{Scheduler: "slurm", Account: "m1234_g", Nodes: 1, WorkDir: "/tmp"}
	with := func(change func(*model.Job)) model.Job {
		j := base
		change(&j)
		return j
	}
	want := []model.Job{
		with(func(j *model.Job) {
			j.ID, j.Name, j.Tag, j.State, j.Reason = "3_[1-3%1]", "nm", "sd-arr", model.JobPending, "JobArrayTaskLimit"
			j.QOS, j.Partition, j.GPUs, j.Submit, j.Limit, j.Log = "gpu_regular", "gpu_ss11", 3, at(18, 8, 53), 10*time.Minute, "/tmp/slurm-3_%a.out"
			j.RawID, j.Tasks = "3", model.Tasks{Waiting: 3}
		}),
		with(func(j *model.Job) {
			j.ID, j.Name, j.Tag, j.State, j.Elapsed = "1", "we|ird name é", "sd-tag-1", model.JobRunning, 62*time.Second
			j.QOS, j.Partition, j.GPUs, j.NodeList, j.WorkDir = "gpu_debug", "gpu_ss11", 8, "nid[001000-001001]", "/tmp/w"
			j.Nodes, j.Submit, j.Start, j.Limit, j.Log = 2, at(18, 8, 53), at(18, 8, 54), 30*time.Minute, "/tmp/w/1-we|ird name é.out"
		}),
		with(func(j *model.Job) {
			j.ID, j.Name, j.Tag, j.State, j.Reason, j.ExitCode = "2", "a", "sd-tag-2", model.JobFailed, "NonZeroExitCode", "3:0"
			j.QOS, j.Partition, j.GPUs, j.NodeList, j.Elapsed = "gpu_debug", "gpu_ss11", 4, "nid001001", 2*time.Second
			j.Submit, j.Start, j.End, j.Limit, j.Log = at(18, 8, 53), at(18, 8, 53), at(18, 8, 55), 10*time.Minute, "/tmp/slurm-2.out"
		}),
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestParseSacct(t *testing.T) {
	got, err := parseSacct(real(t, "sacct-22.05.txt"), without("StdOut", "StdErr"), time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, j := range got {
		lines = append(lines, fmt.Sprintf("%s %s %s %s tag=%s %dx%d %v %q", j.ID, j.State, j.ExitCode, j.Reason, j.Tag, j.Nodes, j.GPUs, j.Elapsed, j.Name))
	}
	want := []string{
		`1 FAILED 3:0  tag=sd-tag-1 1x4 2s "we|ird na me é"`,
		`3_0 RUNNING   tag=sd-arr 1x4 17s "nm"`,
		`4 CANCELLED 0:0 CANCELLED by root tag= 4x16 0s "ok.sh"`,
		`17 FAILED 1:0  tag= 1x4 0s "never ran"`,
	}
	if d := cmp.Diff(want, lines); d != "" {
		t.Error(d)
	}
	if !refusal(got[3]) || refusal(got[0]) || refusal(got[2]) {
		t.Error("a refused submission is not told from a job")
	}
}

// TestCommandsHideSecrets: what was exported on a command line is shown to nobody.
func TestCommandsHideSecrets(t *testing.T) {
	for line, want := range map[string]string{
		"sbatch --export=ALL,HF_TOKEN=hf_abc run_E1.sh": "sbatch --export=*** run_E1.sh",
		"sbatch --export HF_TOKEN=hf_abc run_E1.sh":     "sbatch --export *** run_E1.sh",
		"sbatch --wrap HF_TOKEN=hf_abc python x":        "sbatch --wrap HF_TOKEN=*** python x",
		"sbatch -o logs/%j.out run_E1.sh":               "sbatch -o logs/%j.out run_E1.sh",
	} {
		var j model.Job
		if setSubmitLine(&j, line, time.UTC); j.Command != want {
			t.Errorf("%s: %s, want %s", line, j.Command, want)
		}
	}
}

func TestBrokenAnswers(t *testing.T) {
	for _, text := range []string{"x", "1" + unit + "2", "1" + unit + "2" + record, strings.Repeat("a"+unit, 40)} {
		if jobs, err := parseSqueue(text, time.UTC); err == nil || jobs != nil {
			t.Errorf("squeue %q: %v, %v", text, jobs, err)
		}
	}
	for _, text := range []string{"x", "1" + unit + "2", "slurm: something\nelse"} {
		if jobs, err := parseSacct(text, sacctFields, time.UTC); err == nil || jobs != nil {
			t.Errorf("sacct %q: %v, %v", text, jobs, err)
		}
	}
}

func TestStates(t *testing.T) {
	for text, want := range map[string]string{
		"RUNNING": "RUNNING ", "CANCELLED by 0": "CANCELLED CANCELLED by root", "CANCELLED+": "CANCELLED ", "COMPLETING": "COMPLETING ",
		"CONFIGURING": "PENDING CONFIGURING", "BOOT_FAIL": "NODE_FAIL BOOT_FAIL", "DEADLINE": "TIMEOUT DEADLINE",
		"REQUEUE_HOLD": "PENDING REQUEUE_HOLD", "OUT_OF_MEMORY": "OUT_OF_MEMORY ", "NEW_WORD": "NEW_WORD ", "": " ",
	} {
		var j model.Job
		setState(&j, text)
		if got := string(j.State) + " " + j.Reason; got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	j := model.Job{Reason: "NodeDown"}
	if setState(&j, "BOOT_FAIL"); j.Reason != "NodeDown" {
		t.Errorf("the better reason was lost: %q", j.Reason)
	}
}

func TestValues(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0:02": 2 * time.Second, "10:00": 10 * time.Minute, "1:00:00": time.Hour, "2-00:00:00": 48 * time.Hour, "00:00:17": 17 * time.Second,
		"UNLIMITED": 0, "": 0, "INVALID": 0, "1:2:3:4": 0, "-5": 0, "99999999999:00": 0, "1-x": 0, "70000-00:00": 0,
	} {
		if got := parseDuration(text); got != want {
			t.Errorf("duration %q: %v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]int{
		"cpu=256,mem=480G,node=2,billing=256,gres/gpu=8": 8, "cpu=1,gres/gpu:a100=4": 4, "gres/gpu:a100=4,gres/gpu=4": 4,
		"gres/gpu:a100=2,gres/gpu:h100=1": 3, "cpu=128": 0, "": 0, "gres/gpu=-1": 0, "gres/gpu=99999999999": 0,
		"gres:gpu:4": 4, "gres/gpu:4": 4, "gpu:a100:4": 4, "gres/gpu:a100:2,gres/gpu:h100:1": 3, "gres:gpu": 1, "gres:gpu:a100": 1,
		"gpu:4(S:0-1)": 4, "N/A": 0, "gres:craynetwork:1": 0, "gpu:99999999": 0, "gpu:2,gpu:a100:1": 3, "gpu:1g.5gb:2": 2,
	} {
		if got := countGPUs(text); got != want {
			t.Errorf("gres %q: %d, want %d", text, got, want)
		}
	}
	for text, want := range map[string]string{"768": "3:0", "15": "0:15", "3893": "0:53", "0": "0:0", "3:0": "3:0", "x": "", "": ""} {
		if got := exitCode(text); got != want {
			t.Errorf("exit code %q: %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{"N/A", "Unknown", "None", "", "2026-13-01T00:00:00", "NOW"} {
		if got := parseTime(text, time.UTC); !got.IsZero() {
			t.Errorf("time %q: %v", text, got)
		}
	}
}

func TestCancelID(t *testing.T) {
	for id, want := range map[string]string{
		"12": "12", "12_3": "12_3", "12_[0-3]": "12_[0-3]", "12_[1-3%1]": "12_[1-3]", "12_[1,5-9:2%4]": "12_[1,5-9:2]",
		"": "", "-1": "", "12;ls": "", "12_": "", "--me": "", "12_[a]": "", "L1": "", "1 2": "",
	} {
		if got, _ := cancelID(id); got != want {
			t.Errorf("%q: %q, want %q", id, got, want)
		}
	}
}

// queue is an answer with n jobs.
func queue(n int) string {
	var b strings.Builder
	for i := range n {
		fields := []string{fmt.Sprint(i), fmt.Sprint(i), "Priority", "PENDING", "0:00", "30:00", "4", "", "", "gres:gpu:4", "cpu=512,mem=960G,node=4,billing=512,gres/gpu=16", "gpu_regular",
			"gpu_ss11", "m1234_g", "2026-11-23T18:08:53", "N/A", "N/A", "0", "0", "sd-" + fmt.Sprint(i), "/pscratch/sd/u/user/vllm", "/pscratch/sd/u/user/vllm/logs/%j.out",
			"/pscratch/sd/u/user/vllm/logs/%j.out", "(null)", "E1.3_llama8b_tp4"}
		b.WriteString(strings.Join(fields, unit) + record)
	}
	return b.String()
}

// TestLongQueue: 5,000 jobs are parsed within 50 ms of processor time, the best of a
// few, as the machine may be busy with other things.
func TestLongQueue(t *testing.T) {
	text := queue(5000)
	best := time.Hour
	for range 5 {
		start := busy(t)
		jobs, err := parseSqueue(text, time.UTC)
		jobs = foldArrays(jobs)
		best = min(best, busy(t)-start)
		if err != nil || len(jobs) != 5000 {
			t.Fatalf("%d jobs, %v", len(jobs), err)
		}
	}
	if limit := 50 * time.Millisecond; best > limit && !raced {
		t.Errorf("%v, more than %v", best, limit)
	}
}

// busy is the processor time this process has taken.
func busy(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkParseSqueue5000(b *testing.B) {
	text, start := queue(5000), busy(b)
	for b.Loop() {
		if jobs, err := parseSqueue(text, time.UTC); err != nil || len(foldArrays(jobs)) != 5000 {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((busy(b)-start).Milliseconds())/float64(b.N), "cpu-ms/op")
}

// safe checks what every job read from outside must be.
func safe(t *testing.T, jobs []model.Job) {
	for _, j := range jobs {
		for _, s := range []string{j.ID, j.Name, j.Tag, string(j.State), j.Reason, j.Account, j.QOS, j.Partition, j.NodeList, j.WorkDir, j.Log} {
			if model.Printable(s) != s {
				t.Fatalf("unsafe text %q in %+v", s, j)
			}
		}
		if j.GPUs < 0 || j.Nodes < 0 || j.Elapsed < 0 || j.Limit < 0 {
			t.Fatalf("a negative number in %+v", j)
		}
	}
}

func FuzzSqueue(f *testing.F) {
	f.Add(real(f, "squeue-22.05.txt"))
	f.Add(queue(2))
	f.Fuzz(func(t *testing.T, text string) {
		jobs, err := parseSqueue(text, time.UTC)
		if err != nil && jobs != nil {
			t.Fatal("jobs and an error")
		}
		safe(t, jobs)
	})
}

func FuzzSacct(f *testing.F) {
	f.Add(real(f, "sacct-22.05.txt"))
	f.Fuzz(func(t *testing.T, text string) {
		jobs, err := parseSacct(text, sacctFields, time.UTC)
		if err != nil && jobs != nil {
			t.Fatal("jobs and an error")
		}
		safe(t, jobs)
	})
}

// TestNameWithSeparators: a job may be called anything; it hides neither itself nor another.
func TestNameWithSeparators(t *testing.T) {
	for _, name := range []string{"a" + unit + "b", "a" + record + "b", record, "a" + record + unit + "b" + unit, "a\nb" + unit + "c", "x\n" + unit} {
		one := func(fields []field, id, name string) string {
			values := make([]string, len(fields))
			values[0], values[len(values)-1] = id, name
			return strings.Join(values, unit)
		}
		lists := map[string]func() ([]model.Job, error){
			"squeue": func() ([]model.Job, error) {
				return parseSqueue(one(squeueFields, "7", name)+record+"\n"+one(squeueFields, "8", "plain")+record+"\n", time.UTC)
			},
			"sacct": func() ([]model.Job, error) {
				return parseSacct(one(sacctFields, "7", name)+"\n"+one(sacctFields, "8", "plain")+"\n", sacctFields, time.UTC)
			},
		}
		for program, list := range lists {
			jobs, err := list()
			if err != nil || len(jobs) != 2 || jobs[0].ID != "7" || jobs[1].ID != "8" || jobs[1].Name != "plain" {
				t.Errorf("%s, a job called %q: %+v, %v", program, name, jobs, err)
			}
		}
	}
}
