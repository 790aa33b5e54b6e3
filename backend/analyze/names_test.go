package analyze

import (
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
		"":                                                                                                        "",
		"<>":                                                                                                      "<>",
	} {
		if got := functionName(full); got != want {
			t.Errorf("functionName(%q) = %q, want %q", full, got, want)
		}
	}
}

func TestCommunicationByFunctionName(t *testing.T) {
	for full, want := range map[string]callType{
		"ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevKernelArgsStorage<4096ul>)":                    allReduce,
		"ncclDevKernel_AllGather_RING_LL(ncclDevKernelArgsStorage<(unsigned long)4096>)":                allGather,
		"ncclDevKernel_ReduceScatter_Sum_bf16_RING_SIMPLE(ncclDevKernelArgsStorage<4096ul>)":            reduceScatter,
		"ncclDevKernel_Broadcast_RING_LL":                                                               broadcast,
		"ncclDevKernel_Reduce_Sum_f32_RING_LL":                                                          reduce,
		"ncclDevKernel_SendRecv(ncclDevKernelArgsStorage<4096ul>)":                                      sendRecv,
		"ncclDevKernel_Generic_1(ncclDevKernelArgsStorage<4096ul>)":                                     ncclOther,
		"ncclKernel_AllReduce_RING_LL_Sum_half(ncclDevComm*, unsigned long, ncclWork*)":                 allReduce,
		"ncclKernel_SendRecv_RING_SIMPLE_Sum_int8_t(ncclDevComm*, unsigned long, ncclWork*)":            sendRecv,
		"ncclSymkDevKernel_AllReduce_AGxLL_R_sum_bf16(ncclSymkDevWorkArgs4K)":                           allReduce,
		"ncclSymDevKernel_ReduceScatter_LL_sum_f32":                                                     reduceScatter,
		"void vllm::cross_device_reduce_1stage<__nv_bfloat16, 4>(vllm::RankData*)":                      allReduce,
		"void vllm::cross_device_reduce_2stage<half, 8>(vllm::RankData*)":                               allReduce,
		"void quickreduce::allreduce_prototype_twoshot<quickreduce::CodecFP, float>(float const*)":      allReduce,
		"void c10d::symmetric_memory::(anonymous namespace)::multimem_all_reduce_kernel<int, 16>(int*)": allReduce,
		"void <unnamed>::one_shot_all_reduce_kernel<c10::BFloat16, 16>(c10::BFloat16**)":                allReduce,
		"void (anonymous namespace)::two_shot_all_reduce_kernel_inplace<float, 8>(float**)":             allReduce,
		"void flashinfer::trtllm_allreduce_fusion::allreduce_fusion_kernel_oneshot_lamport<(A)0>(P<T>)": allReduce,
		"void deep_ep::intranode::dispatch<8, 768, 1>(int4*)":                                           allToAll,
		"void deep_ep::legacy::internode_ll::combine<true, 7168, 9>(void*)":                             allToAll,
		"void deep_ep::elastic::hybrid_dispatch_impl<4>(int*)":                                          allToAll,
		"void deep_ep::elastic::pp_send_recv_impl<1>(int*)":                                             sendRecv,
		"void deep_ep::intranode::notify_dispatch<8>(int const*)":                                       control,
		"void deep_ep::internode::cached_notify<false, 4>(int)":                                         control,
		"void deep_ep::layout::get_dispatch_layout<256, 32, 8>(long const*)":                            control,
		"dispatchKernel": allToAll,
		"void moeA2ACombineKernel<__nv_bfloat16>(MoeA2ACombineParams)":                                    allToAll,
		"nvshmemi_transfer_barrier":                                                                       control,
		"void at::native::reduce_kernel<512, 1, at::native::ReduceOp<float, at::native::ArgMaxOps<f>>>()": notComm,
		"void flash::flash_fwd_splitkv_combine_kernel<Flash_fwd_kernel_traits<128, 64>>(P)":               notComm,
		"void at::native::vectorized_gather_kernel<16, long>(char*, char*, long*)":                        notComm,
		"void cublasLt::splitKreduce_kernel<32, 16, int>(float)":                                          notComm,
		"void broadcast_add(float*)":                                                                      notComm,
		"void send_to_expert(float*)":                                                                     notComm,
		"void my::combine(float*)":                                                                        notComm,
		"void uses<ncclDevKernel_AllReduce>(int)":                                                         notComm,
		"nvjet_sm90_tst_64x8_64x16_2x1_v_bz_TNT":                                                          notComm,
	} {
		if got := commOf(functionName(full)); got != want {
			t.Errorf("%s: %q, want %q", full, got, want)
		}
	}
}

