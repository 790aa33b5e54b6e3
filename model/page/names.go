package page

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"shardeck/model"
)

// Names are what a page that goes to others leaves out: whoever and wherever it came from. Words are whole names (of users, accounts,
// hosts, folders); Files are names of files that are not ours, each with what to say instead.
type Names struct {
	Words []string
	Files map[string]string
}

// Left stands where a name was.
const Left = "[…]"

var (
	// a path from the root, from home or of a drive, one with a scheme, or of several folders; what stands before it is kept
	wholePath = regexp.MustCompile(`(^|[\s"'(=:,;\[{<>|@])` +
		`((?:[a-z][a-z0-9+.-]*://|[A-Za-z]:\\|\\\\|~[\w.-]*/|\$\{?\w+\}?/|\.{1,2}/|/|[\pL\w.@+-]+/[\pL\w.@+-]+/)` +
		`[^\s"'<>|;,)\]}]+|[\pL\w.@+-]+/[\pL\w.@+-]+\.[a-z]{2,6}\b)`)
	mail    = regexp.MustCompile(`[\w.+-]+@[\w-]+(?:\.[\w-]+)+`)
	address = regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[0-9a-f]{1,4}(?::[0-9a-f]{1,4})*::(?:[0-9a-f]{1,4}:)*[0-9a-f]*\d[0-9a-f]*\b`)
	secret  = regexp.MustCompile(`(?i)((?:key|token|password|secret)[ =:]+)[^\s"']{8,}`) // behind an argument of that name
	// hosts of clusters: nid001234, login07.perlmutter.nersc.gov, gpu-a100-03, node-12.local
	host = regexp.MustCompile(`\b(?:nid|login|gpu|node|compute|cn|gn)(?:-[a-z]+\d*)*-?\d{2,}[\w.-]*\b` +
		`|\b[\w-]+(?:\.[\w-]+)*\.(?:gov|edu|local|internal|cluster|lan)\b`)
	// who a folder is of: /home/NAME, /global/homes/a/NAME, /pscratch/sd/a/NAME, /cfs/cdirs/PROJECT
	owned = regexp.MustCompile(`/(?:home|homes|users|Users|u|scratch|work|projects?|cdirs|sd)/(?:[a-z]/)?([A-Za-z][\w.-]+)`)
)

// Owners are the names of users and projects that a path tells.
func Owners(path string) (names []string) {
	for _, m := range owned.FindAllStringSubmatch(path, -1) {
		names = append(names, m[1])
	}
	return names
}

// Hide takes the names out of a text. Words count whole, in any case; of a path nothing is left but the name of a file of ours.
func (n Names) Hide(text string) string { return n.hider()(text) }

// hider is Hide, for many texts.
func (n Names) hider() func(text string) string {
	files := slices.SortedFunc(maps.Keys(n.Files), func(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) })
	words := n.words()
	return func(text string) string {
		for _, from := range files {
			if len(from) > 1 {
				text = strings.ReplaceAll(text, from, n.Files[from])
			}
		}
		for last := ""; last != text; { // neighbours share the sign between them
			last, text = text, wholePath.ReplaceAllStringFunc(text, hidePath)
		}
		for _, pattern := range []*regexp.Regexp{mail, address, host} {
			text = pattern.ReplaceAllString(text, Left)
		}
		text = secret.ReplaceAllString(text, "${1}"+Left)
		for i := 0; words != nil && i < 2; i++ { // neighbours share the sign between them
			text = words.ReplaceAllString(text, "${1}"+Left+"${2}")
		}
		return text
	}
}

// hidePath leaves of a path the sign before it, the marks behind it, and the name of a file of ours.
func hidePath(found string) string {
	parts := wholePath.FindStringSubmatch(found)
	path := strings.TrimRight(parts[2], ".:!?")
	left, after := Left, parts[2][len(path):]
	if base := path[strings.LastIndexAny(path, `/\`)+1:]; ourFile.MatchString(base) {
		left = base
	}
	return parts[1] + left + after
}

var ourFile = regexp.MustCompile(`^(?:(?:kineto_trace|torch_et|timing_stats|nsys|capture)_\d+\.[a-z.-]+` +
	`|run\.json|config\.yaml|workload_card\.yaml|bench_serve\.json)$`)

// OurFile reports whether a file is named as ours are, which tells nobody.
func OurFile(name string) bool { return ourFile.MatchString(name) }

// common are names of accounts that are nobody's, and words of ours.
var common = []string{"root", "user", "users", "home", "vllm", "torch", "replay", "local", "admin", "ubuntu", "auto", "gpu", "none"}

// words matches the names between signs that are part of no name. Those of one or two letters would take words apart.
func (n Names) words() *regexp.Regexp {
	var all []string
	for _, w := range n.Words {
		if len([]rune(w)) > 2 && !slices.Contains(common, strings.ToLower(w)) && !slices.Contains(all, regexp.QuoteMeta(w)) {
			all = append(all, regexp.QuoteMeta(w))
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return regexp.MustCompile(`(?i)(^|[^\pL\pN])(?:` + strings.Join(all, "|") + `)($|[^\pL\pN])`)
}

// Without is a page without names, in every text of it.
func (p Page) Without(n Names) (out Page, err error) {
	text, err := json.Marshal(p)
	if err != nil {
		return out, err
	}
	var tree any
	if err = json.Unmarshal(text, &tree); err != nil {
		return out, err
	}
	if text, err = json.Marshal(hideAll(n.hider(), tree, "")); err != nil {
		return out, err
	}
	err = json.Unmarshal(text, &out)
	return out, err
}

// told are the keys whose texts we wrote ourselves: definitions, units, hashes.
var told = []string{"sha256", "key", "id", "unit", "definitions", "made", "shardeck"}

func hideAll(hide func(string) string, v any, key string) any {
	switch x := v.(type) {
	case string:
		return hide(x)
	case []any:
		return model.Each(x, func(e any) any { return hideAll(hide, e, key) })
	case map[string]any:
		out := map[string]any{}
		for _, k := range slices.Sorted(maps.Keys(x)) {
			e := x[k]
			if slices.Contains(told, k) {
				out[k] = e
				continue
			}
			hidden := hide(k)
			for i := 2; out[hidden] != nil; i++ { // two names that are alike without it
				hidden = fmt.Sprintf("%s %d", hide(k), i)
			}
			out[hidden] = hideAll(hide, e, k)
		}
		return out
	}
	return v
}
