package slurm

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	"shardeck/model"
)

// smi prints a line a GPU on each node, after the node's name.
const smi = `out=$(nvidia-smi --query-gpu=index,utilization.gpu,memory.used,memory.total,power.draw --format=csv,noheader,nounits) || exit
printf '%s\n' "$out" | sed "s/^/${SLURMD_NODENAME:-$(hostname -s)}, /"`

// stepPatience is for how many seconds the step that looks may wait for its place.
const stepPatience = 8

// gpuArgs start a step beside the job's own, on its own nodes, that takes none of its share.
func gpuArgs(j model.Job) []string {
	return []string{"--jobid=" + cmp.Or(j.RawID, model.WholeID(j.ID)), "--overlap", "--quiet", fmt.Sprintf("--immediate=%d", stepPatience),
		fmt.Sprintf("--nodes=%d", max(j.Nodes, 1)), "--ntasks-per-node=1", "sh", "-c", smi}
}

// GPUs asks nvidia-smi, on the nodes of a job of this user that runs, what its GPUs do at this moment.
func (s *Slurm) GPUs(ctx context.Context, j model.Job) ([]model.GPUUse, error) {
	out, err := s.ask(ctx, "srun", gpuArgs(j)...)
	if err != nil {
		return nil, err
	}
	all := parseSMI(out)
	if len(all) == 0 {
		return nil, model.Failed("nvidia-smi told of no GPU on "+cmp.Or(j.NodeList, "the job's nodes"), nil, "srun --jobid="+j.ID+" --overlap nvidia-smi")
	}
	return all, nil
}

// parseSMI reads lines of "node, index, busy in %, MiB used, MiB in all, W"; what a GPU does not tell is [N/A] there.
func parseSMI(out string) (all []model.GPUUse) {
	for line := range strings.Lines(out) {
		f := strings.Split(model.Printable(strings.TrimSpace(line)), ", ")
		if len(f) != 6 {
			continue
		}
		index, err := strconv.Atoi(f[1])
		if err != nil {
			continue
		}
		number := func(i int) *float64 {
			if v, err := strconv.ParseFloat(f[i], 64); err == nil {
				return &v
			}
			return nil
		}
		all = append(all, model.GPUUse{Node: f[0], Index: index, Busy: number(2), Used: number(3), Total: number(4), Watts: number(5)})
	}
	return all
}
