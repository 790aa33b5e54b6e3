package kernelname

import "regexp"

// Classes of kernels, by what they work on.
const (
	gemm          = "gemm"
	attention     = "attention"
	norm          = "norm"
	activation    = "activation"
	elementwise   = "elementwise"
	sampling      = "embedding_sampling"
	moe           = "moe"
	memory        = "memory"
	communication = "communication"
	Other         = "other" // no pattern matches the name
)

// Classes are all classes, in the order of screens: each has a share, be it 0.
var Classes = []string{gemm, attention, norm, activation, elementwise, sampling, moe, memory, communication, Other}

// classTable tells a kernel's class by its full name (template arguments say what
// an elementwise kernel does). The first row that matches wins, so the telling
// words stand before the common ones. Communication is told before, by function name.
var classTable = []struct {
	class string
	words *regexp.Regexp
}{
	// Routing and grouped expert kernels; before gemm, since fused experts are both.
	{moe, words(`fused_moe|moe_|::moe::|_moe_|topk_?gating|topkGating|grouped_topk|expert`)},
	{moe, words(`permute_(?:rows|token)|fill_reverse_indices|kernelHistogram1D`)},
	{attention, words(`flash|fmha|sdpa|attention|attn|_mla|mla_|BatchDecode|BatchPrefill|SinglePrefill|paged_kv`)},
	{attention, words(`reshape_and_cache|concat_and_cache|rotary|rope_|_rope|lean_reduction_kernel`)},
	{norm, words(`rms_?norm|layer_?norm|batch_norm|group_norm`)},
	{gemm, words(`nvjet|gemm|gemv|cutlass|cublas|splitK_?reduce|xmma|wgmma|matmul|marlin|machete|_mm_kernel|dot_kernel|deep_gemm`)},
	{activation, words(`silu|gelu|relu|act_and_mul|swiglu|sigmoid|tanh_kernel`)},
	{sampling, words(`indexSelect|vectorized_gather|embedding|ArgMaxOps|argmax|ArgMinOps|topk|top_k|top_p|topp|multinomial|sampl`)},
	{sampling, words(`softmax|bitonicSort|radix_?sort|radixSort|exponential|penalt|logits`)},
	{memory, words(`CatArray|copy|Copy|FillFunctor|memset|memcpy|transpose|index_put|index_copy|_scatter_gather`)},
	{memory, words(`index_elementwise|gather|scatter`)},
	{elementwise, words(`elementwise|triton_poi|triton_red|triton_per|BinaryFunctor|reduce_kernel|compute_cuda_kernel|DeviceScan`)},
	{elementwise, words(`DeviceReduce|scan`)},
}

func words(pattern string) *regexp.Regexp { return regexp.MustCompile(pattern) }

// classOf tells what a kernel works on.
func classOf(full string, call CallType) string {
	if call != NotComm {
		return communication
	}
	for _, row := range classTable {
		if row.words.MatchString(full) {
			return row.class
		}
	}
	return Other
}
