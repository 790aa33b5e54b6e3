package kineto

import (
	"context"
	"fmt"
	"strings"

	"shardeck/backend/strictyaml"
	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
	"shardeck/model/present/unit"
)

// instead are the events that a trace may hold where kernels are missing: templates/accelerators.yaml.
var instead = strictyaml.Embedded[struct {
	Kinds []insteadOf `yaml:"kinds"`
}]("accelerators.yaml")

type insteadOf struct {
	Categories []string `yaml:"categories"`
	What       string   `yaml:"what"`
	Source     string   `yaml:"source"`
	Why        string   `yaml:"why"`
}

// whyNone says of a trace without kernels what it holds instead. The file is read again for it, which only such a one costs.
func whyNone(ctx context.Context, path string) string {
	seen := map[string]int{}
	_, err := openReader(ctx, path, nil, blockSize, splitting{workers: 1, chunk: chunkSize}, func(b []byte, i int) {
		from := jsonscan.After(b[i:], "cat")
		if to, st := jsonscan.ValueEnd(from, 0); st == whole {
			seen[string(jsonscan.Unquote(from[:to]))]++
		}
	})
	for _, k := range instead().Kinds {
		var words []string
		for _, c := range k.Categories {
			if n := seen[c]; n > 0 && err == nil {
				words = append(words, unit.Int(n)+" "+c)
			}
		}
		if len(words) > 0 {
			return fmt.Sprintf("%s: %s %s%s", trace.NoKernels, k.What, strings.Join(words, " and "), k.Why)
		}
	}
	return noKernels
}
