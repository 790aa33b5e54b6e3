package forecast

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"sync"

	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/check"
	"shardeck/model/forecast"
	"shardeck/templates"
)

// recordedRuns are the runs of the demo as the laws take them, in JSON: a test writes it, and holds it to the recordings.
const recordedRuns = "demo/laws.json.gz"

// recordedNode is how many GPUs of the recorded kind are taken to lie on one node: as many as NVLink joins on an HGX H100 board.
const recordedNode = 8

// recorded is the laws by the recordings alone.
var recorded = sync.OnceValue(func() *Fitted {
	f := &Fitted{}
	text, err := templates.FS.ReadFile(recordedRuns)
	if err == nil {
		var r *gzip.Reader
		if r, err = gzip.NewReader(bytes.NewReader(text)); err == nil {
			err = json.NewDecoder(r).Decode(&f.Runs)
		}
	}
	if err != nil {
		panic(fmt.Sprintf("this program was built with a damaged %s: %v", recordedRuns, err))
	}
	f.oneGPU()
	f.Machines = forecast.Fit(priors(), nil, f.Runs)
	return f
})

// Replayed says what an experiment of which there is no recording would have taken on GPUs of the kind that was recorded, all of one
// node: by the laws of the recordings alone, whatever runs lie here. Its engine is one that was recorded.
func Replayed(w check.World, e model.Experiment) forecast.Forecast {
	w.Site = model.Site{Name: "demo", GPUsPerNode: recordedNode}
	e.Description, e.Slurm.Constraint = "", ""
	f := Forecasts{Needs: Needs{World: w}}
	return f.Of(recorded(), board.Row{Experiment: e, Verdict: check.Check(e, w)}, false)
}
