package present

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/check"
	"shardeck/model/present/unit"
)

// Models is a row for each model: its size, what its weights take, and a token of cache or, of a model that keeps states, a sequence.
func Models(all []check.Facts) Table {
	t := Table{One: "model", Columns: Columns("model…24", ">params|10⁹", ">active|10⁹/3", ">weights|GiB",
		"held in-8", ">cache|KiB/token/2", "from/4")}
	for _, s := range all {
		r := Row{Full: s.Name, Fields: map[string]string{"model": s.Name, "family": s.Family}}
		r.Cells = Texts(s.Name, billions(s.Params), billions(s.Active), unit.GiB(s.Bytes), heldIn(s.Shape).Label,
			unit.Number(float64(cacheBytes(s.Shape, 1))/1024, 1), map[bool]string{true: "config.json", false: "built in"}[s.Config != nil])
		t.Rows = append(t.Rows, r)
	}
	return t
}

// cacheBytes is what one more token of so many takes in a cache of 16 bits, on one GPU.
func cacheBytes(s model.Shape, tokens int64) int64 {
	r := s.OnRank(model.Defaults().Layout, 0)
	now, _ := r.KVValues(tokens)
	before, _ := r.KVValues(tokens - 1)
	return 2 * (now - before)
}

// modelWords are the letters of layers in words.
var modelWords = map[byte]string{'a': "attention", 's': "attention in a window", 'm': "Mamba", 'l': "linear attention",
	'k': "linear attention", 'i': "lightning attention", 'c': "convolution", 'b': "attention beside Mamba", '-': "no attention"}

// Model is what is known of one model, as labels and texts.
func Model(s check.Facts) [][2]string {
	moe, heads := "", "none"
	if m := s.MoE; m != nil {
		moe = fmt.Sprintf("%d of %d experts of width %s a token", m.TopK, m.Experts, unit.Int(m.Intermediate))
		if m.Shared > 0 || m.SharedWidth > 0 {
			moe += ", and shared ones"
		}
	}
	if s.Heads > 0 {
		heads = fmt.Sprintf("%d heads, %d for keys and values", s.Heads, s.KVHeads)
	}
	if s.MLA != nil {
		heads = fmt.Sprintf("%d heads, keys and values of one latent vector", s.Heads)
	}
	lines := [][2]string{
		{"family", strings.TrimSpace(s.Family + "  " + s.Source)},
		{"parameters", fmt.Sprintf("%s billion, %s billion active for a token", billions(s.Params), billions(s.Active))},
		{"layers", fmt.Sprintf("%d of width %s: %s", s.Layers, unit.Int(s.Hidden), mixersOf(s.Shape))},
		{"attention", heads},
		{"experts", moe},
		{"weights", Joined(unit.GiB(s.Bytes)+" GiB", heldIn(s.Shape).Label, heldIn(s.Shape).Assumed)},
		{"cache", cacheWords(s.Shape)},
		{"positions", count(s.MaxLen)},
		{"TP", strings.Join(model.Each(s.TPs, unit.Int), " ")},
		{"without", strings.Join(s.Without, ", ")},
	}
	return slices.DeleteFunc(lines, func(l [2]string) bool { return l[1] == "" })
}

func billions(n int64) string { return unit.Number(float64(n)/1e9, 2) }

func mixersOf(s model.Shape) string {
	n, _ := s.Count()
	var parts []string
	for _, letter := range slices.Sorted(maps.Keys(n)) {
		part := fmt.Sprintf("%d %s", n[letter], modelWords[letter])
		if letter == 's' && s.Window > 0 {
			part += " of " + unit.Int(s.Window)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

func heldIn(s model.Shape) *model.Quant { return cmp.Or(s.Quant, &model.Quant{Label: "16 bits"}) }

// cacheWords says what tokens and sequences cost; a window stops growing.
func cacheWords(s model.Shape) string {
	text := unit.Number(float64(cacheBytes(s, 1))/1024, 1) + " KiB a token"
	if after := cacheBytes(s, int64(s.Window)+1); s.Window > 0 && after != cacheBytes(s, 1) {
		text += fmt.Sprintf(", %s past %s tokens", unit.Number(float64(after)/1024, 1), unit.Int(s.Window))
	}
	if _, state := s.OnRank(model.Defaults().Layout, 0).KVValues(1); state > 0 {
		text += fmt.Sprintf(", and %s a sequence", unit.FileSize(4*state))
	}
	return text + " in 16 bits on one GPU"
}
