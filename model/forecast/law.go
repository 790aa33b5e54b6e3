package forecast

import "math"

// Part is what a time is made of.
type Part int

// Parts of a step, in the order of screens. Launch is what the device waits for the host in eager steps; Host what passes between
// steps, before the first token and before the first decode step.
const (
	GEMM Part = iota
	Attention
	Small
	Communication
	Gaps
	Launch
	Host
	parts
)

// PartNames are their names in JSON.
var PartNames = [parts]string{"gemm", "attention", "other_kernels", "communication", "gaps", "launch", "host"}

// shares is a time by parts, in µs.
type shares [parts]float64

func (s *shares) add(o *shares, weight float64) {
	for i := range s {
		s[i] += weight * o[i]
	}
}

func (s *shares) sum() (t float64) {
	for _, v := range s {
		t += v
	}
	return t
}

// sustainedAt is the prompt tokens of a step that has the rate of its constant.
const sustainedAt = 8192

// products is the time of GEMMs with a start, a bandwidth and a rate. Where reading and computing take as long it has 0.7 of either rate,
// and its start besides (tables: 0.45 to 0.6 between 64 and 512 tokens).
func products(list []gemm, start, bandwidth, rate float64) (us float64) {
	for _, g := range list {
		read, compute := g.bytes/(bandwidth*1e3), g.flops/(rate*1e6)
		us += g.n * (start + math.Sqrt(read*read+compute*compute))
	}
	return us
}

// device is the time of a step on the device.
func (k *work) device(v *values) (s shares) {
	rate := v[gemmRate]
	if k.prompt > 0 {
		rate *= math.Exp(-v[sustained] * math.Log(k.prompt/sustainedAt))
	}
	s[GEMM] = products(k.gemms, v[gemmStart], v[gemmBandwidth], rate) + products(k.experts, v[expertStart], v[expertBandwidth], rate)
	s[Attention] = (k.prefill + v[attentionHalf]*k.short) / (v[attentionRate] * 1e6)
	if s[Attention] > 0 {
		s[Attention] += k.heads * v[attentionStart]
	}
	if k.decode.n > 0 {
		s[Attention] += k.decode.n * (v[attentionStart] + k.decode.bytes/(v[attentionBandwidth]*1e3))
	}
	s[Small] = math.Hypot(k.small*v[smallStart]*k.pace(v), k.whole/(v[smallBandwidth]*1e3)+k.split/(v[splitBandwidth]*1e3))
	s[Communication] = k.fixed*v[commLatency] + k.moving*v[commTransfer]
	s[Gaps] = k.calls * v[commGap]
	if k.graph {
		s[Gaps] += k.kernels * v[kernelGap]
	}
	return s
}

// pace is how long small kernels take against those of other steps: less where one request decodes alone, whose values lie side by side.
func (k *work) pace(v *values) float64 {
	if k.alone {
		return v[aloneSmall]
	}
	return 1
}

// host is the time that the host takes to launch an eager step.
func (k *work) host(v *values) float64 { return k.hosted*v[hostLaunch] + k.calls*v[hostCall] }

// time is that of a step, and how far it is the host's: 0 the device alone, 1 the host alone.
func (k *work) time(v *values) (s shares, hosted float64) {
	s = k.device(v)
	if k.graph {
		return s, 0
	}
	device := s.sum()
	ratio := k.host(v) / device
	ratio *= ratio
	ratio *= ratio
	ratio *= ratio // to the eighth: how sharply a step turns from one that waits for the device to one that waits for the host
	s[Launch] = device * (math.Sqrt(math.Sqrt(math.Sqrt(1+ratio))) - 1)
	return s, ratio / (1 + ratio)
}
