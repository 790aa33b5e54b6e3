package slurm

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"
)

// TestAnswers holds what is made of whole answers of squeue, sacct and sprio against what a person read in them.
func TestAnswers(t *testing.T) {
	for version, fields := range recordings {
		all := recorded(t, version)
		queue, err := parseSqueue(all["answers.squeue"], time.UTC)
		past, err2 := parseSacct(all["answers.sacct"], fields, time.UTC)
		if err != nil || err2 != nil || len(queue) != 12 || len(past) != 10 {
			t.Errorf("%s: %v, %v; %d jobs in the queue, %d in the history", version, err, err2, len(queue), len(past))
		}
		text := linesOf("squeue", queue) + linesOf("sacct", past) + "# sprio\n"
		for _, j := range foldArrays(queue) {
			if r, ok := rankOf(all["answers.sprio"], j.ID); ok {
				text += fmt.Sprintf("%s: %d of %d in %s, %s: %s\n", j.ID, r.Place, r.Of, r.Partition, r.Priority, strings.Join(r.Made, ", "))
			}
		}
		file := "testdata/answers-" + version + ".txt"
		if *update {
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(file); err != nil || string(want) != text {
			t.Errorf("%s: %v\n%s", version, err, cmp.Diff(string(want), text))
		}
	}
}

// linesOf are all that is read of jobs, one a line.
func linesOf(program string, jobs []model.Job) string {
	text := "# " + program + "\n"
	clock := func(t time.Time) string { return strings.Replace(t.Format("15:04:05"), "00:00:00", "-", 1) }
	for _, j := range jobs {
		text += fmt.Sprintf("%s (%s) %q %s %q %s, %s on %dx%d %s, tag %s, %s %s, %v of %v, %s %s %s, in %s to %q %q\n", j.ID, j.RawID,
			j.Name, j.State,
			j.Reason, j.ExitCode, j.Account, j.Nodes, j.GPUs, j.NodeList, j.Tag, j.QOS, j.Partition, j.Elapsed, j.Limit,
			clock(j.Submit), clock(j.Start),
			clock(j.End), j.WorkDir, j.Log, j.Errors)
	}
	return text
}

// TestRefusedIsNoJob: a submission that no node could ever do is told from a job.
func TestRefusedIsNoJob(t *testing.T) {
	never := model.Job{State: model.JobFailed, ExitCode: "1:0"}
	ran, waited := never, never
	ran.NodeList, waited.State = "nid001000", model.JobCancelled
	if !refusal(never) || refusal(ran) || refusal(waited) {
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
	j = model.Job{Reason: "ReqNodeNotAvail"}
	if setState(&j, "RUNNING"); j.Reason != "" {
		t.Errorf("a job that runs waits still: %q", j.Reason)
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
		fields := []string{fmt.Sprint(i), fmt.Sprint(i), "Priority", "PENDING", "0:00", "30:00", "4", "", "", "gres:gpu:4",
			"cpu=512,mem=960G,node=4,billing=512,gres/gpu=16", "gpu_regular",
			"gpu_ss11", "m1234_g", "2026-11-23T18:08:53", "N/A", "N/A", "0", "0", "sd-" + fmt.Sprint(i), "/pscratch/sd/u/user/vllm",
			"/pscratch/sd/u/user/vllm/logs/%j.out",
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
	f.Add(recorded(f, "22.05")["answers.squeue"])
	f.Add(queue(2))
	f.Fuzz(func(t *testing.T, text string) {
		jobs, err := parseSqueue(text, time.UTC)
		if err != nil && jobs != nil {
			t.Fatal("jobs and an error")
		}
		safe(t, jobs)
	})
}

func FuzzSubmitLine(f *testing.F) {
	f.Add("sbatch --parsable --comment=sd-1 -J 'we|ird\nname'", "run_E1.sh")
	f.Add("sbatch", "--export NONE --comment=a --comment=b x.sh")
	f.Fuzz(func(t *testing.T, before, after string) {
		const secret = "hf_abcdefghij"
		var j model.Job
		setSubmitLine(&j, cleanValue(before+" --export=ALL,HF_TOKEN="+secret+" "+after), time.UTC)
		if strings.Contains(j.Command, secret) && !strings.Contains(before+after, "hf_") {
			t.Errorf("a secret is shown: %q", j.Command)
		}
		if j.Tag != "" && !strings.Contains(before+after, j.Tag) {
			t.Errorf("a tag out of nothing: %q", j.Tag)
		}
	})
}

func FuzzSacct(f *testing.F) {
	f.Add(recorded(f, "24.11")["answers.sacct"])
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
	for _, name := range []string{"a" + unit + "b", "a" + record + "b", record, "a" + record + unit + "b" + unit, "a\nb" + unit + "c",
		"x\n" + unit} {
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
