package catalog

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"shardeck/backend/strictyaml"
	"shardeck/model"
)

// familyTable is templates/families.yaml, which says how it is read.
type familyTable struct {
	Language []string            `yaml:"language"`
	Vision   []string            `yaml:"vision"`
	Fields   []string            `yaml:"fields"`
	Mixers   []layerRule         `yaml:"mixers"`
	FFNs     []layerRule         `yaml:"ffns"`
	Blocks   map[string][]string `yaml:"blocks"`
	Families []family            `yaml:"families"`
	Size     string              `yaml:"size"`
	Harmless string              `yaml:"harmless"`

	known          map[string]bool // every name that the table reads
	size, harmless *regexp.Regexp
}

type family struct {
	Types    []string       `yaml:"types"`
	Defaults map[string]int `yaml:"defaults"`
	Set      []string       `yaml:"set"`
	Mixers   []layerRule    `yaml:"mixers"`
	FFNs     []layerRule    `yaml:"ffns"`
}

// layerRule gives every layer a letter.
type layerRule struct {
	List   string            `yaml:"list"`
	Layers string            `yaml:"layers"`
	First  int               `yaml:"first"` // number of the first layer
	Every  string            `yaml:"every"`
	At     string            `yaml:"at"`
	Words  map[string]string `yaml:"words"`
	In     string            `yaml:"in"`
	Out    string            `yaml:"out"`
}

var families = strictyaml.Embedded("families.yaml", func(t *familyTable) {
	t.size, t.harmless, t.known = regexp.MustCompile(t.Size), regexp.MustCompile(t.Harmless), map[string]bool{}
	sets, rules := t.Fields, slices.Concat(t.Mixers, t.FFNs)
	for _, f := range t.Families {
		sets, rules = append(sets, f.Set...), slices.Concat(rules, f.Mixers, f.FFNs)
	}
	for _, r := range rules {
		sets = append(sets, r.List, r.Layers, r.Every, r.At)
	}
	for _, name := range regexp.MustCompile(`[A-Za-z_][\w.]*`).FindAllString(strings.Join(sets, " "), -1) {
		t.known[name] = true
	}
})

// reading is a config.json being read.
type reading struct {
	numbers map[string]int64 // fields, and what was set from them
	fields  map[string]any   // of the language model, as they are
	without []string
	shape   model.Shape
	into    reflect.Value // what is set
}

// ShapeOf reads the shape of a model from the fields of its config.json, as the table says of its family. What it does not
// understand is named in Without; it fails where nothing can be counted from the rest.
func ShapeOf(name string, config map[string]any) (model.Shape, error) {
	t := families()
	r := &reading{numbers: map[string]int64{}, fields: maps.Clone(config)}
	for _, key := range t.Language {
		if inner, ok := at(config, key).(map[string]any); ok {
			maps.Copy(r.fields, inner)
		}
	}
	r.flatten("", r.fields)
	for _, key := range t.Vision {
		if inner, ok := at(config, key).(map[string]any); ok {
			r.flatten("vision.", inner)
		}
	}
	kind, _ := config["model_type"].(string)
	inner, _ := r.fields["model_type"].(string)
	f := t.family(inner, kind)
	if len(f.Types) == 0 || kind != "" && !slices.Contains(f.Types, kind) {
		r.without = append(r.without, fmt.Sprintf("what is peculiar to model_type %.40q", cmp.Or(kind, inner)))
	}
	r.shape = model.Shape{Name: name, Short: model.ShortModel(strings.TrimRight(name, "/")), Aliases: []string{},
		Family: cmp.Or(kind, inner), Config: config}
	r.into = reflect.ValueOf(&r.shape).Elem()
	for key, n := range f.Defaults {
		if _, given := r.numbers[key]; !given {
			r.numbers[key] = int64(n)
		}
	}
	for _, set := range slices.Concat(t.Fields, f.Set) {
		r.set(set)
	}
	r.finish(t, &f)
	r.shape.MaxLen = r.stretched(r.shape.MaxLen)
	return r.shape, checkShape(r.shape)
}

