package xray

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"shardeck/model"
)

// tile is how names of products write the part of the result that a block computes.
var tile = regexp.MustCompile(`(?:_|tilesize)(\d{1,3})x(\d{1,3})(?:_|x)`)

// geometry says where a launch contradicts the shapes of an operator's products, in whichever order they ran; empty: nowhere that shows.
// Without split-K a kernel launches a block a tile, filled up to whole clusters, unless it is one that stays on the multiprocessors and
// takes tile after tile.
func (p *parser) geometry(op string, products []Matmul) string {
	left, seen := slices.Clone(products), map[int]int{}
	for i := range p.k {
		if p.op[i] != op || p.k[i].Part != "gemm" {
			continue
		}
		if seen[p.layer[i]]++; len(seen) > 1 || len(left) == 0 {
			break // the first layer tells it for all
		}
		at := slices.IndexFunc(left, func(m Matmul) bool { return m.Count > 1 || fits(&p.k[i], m, p.in.SMs) })
		if at < 0 {
			a, b := tileOf(p.k[i].Name)
			return fmt.Sprintf("%d blocks of %d by %d do not fit %s: something else ran than the model's shape says",
				p.k[i].Blocks, a, b, left[0])
		}
		left = slices.Delete(left, at, at+1)
	}
	return ""
}

// String is the product as its sizes.
func (m Matmul) String() string { return fmt.Sprintf("%d×%d×%d", m.M, m.N, m.K) }

func tileOf(name string) (a, b int) {
	m := tile.FindStringSubmatch(name)
	if m == nil {
		return 0, 0
	}
	a, _ = strconv.Atoi(m[1])
	b, _ = strconv.Atoi(m[2])
	return a, b
}

// fits reports whether a launch may be of a product.
func fits(k *Kernel, want Matmul, sms int) bool {
	a, b := tileOf(k.Name)
	if a == 0 || b == 0 || k.Blocks == 0 || sms == 0 || k.Blocks*10 >= sms*9 && k.Blocks <= sms {
		return true
	}
	for _, t := range [][2]int{{a, b}, {b, a}} {
		tiles := model.CeilDiv(want.N, t[0]) * model.CeilDiv(want.M, t[1])
		if k.Blocks%tiles == 0 || k.Blocks > tiles && k.Blocks <= tiles+tiles/8+8 {
			return true
		}
	}
	return strings.Contains(strings.ToLower(k.Name), "splitk") && k.Blocks < want.N // in parts of another number
}
