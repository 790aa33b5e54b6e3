package catalog

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"shardeck/model"
)

// assumedSite is the site where nothing tells another: configs for Perlmutter are
// often made on a laptop, and generic, which knows no QOS, cards or prices, would
// make scripts that Perlmutter refuses.
const assumedSite = "perlmutter"

// unknownSite is the site where the marks of an unknown one are seen.
const unknownSite = "generic"

// siteNames lists every site of every source, in order of name.
func siteNames(sources []source) []string {
	var out []string
	for _, s := range sources {
		files, _ := fs.Glob(s.files, "sites/*.yaml") // the pattern is sound
		for _, file := range files {
			out = append(out, strings.TrimSuffix(path.Base(file), ".yaml"))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// loadSite reads a site by name: the last source that has it, whole.
func loadSite(sources []source, name string, gpus map[string]model.GPU) (model.Site, error) {
	var site model.Site
	names := siteNames(sources)
	if !slices.Contains(names, name) {
		return site, fmt.Errorf("site %.40q is not known: there are %s; or write sites/%.40s.yaml in the workspace",
			name, strings.Join(names, ", "), name)
	}
	for i := len(sources) - 1; i >= 0; i-- {
		file := "sites/" + name + ".yaml"
		found, err := sources[i].load(file, &site)
		if err != nil {
			return model.Site{}, err
		}
		if found {
			return site, checkSite(sources[i].label(file), name, site, gpus)
		}
	}
	return site, fmt.Errorf("site %s: its file was there and is gone: try again", name)
}

// checkSite refuses a site whose parts do not fit together.
func checkSite(file, name string, s model.Site, gpus map[string]model.GPU) error {
	fault := func(format string, args ...any) error {
		return fmt.Errorf("%s: %s", file, fmt.Sprintf(format, args...))
	}
	if s.Name != name {
		return fault("name is %.40q: it must be that of the file, %s", s.Name, name)
	}
	for _, k := range s.Partitions {
		if _, ok := gpus[k.GPU]; !ok {
			return fault("node kind %s: GPU %.40q is not in gpus.yaml", k.Constraint, k.GPU)
		}
	}
	for _, qos := range []string{s.DefaultQOS.Shared, s.DefaultQOS.Whole} {
		if qos != "" && s.Queue(qos) == nil {
			return fault("default_qos names %.40q, which is not among qos", qos)
		}
	}
	if err := checkWords(s); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	for k := range s.Settings {
		if !IsSetting(k) {
			return fault("settings: unknown key %.40q; did you mean %s?", k, model.Nearest(k, Keys()))
		}
	}
	return nil
}

// checkWords looks at what reaches job scripts.
func checkWords(s model.Site) error {
	errs := []error{model.CheckConstraint(s.Constraint), model.CheckConstraint(s.Reader.Constraint),
		model.CheckSlurmWord(s.Reader.QOS), model.CheckSlurmWord(s.Reader.Memory)}
	for _, k := range s.Partitions {
		errs = append(errs, model.CheckConstraint(k.Constraint))
	}
	for _, q := range s.Queues {
		errs = append(errs, model.CheckSlurmWord(q.Name))
	}
	for _, m := range s.Modules {
		errs = append(errs, oneLine(m))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Network)) {
		errs = append(errs, model.CheckEnvName(name), oneLine(s.Network[name]))
	}
	return cmp.Or(errs...)
}

// detectSite is the first site, by name, whose marks the environment bears, and how
// we know. A site file that cannot be read is passed over: naming it in the settings
// tells why.
func detectSite(sources []source, env func(string) string, gpus map[string]model.GPU) (name, origin string) {
	for _, name := range siteNames(sources) {
		s, err := loadSite(sources, name, gpus)
		if err == nil && len(s.Detect) > 0 && hasMarks(env, s.Detect) {
			return name, "detected"
		}
	}
	if env("NERSC_HOST") != "" {
		return unknownSite, "detected"
	}
	return assumedSite, "assumed"
}

func hasMarks(env func(string) string, marks map[string]string) bool {
	for k, v := range marks {
		if env(k) != v {
			return false
		}
	}
	return true
}
