package check

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"shardeck/model"
	"shardeck/model/condition"
)

// Engine is what is known of vLLM's arguments and of the variables that it and its libraries read: templates/vllm_arguments.yaml,
// and what the jobs' own environment says of itself. It is never changed once it is compiled.
type Engine struct {
	Newest    string              `yaml:"newest"`    // release that the table goes to
	Taken     map[string]string   `yaml:"taken"`     // arguments that a key of the config, or shardeck, sets: that key
	Server    []string            `yaml:"server"`    // options of vllm serve that are no arguments of the engine
	Instead   map[string]string   `yaml:"instead"`   // what does the work of an argument or variable that is gone, or of another program
	Positive  []string            `yaml:"positive"`  // numbers of at least 1
	Signed    []string            `yaml:"signed"`    // numbers that may be negative; others are at least 0
	Arguments map[string]Argument `yaml:"arguments"` // of the engine
	Variables []Variables         `yaml:"variables"` // that vLLM reads
	Conflicts []Conflict          `yaml:"conflicts"`

	Release string          `yaml:"-"` // of vLLM in the jobs' environment, as 0.11.0; empty: not known
	Own     map[string]bool `yaml:"-"` // the arguments that this release lists itself; nil: it was not asked
}

// Argument is one of the engine's, in the releases that have it; empty: since before the table, or to its end.
type Argument struct {
	Type  string   `yaml:"type"`  // what it takes: bool, int, number, text, list, map, or several of them with |
	Words []string `yaml:"words"` // that a text is one of
	Since string   `yaml:"since"`
	Until string   `yaml:"until"`
}

// Variables are names without VLLM_, in the releases that read them.
type Variables struct {
	Names []string `yaml:"names"`
	Since string   `yaml:"since"`
	Until string   `yaml:"until"`
}

// Conflict is settings that contradict each other, the layout, the model, the GPU or the network. Facts are the keys of a
// config (vllm.max_num_seqs, env.NCCL_NET) and what follows from it, see facts. It holds where every condition of When does and
// none of Unless: {fact: pattern of its whole value}, of facts apart by | one of them. In texts {fact} is its value; {key} and
// {value} are the fact that met the first condition.
type Conflict struct {
	Code     string              `yaml:"code"`
	Severity Severity            `yaml:"severity"`
	Since    string              `yaml:"since"` // releases that it holds in, as of Argument; a release not known is one
	Until    string              `yaml:"until"`
	When     []map[string]string `yaml:"when"`
	Unless   []map[string]string `yaml:"unless"`
	Where    string              `yaml:"where"` // and this does, of facts by name; empty: no more is asked
	Fault    string              `yaml:"fault"`
	Fix      string              `yaml:"fix"`
	Set      map[string]string   `yaml:"set"` // edits; one whose value comes out empty is left out
	Source   string              `yaml:"source"`

	when, unless []match             `yaml:"-"`
	where        condition.Condition `yaml:"-"`
}

type match struct {
	facts []string
	is    *regexp.Regexp
}

// Compile makes the table ready for use. It panics where a pattern is none: the file is a part of the program, and tested.
func (g *Engine) Compile() {
	compiled := func(rows []map[string]string) (all []match) {
		for _, row := range rows {
			for facts, is := range row {
				all = append(all, match{strings.Split(facts, "|"), regexp.MustCompile(`^(?:` + is + `)$`)})
			}
		}
		return all
	}
	for i := range g.Conflicts {
		c, err := &g.Conflicts[i], error(nil)
		c.when, c.unless = compiled(c.When), compiled(c.Unless)
		if c.where, err = condition.Parse(cmp.Or(c.Where, "true")); err != nil {
			panic(err)
		}
	}
}

// has reports whether the release has what came since one and went after another; one that is not known has all.
func (g *Engine) has(since, until string) bool {
	return g.Release == "" || !model.Older(g.Release, since) && !model.Older(until, g.Release)
}

