package kernelname

import (
	"regexp"
	"slices"
	"testing"
	"unicode/utf8"
)

func TestFunctionName(t *testing.T) {
	for full, want := range map[string]string{
		"ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevKernelArgsStorage<4096ul>)":                              "ncclDevKernel_AllReduce_Sum_bf16_RING_LL",
		"void vllm::cross_device_reduce_1stage<__nv_bfloat16, 2>(vllm::RankData*, vllm::RankSignals)":             "vllm::cross_device_reduce_1stage",
		"void at::native::(anonymous namespace)::vectorized_layer_norm_kernel<float, true>(int, float const*)":    "at::native::(anonymous namespace)::vectorized_layer_norm_kernel",
		"at::native::<unnamed>::two_shot_all_reduce_kernel_inplace<c10::BFloat16, 16>(c10::BFloat16**)":           "at::native::(anonymous namespace)::two_shot_all_reduce_kernel_inplace",
		"void (anonymous namespace)::softmax_warp_forward<float, float, float, 6>(float*)":                        "(anonymous namespace)::softmax_warp_forward",
		"std::enable_if<!(a<b), void>::type foo::bar<int>(int)":                                                   "foo::bar",
		"void f<at::native::g(int)::{lambda()#1}::operator()() const::{lambda(long)#1}>(int, std::array<int, 2>)": "f",
		"nvjet_sm90_tst_64x8_64x16_2x1_v_bz_TNT":                                                                  "nvjet_sm90_tst_64x8_64x16_2x1_v_bz_TNT",
		"triton_poi_fused_add_0 [clone .kd]":                                                                      "triton_poi_fused_add_0",
		"void f<(a->b)>::g<int>(int)":                                                                             "f::g",
		"":                                                                                                        "",
		"<>":                                                                                                      "<>",
	} {
		if got := functionName(full); got != want {
			t.Errorf("functionName(%q) = %q, want %q", full, got, want)
		}
	}
}

