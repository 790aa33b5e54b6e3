package kernelname

import (
	"cmp"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFunctionName(t *testing.T) {
	for full, want := range map[string]string{
		"ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevKernelArgsStorage<4096ul>)":                           "ncclDevKernel_AllReduce_Sum_bf16_RING_LL",
		"void vllm::cross_device_reduce_1stage<__nv_bfloat16, 2>(vllm::RankData*, vllm::RankSignals)":          "vllm::cross_device_reduce_1stage",
		"void at::native::(anonymous namespace)::vectorized_layer_norm_kernel<float, true>(int, float const*)": "at::native::(anonymous namespace)::vectorized_layer_norm_kernel",
		"at::native::<unnamed>::two_shot_all_reduce_kernel_inplace<c10::BFloat16, 16>(c10::BFloat16**)":        "at::native::(anonymous namespace)::two_shot_all_reduce_kernel_inplace",
		"void (anonymous namespace)::softmax_warp_forward<float, float, float, 6>(float*)": "(anonymous " +
			"namespace)::softmax_warp_forward",
		"std::enable_if<!(a<b), void>::type foo::bar<int>(int)":                                                   "foo::bar",
		"void f<at::native::g(int)::{lambda()#1}::operator()() const::{lambda(long)#1}>(int, std::array<int, 2>)": "f",
		"nvjet_sm90_tst_64x8_64x16_2x1_v_bz_TNT":                                                                  "nvjet_sm90_tst_64x8_64x16_2x1_v_bz_TNT",
		"triton_poi_fused_add_0 [clone .kd]":                                                                      "triton_poi_fused_add_0",
		"void f<(a->b)>::g<int>(int)":                                                                             "f::g",
		"":                                                                                                        "",
		"<>":                                                                                                      "<>",
	} {
		if got, _ := functionName(full); got != want {
			t.Errorf("functionName(%q) = %q, want %q", full, got, want)
		}
	}
}

// Every name of a long list is what somebody who knows the library would say, compute kernels whose words are those of
// communication (reduce, gather, combine, dispatch, broadcast) among them.
func TestKernelNames(t *testing.T) {
	text, err := os.ReadFile("testdata/names.tsv")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		want, full, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok {
			continue
		}
		n++
		got := Builtin.Of(full)
		if is := cmp.Or(got.Call.String(), got.Class); is != want {
			t.Errorf("%s: %q, want %q", full, is, want)
		}
	}
	if n < 500 {
		t.Errorf("%d names", n)
	}
}

