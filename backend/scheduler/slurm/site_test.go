package slurm

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"gopkg.in/yaml.v3"

	"shardeck/backend/scheduler"
	"shardeck/backend/strictyaml"
	"shardeck/model"
)

// knownCards are those of gpus.yaml.
func knownCards(t *testing.T) map[string]model.GPU {
	all := map[string]model.GPU{}
	for _, g := range strictyaml.Embedded[struct {
		GPUs []model.GPU `yaml:"gpus"`
	}]("gpus.yaml")().GPUs {
		all[g.Key] = g
	}
	if len(all) == 0 {
		t.Fatal("no GPUs are known")
	}
	return all
}

// TestSitesAsSlurmTellsThem: what sinfo of clusters of several kinds says, as a site.
func TestSitesAsSlurmTellsThem(t *testing.T) {
	files, _ := filepath.Glob("testdata/sites/*.txtar")
	if len(files) < 5 {
		t.Fatal("no recordings of sites")
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts := map[string]string{}
		for _, f := range a.Files {
			texts[f.Name] = string(f.Data)
		}
		s, _ := fake(t, Options{}, map[string]string{
			"scontrol": "cat <<'X'\n" + texts["config"] + "X", "sinfo": "cat <<'X'\n" + texts["sinfo"] + "X",
		})
		site, err := s.Site(t.Context(), model.Site{Fabric: "the network between nodes"}, knownCards(t))
		if err != nil {
			t.Fatal(err)
		}
		got, err := strictyaml.Plain(site)
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			a.Files = append(a.Files[:2], txtar.File{Name: "site", Data: got})
			if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if d := cmp.Diff(texts["site"], string(got)); d != "" {
			t.Errorf("%s: %s", file, d)
		}
		var back model.Site
		if err := yaml.Unmarshal(got, &back); err != nil {
			t.Errorf("%s does not come back: %v", file, err)
		} else if again, _ := strictyaml.Plain(back); !bytes.Equal(again, got) {
			t.Errorf("%s comes back as\n%s", file, again)
		}
	}
}

// TestSiteOfAnAbsentSlurm: none installed or configured is told from one that does not answer.
func TestSiteOfAnAbsentSlurm(t *testing.T) {
	for said, absent := range map[string]bool{
		"scontrol: fatal: Could not establish a configuration source":                     true,
		"slurm_load_ctl_conf error: Unable to contact slurm controller (connect failure)": false,
	} {
		s, _ := fake(t, Options{}, map[string]string{"scontrol": "echo '" + said + "' >&2; exit 1"})
		_, err := s.Site(t.Context(), model.Site{}, nil)
		if errors.Is(err, scheduler.ErrAbsent) != absent || !errors.Is(err, scheduler.ErrUnreachable) {
			t.Errorf("%s: %v", said, err)
		}
	}
	if env := cleanEnv([]string{"SLURM_CONF=", "SLURM_CONF_SERVER=a", "SLURM_JOB_ID=1", "HOME=/h"}); strings.Join(env,
		" ") != "SLURM_CONF_SERVER=a HOME=/h" {
		t.Errorf("environment %v", env)
	}
}

func FuzzSinfo(f *testing.F) {
	f.Add("gpu*|up|2-00:00:00|18|64|515000|gpu:a100:4(S:0-1)|ib|NO|1-infinite\nx|up|||||gpu:|,|&|")
	f.Add("a|up|1|1|0|0|gpu:1g.5gb:7,gpu|b&c|NO|-")
	cards := map[string]model.GPU{"a100-40gb": {Key: "a100-40gb", Bytes: 1}}
	f.Fuzz(func(t *testing.T, text string) {
		var s model.Site
		describe(&s, parseSinfo(text), cards)
		for _, k := range s.Partitions {
			if k.GPUsPerNode < 1 || model.CheckConstraint(k.Constraint) != nil || model.CheckSlurmWord(k.Queue) != nil || s.Queue(k.Queue) == nil {
				t.Errorf("%+v", k)
			}
		}
	})
}
