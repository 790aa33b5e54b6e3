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
	for _, name := range slices.Sorted(maps.Keys(groupsOf(q))) {
		if group, ok := groupsOf(q)[name].(map[string]any); ok {
			maps.Copy(q, group)
			break
		}
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
	is.Left = r.left(families, t.patterns(q))
	return &is
}

var eightBits = regexp.MustCompile(`(?i)fp8|num_bits:8`) // of a cache

func groupsOf(q map[string]any) map[string]any {
	groups, _ := q["config_groups"].(map[string]any)
	return groups
}

func (f format) fits(q map[string]any) bool {
	for key, want := range f.Where {
		if got := at(q, key); got == nil || want != "*" && fmt.Sprint(got) != want {
			return false
		}
	}
	return len(f.Where) > 0
}

var (
	ofLayer  = regexp.MustCompile(`(?:^|\.)layers\.(\d+)(?:\.|$)([^*]*)$`)
	besideIt = regexp.MustCompile(`visi|visual|mtp|audio`) // the layers, and not counted as tensors
)

// patterns gathers what is left alone, as one list or another of a config writes it, by the number of the layer, -1 for any.
func (t *quantTable) patterns(q map[string]any) map[int][]*regexp.Regexp {
	out, end := map[int][]*regexp.Regexp{}, `(?:\.|$)`
	if q["quant_method"] == "compressed-tensors" {
		end = `$` // names a module, not what is in it
	}
	for _, key := range t.Left {
		list, _ := q[key].([]any)
		for _, v := range list {
			text, layer := fmt.Sprint(v), -1
			expr, regular := strings.CutPrefix(text, "re:")
			switch m := ofLayer.FindStringSubmatch(text); {
			case regular:
				expr = `^(?:model\.)?(?:` + strings.TrimPrefix(expr, "^") + `)`
			case besideIt.MatchString(text):
				continue
			case m != nil:
				_, _ = fmt.Sscan(m[1], &layer) // digits
				if expr = `\.` + regexp.QuoteMeta(m[2]) + end; m[2] == "" {
					expr = `^model\.layers` + end
				}
			default:
				expr = strings.ReplaceAll(regexp.QuoteMeta(text[max(0, strings.Index(text, "layers.")):]), `\*`, `.*`)
				expr = `(?:^|\.)` + expr + end
			}
			if re, err := regexp.Compile(expr); err == nil {
				out[layer] = append(out[layer], re)
			}
		}
	}
	return out
}

// left marks the tensors of every layer that patterns name, under any of the words for their block.
func (r *reading) left(t *familyTable, patterns map[int][]*regexp.Regexp) map[string]string {
	marks := map[string][]byte{}
	for layer := range r.shape.Layers {
		here := slices.Concat(patterns[-1], patterns[layer])
		for _, name := range r.shape.Tensors(layer) {
			block, rest, _ := strings.Cut(name, ".")
			if !slices.ContainsFunc(append(t.Blocks[block], block), func(alias string) bool {
				full := fmt.Sprintf("model.layers.%d.%s.%s", layer, alias, rest)
				return slices.ContainsFunc(here, func(re *regexp.Regexp) bool { return re.MatchString(full) })
			}) {
				continue
			}
			if marks[name] == nil {
				marks[name] = []byte(strings.Repeat("0", r.shape.Layers))
			}
			marks[name][layer] = '1'
		}
	}
	out := map[string]string{}
	for name, m := range marks {
		if out[name] = string(m); !strings.Contains(out[name], "0") {
			out[name] = "*"
		}
	}
	return out
}
