package probe

import (
	"errors"
	"strings"
	"testing"
)

// world makes options of what is there.
func world(env map[string]string, programs string) Options {
	return Options{
		Getenv: func(k string) string { return env[k] },
		Look: func(p string) (string, error) {
			for _, have := range strings.Fields(programs) {
				if have == p {
					return "/usr/bin/" + p, nil
				}
			}
			return "", errors.New("absent")
		},
	}
}

func TestHere(t *testing.T) {
	const slurmy = "bash sbatch squeue scancel sacct srun python3 nsys huggingface-cli"
	for _, test := range []struct {
		name, programs string
		env            map[string]string
		scheduler      string
		levels         string // what:level of lines that are not pass
	}{
		{"Perlmutter's login node", slurmy, map[string]string{"NERSC_HOST": "perlmutter"}, "slurm", ""},
		{"inside an allocation", slurmy + " nvidia-smi", map[string]string{"SLURM_JOB_ID": "123"}, "local", ""},
		{"a laptop", "bash python3", nil, "local", "slurm:warn gpu:warn nsys:warn hub:warn"},
		{"a container on Perlmutter", "bash", map[string]string{"NERSC_HOST": "perlmutter\x1b[31m"}, "local",
			"slurm:fail python:warn gpu:warn nsys:warn hub:warn"},
		{"half a Slurm", "bash sbatch python3 nsys nvidia-smi huggingface-cli", nil, "local", "slurm:fail history:warn"},
		{"nothing", "", nil, "local", "bash:fail slurm:warn python:warn gpu:warn nsys:warn hub:warn"},
	} {
		m := Here(world(test.env, test.programs))
		var got []string
		for _, l := range m.Lines {
			if strings.ContainsRune(l.Text+l.Fix, 0x1b) || l.Text == "" {
				t.Errorf("%s: line %+v", test.name, l)
			}
			if l.Level != Pass {
				got = append(got, l.What+":"+string(l.Level))
				if l.Fix == "" {
					t.Errorf("%s: %s has no fix", test.name, l.What)
				}
			}
		}
		if strings.Join(got, " ") != test.levels || m.Scheduler() != test.scheduler {
			t.Errorf("%s: %q, scheduler %s", test.name, got, m.Scheduler())
		}
	}
}
