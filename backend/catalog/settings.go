package catalog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"shardeck/model"
)

// Settings are what holds for all experiments of a workspace, resolved.
type Settings struct {
	Account   string        // who pays; empty: the scheduler's default
	Site      string        // name of the site, detected or assumed if not set
	HFHome    string        // cache of model files; empty: the hub's own default
	Refresh   time.Duration // between queries of the scheduler, at least RefreshFloor
	Theme     string        // auto, dark, light or mono
	ASCII     bool          // no glyphs beyond ASCII
	Mouse     bool          //
	Runtime   Runtime       // the software environment of jobs
	Scheduler string        // auto, slurm or local
	Workers   int           // of the analysis; 0: by the machine
	origin    map[string]string
}

// Runtime says how a job enters its software environment.
type Runtime struct {
	Kind string // none, conda, venv, module or shifter
	Name string // of the conda environment, the module or the image
	Path string // of the venv, or of a conda environment without a name
}

// RefreshFloor is the least time between two queries of a scheduler.
const RefreshFloor = 10 * time.Second

// Setting is one resolved setting and where it comes from.
type Setting struct {
	Key    string
	Value  string
	Origin string // built in, detected, assumed, site perlmutter, ~/.config/shardeck/config.yaml, shardeck.yaml, --set, E1.3
}

// setting is one key: what it takes, its default, and its place in Settings.
type setting struct {
	key     string
	initial string
	words   []string                // nil: free
	check   func(text string) error // nil: any
	at      func(*Settings) any     // *string, *bool, *int or *time.Duration in seconds
}

// table is every key, in the order `shardeck settings` prints them.
var table = []setting{
	{key: "account", check: model.CheckSlurmWord, at: func(s *Settings) any { return &s.Account }},
	{key: "site", check: siteWord, at: func(s *Settings) any { return &s.Site }},
	{key: "scheduler", initial: "auto", words: []string{"auto", "slurm", "local"}, at: func(s *Settings) any { return &s.Scheduler }},
	{key: "hf_home", check: oneLine, at: func(s *Settings) any { return &s.HFHome }},
	{key: "runtime.kind", initial: "none", words: []string{"none", "conda", "venv", "module", "shifter"}, at: func(s *Settings) any { return &s.Runtime.Kind }},
	{key: "runtime.name", check: oneLine, at: func(s *Settings) any { return &s.Runtime.Name }},
	{key: "runtime.path", check: oneLine, at: func(s *Settings) any { return &s.Runtime.Path }},
	{key: "refresh", initial: "60", check: between(int(RefreshFloor/time.Second), 24*3600), at: func(s *Settings) any { return &s.Refresh }},
	{key: "workers", initial: "0", check: between(0, 256), at: func(s *Settings) any { return &s.Workers }},
	{key: "theme", initial: "auto", words: []string{"auto", "dark", "light", "mono"}, at: func(s *Settings) any { return &s.Theme }},
	{key: "ascii", initial: "false", words: []string{"true", "false"}, at: func(s *Settings) any { return &s.ASCII }},
	{key: "mouse", initial: "false", words: []string{"true", "false"}, at: func(s *Settings) any { return &s.Mouse }},
}

// Keys lists every setting, in the order they are shown.
func Keys() []string {
	var out []string
	for _, s := range table {
		out = append(out, s.key)
	}
	return out
}

// IsSetting reports whether key is a setting; other keys of --set are an experiment's.
func IsSetting(key string) bool { return slices.Contains(Keys(), key) }

// Words are what a setting takes; nil: free text or a number.
func Words(key string) []string {
	if s := find(key); s != nil {
		return s.words
	}
	return nil
}

func find(key string) *setting {
	for i := range table {
		if table[i].key == key {
			return &table[i]
		}
	}
	return nil
}

// put gives a setting its value, written as text, and notes where it comes from.
func (s *Settings) put(key, text, origin string) error {
	k := find(key)
	if k == nil {
		return fmt.Errorf("unknown setting %.40q: did you mean %s?", key, model.Nearest(key, Keys()))
	}
	if err := k.takes(text); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	switch at := k.at(s).(type) {
	case *string:
		*at = text
	case *bool:
		*at = text == "true"
	case *int:
		*at, _ = strconv.Atoi(text)
	case *time.Duration:
		n, _ := strconv.Atoi(text)
		*at = time.Duration(n) * time.Second
	}
	s.origin[key] = origin
	return nil
}

// takes checks a value before it is put.
func (k setting) takes(text string) error {
	if k.words != nil && !slices.Contains(k.words, text) {
		if near := model.Nearest(text, k.words); near != "" {
			return fmt.Errorf("%.40q is not one of %s: did you mean %s?", text, strings.Join(k.words, ", "), near)
		}
		return fmt.Errorf("%.40q is not one of %s", text, strings.Join(k.words, ", "))
	}
	if k.check != nil {
		return k.check(text)
	}
	return nil
}

// text is a setting as it would be written.
func (s *Settings) text(k setting) string {
	switch at := k.at(s).(type) {
	case *bool:
		return strconv.FormatBool(*at)
	case *int:
		return strconv.Itoa(*at)
	case *time.Duration:
		return strconv.Itoa(int(*at / time.Second))
	default:
		return *at.(*string)
	}
}

// List is every setting with its origin, in the order they are shown.
func (s Settings) List() []Setting {
	var out []Setting
	for _, k := range table {
		out = append(out, Setting{k.key, s.text(k), s.origin[k.key]})
	}
	return out
}

// Origin says where a setting comes from.
func (s Settings) Origin(key string) string { return s.origin[key] }

func between(lo, hi int) func(string) error {
	return func(text string) error {
		if n, err := strconv.Atoi(text); err != nil || n < lo || n > hi {
			return fmt.Errorf("%.40q must be a whole number from %d to %d", text, lo, hi)
		}
		return nil
	}
}

// oneLine keeps out what no path or name holds and a script could not carry.
func oneLine(text string) error {
	if len(text) > 4096 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Errorf("%.40q holds control characters or is very long: remove them", text)
	}
	return nil
}

func siteWord(text string) error {
	if model.CheckSlurmWord(text) != nil || strings.HasPrefix(text, ".") {
		return fmt.Errorf("%.40q cannot name a site: use letters, digits, dashes and underscores", text)
	}
	return nil
}
