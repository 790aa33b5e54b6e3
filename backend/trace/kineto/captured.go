package kineto

import (
	"context"
	"strings"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

// Captured reads a trace of the capture of CUDA graphs, as vLLM writes it with capture_torch_profiler (0.26 and later): nothing runs
// on the device, but operators have their shapes. Of each graph it gives what was launched into it, in order, with the product of
// matrices of the operator around it; zero: that is none.
func Captured(ctx context.Context, path string) (graphs [][]trace.Product, err error) {
	h, products := newHostReader(operatorRange), []trace.Product(nil)
	take := func(b []byte, i int, _ int64) {
		before := len(h.ranges)
		if h.event(b, i); len(h.ranges) > before {
			op := &h.ranges[before]
			op.rf = uint64(len(products)) // here its place in products
			products = append(products, productOf(h.known.List[op.name], b, i))
		}
	}
	if _, err := openReader(ctx, path, nil, reading{everyEvent: take}); err != nil {
		return nil, err
	}
	h.order()
	around := h.nest(operatorRange)
	open := false
	for _, at := range h.byTime {
		switch name := h.known.List[h.launches[at].name]; {
		case strings.HasSuffix(name, "StreamBeginCapture"):
			graphs, open = append(graphs, nil), true
		case strings.HasSuffix(name, "StreamEndCapture"):
			open = false
		case open && (strings.Contains(name, "Launch") || strings.Contains(name, "Memcpy") || strings.Contains(name, "Memset")):
			var p trace.Product
			if around[at] >= 0 {
				p = products[h.ranges[around[at]].rf]
			}
			graphs[len(graphs)-1] = append(graphs[len(graphs)-1], p)
		}
	}
	return graphs, nil
}

// productOf is the product of matrices that an operator computes, by the shapes of its inputs: M×K, and K×N or N×K.
func productOf(op string, b []byte, i int) (p trace.Product) {
	if !strings.Contains(op, "mm") && !strings.Contains(op, "linear") {
		return p
	}
	eachPair(b, i, func(key []byte, inArgs bool, from, to int) {
		if !inArgs || string(key) != "Input Dims" {
			return
		}
		for _, shape := range jsonscan.Elements(b[from:to]) {
			switch d := trace.RankList(shape); {
			case len(d) != 2:
			case p.M == 0:
				p.M, p.K = d[0], d[1]
			case p.N == 0 && d[0] == p.K:
				p.N = d[1]
			case p.N == 0 && d[1] == p.K:
				p.N = d[0]
			}
		}
	})
	if p.N == 0 {
		return trace.Product{}
	}
	return p
}