func TestTypeFromMetadata(t *testing.T) {
	for name, want := range map[string]CallType{
		"allreduce": AllReduce, "_allgather_base": AllGather, "_reduce_scatter_base": ReduceScatter, "all_to_allv": AllToAll,
		"all_to_all": AllToAll, "broadcast": Broadcast, "send": Send, "recv": Recv, "allgather_into_tensor_coalesced": AllGather,
		"allreduce_coalesced": AllReduce, "alltoall_base": AllToAll, "ALLREDUCE": AllReduce, "something_new": NotComm, "": NotComm,
	} {
		if got := OfMetadata(name); got != want {
			t.Errorf("opOf(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestShortNames(t *testing.T) {
	for full, want := range map[string]string{
		"void at::native::elementwise_kernel<128, 4, at::native::gpu_kernel_impl_nocast<at::native::(anonymous " +
			"namespace)::silu_kernel(at::TensorIteratorBase&)::{lambda()#1}>>(int)": "elementwise_kernel(silu)",
		"void at::native::vectorized_elementwise_kernel<8, at::native::CUDAFunctor_add<c10::BFloat16>, std::array<char*, 3ul> >(int)": "vectorized_elementwise_kernel(add)",
		"void at::native::elementwise_kernel<128, 4, odd>(int)":                                                                       "elementwise_kernel",
		"void vllm::cross_device_reduce_1stage<half, 2>(int)":                                                                         "cross_device_reduce_1stage",
		"ncclDevKernel_SendRecv(ncclDevKernelArgsStorage<4096ul>)":                                                                    "ncclDevKernel_SendRecv",
	} {
		if got := Builtin.Of(full).Short; got != want {
			t.Errorf("short name of %q: %q, want %q", full, got, want)
		}
	}
}

// Kernels of one short name that differ in their template arguments or namespaces are two; spelling is no difference.
func TestDistinctNames(t *testing.T) {
	for full, want := range map[string]string{
		"void cutlass::device_kernel<flash::FlashAttnFwdSm90<int> >(int)":                  "cutlass::device_kernel<flash::FlashAttnFwdSm90<int>>",
		"void cutlass::device_kernel<grouped_gemm::GemmKernel>(int)":                       "cutlass::device_kernel<grouped_gemm::GemmKernel>",
		"void at::native::(anonymous namespace)::f<int>(int)":                              "at::native::(anonymous namespace)::f<int>",
		"void at::native::<unnamed>::f<int>(int)":                                          "at::native::(anonymous namespace)::f<int>",
		"void at::native::elementwise_kernel<128, 4, at::native::silu_kernel(X&)::{l}>(Y)": "at::native::elementwise_kernel(silu)<128, 4, at::native::silu_kernel(X&)::{l}>",
		"nvjet_sm90_tst_64x8_64x16_2x1_v_bz_TNT":                                           "nvjet_sm90_tst_64x8_64x16_2x1_v_bz_TNT",
		"_ZN5aiter3mhcIDF16bLi4EEEvPf":                                                     "aiter::mhc<IDF16bLi4EEEvPf>",
		"Cijk_Alik.kd":                                                                     "Cijk_Alik",
		"":                                                                                 "",
	} {
		if got := Builtin.Of(full).Distinct; got != want {
			t.Errorf("%q: %q, want %q", full, got, want)
		}
	}
}

// A workspace's rows are read before those of the program, in their order; a row with a fault is refused with it.
func TestOwnRows(t *testing.T) {
	names, err := Builtin.With([]Row{{Names: "Special_Gemm", Class: "moe"}, {Functions: "ship_*", Call: "send"}})
	if err != nil {
		t.Fatal(err)
	}
	both, err := names.With([]Row{{Functions: "ship_home", Class: "memory"}})
	if err != nil {
		t.Fatal(err)
	}
	for full, want := range map[string]string{"my_special_gemm_1": "moe", "void a::ship_it<int>(int)": "send", "ship_home": "send",
		"a_gemm": "gemm"} {
		if got := names.Of(full); cmp.Or(got.Call.String(), got.Class) != want {
			t.Errorf("%s: %q, %q, want %q", full, got.Call, got.Class, want)
		}
	}
	if got := both.Of("ship_home"); got.Class != "memory" || both.Of("ship_it").Call != Send || len(both.Own) != 3 {
		t.Errorf("the later file is read first: %+v of %d rows", got, len(both.Own))
	}
	for want, row := range map[string]Row{
		`kernels "": a row needs words`: {Class: "gemm"}, `kernels "x": a row needs words`: {Names: "x"},
		`kernels "y": a row needs words`: {Names: "y", Class: "gemm", Call: "send"},
		`no call "shout"`:                {Names: "x", Call: "shout"}, `no class "attn"`: {Names: "x", Class: "attn"},
	} {
		if _, err := Builtin.With([]Row{row}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", row, err, want)
		}
	}
}

// Every row of templates/kernels.yaml is whole, and none of its words is never reached.
func TestTableIsWhole(t *testing.T) {
	if _, err := Builtin.With(known().Kernels); err != nil {
		t.Error(err)
	}
	words := known().names.words
	for i := range words {
		w := &words[i]
		text := strings.Join(w.pieces, "")
		for k := range words[:i] {
			if before := &words[k]; before.fits(text, text) && (w.whole || !before.whole) && len(w.pieces) == 1 {
				t.Errorf("%q is never reached: %q comes first", text, strings.Join(before.pieces, "*"))
			}
		}
	}
	for word, call := range known().types {
		if call == NotComm {
			t.Errorf("collective %q: there is no call %q", word, known().Collectives[word])
		}
	}
	if !slices.Contains(Classes(), communication) || !slices.Contains(Classes(), Other) {
		t.Errorf("classes %q lack what the program names", Classes())
	}
}

// A dispatch and a combine have types of their own, and are an all-to-all in whatever is asked of one.
func TestDispatchIsAnAllToAll(t *testing.T) {
	for _, c := range []CallType{Dispatch, Combine, AllToAll} {
		if c.Among() != AllToAll || !c.MeetsAll() || c.EndsTogether() {
			t.Errorf("%s: among %s, meets all %v, ends together %v", c, c.Among(), c.MeetsAll(), c.EndsTogether())
		}
	}
	if AllReduce.Among() != AllReduce || Control.MeetsAll() {
		t.Error("others are what they are")
	}
}

// What a fused kernel of communication computes besides is known, and of others nothing.
func TestFusedCommunication(t *testing.T) {
	for full, want := range map[string]string{
		"void flashinfer::trtllm_allreduce_fusion::allreduce_fusion_kernel_oneshot_lamport<(A)1, bf16, 8, true>(P)": "norm",
		"void flashinfer::trtllm_mnnvl_allreduce::oneshotAllreduceFusionKernel<8, bf16, true, float4>(P)":           "norm",
		"ncclDevKernel_AllReduce_Sum_bf16_RING_LL":                                                                  "",
		"void vllm::cross_device_reduce_1stage<half, 8>(P)":                                                         "",
	} {
		if got := Builtin.Of(full); got.Also != want || got.Call != AllReduce {
			t.Errorf("%s: %q also %q, want %q", full, got.Call, got.Also, want)
		}
	}
}

func FuzzNames(f *testing.F) {
	for _, s := range []string{"", "void ", "void a<b>::c(d)", "<unnamed>::", "::", "a<b", "a>b(", "(anonymous namespace)",
		"ncclDevKernel_", "ncclDevKernel_AllReduce", "{lambda()#1}", "\x00", "deep_ep::", "x [y", "_ZN4vllm1fE", "_Z99f", "_ZN0",
		"_Z2é", "\r"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, full string) {
		function, distinct := functionName(full)
		if full != "" && (function == "" || distinct == "") {
			t.Errorf("%q has no function name", full)
		}
		n := Builtin.Of(full)
		if !slices.Contains(Classes(), n.Class) || n.IsComm() != (n.Class == communication) {
			t.Errorf("%q: class %q, call type %q", full, n.Class, n.Call)
		}
		if s := n.Short; utf8.ValidString(full) && !utf8.ValidString(s) {
			t.Errorf("%q: short name %q is broken text", full, s)
		}
		OfMetadata(full)
	})
}