func TestTypeFromMetadata(t *testing.T) {
	for name, want := range map[string]callType{
		"allreduce": allReduce, "_allgather_base": allGather, "_reduce_scatter_base": reduceScatter, "all_to_allv": allToAll,
		"all_to_all": allToAll, "broadcast": broadcast, "send": send, "recv": recv, "allgather_into_tensor_coalesced": allGather,
		"allreduce_coalesced": allReduce, "alltoall_base": allToAll, "ALLREDUCE": allReduce, "something_new": notComm, "": notComm,
	} {
		if got := opOf(name); got != want {
			t.Errorf("opOf(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestClasses(t *testing.T) {
	for full, want := range map[string]class{
		"nvjet_sm90_tst_64x8_64x16_2x1_v_bz_TNT":                                            classGEMM,
		"void cublasLt::splitKreduce_kernel<32, 16, int>(float)":                            classGEMM,
		"sm80_xmma_gemm_bf16bf16_bf16f32_f32_tn_n_tilesize128x64":                           classGEMM,
		"void cutlass::device_kernel<flash::FlashAttnFwdSm90<int>>(P)":                      classAttention,
		"void flashinfer::BatchDecodeWithPagedKVCacheKernel<1>(P)":                          classAttention,
		"void vllm::reshape_and_cache_flash_kernel<bf16>(bf16*)":                            classAttention,
		"void vllm::rms_norm_kernel<c10::BFloat16>(c10::BFloat16*)":                         classNorm,
		"void vllm::fused_add_rms_norm_kernel<c10::BFloat16, 8>(c10::BFloat16*)":            classNorm,
		"void vllm::act_and_mul_kernel<c10::BFloat16, &(vllm::silu_kernel<bf16>)>(bf16*)":   classActivation,
		"void at::native::elementwise_kernel<128, 4, f(MulFunctor<float>)>(int)":            classElement,
		"triton_poi_fused_add_mul_0":                                                        classElement,
		"fused_moe_kernel":                                                                  classMoE,
		"void vllm::moe::topkGatingSoftmax<8, 64>(float const*)":                            classMoE,
		"void at::native::reduce_kernel<512, 1, at::native::ReduceOp<ArgMaxOps<float>>>(P)": classSampling,
		"void at::native::vectorized_gather_kernel<16, long>(char*)":                        classSampling,
		"void at::native::CatArrayBatchedCopy_vectorized<int>(char*)":                       classMemory,
		"at::cuda::(anonymous namespace)::spin_kernel(long)":                                classOther,
		"ncclDevKernel_SendRecv(ncclDevKernelArgsStorage<4096ul>)":                          classComm,
		"vllm::cross_device_reduce_1stage":                                                  classComm,
	} {
		if got := classOf(full, commOf(functionName(full))); got != want {
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

func FuzzNames(f *testing.F) {
	for _, s := range []string{"", "void ", "void a<b>::c(d)", "<unnamed>::", "::", "a<b", "a>b(", "(anonymous namespace)", "ncclDevKernel_", "ncclDevKernel_AllReduce", "{lambda()#1}", "\x00", "deep_ep::", "x [y"} {
		f.Add(s)
	}
	known := map[class]bool{}
	for _, c := range classNames {
		known[c] = true
	}
	f.Fuzz(func(t *testing.T, full string) {
		function := functionName(full)
		if full != "" && function == "" {
			t.Errorf("%q has no function name", full)
		}
		comm := commOf(function)
		c := classOf(full, comm)
		if !known[c] || (comm != notComm) != (c == classComm) {
			t.Errorf("%q: class %q, call type %q", full, c, comm)
		}
		if s := shortName(full, function); utf8.ValidString(full) && !utf8.ValidString(s) {
			t.Errorf("%q: short name %q is broken text", full, s)
		}
		opOf(full)
		stepOf(full)
	})
}
