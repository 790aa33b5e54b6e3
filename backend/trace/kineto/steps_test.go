package kineto

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/backend/trace"
)

// Steps that a profiler leaves on the CPU's time line alone lie on the device's where their kernels do.
func TestStepsOnTheCPUAlone(t *testing.T) {
	step := func(name string, start, dur int) string { return hostEvent("user_annotation", name, start, dur, "") }
	launch := func(start int, corr string) string {
		return hostEvent("cuda_runtime", "cudaLaunchKernel", start, 2, `"correlation": `+corr)
	}
	kernel := func(start, dur, corr string) string {
		return `{"ph": "X", "cat": "kernel", "name": "k", "pid": 0, "tid": 7, "ts": ` + start + `, "dur": ` + dur +
			`, "args": {"correlation": ` + corr + `}}`
	}
	events := []string{
		step("step[MIXED bs=2]", 10, 10), step("step[DECODE bs=2]", 30, 10), step("step[DECODE bs=2]", 50, 10), step("nccl:all_reduce", 10, 5),
		launch(11, "1"), launch(15, "2"), launch(31, "3"), launch(45, "4"), strings.Replace(launch(33, "5"), `"tid": 1`, `"tid": 2`, 1),
		kernel("120", "30", "2"), kernel("100", "10", "1"), kernel("200", "5", "3"), kernel("300", "5", "4"), kernel("400", "5", "5"),
		kernel("500", "5", "6"),
	}
	read := func(events ...string) (gpu []trace.Mark) {
		rank, err := Open(t.Context(), write(t, "kineto_trace_0.json", []byte(wholeDocument(events...))), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range rank.Marks {
			if m.GPU {
				m.Start -= rank.Records[0].Start - 120_000
				gpu = append(gpu, m)
			}
		}
		return gpu
	}
	want := []trace.Mark{{Name: "step[MIXED bs=2]", Start: 100_000, Dur: 50_000, GPU: true},
		{Name: "step[DECODE bs=2]", Start: 200_000, Dur: 5000, GPU: true}}
	if d := cmp.Diff(want, read(events...)); d != "" {
		t.Error(d)
	}
	own := strings.Replace(step("step[DECODE bs=2]", 200, 7), "user_annotation", "gpu_user_annotation", 1)
	if got := read(append(events, own)...); len(got) != 1 {
		t.Errorf("beside the profiler's own: %+v", got)
	}
	unknown := strings.Replace(own, "step[DECODE bs=2]", "engine_step 4", 1)
	if got := read(append(events, unknown)...); len(got) != 3 {
		t.Errorf("beside a form that is not known: %+v", got)
	}
}
