package intake

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"shardeck/model"
	"shardeck/model/present/unit"
)

// choose is the recording that choice names, else the only one, else the newest of those that differ in time alone.
func choose(all []*recording, shown, choice string) (r *recording, said []string, err error) {
	f := &model.Fault{Text: fmt.Sprintf("%s holds traces of %d recordings that are not one run's", shown, len(all)), Kind: model.ErrAmbiguous}
	var names, words []string
	for i, r := range all {
		name := fmt.Sprintf("%s@%d", shown, i+1)
		if choice != "" && (choice == strconv.Itoa(i+1) || choice == r.files[0].folder) {
			return r, nil, nil
		}
		f.Choices = append(f.Choices, model.Choice{Name: name, Text: r.String()})
		names, words = append(names, name), append(words, name+" ("+r.String()+")")
	}
	last := len(all) - 1
	switch {
	case choice != "":
		return nil, nil, model.Unknown(fmt.Sprintf("%s has no recording %.40q", shown, choice), "they are "+few(names, 3))
	case last == 0:
		return all[0], nil, nil
	case alike(all):
		others := "the other is "
		if last > 1 {
			others = "others are "
		}
		return all[last], []string{fmt.Sprintf("%d recordings side by side: the newest is read (%s); %s%s",
			len(all), all[last], others, few(names[:last], 3))}, nil
	}
	f.ToDo = "choose one: " + few(words, 6)
	return nil, nil, f
}

// alike says that recordings are of the same ranks of one world by the same processes, and differ in time alone.
func alike(all []*recording) bool {
	of := func(r *recording) string {
		return fmt.Sprint(model.Each(r.main(), func(f *file) string {
			return fmt.Sprint(f.Rank, f.identity(), f.parts["stage"], f.info.WorldSize, f.host())
		}))
	}
	return !slices.ContainsFunc(all, func(r *recording) bool { return of(r) != of(all[0]) })
}

// String says what tells a recording from others.
func (r *recording) String() string {
	var words []string
	f := r.files[0]
	add := func(there bool, format string, args ...any) {
		if there {
			words = append(words, fmt.Sprintf(format, args...))
		}
	}
	all := r.main()
	last := all[len(all)-1]
	add(f.folder != "" && f.folder == last.folder, "%s", f.folder)
	add(f.folder == "" && f.parts["step"] != "", "step %s", f.parts["step"])
	add(f.parts["stage"] != "", "%s", strings.ToLower(f.parts["stage"]))
	of := ""
	if f.info.WorldSize > 0 {
		of = fmt.Sprintf(" of %d", f.info.WorldSize)
	}
	add(f == last && f.kind != model.FileNsys, "rank %d%s", f.Rank, of)
	add(f != last, "ranks %d to %d%s", f.Rank, last.Rank, of)
	add(f.host() != "", "on %s", f.host())
	add(f.start > 0, "recorded %s", time.Unix(0, f.start).UTC().Format("2006-01-02 15:04:05 MST"))
	return strings.Join(append(words, filepath.Base(f.base)), ", ")
}

// main is the files that give the recording its ranks.
func (r *recording) main() []*file { return ofKinds(r.files, r.files[0].kind) }

// found is what a recording gives, with what was assumed of its ranks.
func (r *recording) found() Found {
	out, world := Found{}, 0
	for _, f := range r.files {
		out.Files = append(out.Files, f.RunFile)
		if f.time.After(out.Newest) {
			out.Newest = f.time
		}
		world = max(world, f.info.WorldSize)
	}
	out.Warnings = r.assumptions(world)
	return out
}

// FactsOf looks at the traces of a run.
func FactsOf(files []model.RunFile) Facts {
	l, out := &lister{}, Facts{Sizes: map[string]int{}}
	for _, f := range files {
		l.add(f.Path, filepath.Base(f.Path), "")
	}
	for _, f := range ofKinds(l.files, model.FileKineto) {
		out.World = max(out.World, f.info.WorldSize)
		if out.Device == "" && len(f.info.Devices) > 0 {
			out.Device = f.info.Devices[0].Name
		}
		if h := f.host(); h != "" {
			out.Hosts = append(out.Hosts, h)
		}
		for _, part := range []string{"tp", "pp", "dp", "ep"} {
			out.Sizes[part] = max(out.Sizes[part], f.number(part)+1)
		}
		if who := cmp.Or(f.engine, f.habit); who != nil && (who.Whose == "vLLM" || who.Whose == "SGLang") {
			out.Engine = who.Whose
		}
		if out.Version = cmp.Or(out.Version, f.info.VLLMVersion); out.Version != "" {
			out.Engine = "vLLM"
		}
	}
	return out
}

// assumptions say who told the ranks, where it was not the traces, and which ranks have none.
func (r *recording) assumptions(world int) (out []string) {
	byTeller, as := map[string][]string{}, ""
	for _, f := range r.main() {
		if f.kind == model.FileNsys || f.kind == model.FileTiming {
			continue // a report does not say, and holds several; timings are no traces
		}
		byTeller[f.told] = append(byTeller[f.told], fmt.Sprintf("%s is rank %d", f.base, f.Rank))
		if f.told == byName && f.habit != nil && f.habit.Whose != "several" {
			as = ", as " + f.habit.Whose + " writes them"
		}
		if n := f.number("rank"); f.told == byTrace && n >= 0 && f.number("tp") < 0 && n != f.Rank {
			out = append(out, fmt.Sprintf("%s: its name says rank %d, the trace says %d: the trace is believed", f.base, n, f.Rank))
		}
	}
	if list := byTeller[byName]; len(list) > 0 {
		out = append(out, "no rank in the traces (distributedInfo): taken from the names"+as+": "+few(list, 3))
	}
	if list := byTeller[byOrder]; len(list) == 1 && len(r.main()) == 1 {
		out = append(out, list[0]+" for want of another: neither the trace nor its name tells")
	} else if len(list) > 0 {
		out = append(out, "no rank in the traces (distributedInfo), nor in their names: taken by the order of the names: "+few(list, 3))
	}
	if n := len(r.main()); world > n && r.files[0].kind == model.FileKineto {
		out = append(out, fmt.Sprintf("these are traces of %s of %d: what needs the others is not known", unit.Plural(n, "rank"), world))
	}
	return out
}

// few keeps a list to so many.
func few(list []string, most int) string {
	if len(list) > most {
		list = append(list[:most-1:most-1], "… "+list[len(list)-1])
	}
	return strings.Join(list, ", ")
}