// engineFindings are what the table says of an experiment's arguments and variables. Engines other than vLLM have none.
func (s *subject) engineFindings() []Finding {
	if s.e.Engine != model.EngineVLLM || s.w.Engine == nil {
		return nil
	}
	g := s.w.Engine()
	var found []Finding
	for _, name := range slices.Sorted(maps.Keys(s.e.VLLM)) {
		found = append(found, s.apply([]rule{g.nameRule(name), g.typeRule(name, s.e.VLLM[name])})...)
	}
	for _, name := range slices.Sorted(maps.Keys(s.e.Env)) {
		found = append(found, s.apply([]rule{g.variableRule(name)})...)
	}
	facts := s.facts()
	for _, c := range g.Conflicts {
		if key, ok := c.holds(facts); ok && g.has(c.Since, c.Until) {
			found = append(found, c.finding(key, facts))
		}
	}
	for i := range found { // names and values are a person's
		found[i].Fault, found[i].Fix = model.Printable(found[i].Fault), model.Printable(found[i].Fix)
	}
	return found
}

// engineName is what a message calls the engine.
func (g *Engine) engineName() string { return strings.TrimSpace("vLLM " + g.Release) }

// nameRule judges the name of an argument.
func (g *Engine) nameRule(name string) rule {
	a, listed := g.Arguments[name]
	r := rule{"vllm-unknown", SeverityError, "vllm." + name, constant("%s has no argument %s", g.engineName(), name), words(g.insteadOf(name))}
	near := model.Nearest(strings.ReplaceAll(name, "-", "_"), slices.Sorted(maps.Keys(g.Arguments)))
	switch {
	case g.Taken[name] != "":
		r.code, r.fault = "vllm-key", constant("vllm.%s is set by %s", name, g.Taken[name])
		r.fix = words("remove it there, and set " + g.Taken[name])
	case g.Own[name], listed && g.Own == nil && g.has(a.Since, a.Until) && (g.Release != "" || a.Until == ""):
		r.fault = constant("")
	case listed && g.Release == "":
		r.code, r.severity = "vllm-gone", SeverityWarning
		r.fault = constant("vLLM has no %s since %s: the job ends at its start, unless its vLLM is older", name, after(a.Until))
	case listed && model.Older(g.Release, a.Since):
		r.fault = constant("%s has no argument %s: it came with %s", g.engineName(), name, a.Since)
	case listed && model.Older(a.Until, g.Release):
		r.fault = constant("%s has no argument %s: it went after %s", g.engineName(), name, a.Until)
	case slices.Contains(g.Server, name):
		r.fault = constant("vllm.%s is an option of vllm serve: jobs start the engine, and no server", name)
	case g.Instead[name] != "":
	case near != "":
		r.fix = words("did you mean vllm." + near + "?")
	case g.Own == nil && (g.Release == "" || model.Older(g.Newest, g.Release)): // which may be newer than the table
		r.severity, r.fault = SeverityWarning, constant("no vLLM up to %s has an argument %s", g.Newest, name)
	}
	return r
}

// after is the release that follows one: 0.13 of 0.12.
func after(release string) string {
	minor, _ := strconv.Atoi(strings.Split(release+".0", ".")[1])
	return fmt.Sprintf("0.%d", minor+1)
}

func (g *Engine) insteadOf(name string) string {
	use := cmp.Or(g.Instead[name], "remove it")
	if strings.HasPrefix(use, "remove") {
		return use
	}
	return "use " + use
}

func constant(format string, args ...any) func(*subject) string {
	return func(*subject) string { return fmt.Sprintf(format, args...) }
}

