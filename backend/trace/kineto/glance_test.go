package kineto

import (
	"context"
	"strings"
	"testing"
)

// Kind: a trace without kernels of a kind that is read is never said to be idle: it says what was recorded instead.
func TestWhyNoKernels(t *testing.T) {
	event := func(cat string) string {
		return `{"ph": "X", "cat": "` + cat + `", "name": "a", "pid": 1, "tid": 1, "ts": 1, "dur": 1, "args": {"cat": "kernel"}}`
	}
	for cats, want := range map[string]string{
		"Trace":                             "was the profiler running in the workers?",
		"cpu_op user_annotation cpu_op":     "the host alone ran 2 cpu_op and 1 user_annotation, without a call to a device",
		"cpu_op cuda_runtime cuda_runtime":  "the host made 2 cuda_runtime calls to the device, whose work was not recorded",
		"mtia_ccp_events mtia_runtime":      "an MTIA accelerator ran 1 mtia_ccp_events; work of MTIA is read by no metric here",
		"resnet50":                          "no event is of a kind that PyTorch's profiler writes: they are of resnet50",
		"hpu_op":                            "an HPU (Gaudi) ran 1 hpu_op",
		"privateuse1_runtime cuda_runtime":  "a device of an extension (PrivateUse1) ran 1 privateuse1_runtime",
		"cuda_runtime cuda_profiler_range ": "counters of CUPTI were taken over 1 cuda_profiler_range; in CUPTI's range mode",
		"xpu_runtime":                       "the host made 1 xpu_runtime calls to an XPU",
	} {
		var events []string
		for cat := range strings.FieldsSeq(cats) {
			events = append(events, event(cat))
		}
		r, err := Open(context.Background(), write(t, "a.json", []byte(`{"traceEvents": [`+strings.Join(events, ",\n")+`]}`)), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Info.WithoutKernels(); len(r.Damage) > 0 || len(r.Info.Notes) != 1 || !strings.Contains(got, want) ||
			!strings.HasPrefix(got, "no GPU kernels") {
			t.Errorf("%s: %q, damage %v, want %q", cats, r.Info.Notes, r.Damage, want)
		}
	}
}

// Kind: events that another program wrote in the same format.
func TestEventsWithoutCategory(t *testing.T) {
	for text, want := range map[string]string{
		`{"ph": "X", "name": "fusion.3", "pid": 1, "tid": 1, "ts": 1, "dur": 2}`: "its events have no category (cat)",
		`{"ph": "M", "name": "process_name", "pid": 1, "ts": 1}`:                 "was the profiler running in the workers?",
	} {
		r, err := Open(context.Background(), write(t, "a.json", []byte(`{"traceEvents": [`+text+`]}`)), nil)
		if err != nil || !strings.Contains(r.Info.WithoutKernels(), want) {
			t.Errorf("%s: %q, %v, want %q", text, r.Info.Notes, err, want)
		}
	}
}
