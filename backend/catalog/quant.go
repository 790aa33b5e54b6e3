package catalog

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"shardeck/backend/strictyaml"
	"shardeck/model"
)

// quantTable is templates/quantisation.yaml, which says how it is read.
type quantTable struct {
	Left    []string          `yaml:"left"`
	Formats []format          `yaml:"formats"`
	Caches  []model.CacheType `yaml:"caches"`
}

type format struct {
	Where map[string]string `yaml:"where"`
	Names []string          `yaml:"names"`
	Set   []string          `yaml:"set"`
	Is    model.Quant       `yaml:"is"`

	names []*regexp.Regexp
}

var quantisation = strictyaml.Embedded("quantisation.yaml", func(t *quantTable) {
	for i := range t.Formats {
		for _, name := range t.Formats[i].Names {
			t.Formats[i].names = append(t.Formats[i].names, regexp.MustCompile(name))
		}
	}
})

// Formats is what weights and caches may be held in.
func Formats() model.Formats {
	t := quantisation()
	return model.Formats{Weights: model.Each(t.Formats, func(f format) model.Quant { return f.Is }), Caches: t.Caches}
}

// byName is the shape of a checkpoint whose config is not here, if its name says that it is one of a known shape in a format.
func byName(name string, known []model.Shape) *model.Shape {
	for _, f := range quantisation().Formats {
		for _, re := range f.names {
			m := re.FindStringSubmatchIndex(name)
			if m == nil {
				continue
			}
			base := model.ShortModel(name[:m[2]])
			s := model.First(known, func(s model.Shape) bool {
				ids := slices.Concat(s.Aliases, []string{s.Name})
				return s.Quant == nil && slices.Contains(model.Each(ids, model.ShortModel), base)
			})
			if s == nil {
				return nil
			}
			quantised, is := *s, f.Is
			is.Assumed = "by its name the weights are in " + is.Label + ": its config.json is not here"
			quantised.Name, quantised.Short, quantised.Aliases, quantised.Quant = name, model.ShortModel(name), nil, &is
			return &quantised
		}
	}
	return nil
}

// quantOf is how a config says that the weights are held; nil: not at all.
func quantOf(r *reading, families *familyTable) *model.Quant {
	q, _ := r.fields["quantization_config"].(map[string]any)
	if q == nil {
		q, _ = r.fields["compression_config"].(map[string]any)
	}
	if q == nil {
		return nil
	}
	q = maps.Clone(q)
	groups, _ := q["config_groups"].(map[string]any)
	if names := slices.Sorted(maps.Keys(groups)); len(names) > 0 {
		group, _ := groups[names[0]].(map[string]any)
		maps.Copy(q, group)
	}
	t := quantisation()
	f := model.First(t.Formats, func(f format) bool { return f.fits(q) })
	if f == nil {
		r.without = append(r.without, fmt.Sprintf("quantisation %.40v", q["quant_method"]))
		return nil
	}
	is := f.Is
	inner := &reading{numbers: map[string]int64{}, into: reflect.ValueOf(&is).Elem()}
	inner.flatten("", q)
	for _, set := range f.Set {
		inner.set(set)
	}
	if eightBits.MatchString(fmt.Sprint(q["kv_cache_quant_algo"], q["kv_cache_scheme"])) {
		is.Cache = "fp8"
	}
	if re := t.leftAlone(q); re != nil {
		is.Left = r.left(families, re)
	}
	return &is
}

var eightBits = regexp.MustCompile(`(?i)fp8|num_bits:8`) // of a cache

func (f format) fits(q map[string]any) bool {
	for key, want := range f.Where {
		if got := at(q, key); got == nil || want != "*" && fmt.Sprint(got) != want {
			return false
		}
	}
	return len(f.Where) > 0
}

var besideIt = regexp.MustCompile(`visi|visual|mtp|audio`) // the layers, and not counted as tensors

// leftAlone is what a config leaves alone, in one list or another, as one expression of the names of tensors; nil: nothing.
func (t *quantTable) leftAlone(q map[string]any) *regexp.Regexp {
	var names, expressions []string
	for _, key := range t.Left {
		list, _ := q[key].([]any)
		for _, v := range list {
			text := fmt.Sprint(v)
			if expr, regular := strings.CutPrefix(text, "re:"); regular {
				if _, err := regexp.Compile(expr); err == nil {
					expressions = append(expressions, `^(?:model\.)?(?:`+strings.TrimPrefix(expr, "^")+`)`)
				}
			} else if !besideIt.MatchString(text) {
				text = regexp.QuoteMeta(text[max(0, strings.Index(text, "layers.")):])
				names = append(names, strings.ReplaceAll(text, `\*`, `.*`))
			}
		}
	}
	end := `(?:\.|$)`
	if q["quant_method"] == "compressed-tensors" {
		end = `$` // names a module, not what is in it
	}
	if len(names) > 0 {
		expressions = append(expressions, `(?:^|\.)(?:`+strings.Join(names, "|")+`)`+end)
	}
	if len(expressions) == 0 {
		return nil
	}
	re, _ := regexp.Compile(strings.Join(expressions, "|")) // too long an one is none
	return re
}

// left marks the tensors of every layer that an expression names, under any of the words for their block.
func (r *reading) left(t *familyTable, named *regexp.Regexp) map[string]string {
	marks := map[string]string{}
	for layer := range r.shape.Layers {
		for _, name := range r.shape.Tensors(layer) {
			block, rest, _ := strings.Cut(name, ".")
			if slices.ContainsFunc(append(t.Blocks[block], block), func(alias string) bool {
				return named.MatchString(fmt.Sprintf("model.layers.%d.%s.%s", layer, alias, rest))
			}) {
				marks[name] += strings.Repeat("0", layer-len(marks[name])) + "1"
			}
		}
	}
	for name, m := range marks {
		if marks[name] = m + strings.Repeat("0", r.shape.Layers-len(m)); !strings.Contains(marks[name], "0") {
			marks[name] = "*"
		}
	}
	return marks
}
