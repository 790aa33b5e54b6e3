// Package intake finds the traces that lie in a folder, whatever they are called: which files
// are traces, of which rank, and which of them belong to one recording. What a file holds is
// told by its content (sight.go); its name tells only what the content does not (names.go, a
// table: templates/tracenames.yaml). folder.go lists, recordings.go tells recordings apart.
package intake

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"shardeck/backend/strictyaml"
	"shardeck/model"
)

// habit is a row of templates/tracenames.yaml, which says what its parts mean.
type habit struct {
	Pattern string            `yaml:"pattern"`
	Holds   model.FileKind    `yaml:"holds"`
	Whose   string            `yaml:"whose"`
	Source  string            `yaml:"source"`
	Example string            `yaml:"example"`
	Gives   map[string]string `yaml:"gives"`

	re *regexp.Regexp
}

// habits are the table, with the patterns of each row compiled.
type habits struct {
	Files   []habit `yaml:"files"`
	Steps   []habit `yaml:"steps"`
	Engines []habit `yaml:"engines"`
	Folders []habit `yaml:"folders"`
}

var table = strictyaml.Embedded("tracenames.yaml", func(t *habits) {
	for _, rows := range [][]habit{t.Files, t.Steps, t.Engines, t.Folders} {
		for i := range rows {
			rows[i].re = regexp.MustCompile(rows[i].Pattern)
		}
	}
})

// named is what a name gives.
type named struct {
	parts map[string]string // by the groups of the table; empty: nothing
	habit *habit            // nil: of no habit that is known
}

// first is what the first row that fits a name gives.
func first(rows []habit, name string) named {
	n := named{parts: map[string]string{}}
	for i := range rows {
		found := rows[i].re.FindStringSubmatch(name)
		if found == nil {
			continue
		}
		n.habit = &rows[i]
		for k, group := range rows[i].re.SubexpNames() {
			if group != "" && found[k] != "" {
				n.parts[group] = found[k]
			}
		}
		break
	}
	return n
}

// nameOf reads the name of a file.
func nameOf(base string) named {
	n := first(table().Files, strings.TrimSuffix(base, ".gz"))
	n.add(first(table().Steps, base))
	return n
}

// nameOfFolder reads the name of a folder.
func nameOfFolder(base string) named {
	n := first(table().Folders, base)
	n.add(first(table().Steps, base))
	return n
}

// add takes what another name gives and this one does not.
func (n named) add(o named) {
	for part, text := range o.parts {
		if n.parts[part] == "" {
			n.parts[part] = text
		}
	}
}

// number is a part as a number; -1: the name does not give it.
func (n named) number(part string) int {
	v, err := strconv.Atoi(n.parts[part])
	if err != nil {
		return -1
	}
	return v
}

// Own says what a file of ours holds, by its name alone, and its rank, -1 if it has none; false: it is none of ours.
func Own(base string) (kind model.FileKind, rank int, ok bool) {
	n := first(table().Files, strings.TrimSuffix(filepath.Base(base), ".gz"))
	if n.habit == nil || n.habit.Holds == "" {
		return "", 0, false
	}
	return n.habit.Holds, n.number("rank"), true
}

// ownNames begin the names of our files of each kind.
var ownNames = map[model.FileKind]string{
	model.FileKineto: "kineto_trace", model.FileET: "torch_et", model.FileTiming: "timing_stats", model.FileNsys: "nsys",
}

// OwnName is what we call a file.
func OwnName(f model.RunFile) string {
	start, ranked := ownNames[f.Kind]
	if !ranked {
		return string(f.Kind)
	}
	ext := ".json"
	if f.Kind == model.FileNsys {
		if ext = filepath.Ext(strings.TrimSuffix(f.Path, ".gz")); f.NsysForm() == (model.RunFile{}).NsysForm() {
			ext = ".csv" // of whatever name
		}
	}
	if strings.HasSuffix(f.Path, ".gz") {
		ext += ".gz"
	}
	return start + "_" + strconv.Itoa(max(f.Rank, 0)) + ext
}