// stretched is a limit of positions as the engine takes it: past what the model was made for by the factor of its rotary
// embedding, where the config means the limit before it. [vllm/config/model.py, _get_and_verify_max_len]
func (r *reading) stretched(positions int) int {
	for _, key := range []string{"rope_scaling", "rope_parameters"} {
		rope, _ := r.fields[key].(map[string]any)
		old, _ := rope["type"].(string)
		kind, _ := rope["rope_type"].(string)
		kind = cmp.Or(kind, old)
		factor, _ := rope["factor"].(float64)
		if whole, ok := rope["factor"].(int); ok {
			factor = float64(whole)
		}
		if factor <= 1 || slices.Contains([]string{"su", "longrope", "llama3"}, kind) || strings.HasPrefix(r.shape.Family, "gemma3") {
			continue
		}
		if before := r.numbers[key+".original_max_position_embeddings"]; kind == "yarn" && before > 0 {
			positions = int(before)
		}
		return int(min(float64(positions)*factor, mostNumber))
	}
	return positions
}

// family is the rows of the language model and of what it is in, in one: what is around it has the last word.
func (t *familyTable) family(types ...string) family {
	var all family
	for _, name := range types {
		f := model.First(t.Families, func(f family) bool { return slices.Contains(f.Types, name) })
		if f != nil && !slices.Contains(all.Types, name) {
			all.Types, all.Set = append(all.Types, f.Types...), append(all.Set, f.Set...)
			all.Mixers, all.FFNs = slices.Concat(f.Mixers, all.Mixers), slices.Concat(f.FFNs, all.FFNs)
			if f.Defaults != nil {
				all.Defaults = f.Defaults
			}
		}
	}
	return all
}

// at is the value that a dotted key leads to.
func at(fields map[string]any, key string) any {
	head, rest, more := strings.Cut(key, ".")
	if inner, ok := fields[head].(map[string]any); more && ok {
		return at(inner, rest)
	}
	return fields[key]
}

// flatten notes the numbers of a group and of those below it.
func (r *reading) flatten(prefix string, fields map[string]any) {
	for key, v := range fields {
		if inner, ok := v.(map[string]any); ok {
			r.flatten(prefix+key+".", inner)
			continue
		}
		switch of := v.(type) {
		case string:
			r.numbers["len."+prefix+key] = int64(len(of))
		case []any:
			if r.numbers["len."+prefix+key] = int64(len(of)); len(of) > 0 {
				v = of[0]
			}
		}
		if n, ok := number(v); ok {
			r.numbers[prefix+key] = n
		}
	}
}

// number is a whole number or a yes of JSON or YAML.
func number(v any) (int64, bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case int:
		return int64(v), true
	case float64:
		return int64(v), true
	}
	return 0, false
}

// set works "key = expression" out, and leaves the key alone where it cannot.
func (r *reading) set(text string) {
	key, expression, _ := strings.Cut(text, " = ")
	if n, ok := r.eval(expression); ok {
		least := int64(0)
		if key == "norms" {
			least = -1 // none at all
		}
		n = min(max(n, least), mostNumber)
		r.numbers[key] = n
		setField(r.into, strings.Split(key, "."), n)
	}
}

const mostNumber = 1 << 40 // of parameters beside the layers; past it nothing can be counted

func (r *reading) eval(expression string) (int64, bool) {
	for _, alternative := range strings.Split(expression, " | ") {
		if n, ok := r.sum(strings.Fields(alternative)); ok {
			return n, true
		}
	}
	return 0, false
}

func (r *reading) sum(words []string) (total int64, ok bool) {
	sign, term := int64(1), int64(0)
	for i := 0; i < len(words); i += 2 {
		n, found := r.numbers[words[i]]
		if literal, err := strconv.ParseInt(words[i], 10, 64); err == nil {
			n, found = literal, true
		}
		operator := "+"
		if i > 0 {
			operator = words[i-1]
		}
		switch {
		case !found, operator == "/" && n == 0:
			return 0, false
		case operator == "*":
			term *= n
		case operator == "/":
			term /= n
		default:
			total += sign * term
			sign, term = map[string]int64{"+": 1, "-": -1}[operator], n
		}
	}
	return total + sign*term, len(words) > 0
}