// typeRule judges the value of an argument: its type, its word, its least number. None at all is the engine's default.
func (g *Engine) typeRule(name string, value any) rule {
	a, path := g.Arguments[name], "vllm."+name
	kind := cmp.Or(kinds[reflect.ValueOf(value).Kind()], "text")
	number, least := (model.Experiment{VLLM: map[string]any{name: value}}).EngineNumber(name, math.Inf(1)), 0.0
	if slices.Contains(g.Positive, name) {
		least = 1
	} else if slices.Contains(g.Signed, name) {
		least = math.Inf(-1)
	}
	r := rule{code: "vllm-type", severity: SeverityError, field: path, fault: constant("")}
	switch text := fmt.Sprint(value); {
	case a.Type == "" || value == nil || g.Taken[name] != "":
	case !slices.Contains(strings.Split(a.Type, "|"), kind) && !(kind == "int" && strings.Contains(a.Type, "number")):
		if kind == "text" {
			text = fmt.Sprintf("the text %.40q", text)
		}
		r.fault = constant("%s is %.60s: it takes %s", path, text, typeWords.Replace(a.Type))
		r.fix = words("write it so, or remove it")
		if to := converted(fmt.Sprint(value), a.Type); to != "" {
			r.fix = fixed(path, to)
		}
	case kind == "text" && len(a.Words) > 0 && !slices.Contains(a.Words, text):
		r.fault = constant("%s cannot be %.40q", path, text)
		r.fix = words("leave it out, for the engine's own choice")
		if near := model.Nearest(text, a.Words); near != "" {
			r.fix = fixed(path, near)
		}
	case number < least:
		r.fault, r.fix = constant("%s is %s: it must be at least %.0f", path, text, least), words("remove it, for the engine's own choice")
	}
	return r
}

var typeWords = strings.NewReplacer("|", " or ", "bool", "true or false", "int", "a whole number", "number", "a number",
	"list", "a list", "map", "keys with values")

var kinds = map[reflect.Kind]string{reflect.Bool: "bool", reflect.Int: "int", reflect.Int64: "int", reflect.Uint64: "int",
	reflect.Float64: "number", reflect.Slice: "list", reflect.Map: "map"}

