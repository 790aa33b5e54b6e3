package experiments

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"shardeck/backend/render"
	"shardeck/backend/trace"
	"shardeck/backend/trace/kineto"
	"shardeck/model"
)

// Card writes workload_card.yaml into a run's folder and returns its path. config is
// a file or the id of an experiment. What the files in the folder do not tell stays
// empty on the card.
func (x *Experiments) Card(ctx context.Context, config, dir string) (string, error) {
	row, err := x.Row(config)
	if err != nil {
		return "", err
	}
	if row.Problem != "" {
		return "", model.Invalid(row.Problem, "")
	}
	run, err := x.Workspace.Run(dir)
	if err != nil {
		return "", err
	}
	facts, err := x.facts(ctx, run)
	if err != nil {
		return "", err
	}
	text, err := render.Card(row.Experiment, x.World.Shape(row.Experiment.Model.Name), facts)
	if err != nil {
		return "", err
	}
	path := x.Workspace.Rel(run.Dir) + "/" + string(model.FileWorkCard)
	return path, x.Workspace.WriteFile(path, text, 0o644)
}

// facts are what the files of a run, and the site, tell.
func (x *Experiments) facts(ctx context.Context, run model.Run) (render.Facts, error) {
	f := render.Facts{Replay: run.Replay}
	if !run.Replay { // a replay was measured elsewhere
		f.GPUsPerNode, f.Topology = x.World.GPUsPerNode(), x.World.Site.Fabric
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

// addInfo takes what the runner wrote down.
func addInfo(f *render.Facts, info *model.RunInfo) {
	f.GPU, f.CUDA, f.NCCL = info.GPU, info.Versions["cuda"], info.Versions["nccl"]
	f.WorldSize = cmp.Or(f.WorldSize, info.WorldSize)
	for _, engine := range []string{"torch", "vllm"} {
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