// setField gives the field of a struct that a path of YAML keys leads to a number; a path that leads nowhere changes nothing.
func setField(v reflect.Value, path []string, n int64) {
	for i := range v.NumField() {
		field := v.Field(i)
		switch {
		case v.Type().Field(i).Tag.Get("yaml") != path[0]:
		case field.Kind() == reflect.Pointer && len(path) > 1:
			if field.IsNil() {
				field.Set(reflect.New(field.Type().Elem()))
			}
			setField(field.Elem(), path[1:], n)
		case field.CanInt():
			field.SetInt(n)
		case field.Kind() == reflect.Bool:
			field.SetBool(n != 0)
		}
	}
}

// finish drops the groups that the model has not, gives its layers their letters, and names what was not understood.
func (r *reading) finish(t *familyTable, f *family) {
	s := &r.shape
	if s.MoE != nil && s.MoE.Experts <= 1 {
		s.MoE = nil
	}
	if s.MLA != nil && s.MLA.KVLoraRank < 1 {
		s.MLA = nil
	}
	if s.Layers > mostLayers {
		s.Layers = 0 // the check of the shape says so
	}
	s.Mixers = r.letters(slices.Concat(f.Mixers, t.Mixers))
	if s.FFNs = r.letters(slices.Concat(f.FFNs, t.FFNs)); s.MoE == nil {
		s.FFNs = strings.ReplaceAll(s.FFNs, "e", "d")
	}
	if !strings.ContainsAny(s.Mixers, "mlkcb") {
		s.SSM = nil
	}
	if s.Extra == 0 && r.numbers["v"] > 0 {
		r.without = append(r.without, "its vision tower")
	}
	for _, key := range slices.Sorted(maps.Keys(r.fields)) {
		n, counts := number(r.fields[key])
		if counts && n > 1 && !t.known[key] && t.size.MatchString(key) && !t.harmless.MatchString(key) {
			r.without = append(r.without, key)
		}
	}
	s.Quant = quantOf(r, t)
	slices.Sort(r.without)
	s.Without = slices.Compact(r.without)
}

const mostLayers = 4096

// letters is a letter for every layer by the first rule that applies, as short as it can be said; empty: none does.
func (r *reading) letters(rules []layerRule) string {
	for _, rule := range rules {
		if all := r.apply(rule); all != "" {
			for n := 1; n < len(all); n++ {
				if strings.HasPrefix(strings.Repeat(all[:n], len(all)/n+1), all) {
					return all[:n]
				}
			}
			return all
		}
	}
	return ""
}

func (r *reading) apply(rule layerRule) string {
	var out strings.Builder
	words, _ := at(r.fields, rule.List).([]any)
	if text, ok := at(r.fields, rule.List).(string); ok {
		words = model.Each(strings.Split(text, ""), func(letter string) any { return letter })
	}
	for _, word := range words {
		letter := rule.Words[fmt.Sprint(word)]
		if letter == "" {
			letter, r.without = "a", append(r.without, fmt.Sprintf("%s %.40v", rule.List, word))
		}
		out.WriteString(letter)
	}
	in, _ := at(r.fields, rule.Layers).([]any)
	every, periodic := r.eval(rule.Every)
	from, _ := r.eval(rule.At)
	for i := range r.shape.Layers {
		if len(in) == 0 && (!periodic || every < 1) {
			break
		}
		inside := periodic && every > 0 && (int64(i)-from)%every == 0
		for _, v := range in {
			n, _ := number(v)
			inside = inside || n == int64(i+rule.First)
		}
		out.WriteString(map[bool]string{true: rule.In, false: rule.Out}[inside])
	}
	return out.String()
}