// converted is a value as the type it is meant to have, where that is plain; else empty.
func converted(text, types string) string {
	x, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
	switch low := strings.ToLower(text); {
	case types == "bool":
		return map[string]string{"on": "true", "yes": "true", "true": "true", "1": "true", "off": "false", "no": "false", "false": "false", "0": "false"}[low]
	case err != nil || math.Abs(x) > 1<<53:
		return ""
	case strings.Contains(types, "int") && x == math.Trunc(x):
		return strconv.FormatInt(int64(x), 10)
	case strings.Contains(types, "number"):
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	return ""
}

// variableRule judges the name of a variable of vLLM's own.
func (g *Engine) variableRule(name string) rule {
	own, mine := strings.CutPrefix(name, "VLLM_")
	row := model.First(g.Variables, func(v Variables) bool { return slices.Contains(v.Names, own) })
	r := rule{"env-unread", SeverityWarning, "env." + name, constant("%s does not read %s: it changes nothing", g.engineName(), name), words(g.insteadOf(name))}
	switch {
	case !mine || row != nil && g.has(row.Since, row.Until) && (g.Release != "" || row.Until == "") || row == nil && model.Older(g.Newest, g.Release):
		r.fault = constant("")
	case row != nil && g.Release == "":
		r.fault = constant("vLLM does not read %s since %s: it changes nothing there", name, after(row.Until))
	case row == nil:
		names := slices.Concat(model.Each(g.Variables, func(v Variables) []string { return v.Names })...)
		if near := model.Nearest(own, names); near != "" {
			r.fix = words("did you mean VLLM_" + near + "?")
		}
	}
	return r
}

// holds reports whether a conflict is there, and by which fact its first condition was met.
func (c Conflict) holds(facts map[string]string) (key string, ok bool) {
	met := func(m match) string {
		return *cmp.Or(model.First(m.facts, func(f string) bool { return m.is.MatchString(facts[f]) }), new(string))
	}
	if slices.ContainsFunc(c.when, func(m match) bool { return met(m) == "" }) ||
		slices.ContainsFunc(c.unless, func(m match) bool { return met(m) != "" }) {
		return "", false
	}
	values := condition.Values{}
	for _, name := range c.where.Names() {
		if x, err := strconv.ParseFloat(facts[name], 64); err == nil {
			values[name] = x
		}
	}
	ok, err := c.where.Holds(values) // what is not known is no conflict
	return met(c.when[0]), ok && err == nil
}

var placeholder = regexp.MustCompile(`\{[\w.]+\}`)

func (c Conflict) finding(key string, facts map[string]string) Finding {
	said := func(text string) string {
		return placeholder.ReplaceAllStringFunc(text, func(name string) string {
			switch name = name[1 : len(name)-1]; name {
			case "key":
				return key
			case "value":
				return fmt.Sprintf("%.60s", facts[key])
			case "site":
				return facts["site."+strings.TrimPrefix(key, "env.")]
			}
			return facts[name]
		})
	}
	f := Finding{Code: c.Code, Severity: c.Severity, Field: key, Fault: said(c.Fault), Fix: said(c.Fix), Edits: []model.Edit{}}
	for _, path := range slices.Sorted(maps.Keys(c.Set)) {
		if value := said(c.Set[path]); value != "" {
			f.Edits = append(f.Edits, model.Edit{Path: said(path), Value: value})
		}
	}
	return f
}

// facts are what conflicts speak of: keys of the config, and what follows from them; what is not known is missing.
func (s *subject) facts() map[string]string {
	e, l, p, f := s.e, s.e.Layout, s.place, map[string]string{}
	for name, value := range map[string]any{"model.name": e.Model.Name, "model.precision": e.Model.Precision, "model.weights": e.Model.Weights,
		"comm.all_reduce": e.Comm.AllReduce, "comm.all2all": e.Comm.All2All, "fabric": s.w.Site.Fabric, "release": s.w.Engine().Release,
		"parallelism.tp": l.TP, "parallelism.pp": l.PP, "parallelism.ep": l.EP, "dp": l.DP(), "requests": e.RequestsPerReplica(),
		"length": e.Data.SeqLen + e.Data.MaxTokens, "model_len": e.ModelLen(), "nodes": p.Nodes, "gpus_per_node": p.GPUsPerNode,
		"replica_nodes": 1, "site": s.w.Site.Network, "env": e.Env, "vllm": e.VLLM} {
		flatten(f, name, value)
	}
	if p.TPSpans || p.PPSpans {
		flatten(f, "replica_nodes", p.Nodes)
	}
	if given := e.Env["CUDA_VISIBLE_DEVICES"]; given != "" {
		flatten(f, "visible", len(strings.Split(given, ",")))
	}
	if e.Load.On() {
		f["load"] = e.Load.String()
		flatten(f, "requests", model.CeilDiv(e.Load.Concurrency, l.DP()))
	}
	if m := s.shape; m != nil {
		f["moe"], f["mla"], f["short"] = strconv.FormatBool(m.MoE != nil), strconv.FormatBool(m.MLA != nil), m.Short
		flatten(f, "positions", m.MaxLen)
		flatten(f, "kv_copies", max(1, l.TP/max(1, m.KVHeads)))
		if q := s.held.quant; q != nil {
			f["held"] = q.Method
		}
	}
	if g := s.gpu; g != nil {
		f["gpu"], f["capability"] = g.Title, g.Capability
		f["left"] = fmt.Sprintf("%.1f", float64(g.Bytes)*(1-e.EngineNumber("gpu_memory_utilization", 0.9))/gib)
	}
	f["max_num_seqs"] = f["vllm.max_num_seqs"]
	if n, _ := strconv.Atoi(f["requests"]); f["max_num_seqs"] == "" && n > sampledRows {
		f["max_num_seqs"] = f["requests"] // as the runner sets it
	}
	return f
}

// flatten writes nested values under their paths, and what holds others as one text.
func flatten(f map[string]string, path string, value any) {
	if value == nil {
		return
	}
	f[path] = fmt.Sprint(value)
	if m, ok := value.(map[string]string); ok {
		for k, v := range m {
			f[path+"."+k] = v
		}
	}
	if m, ok := value.(map[string]any); ok {
		for k, v := range m {
			flatten(f, path+"."+k, v)
		}
	}
}
