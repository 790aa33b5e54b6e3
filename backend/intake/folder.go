package intake

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"shardeck/model"
)

// file is one trace that was found.
type file struct {
	model.RunFile
	base   string    // its name, below the folder that was asked for
	folder string    // of its own, below that; empty: it lies in it
	time   time.Time // of its last change
	named
	sight
	told string // who told its rank
}

// Who may tell a rank.
const (
	byTrace = "trace"
	byName  = "name"
	byOrder = "order"
)

// Found is the traces of one recording.
type Found struct {
	Files    []model.RunFile // by rank
	Newest   time.Time       // of them
	Warnings []string        // what was assumed, and what was left out
}

// Facts are what traces tell of their run before they are read; zero: they do not.
type Facts struct {
	Engine  string         // vLLM or SGLang, by who names traces so, or by the version that they give
	Version string         // of vLLM
	Device  string         // of the first that names one
	Hosts   []string       // of each rank that has a trace
	World   int            // ranks
	Sizes   map[string]int // of the groups tp, pp, dp and ep, as names tell
}

// File is the one trace at path, of whatever rank. An error says what the file is instead.
func File(path string) (Found, error) {
	l := &lister{}
	l.add(path, filepath.Base(path), "")
	if len(l.files) == 0 {
		return Found{}, &model.Fault{Text: l.reasons(), Kind: ErrNone, ToDo: "name a trace, or the folder of a run"}
	}
	r := &recording{files: l.files}
	nameRanks(r.files)
	r.numberRest()
	return r.found(), nil
}

// Folder finds the traces in dir, or, where there are none and deep is set, in the folders in it. Of several recordings
// side by side it takes the one that choice names, by its number or its folder, else the newest of those that differ in
// time alone; an error that has choices (model.ChoicesOf) asks for one. shown is how people name dir.
func Folder(dir, shown, choice string, deep bool) (Found, error) {
	l := &lister{}
	subs, err := l.list(dir, "")
	if err != nil {
		return Found{}, err
	}
	for depth := 0; depth < deepest && len(l.files) == 0 && deep; depth++ {
		var below []string
		for _, sub := range subs {
			inside, err := l.list(filepath.Join(dir, sub), sub)
			if err != nil {
				l.others = append(l.others, sub+": "+err.Error())
			}
			below = append(below, inside...)
		}
		subs = below
	}
	if len(l.files) == 0 {
		return Found{}, &model.Fault{Text: l.reasons(), Kind: ErrNone}
	}
	r, said, err := choose(recordings(l.files), shown, choice)
	if err != nil {
		return Found{}, err
	}
	found := r.found()
	found.Warnings = append(said, found.Warnings...)
	return found, nil
}

// ErrNone is the kind of the error of what holds no trace; its text says what it holds instead.
var ErrNone = errors.New("no traces")

// lister looks at files.
type lister struct {
	files  []*file
	others []string // what the files are that are no traces
	seen   int      // entries of folders so far
}

// How much of a folder is looked at.
const (
	mostFiles = 4096 // files and folders in all
	deepest   = 3    // folders below the one that was asked for
)

// list looks at the files of a folder, and names the folders in it as they lie below the one that was asked for.
func (l *lister) list(dir, below string) (subs []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries[:min(len(entries), mostFiles-l.seen)] {
		l.seen++
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if l.add(filepath.Join(dir, e.Name()), filepath.Join(below, e.Name()), below) {
			subs = append(subs, filepath.Join(below, e.Name()))
		}
	}
	return subs, nil
}

// add looks at one file; true: it is a folder.
func (l *lister) add(path, base, folder string) (isFolder bool) {
	info, err := os.Stat(path)
	f := &file{RunFile: model.RunFile{Path: path, Rank: -1}, base: filepath.ToSlash(base), folder: folder}
	switch {
	case err != nil:
		l.others = append(l.others, base+" cannot be read")
		return false
	case info.IsDir():
		return true
	case !info.Mode().IsRegular():
		return false
	}
	f.Size, f.time, f.named = info.Size(), info.ModTime(), nameOf(table().Files, filepath.Base(path))
	f.sight = look(f)
	f.Kind = f.kind
	if folder != "" {
		f.add(nameOf(table().Folders, filepath.Base(folder)))
	}
	if f.kind == "" {
		l.others = append(l.others, base+" is "+f.not)
		return false
	}
	l.files = append(l.files, f)
	return false
}

// reasons say of a few files why they are no traces.
func (l *lister) reasons() string {
	switch n := len(l.others); n {
	case 0:
		return ""
	case 1:
		return l.others[0]
	default:
		if n == 2 {
			return l.others[0] + ", and 1 more is none either"
		}
		return fmt.Sprintf("%s, and %d more are none either", l.others[0], n-1)
	}
}
