package kineto

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/backend/trace"
)

// Events of a trace whose kernels have no metadata; times are µs.
const sendRecv = "ncclKernel_SendRecv_RING_SIMPLE_Sum_int8_t(ncclDevComm*)"

func ncclKernel(ts, dur, stream, corr int) string {
	return fmt.Sprintf(`{"ph": "X", "cat": "kernel", "name": %q, "pid": 0, "tid": %d, "ts": %d, "dur": %d, "args": {"device": 0, "stream": %[2]d, "correlation": %[5]d}}`, sendRecv, stream, ts, dur, corr)
}

func launchAt(ts, thread, corr int) string {
	return fmt.Sprintf(`{"ph": "X", "cat": "cuda_runtime", "name": "cudaLaunchKernel", "pid": 900, "tid": %d, "ts": %d, "dur": 2, "args": {"correlation": %d}}`, thread, ts, corr)
}

func rangeAt(cat, name string, row, ts, dur int, args string) string {
	pid := 900
	if cat == "gpu_user_annotation" {
		pid = 0
	}
	return fmt.Sprintf(`{"ph": "X", "cat": %q, "name": %q, "pid": %d, "tid": %d, "ts": %d, "dur": %d, "args": {%s}}`, cat, name, pid,
		row, ts, dur, args)
}

// called is a call as an annotation names it.
func called(name, dtype string, elems int64) trace.Coll {
	return trace.Coll{Name: name, DType: dtype, InElems: elems, OutElems: -1, GroupSize: -1, Src: -1, Dst: -1}
}

