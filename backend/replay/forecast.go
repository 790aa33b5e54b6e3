package replay

import (
	"fmt"
	"strings"

	"shardeck/model"
	"shardeck/model/check"
	"shardeck/model/forecast"
	"shardeck/model/present/unit"
)

// Foretell says what the laws of the recordings say of an experiment; its engine is one that was recorded.
type Foretell func(e model.Experiment) forecast.Forecast

// Play is what a replay of an experiment plays: a recording of it, or a forecast from the recordings.
type Play struct {
	Recording                    // of a forecast the experiment itself, with the engine that it is for; it has no files
	Forecast  *forecast.Forecast // nil: it is a recording

	own []byte // the experiment's YAML, which config.yaml of a forecast says again
}

// PlayOf decides what is played of an experiment. The error says why nothing is, and what was recorded; tell may be nil.
func PlayOf(e model.Experiment, tell Foretell) (Play, error) {
	r, err := For(e)
	if err != nil || e.Load.On() || r.of(e) {
		return Play{Recording: r}, err
	}
	if tell == nil {
		return Play{}, none(e, batches(), "")
	}
	if e.Replay.Recording != "" {
		plain := r.Experiment
		if same, err := For(plain); err == nil && same.Name != r.Name && same.Engine == r.Engine {
			return Play{}, none(e, batches(), "no law tells what sets the recording "+r.Name+" apart from "+same.Name)
		}
	}
	e.Engine = r.Engine
	out := tell(e)
	if out.Refused != "" {
		return Play{}, none(e, batches(), out.Refused)
	}
	return Play{Recording: Recording{Name: e.Replay.Recording, Experiment: e}, Forecast: &out}, nil
}

// Plays says what will be played of an experiment; nil without an error: it names a recording that is not known.
func Plays(e model.Experiment, tell Foretell) (*check.Plays, error) {
	if _, err := For(e); err != nil && e.Replay.Recording != "" {
		return nil, nil // its job says that there is none of that name
	}
	p, err := PlayOf(e, tell)
	if err != nil {
		return nil, err
	}
	out := &check.Plays{Recording: p.Name, Engine: p.Engine}
	if p.Forecast != nil {
		out.Recording, out.From = "", len(p.recordings())
	} else if e.Load.String() != p.Load.String() {
		out.Recording += " (" + p.Load.String() + ")"
	}
	return out, nil
}

// title names what is played.
func (p Play) title() string {
	if p.Forecast == nil {
		return p.Name + ": " + p.Description
	}
	return fmt.Sprintf("forecast from %s of engine %s", unit.Plural(len(p.recordings()), "recording"), p.Engine)
}

// recordings are those that a forecast rests on.
func (p Play) recordings() (names []string) {
	for _, text := range p.Forecast.Metric("iteration_wall_clock").RestsOn {
		if name, ok := strings.CutPrefix(text, "run "); ok {
			names = append(names, name)
		}
	}
	return names
}

// facts are what run.json says of a forecast; nil: it is a recording.
func (p Play) facts() *model.RunForecast {
	if p.Forecast == nil {
		return nil
	}
	f := &model.RunForecast{Level: forecast.Level, Intervals: map[string][2]float64{}}
	for _, text := range p.Forecast.Metric("iteration_wall_clock").RestsOn {
		f.RestsOn = append(f.RestsOn, strings.Replace(text, "run ", "recording ", 1))
	}
	for _, m := range p.Forecast.Measures(p.Layout.GPUs()) {
		f.Intervals[m.Name] = [2]float64{m.Low, m.High}
	}
	return f
}

// gpu is the kind of GPU that a forecast is for; of a recording its traces tell.
func (p Play) gpu() string {
	if p.Forecast == nil {
		return ""
	}
	return p.Forecast.GPU
}
