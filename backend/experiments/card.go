package experiments

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"shardeck/backend/config"
	"shardeck/backend/render"
	"shardeck/backend/trace"
	"shardeck/backend/trace/kineto"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/check"
)

// CardFile is a card that was written: where it lies, and what a reader must know of it.
type CardFile struct {
	Path     string   `json:"path"`
	Warnings []string `json:"warnings"`
}

// Card writes workload_card.yaml into a run's folder; name is the run's name or path. The card describes the
// run, by the config that it recorded. given is a file or the id of an experiment, which stands in where the
// run recorded none; where it differs from what the run recorded, that is warned of; empty: none is given. What
// the files in the folder do not tell stays empty on the card.
func (x *Experiments) Card(ctx context.Context, given, name string) (CardFile, error) {
	run, err := x.Workspace.Run(name)
	if err != nil {
		return CardFile{}, err
	}
	if given == "" && run.Experiment != nil && run.Experiment.ID == name {
		given = name // as good as naming its config
	}
	e, warnings, err := x.recorded(run, given)
	if err != nil {
		return CardFile{}, err
	}
	facts, err := factsOf(ctx, run, x.World)
	if err != nil {
		return CardFile{}, err
	}
	text, err := render.Card(e, x.World.Shape(e.Model.Name), facts)
	if err != nil {
		return CardFile{}, err
	}
	path := x.Workspace.Rel(run.Dir) + "/" + string(model.FileWorkCard)
	return CardFile{path, warnings}, x.Workspace.WriteFile(path, text, 0o644)
}

// recorded is the config that a run was made with, as far as that is known, and how a config that is given differs from it.
func (x *Experiments) recorded(run model.Run, given string) (e model.Experiment, warnings []string, err error) {
	var row board.Row
	if given != "" {
		if row, err = x.Row(given); err == nil && row.Problem != "" {
			err = model.Invalid(row.Problem, "")
		}
		if err != nil {
			return e, nil, err
		}
	}
	switch known := run.Experiment != nil; {
	case known && !run.Assumed:
		e, warnings = *run.Experiment, []string{}
		if changes := config.Changes(e, row.Experiment); given != "" && len(changes) > 0 {
			warnings = append(warnings, given+" differs from what "+run.Name+" recorded, which the card describes: "+changes.String())
		}
	case given != "":
		e, warnings = row.Experiment, []string{run.Name + " recorded no config that can be read: the card describes " + given + " as it is now"}
	case known:
		e, warnings = *run.Experiment, run.Warnings
	default:
		err = model.Invalid(run.Problem, "name its config: shardeck card "+run.Name+" --config C")
	}
	return e, warnings, err
}

// factsOf are what the files of a run, and the site, tell.
func factsOf(ctx context.Context, run model.Run, w check.World) (render.Facts, error) {
	f := render.Facts{Replay: run.Replay, Forecast: run.Forecast != nil}
	if !run.Replay && run.Origin == "" { // else it was measured elsewhere
		f.GPUsPerNode, f.Topology = w.GPUsPerNode(), w.Site.Fabric
	}
	ranks := map[int]bool{}
	for _, file := range run.Files {
		switch file.Kind {
		case model.FileKineto, model.FileET, model.FileTiming, model.FileNsys:
			if !slices.Contains(f.Traces, file.Kind) {
				f.Traces = append(f.Traces, file.Kind)
			}
		}
		if file.Kind == model.FileKineto {
			ranks[file.Rank] = true
		}
	}
	f.WorldSize = len(ranks)
	if file := model.First(run.Files, func(f model.RunFile) bool { return f.Kind == model.FileRunJSON }); file != nil {
		if info, err := trace.OpenRunJSON(file.Path); err == nil { // a damaged one tells nothing
			addInfo(&f, info)
		}
	}
	if traces := run.KernelFiles(); len(traces) > 0 {
		rank, err := kineto.Open(ctx, traces[0].Path, nil)
		if ctx.Err() != nil {
			return f, ctx.Err()
		}
		if err == nil {
			addTrace(&f, rank.Info)
		}
	}
	return f, nil
}

func addInfo(f *render.Facts, info *model.RunInfo) {
	f.GPU, f.CUDA, f.NCCL = info.GPU, info.Versions["cuda"], info.Versions["nccl"]
	f.WorldSize = cmp.Or(f.WorldSize, info.WorldSize)
	for _, engine := range []string{"torch", "vllm", string(info.Engine)} { // the last that has a version: what ran
		if v := info.Versions[engine]; v != "" {
			f.Engine = engine + " " + v
		}
	}
}

// addTrace fills in what run.json left open; what the profiler saw is as good.
func addTrace(f *render.Facts, info trace.Info) {
	if len(info.Devices) > 0 {
		f.GPU = cmp.Or(f.GPU, info.Devices[0].Name)
	}
	f.NCCL = cmp.Or(f.NCCL, info.NCCLVersion)
	if info.CUDARuntime > 0 {
		f.CUDA = cmp.Or(f.CUDA, fmt.Sprintf("%d.%d", info.CUDARuntime/1000, info.CUDARuntime%1000/10))
	}
	if info.VLLMVersion != "" {
		f.Engine = cmp.Or(f.Engine, "vllm "+info.VLLMVersion)
	}
}
