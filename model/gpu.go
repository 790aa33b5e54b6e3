package model

import "fmt"

// GPU is a kind of accelerator. Peaks are dense, without sparsity.
type GPU struct {
	Key        string             `yaml:"key" json:"key"`                 // a100-40gb
	Title      string             `yaml:"title" json:"title"`             // A100-40GB
	Names      []string           `yaml:"names" json:"names"`             // as deviceProperties and nvidia-smi write it
	Bytes      int64              `yaml:"bytes" json:"bytes"`             // total memory as CUDA reports it
	HBM        float64            `yaml:"hbm_gbs" json:"hbm_gbs"`         // GB/s
	NVLink     float64            `yaml:"nvlink_gbs" json:"nvlink_gbs"`   // GB/s per direction
	Peak       map[string]float64 `yaml:"peak_tflops" json:"peak_tflops"` // by precision
	SMs        int                `yaml:"sms" json:"sms"`
	Capability string             `yaml:"capability" json:"capability"` // 8.0
}

// AtLeast reports whether the GPU's compute capability reaches major.minor. One whose
// capability is not known is taken to.
func (g GPU) AtLeast(major, minor int) bool {
	var a, b int
	if n, _ := fmt.Sscanf(g.Capability, "%d.%d", &a, &b); n != 2 {
		return true
	}
	return a > major || a == major && b >= minor
}
