package metric

import (
	"slices"
	"testing"
)

// A kernel's name is as short as it may be; kernels of one short name are told apart, whatever they differ in.
func TestTelling(t *testing.T) {
	for _, tt := range []struct{ names, want []string }{
		{[]string{"vllm::act_and_mul_kernel<c10::BFloat16>", "nvjet_tst_1", "at::native::elementwise_kernel(silu)<128, 4>"},
			[]string{"act_and_mul_kernel", "nvjet_tst_1", "elementwise_kernel(silu)"}},
		{[]string{"cutlass::device_kernel<flash::FlashAttnFwdSm90<int>>", "cutlass::device_kernel<grouped_gemm::GemmKernel>"},
			[]string{"device_kernel<flash::FlashAttnFwdSm90, int>", "device_kernel<grouped_gemm::GemmKernel>"}},
		{[]string{"k<g<A, 128, 64, x>, Same>", "k<g<A, 64, 64, x>, Same>", "k<g<A, 64, 64, y>, Same>"},
			[]string{"k<…128…x…>", "k<…64…x…>", "k<…64…y…>"}},
		{[]string{"a::f<int>", "b::f<int>"}, []string{"f<a::f…>", "f<b::f…>"}},
		{[]string{"f<1, 2>", "f<1, 2, 2>"}, []string{"f", "f<1, 2, 2>"}}, // no argument is its own
		{[]string{"f", "f<int>"}, []string{"f", "f<int>"}},
		{[]string{"(anonymous namespace)::f<int>", ""}, []string{"f", ""}},
		{nil, []string{}},
	} {
		if got := Telling(tt.names); !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, want %q", tt.names, got, tt.want)
		}
	}
}
