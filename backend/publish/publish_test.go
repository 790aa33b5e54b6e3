package publish

import (
	"strings"
	"testing"

	"shardeck/model"
	"shardeck/model/page"
	"shardeck/model/scaling"
)

// TestNamesOf gathers the names from every place where a run has them.
func TestNamesOf(t *testing.T) {
	e := model.Defaults()
	e.Slurm.Account, e.Model.Name, e.OutputDir = "m1234_g", "/pscratch/sd/o/olivia/Llama", "/home/peter/out"
	e.Env = map[string]string{"CACHE": "/global/homes/q/quinn/x", "WANDB_ENTITY": "mallory-lab"}
	p := New(Needs{Root: "/global/cfs/cdirs/m9876/alice ws", Known: []string{"bob.b"}})
	s := page.Source{Measured: scaling.Measured{Run: model.Run{Name: "/home/carol/run", Dir: "/home/carol/run", Experiment: &e,
		Files: []model.RunFile{{Kind: model.FileKineto, Path: "/home/carol/run/nid007_dave.pt.trace.json"}, {Path: "/home/carol/run/run.json"}}}},
		Info: &model.RunInfo{Hosts: []string{"storm42.example.org"}}}
	got := p.namesOf([]page.Source{s}).
		Hide("mallory-lab m1234 m1234_g olivia peter quinn m9876 Bob.B carol nid007_dave.pt.trace.json run.json storm42 /home/carol/run in " +
			"'/global/cfs/cdirs/m9876/alice ws/x' ok")
	want := strings.Repeat(page.Left+" ", 9) + "kineto file 1 run.json " + page.Left + " run 1 in '" + page.Left + "/x' ok"
	if got != want {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}

// TestGone: of runs that are gone a page is held against itself, of others against what they say now.
func TestGone(t *testing.T) {
	run := func(name, hash string) page.Run {
		return page.Run{Name: name, Key: name, Files: []page.File{{Name: "x.y", SHA256: hash}}}
	}
	own, now := page.Page{Runs: []page.Run{run("a", "1"), run("gone", "1")}}, page.Page{Runs: []page.Run{run("a", "2")}}
	if kept := withoutGone(own, now); len(kept.Runs) != 2 || kept.Runs[0].Files[0].SHA256 != "2" {
		t.Errorf("%+v", kept.Runs)
	}
	if of := fileAt.FindStringSubmatch("data.runs.a.b.files.x.y.sha256"); len(of) != 3 || of[1] != "a.b" || of[2] != "x.y" {
		t.Errorf("%q", of)
	}
}
