package model

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

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
	MIG        bool               `yaml:"mig" json:"mig,omitempty"`     // a slice of a card: NCCL joins no two
}

// AtLeast reports whether the GPU's compute capability reaches major.minor; one that is not known does.
func (g GPU) AtLeast(major, minor int) bool {
	var a, b int
	if n, _ := fmt.Sscanf(g.Capability, "%d.%d", &a, &b); n != 2 {
		return true
	}
	return a > major || a == major && b >= minor
}

// slice is a MIG profile as nvidia-smi and GRES types write it: compute slices, and GB of memory.
var slice = regexp.MustCompile(`(?:^|[^0-9a-z])([1-7]g\.(\d+)gb)`)

// usable is what CUDA has of the memory that a MIG profile names: 19968 MiB of 3g.20gb, 4864 MiB of 1g.5gb.
const usable = 0.95

// memoryWord is how features and GRES types write the size of a card's memory: 80gb, hbm80g, 80.
var memoryWord = regexp.MustCompile(`^(?:hbm)?(\d{2,3})(?:g|gb)?$`)

// FindGPU is the card that text means: a name of nvidia-smi, or a GRES type with the features of its nodes. bytes is its
// memory, 0 where nobody told; one that differs from the table's by over 6 % is another card. alike are the titles of those
// that it may be as well, of which it is the smallest; nil: the text names no card that is known.
func FindGPU(all map[string]GPU, text string, bytes int64) (found *GPU, alike []string) {
	words := strings.FieldsFunc(strings.ToLower(text), func(c rune) bool { return c != '.' && !unicode.IsLetter(c) && !unicode.IsDigit(c) })
	for i, w := range words {
		words[i] = memoryWord.ReplaceAllString(w, "${1}gb")
	}
	mig := slice.FindStringSubmatch(strings.ToLower(text))
	best := math.MinInt
	for _, key := range slices.SortedFunc(maps.Keys(all), func(a, b string) int { return cmp.Compare(all[a].Bytes, all[b].Bytes) }) {
		g := all[key]
		family, rest, _ := strings.Cut(key, "-")
		named := slices.Contains(g.Names, text)
		other := mig == nil && bytes > 0 && math.Abs(float64(g.Bytes-bytes)) > 0.06*float64(g.Bytes)
		if other || !named && !slices.Contains(words, family) {
			continue
		}
		score := 0
		for part := range strings.SplitSeq(rest, "-") {
			score += map[bool]int{true: 1, false: -1}[slices.Contains(words, part)]
		}
		if named {
			score = math.MaxInt
		}
		switch {
		case score > best:
			found, best, alike = &g, score, nil
		case score == best && g.Bytes != found.Bytes:
			alike = append(alike, g.Title)
		}
	}
	if mig == nil {
		return found, alike
	}
	if found == nil {
		found = &GPU{Key: "gpu", Title: "GPU"}
	}
	gb, _ := strconv.ParseFloat(mig[2], 64)
	family, _, _ := strings.Cut(found.Key, "-")
	return &GPU{Key: family + "-" + mig[1], Title: strings.ToUpper(family) + " MIG " + mig[1], Capability: found.Capability, MIG: true,
		Bytes: cmp.Or(bytes, int64(gb*usable*(1<<30)))}, nil
}
