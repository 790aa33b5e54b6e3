package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"shardeck/backend/strictyaml"
	"shardeck/model"
)

// Settings are what holds for all experiments of a workspace, resolved.
type Settings struct {
	Values
	origin map[string]string
}

// Values are the settings by their keys, in the order `shardeck settings` prints them.
type Values struct {
	Account   string        `yaml:"account"`   // who pays; empty: the scheduler's default
	Site      string        `yaml:"site"`      // name of the site, detected or assumed if not set
	Scheduler string        `yaml:"scheduler"` // auto, slurm or local
	HFHome    string        `yaml:"hf_home"`   // cache of model files; empty: the hub's own default
	Runtime   Runtime       `yaml:"runtime"`   // the software environment of jobs
	Refresh   time.Duration `yaml:"refresh"`   // between queries of the scheduler, at least RefreshFloor
	Workers   int           `yaml:"workers"`   // of the analysis; 0: by the machine
	Theme     string        `yaml:"theme"`     // auto, dark, light or mono
	ASCII     bool          `yaml:"ascii"`     // no glyphs beyond ASCII
	Mouse     bool          `yaml:"mouse"`
}

// Runtime says how a job enters its software environment.
type Runtime struct {
	Kind string `yaml:"kind"` // none, conda, venv, module or shifter
	Name string `yaml:"name"` // of the conda environment, the module or the image
	Path string `yaml:"path"` // of the venv, or of a conda environment without a name
}

// RefreshFloor is the least time between two queries of a scheduler.
const RefreshFloor = 10 * time.Second

// builtIn are the settings where nothing sets them.
var builtIn = Values{Scheduler: "auto", Runtime: Runtime{Kind: "none"}, Refresh: time.Minute, Theme: "auto"}

// Setting is one resolved setting and where it comes from.
type Setting struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Origin string `json:"origin"` // built in, detected, assumed, site perlmutter, ~/.config/shardeck/config.yaml, shardeck.yaml, --set, E1.3
}

// words are the settings that are one of a few.
var words = map[string][]string{
	"scheduler":    {"auto", "slurm", "local"},
	"runtime.kind": {"none", "conda", "venv", "module", "shifter"},
	"theme":        {"auto", "dark", "light", "mono"},
}

// rules are what the settings take.
var rules = strictyaml.Rules{
	Choices: func(key string) []string { return words[key] },
	Bounds: func(key string) (lo, hi int, ok bool) {
		switch key {
		case "refresh":
			return int(RefreshFloor / time.Second), 24 * 3600, true
		case "workers":
			return 0, 256, true
		}
		return 0, 0, false
	},
	Check: func(key, text string) error {
		switch key {
		case "account":
			return model.CheckSlurmWord(text)
		case "site":
			return siteWord(text)
		}
		return oneLine(text)
	},
}

// fields are the settings that take a value, by key.
var fields = slices.DeleteFunc(strictyaml.Fields[Values](), func(f strictyaml.Field) bool { return !f.Single() })

// Keys lists every setting, in the order they are shown.
func Keys() []string {
	var out []string
	for _, f := range fields {
		out = append(out, f.Path)
	}
	return out
}

// IsSetting reports whether key is a setting; other keys of --set are an experiment's.
func IsSetting(key string) bool { return slices.Contains(Keys(), key) }

// set gives a setting its value, written as text, and notes where it comes from.
func (s *Settings) set(key, text, origin string) error {
	i := slices.Index(Keys(), key)
	if i < 0 {
		return fmt.Errorf("unknown setting %.40q: did you mean %s?", key, model.Nearest(key, Keys()))
	}
	s.origin[key] = origin
	return rules.SetText(key, fields[i].Of(&s.Values), text)
}

// parseSettings reads the text of a file of settings into values, each checked at its place.
func parseSettings(file string, data []byte) ([]value, error) {
	doc, problems := strictyaml.Parse(file, data)
	if doc == nil {
		return nil, problems.OrNil()
	}
	var v Values
	given, problems := strictyaml.Decode(file, doc.Content[0], &v, rules)
	var out []value
	for _, f := range fields {
		if n := given[f.Path]; n != nil {
			at := func(err error) error { return faultAt(file, n, "%v", err) }
			out = append(out, value{f.Path, strictyaml.Text(f.Of(&v)), file, at})
		}
	}
	return out, problems.OrNil()
}

// List is every setting with its origin, in the order they are shown.
func (s Settings) List() []Setting {
	var out []Setting
	for _, f := range fields {
		out = append(out, Setting{f.Path, strictyaml.Text(f.Of(&s.Values)), s.origin[f.Path]})
	}
	return out
}

// Origin says where a setting comes from.
func (s Settings) Origin(key string) string { return s.origin[key] }

// For is the settings as they hold for one experiment: its own account wins, but
// for --set.
func (s Settings) For(e model.Experiment) Settings {
	if e.Slurm.Account == "" || s.origin["account"] == "--set" {
		return s
	}
	s.origin = maps.Clone(s.origin)
	s.Account, s.origin["account"] = e.Slurm.Account, e.ID
	return s
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
