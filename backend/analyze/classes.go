package analyze

import "regexp"

// Class of a kernel, by what it works on.
type class string

// Classes of kernels, in the order of screens.
const (
	classGEMM       class = "gemm"
	classAttention  class = "attention"
	classNorm       class = "norm"
	classActivation class = "activation"
	classElement    class = "elementwise"
	classSampling   class = "embedding_sampling"
	classMoE        class = "moe"
	classMemory     class = "memory"
	classComm       class = "communication"
	classOther      class = "other"
)

// classNames lists all classes: each has a share, be it 0.
var classNames = []class{
	classGEMM, classAttention, classNorm, classActivation, classElement,
	classSampling, classMoE, classMemory, classComm, classOther,
}

// classTable tells a kernel's class by its full name (template arguments say what
// an elementwise kernel does). The first row that matches wins, so the telling
// words stand before the common ones. Communication is told before, by function name.
var classTable = []struct {
	class class
	words *regexp.Regexp
}{
	// Routing and grouped expert kernels; before gemm, since fused experts are both.
	{classMoE, words(`fused_moe|moe_|::moe::|_moe_|topk_?gating|topkGating|grouped_topk|expert|permute_(?:rows|token)|fill_reverse_indices|kernelHistogram1D`)},
	{classAttention, words(`flash|fmha|sdpa|attention|attn|_mla|mla_|BatchDecode|BatchPrefill|SinglePrefill|paged_kv|reshape_and_cache|concat_and_cache|rotary|rope_|_rope|lean_reduction_kernel`)},
	{classNorm, words(`rms_?norm|layer_?norm|batch_norm|group_norm`)},
	{classGEMM, words(`nvjet|gemm|gemv|cutlass|cublas|splitK_?reduce|xmma|wgmma|matmul|marlin|machete|_mm_kernel|dot_kernel|deep_gemm`)},
	{classActivation, words(`silu|gelu|relu|act_and_mul|swiglu|sigmoid|tanh_kernel`)},
	{classSampling, words(`indexSelect|vectorized_gather|embedding|ArgMaxOps|argmax|ArgMinOps|topk|top_k|top_p|topp|multinomial|sampl|softmax|bitonicSort|radix_?sort|radixSort|exponential|penalt|logits`)},
	{classMemory, words(`CatArray|copy|Copy|FillFunctor|memset|memcpy|transpose|index_put|index_copy|_scatter_gather|index_elementwise|gather|scatter`)},
	{classElement, words(`elementwise|triton_poi|triton_red|triton_per|BinaryFunctor|reduce_kernel|compute_cuda_kernel|DeviceScan|DeviceReduce|scan`)},
}

func words(pattern string) *regexp.Regexp { return regexp.MustCompile(pattern) }

// classOf tells what a kernel works on.
func classOf(full string, comm callType) class {
	if comm != notComm {
		return classComm
	}
	for _, row := range classTable {
		if row.words.MatchString(full) {
			return row.class
		}
	}
	return classOther
}