func TestCommunicationByFunctionName(t *testing.T) {
	for full, want := range map[string]CallType{
		"ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevKernelArgsStorage<4096ul>)":                    AllReduce,
		"ncclDevKernel_AllGather_RING_LL(ncclDevKernelArgsStorage<(unsigned long)4096>)":                AllGather,
		"ncclDevKernel_ReduceScatter_Sum_bf16_RING_SIMPLE(ncclDevKernelArgsStorage<4096ul>)":            ReduceScatter,
		"ncclDevKernel_Broadcast_RING_LL":                                                               Broadcast,
		"ncclDevKernel_Reduce_Sum_f32_RING_LL":                                                          Reduce,
		"ncclDevKernel_SendRecv(ncclDevKernelArgsStorage<4096ul>)":                                      SendRecv,
		"ncclDevKernel_Generic_1(ncclDevKernelArgsStorage<4096ul>)":                                     OtherNCCL,
		"ncclKernel_AllReduce_RING_LL_Sum_half(ncclDevComm*, unsigned long, ncclWork*)":                 AllReduce,
		"ncclKernel_SendRecv_RING_SIMPLE_Sum_int8_t(ncclDevComm*, unsigned long, ncclWork*)":            SendRecv,
		"ncclSymkDevKernel_AllReduce_AGxLL_R_sum_bf16(ncclSymkDevWorkArgs4K)":                           AllReduce,
		"ncclSymDevKernel_ReduceScatter_LL_sum_f32":                                                     ReduceScatter,
		"void vllm::cross_device_reduce_1stage<__nv_bfloat16, 4>(vllm::RankData*)":                      AllReduce,
		"void vllm::cross_device_reduce_2stage<half, 8>(vllm::RankData*)":                               AllReduce,
		"void quickreduce::allreduce_prototype_twoshot<quickreduce::CodecFP, float>(float const*)":      AllReduce,
		"void c10d::symmetric_memory::(anonymous namespace)::multimem_all_reduce_kernel<int, 16>(int*)": AllReduce,
		"void <unnamed>::one_shot_all_reduce_kernel<c10::BFloat16, 16>(c10::BFloat16**)":                AllReduce,
		"void (anonymous namespace)::two_shot_all_reduce_kernel_inplace<float, 8>(float**)":             AllReduce,
		"void flashinfer::trtllm_allreduce_fusion::allreduce_fusion_kernel_oneshot_lamport<(A)0>(P<T>)": AllReduce,
		"void deep_ep::intranode::dispatch<8, 768, 1>(int4*)":                                           AllToAll,
		"void deep_ep::legacy::internode_ll::combine<true, 7168, 9>(void*)":                             AllToAll,
		"void deep_ep::elastic::hybrid_dispatch_impl<4>(int*)":                                          AllToAll,
		"void deep_ep::elastic::pp_send_recv_impl<1>(int*)":                                             SendRecv,
		"void deep_ep::intranode::notify_dispatch<8>(int const*)":                                       Control,
		"void deep_ep::internode::cached_notify<false, 4>(int)":                                         Control,
		"void deep_ep::layout::get_dispatch_layout<256, 32, 8>(long const*)":                            Control,
		"dispatchKernel": AllToAll,
		"void moeA2ACombineKernel<__nv_bfloat16>(MoeA2ACombineParams)":                                    AllToAll,
		"nvshmemi_transfer_barrier":                                                                       Control,
		"void at::native::reduce_kernel<512, 1, at::native::ReduceOp<float, at::native::ArgMaxOps<f>>>()": NotComm,
		"void flash::flash_fwd_splitkv_combine_kernel<Flash_fwd_kernel_traits<128, 64>>(P)":               NotComm,
		"void at::native::vectorized_gather_kernel<16, long>(char*, char*, long*)":                        NotComm,
		"void cublasLt::splitKreduce_kernel<32, 16, int>(float)":                                          NotComm,
		"void broadcast_add(float*)":                                                                      NotComm,
		"void send_to_expert(float*)":                                                                     NotComm,
		"void my::combine(float*)":                                                                        NotComm,
		"void uses<ncclDevKernel_AllReduce>(int)":                                                         NotComm,
		"nvjet_sm90_tst_64x8_64x16_2x1_v_bz_TNT":                                                          NotComm,
	} {
		if got := Of(full).Call; got != want {
			t.Errorf("%s: %q, want %q", full, got, want)
		}
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

func TestClasses(t *testing.T) {
	for full, want := range map[string]string{
		"nvjet_sm90_tst_64x8_64x16_2x1_v_bz_TNT":                                            "gemm",
		"void cublasLt::splitKreduce_kernel<32, 16, int>(float)":                            "gemm",
		"sm80_xmma_gemm_bf16bf16_bf16f32_f32_tn_n_tilesize128x64":                           "gemm",
		"void cutlass::device_kernel<flash::FlashAttnFwdSm90<int>>(P)":                      "attention",
		"void flashinfer::BatchDecodeWithPagedKVCacheKernel<1>(P)":                          "attention",
		"void vllm::reshape_and_cache_flash_kernel<bf16>(bf16*)":                            "attention",
		"void vllm::rms_norm_kernel<c10::BFloat16>(c10::BFloat16*)":                         "norm",
		"void vllm::fused_add_rms_norm_kernel<c10::BFloat16, 8>(c10::BFloat16*)":            "norm",
		"void vllm::act_and_mul_kernel<c10::BFloat16, &(vllm::silu_kernel<bf16>)>(bf16*)":   "activation",
		"void at::native::elementwise_kernel<128, 4, f(MulFunctor<float>)>(int)":            "elementwise",
		"triton_poi_fused_add_mul_0":                                                        "elementwise",
		"fused_moe_kernel":                                                                  "moe",
		"void vllm::moe::topkGatingSoftmax<8, 64>(float const*)":                            "moe",
		"void at::native::reduce_kernel<512, 1, at::native::ReduceOp<ArgMaxOps<float>>>(P)": "embedding_sampling",
		"void at::native::vectorized_gather_kernel<16, long>(char*)":                        "embedding_sampling",
		"void at::native::CatArrayBatchedCopy_vectorized<int>(char*)":                       "memory",
		"at::cuda::(anonymous namespace)::spin_kernel(long)":                                Other,
		"ncclDevKernel_SendRecv(ncclDevKernelArgsStorage<4096ul>)":                          communication,
		"vllm::cross_device_reduce_1stage":                                                  communication,
	} {
		if got := Of(full).Class; got != want {
			t.Errorf("%s: %q, want %q", full, got, want)
		}
	}
}

func TestShortNames(t *testing.T) {
	for full, want := range map[string]string{
		"void at::native::elementwise_kernel<128, 4, at::native::gpu_kernel_impl_nocast<at::native::(anonymous namespace)::silu_kernel(at::TensorIteratorBase&)::{lambda()#1}>>(int)": "elementwise_kernel(silu)",
		"void at::native::vectorized_elementwise_kernel<8, at::native::CUDAFunctor_add<c10::BFloat16>, std::array<char*, 3ul> >(int)":                                                 "vectorized_elementwise_kernel(add)",
		"void at::native::elementwise_kernel<128, 4, odd>(int)":    "elementwise_kernel",
		"void vllm::cross_device_reduce_1stage<half, 2>(int)":      "cross_device_reduce_1stage",
		"ncclDevKernel_SendRecv(ncclDevKernelArgsStorage<4096ul>)": "ncclDevKernel_SendRecv",
	} {
		if got := shortName(full, functionName(full)); got != want {
			t.Errorf("shortName(%q) = %q, want %q", full, got, want)
		}
	}
}

// Every row of templates/kernels.yaml is whole, and no earlier one takes all that it fits.
func TestTableIsWhole(t *testing.T) {
	for i, k := range known().Kernels {
		text := k.Function + k.Name
		switch {
		case (k.Function == "") == (k.Name == "") || (k.Function == "") != (k.Call == "") || k.Library == "":
			t.Errorf("row %d, %q: it needs a function and its call, or a name and its class, and a library", i+1, text)
		case k.Call != "" && k.call == NotComm:
			t.Errorf("%q: there is no call %q", text, k.Call)
		case !slices.Contains(Classes(), k.Class) || k.Name != "" && (k.Class == communication || k.Class == Other):
			t.Errorf("%q: class %q", text, k.Class)
		}
		for _, before := range known().Kernels[:i] {
			if regexp.QuoteMeta(text) == text && before.fits(text, text) {
				t.Errorf("%q is never reached: %q comes first", text, before.Function+before.Name)
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

func FuzzNames(f *testing.F) {
	for _, s := range []string{"", "void ", "void a<b>::c(d)", "<unnamed>::", "::", "a<b", "a>b(", "(anonymous namespace)", "ncclDevKernel_", "ncclDevKernel_AllReduce", "{lambda()#1}", "\x00", "deep_ep::", "x [y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, full string) {
		function := functionName(full)
		if full != "" && function == "" {
			t.Errorf("%q has no function name", full)
		}
		n := Of(full)
		if !slices.Contains(Classes(), n.Class) || n.IsComm() != (n.Class == communication) {
			t.Errorf("%q: class %q, call type %q", full, n.Class, n.Call)
		}
		if s := shortName(full, function); utf8.ValidString(full) && !utf8.ValidString(s) {
			t.Errorf("%q: short name %q is broken text", full, s)
		}
		OfMetadata(full)
	})
}
