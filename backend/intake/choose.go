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
	if choice != "" {
		for i, r := range all {
			if choice == strconv.Itoa(i+1) || choice == r.files[0].folder {
				return r, nil, nil
			}
		}
		return nil, nil, model.Unknown(fmt.Sprintf("%s has no recording %.40q", shown, choice), fmt.Sprintf("they are @1 to @%d", len(all)))
	}
	last := all[len(all)-1]
	switch {
	case len(all) == 1:
		return last, nil, nil
	case alike(all):
		text := fmt.Sprintf("%d recordings side by side: the newest is read (%s); %s@1 to %s@%d name the others",
			len(all), last, shown, shown, len(all)-1)
		if len(all) == 2 {
			text = fmt.Sprintf("2 recordings side by side: the newer is read (%s); %s@1 names the other", last, shown)
		}
		return last, []string{text}, nil
	}
	f := &model.Fault{Text: fmt.Sprintf("%s holds traces of %d recordings that are not one run's", shown, len(all)), Kind: model.ErrAmbiguous}
	var words []string
	for i, r := range all {
		f.Choices = append(f.Choices, model.Choice{Name: fmt.Sprintf("%s@%d", shown, i+1), Text: r.String()})
		words = append(words, fmt.Sprintf("%s@%d (%s)", shown, i+1, r))
	}
	f.ToDo = "choose one: " + strings.Join(words, ", ")
	if len(words) > mostChoices {
		f.ToDo = "choose one: " + strings.Join(words[:mostChoices], ", ") + " … @" + strconv.Itoa(len(words))
	}
	return nil, nil, f
}

// mostChoices is how many recordings an error lists.
const mostChoices = 6

// alike says that recordings are of the same ranks of one world by the same processes, and differ in time alone.
func alike(all []*recording) bool {
	of := func(r *recording) string {
		var who []string
		for _, f := range r.files {
			if f.kind == r.files[0].kind {
				who = append(who, fmt.Sprint(f.Rank, f.identity(), f.parts["stage"], f.info.WorldSize, f.host()))
			}
		}
		return strings.Join(who, " ")
	}
	return !slices.ContainsFunc(all, func(r *recording) bool {
		f := r.files[0]
		return of(r) != of(all[0]) || f.parts["time"]+f.parts["date"]+f.parts["step"] == ""
	})
}

// String says what tells a recording from others.
func (r *recording) String() string {
	var words []string
	f := r.files[0]
	if f.folder != "" && !strings.Contains(f.parts["rank"], filepath.Base(f.folder)) {
		words = append(words, f.folder)
	} else if f.parts["step"] != "" {
		words = append(words, "step "+f.parts["step"])
	}
	if f.parts["stage"] != "" {
		words = append(words, strings.ToLower(f.parts["stage"]))
	}
	ranks := model.Each(r.main(), func(f *file) string { return strconv.Itoa(f.Rank) })
	what := "rank " + ranks[0]
	if n := len(ranks); n > 1 {
		what = fmt.Sprintf("ranks %s to %s", ranks[0], ranks[n-1])
	}
	if f.info.WorldSize > 0 {
		what += fmt.Sprintf(" of %d", f.info.WorldSize)
	}
	words = append(words, what)
	if f.host() != "" {
		words = append(words, "on "+f.host())
	}
	if at := f.start; at > 0 {
		words = append(words, time.Unix(0, at).UTC().Format("recorded 2006-01-02 15:04:05 MST"))
	}
	return strings.Join(append(words, filepath.Base(f.base)), ", ")
}

// main is the files that give the recording its ranks.
func (r *recording) main() []*file { return ofKinds(r.files, r.files[0].kind) }

// found is what a recording gives, with what was assumed of its ranks.
func (l *lister) found(r *recording) (Found, error) {
	if r.files[0].told == "" { // one file
		nameRanks(r.files)
		r.numberRest()
	}
	out, world := Found{}, 0
	for _, f := range r.files {
		out.Files = append(out.Files, f.RunFile)
		if f.time.After(out.Newest) {
			out.Newest = f.time
		}
		world = max(world, f.info.WorldSize)
	}
	out.Warnings = r.assumptions(world)
	return out, nil
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
		if f.habit != nil && (f.habit.Whose == "vLLM" || f.habit.Whose == "SGLang") {
			out.Engine = f.habit.Whose
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
		if f.kind == model.FileNsys {
			continue // a report does not say, and holds several
		}
		byTeller[f.told] = append(byTeller[f.told], fmt.Sprintf("%s is rank %d", f.base, f.Rank))
		if f.told == byName && f.habit != nil && f.habit.Whose != several {
			as = ", as " + f.habit.Whose + " writes them"
		}
		if n := f.number("rank"); f.told == byTrace && n >= 0 && f.number("tp") < 0 && n != f.Rank {
			out = append(out, fmt.Sprintf("%s: its name says rank %d, the trace says %d: the trace is believed", f.base, n, f.Rank))
		}
	}
	if list := byTeller[byName]; len(list) > 0 {
		out = append(out, "no rank in the traces (distributedInfo): taken from the names"+as+": "+few(list))
	}
	if list := byTeller[byOrder]; len(list) == 1 && len(r.main()) == 1 {
		out = append(out, list[0]+" for want of another: neither the trace nor its name tells")
	} else if len(list) > 0 {
		out = append(out, "no rank in the traces (distributedInfo), nor in their names: taken by the order of the names: "+few(list))
	}
	if n := len(r.main()); world > n && r.files[0].kind == model.FileKineto {
		out = append(out, fmt.Sprintf("these are traces of %s of %d: what needs the others is not known", unit.Plural(n, "rank"), world))
	}
	return out
}

// several is whose habit a row is that many have.
const several = "several"

// few keeps a list short.
func few(list []string) string {
	if len(list) > 3 {
		list = append(list[:2:2], "… "+list[len(list)-1])
	}
	return strings.Join(list, ", ")
}
