package panetest

import (
	"fmt"
	"strings"
	"time"
)

// Trace makes the Kineto traces of a run that was traced for one iteration: a prefill and
// some decode steps, in each layer of them a matrix product, an attention, a norm and a
// collective. Ranks meet in every collective, so one that comes late makes the others wait.
type Trace struct {
	Ranks, Layers, Decodes int
	Prefill, Decode        time.Duration // of one step
	Tokens                 int           // that a prefill puts through the model
	Collective, Norm       string        // kernels; Collective is empty for a run without communication
	Elements               int           // of a collective in a prefill, which says so; 0: none says
	Skew                   time.Duration // how long the last rank waits at first, for the profilers of the others

	// Late is how much later than the others a rank comes to a call, for it computes longer and
	// for its host is slow; nil: all come at the same time.
	Late func(rank, call int) (compute, host time.Duration)
}

// Kernels of the traces.
const (
	gemmKernel      = "nvjet_tst_64x8_64x16_4x1_v_bz_TNT"
	attentionKernel = "void flash_fwd_splitkv_kernel<Flash_fwd_kernel_traits<128, 64, 128, 4>>(Flash_fwd_params)"
	fusedNorm       = "triton_red_fused_add_rms_norm"
	plainNorm       = "void vllm::rms_norm_kernel<c10::BFloat16>(c10::BFloat16*, c10::BFloat16 const*, float, int, int)"
	allReduce       = "ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevKernelArgsStorage<4096ul>)"
	allToAll        = "ncclDevKernel_SendRecv(ncclDevKernelArgsStorage<4096ul>)"
	broadcast       = "ncclDevKernel_Broadcast_RING_LL(ncclDevKernelArgsStorage<4096ul>)"
)

// Files are the traces by name.
func (t Trace) Files() map[string]string {
	w := &traceWriter{Trace: t}
	for r := range t.Ranks {
		w.ranks = append(w.ranks, newRankTrace(r, t.Ranks))
	}
	w.ranks[t.Ranks-1].now -= t.Skew
	w.step(fmt.Sprintf("execute_context_4(%d)_generation_0(0)", t.Tokens), t.Prefill, t.Elements)
	for range t.Decodes {
		w.step("execute_context_0(0)_generation_4(4)", t.Decode, 0)
	}
	files := map[string]string{}
	for r, k := range w.ranks {
		files[fmt.Sprintf("kineto_trace_%d.json", r)] = k.text.String() + "\n],\"traceName\":\"t.json\"}\n"
	}
	return files
}

type traceWriter struct {
	Trace
	ranks []*rankTrace
	calls int
}

// step lets all ranks do a forward step.
func (w *traceWriter) step(name string, long time.Duration, elements int) {
	layer := long / time.Duration(w.Layers)
	begin := make([]time.Duration, len(w.ranks))
	for r, k := range w.ranks {
		begin[r] = k.now
	}
	for range w.Layers {
		for r, k := range w.ranks {
			var compute, host time.Duration
			if w.Late != nil {
				compute, host = w.Late(r, w.calls)
			}
			k.kernel(gemmKernel, layer*62/100+compute, 7, "")
			k.kernel(attentionKernel, layer*13/100, 7, "")
			k.kernel(w.Norm, layer*5/100, 7, "")
			k.now += layer*4/100 + host
		}
		w.meet(w.Collective, layer*9/100, elements)
	}
	if w.Collective == allReduce {
		w.meet(broadcast, 5*time.Microsecond, 0)
	}
	for r, k := range w.ranks {
		k.mark(name, begin[r], k.now)
		k.now += layer * 5 / 100
	}
}

// meet is a collective: it ends for all when the last has come and the data are moved.
func (w *traceWriter) meet(kernel string, transfer time.Duration, elements int) {
	if kernel == "" {
		return
	}
	w.calls++
	var last time.Duration
	for _, k := range w.ranks {
		last = max(last, k.now)
	}
	more := ""
	if elements > 0 {
		more = fmt.Sprintf(`,"Collective name":"allreduce","In msg nelems":%d,"Out msg nelems":%d,"Group size":%d,"dtype":"BFloat16",`+
			`"Process Group Name":"3","Process Group Description":"tp","Process Group Ranks":"[0, 1]"`, elements, elements, len(w.ranks))
	}
	for _, k := range w.ranks {
		k.kernel(kernel, last+transfer-k.now, 20, more)
	}
}

// rankTrace is the trace of one rank as it is written.
type rankTrace struct {
	text        strings.Builder
	rank        int
	now         time.Duration
	correlation int
}

const head = `{"schemaVersion":1,"displayTimeUnit":"ms","baseTimeNanoseconds":1763000000000000000,
"deviceProperties":[{"id":%d,"name":"NVIDIA A100-SXM4-40GB","totalGlobalMem":42297524224,"computeMajor":8,"computeMinor":0,"numSms":108}],
"distributedInfo":{"backend":"nccl","rank":%d,"world_size":%d},"traceEvents":[
{"ph":"M","name":"process_name","ts":0,"pid":%d,"tid":0,"args":{"name":"python"}}`

func newRankTrace(rank, world int) *rankTrace {
	k := &rankTrace{rank: rank, now: time.Second, correlation: 100}
	fmt.Fprintf(&k.text, head, rank, rank, world, rank)
	return k
}

func (k *rankTrace) event(cat, name string, pid, tid int, start, long time.Duration, args string) {
	us := func(d time.Duration) float64 { return float64(d) / 1000 }
	fmt.Fprintf(&k.text, ",\n"+`{"ph":"X","cat":%q,"name":%q,"pid":%d,"tid":%d,"ts":%.3f,"dur":%.3f,"args":{%s}}`,
		cat, name, pid, tid, us(start), us(long), args)
}

const launch = `"device":%d,"context":1,"stream":%d,"correlation":%d,"grid":[64,1,1],"block":[256,1,1],"registers per thread":32,` +
	`"blocks per SM":0.6,"warps per SM":4.8,"est. achieved occupancy %%":40%s`

// kernel runs from now on, on the GPU of the rank; it was launched a little before.
func (k *rankTrace) kernel(name string, long time.Duration, stream int, more string) {
	k.correlation++
	k.event("kernel", name, k.rank, stream, k.now, long, fmt.Sprintf(launch, k.rank, stream, k.correlation, more))
	host := 4000 + k.rank
	k.event("cuda_runtime", "cudaLaunchKernel", host, host, k.now-20*time.Microsecond, 4*time.Microsecond,
		fmt.Sprintf(`"cbid":211,"correlation":%d`, k.correlation))
	k.now += long
}

// mark is a step on the device's time line, and where the host launched it.
func (k *rankTrace) mark(name string, from, to time.Duration) {
	k.event("gpu_user_annotation", name, k.rank, 7, from, to-from, "")
	k.event("user_annotation", name, 4000+k.rank, 4000+k.rank, from-30*time.Microsecond, (to-from)/2, "")
}