func TestCallsAreNamedByAnnotations(t *testing.T) {
	const floats, halves = `"Input Dims": [[8, 1024], [3]], "Input type": ["float"]`, `"Input Dims": [[5]], "Input type": ["c10::Half"]`
	const meta = `"Collective name": "_allgather_base", "dtype": "BFloat16", "In msg nelems": 4, "Out msg nelems": 8, "Group size": 2, "Process Group Ranks": "[0, 1]"`
	gathered := trace.Coll{Name: "_allgather_base", DType: "BFloat16", InElems: 4, OutElems: 8, GroupSize: 2, GroupRanks: []int{0, 1},
		Src: -1, Dst: -1}
	for _, c := range []struct {
		name   string
		events []string
		want   []trace.Coll // of each kernel; without a name: none
	}{
		{"around the launch, on its thread", []string{
			rangeAt("user_annotation", "nccl:all_to_all", 1, 10, 20, floats), rangeAt("user_annotation", "nccl:all_reduce", 2, 12, 20, halves),
			launchAt(15, 1, 7), launchAt(20, 2, 8), launchAt(50, 1, 9), ncclKernel(100, 5, 30, 8), ncclKernel(110, 5, 20, 7),
			ncclKernel(120, 5, 20, 9),
		}, []trace.Coll{called("all_reduce", "Half", 5), called("all_to_all", "Float", 8195), {}}},
		{"over the kernel, on its stream", []string{
			rangeAt("user_annotation", "nccl:broadcast", 1, 10, 20, ""),
			rangeAt("gpu_user_annotation", "nccl:broadcast", 20, 99, 7, ""),
			rangeAt("gpu_user_annotation", "nccl:gather", 21, 90, 70, ""),
			ncclKernel(100, 5, 20, 7), ncclKernel(110, 5, 20, 8),
		}, []trace.Coll{called("broadcast", "", -1), {}}},
		{"record_param_comms with metadata says more than the annotation in it", []string{
			rangeAt("cpu_op", callOp, 1, 10, 30, meta), rangeAt("user_annotation", "nccl:_all_gather_base", 1, 12, 20, floats),
			launchAt(15, 1, 7), ncclKernel(100, 5, 20, 7),
		}, []trace.Coll{gathered}},
		{"record_param_comms without metadata says nothing", []string{
			rangeAt("user_annotation", "nccl:reduce", 1, 10, 50, ""), rangeAt("cpu_op", callOp, 1, 12, 20, `"Input Dims": [[]]`),
			launchAt(15, 1, 7), ncclKernel(100, 5, 20, 7),
		}, []trace.Coll{called("reduce", "", -1)}},
		{"peers", []string{
			rangeAt("user_annotation", "nccl:send 0->1", 1, 10, 5, ""), rangeAt("user_annotation", "nccl:recv 2<-3", 1, 20, 5, ""),
			launchAt(11, 1, 7), launchAt(21, 1, 8),
			ncclKernel(100, 5, 20, 7), ncclKernel(110, 5, 20, 8),
		}, []trace.Coll{{Name: "send", InElems: -1, OutElems: -1, GroupSize: -1, Src: -1, Dst: 1},
			{Name: "recv", InElems: -1, OutElems: -1, GroupSize: -1, Src: 3, Dst: -1}}},
		{"without launches: in order", []string{
			rangeAt("user_annotation", "nccl:reduce", 1, 30, 5, ""), rangeAt("user_annotation", "nccl:all_to_all", 2, 10, 5, floats),
			ncclKernel(100, 5, 20, 8), ncclKernel(110, 5, 21, 7),
		}, []trace.Coll{called("reduce", "", -1), called("all_to_all", "Float", 8195)}},
		{"without launches, another number of them", []string{
			rangeAt("user_annotation", "nccl:reduce", 1, 30, 5, ""), ncclKernel(100, 5, 20, 8), ncclKernel(110, 5, 21, 7),
		}, []trace.Coll{{}, {}}},
		{"kernels that say it themselves", []string{
			rangeAt("user_annotation", "nccl:reduce", 1, 10, 5, ""), launchAt(11, 1, 7),
			strings.Replace(ncclKernel(100, 5, 20, 7), `"device": 0`, `"device": 0, `+meta, 1), ncclKernel(110, 5, 20, 8),
		}, []trace.Coll{gathered, {}}},
	} {
		path := filepath.Join(t.TempDir(), "kineto_trace_0.json")
		if err := os.WriteFile(path, []byte(`{"baseTimeNanoseconds": 1700000000000000000, "traceEvents": [`+strings.Join(c.events,
			",\n")+`]}`), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Open(t.Context(), path, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []trace.Coll
		for _, k := range r.Records {
			coll := trace.Coll{}
			if k.Coll >= 0 {
				coll = r.Colls[k.Coll]
			}
			got = append(got, coll)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// A group's list of ranks that the metadata cuts stands in the world's own list of groups, as a list or in quotes.
func TestGroupsByName(t *testing.T) {
	kernel := func(group, ranks string) string {
		return strings.Replace(ncclKernel(1, 2, 3, 4), `"device": 0`,
			fmt.Sprintf(`"device": 0, "Collective name": "allreduce", "Group size": 4, "Process Group Name": %q, "Process Group Ranks": %q`, group, ranks), 1)
	}
	path := filepath.Join(t.TempDir(), "kineto_trace_0.json")
	text := `{"distributedInfo": {"rank": 0, "pg_config": [{"pg_name": "0", "ranks": []}, {"pg_name": "tp", "ranks": [0, 2, 4, 6]}, {"ranks": "[1, 3]", "pg_name": "dp"}, 7]}, "traceEvents": [` +
		strings.Join([]string{kernel("tp", "[0, 2, ...]"), kernel("dp", ""), kernel("0", "..."), kernel("tp", "[0, 1]")}, ",") + `]}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Open(t.Context(), path, nil)
	if err != nil || len(r.Damage) > 0 || len(r.Records) != 4 {
		t.Fatalf("%v, damage %v", err, r.Damage)
	}
	for i, want := range [][]int{{0, 2, 4, 6}, {1, 3}, nil, {0, 1}} {
		if got := r.Colls[r.Records[i].Coll]; !cmp.Equal(got.GroupRanks, want) || got.GroupSize != []int{4, 2, 4, 4}[i] {
			t.Errorf("call %d: %+v", i, got)
		}
	}
}

func TestElementsOfTensors(t *testing.T) {
	for dims, want := range map[string]int64{
		"[[8, 1024, 8816]]": 8 * 1024 * 8816, "[[], [2]]": 3, "[]": 0, "": 0, "[[-1]]": -1, "[[99999999, 99999999, 99999999]]": -1,
		"[[0, 7]]": 0, "[[[2]]]": -1,
	} {
		if got := elementsOf([]byte(dims)); got != want {
			t.Errorf("%s: %d elements, want %d", dims, got, want)
		}
	}
}
