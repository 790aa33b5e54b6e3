package kernelname

import "testing"

// Names of kernels by release, and the part of an operator that each is.
func TestParts(t *testing.T) {
	for name, want := range map[string]string{
		// cuBLAS on Hopper and Ampere
		"nvjet_sm90_tst_64x8_64x16_2x1_v_bz_splitK_TNT":                                                "gemm",
		"ampere_bf16_s16816gemm_bf16_64x64_sliced1x2_ldg8_f2f_stages_64x5_tn":                          "gemm",
		"void cutlass::Kernel2<cutlass_80_tensorop_bf16_s16816gemm_relu_bf16_64x64_32x6_tn_align8>(…)": "gemm",
		"void gemv2T_kernel_val<int, int, __nv_bfloat16, float>(…)":                                    "gemm",
		"void cublasLt::splitKreduce_kernel<32, 16, int, float, __nv_bfloat16>(…)":                     "gemm_part",
		"void marlin::Marlin<__nv_bfloat16, 1125899907891200l, 256, 1, 8, 8, false>(…)":                "gemm",
		"void cutlass::device_kernel<vllm::cutlass_3x_gemm_fp8_blockwise<cutlass::OutputTile>>(…)":     "gemm",
		// attention of vLLM: FlashAttention 2 and 3, Triton, FlashInfer, FlashMLA; PyTorch's by cuDNN
		"void flash::flash_fwd_splitkv_kernel<Flash_fwd_kernel_traits<128, 64, 128, 4>>(flash::Flash_fwd_params)":         "attention",
		"void flash::flash_fwd_splitkv_combine_kernel<Flash_fwd_kernel_traits<128, 64, 128, 4>, 8, 3, true>(…)":           "attention_part",
		"void cutlass::device_kernel<flash::enable_sm90_or_later<flash::FlashAttnFwdSm90<flash::CollectiveMainloop>>>(…)": "attention",
		"void cutlass::device_kernel<flash::FlashAttnFwdCombine<cute::tuple<cute::C<8>>, 5, 256>>(…)":                     "attention_part",
		"kernel_unified_attention_2d": "attention", "kernel_unified_attention_3d": "attention", "reduce_segments": "attention_part",
		"void flashinfer::BatchPrefillWithPagedKVCacheKernel<flashinfer::KernelTraits<128>>(…)":        "attention",
		"void flashinfer::PersistentVariableLengthMergeStatesKernel<8u, 16u>(…)":                       "attention_part",
		"void flash_fwd_splitkv_mla_kernel<Flash_fwd_kernel_traits_mla<576, 64>>(…)":                   "attention",
		"cudnn_generated_fort_native_sdpa_sm80_flash_fprop_wmma_f16_knob_35_16x128x128_1x4x1":          "attention",
		"void cudnn::fusion::lean_reduction_kernel<false, false, false>(void*, float*)":                "attention_part",
		"void paged_attention_ll4mi_QKV_mfma16_kernel<__hip_bfloat16, (vllm::Fp8KVCacheDataType)0>(…)": "attention",
		// between the projections and attention
		"void vllm::reshape_and_cache_flash_kernel<__nv_bfloat16, __nv_bfloat16, (vllm::Fp8KVCacheDataType)0>(…)": "cache",
		"void vllm::concat_and_cache_mla_kernel<__nv_bfloat16>(…)":                                                "cache",
		"void vllm::rotary_embedding_kernel<c10::BFloat16, true>(…)":                                              "rope",
		// experts
		"fused_moe_kernel": "experts", "void vllm::moe::topkGatingSoftmax<8, 128, 4, 16>(…)": "router",
		"void vllm::moe::moe_align_block_size_kernel<int>(…)": "dispatch",
		"_matmul_ogs_NNT_bf16xbf16xmxfp4_16x128x256x1_swiglu": "experts",
		"bmm_Bfloat16_Bfloat16Bfloat16_Fp32_t128x8x128u2_s6":  "experts",
		// the rest
		"triton_red_fused_fused_add_rms_norm_2": "norm", "void vllm::fused_add_rms_norm_kernel<c10::BFloat16, 8>(…)": "norm",
		"void vllm::act_and_mul_kernel<c10::BFloat16, &vllm::silu_kernel>(…)": "activation", "triton_poi_fused_mul_silu_slice_1": "activation",
		"triton_poi_fused_3": "", "ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevKernelArgsStorage<4096ul>)": "",
	} {
		n := Builtin.Of(name)
		if got := n.Part(); got != want {
			t.Errorf("%s is of part %q, want %q (class %s)", name, got, want, n.Class)
		}
	}
}
