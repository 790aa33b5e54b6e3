package scaling

import (
	"cmp"
	"fmt"
	"slices"

	"shardeck/model"
	"shardeck/model/metric"
)

// Axes of the frontier: what a GPU gives, and what a user sees.
const (
	PerGPU  = "tokens_sec_per_gpu"
	PerUser = "tokens_sec_per_user"
)

// Frontier is the configs that serve one work, by falling tokens a second of a user.
type Frontier struct {
	Of     string       `json:"of"` // the work: "Llama-3.1-8B · 2048+512"
	Points []FrontPoint `json:"points"`
}

// FrontPoint is a config on, or below, a frontier.
type FrontPoint struct {
	ID          string  `json:"id"`
	Layout      string  `json:"layout"`      // TP2
	Concurrency string  `json:"concurrency"` // what is served at once: batch 16
	PerUser     Reading `json:"tokens_sec_per_user"`
	PerGPU      Reading `json:"tokens_sec_per_gpu"`
	BeatenBy    string  `json:"beaten_by,omitempty"`     // a config that is at least as good in both, and better in one; empty: it is on the frontier
	Near        bool    `json:"within_spread,omitempty"` // it is beaten by no more than the samples lie apart
	On          bool    `json:"on_frontier"`
}

// FrontiersOf finds the frontier of each work among experiments: model, depth, prompt and output are equal; precision, layout,
// batch, engine and GPU are what one may choose. Replays have a frontier of their own.
func FrontiersOf(all []Entry) []Frontier {
	fronts := []Frontier{}
	served := slices.DeleteFunc(repeatsOf(all), func(r repeats) bool { return r.Read(PerUser).Value == nil || r.Read(PerGPU).Value == nil })
	for _, g := range model.Grouped(served, workKey) {
		f := Frontier{Of: workOf(g.Key)}
		for _, r := range g.All {
			f.Points = append(f.Points, FrontPoint{ID: r.First.ID, Layout: r.First.Experiment.Layout.Short(),
				Concurrency: r.First.Experiment.Arrivals(), PerUser: r.Read(PerUser), PerGPU: r.Read(PerGPU)})
		}
		f.judge()
		fronts = append(fronts, f)
	}
	return fronts
}

// workKey is what the configs of one frontier have in common.
func workKey(r repeats) ScalingKey {
	key := KeyOf(r.First.Experiment, nil, "")
	key.Precision, key.BatchSize, key.Engine = "", 0, ""
	if key.Load != "" {
		key.Load = "under load" // whichever: a server's numbers are those of its clients
	}
	return key
}

func workOf(k ScalingKey) string {
	name := model.ShortModel(k.Model)
	if k.Layers > 0 {
		name += fmt.Sprintf(" (%d layers)", k.Layers)
	}
	text := name + NameSign + fmt.Sprintf("%d+%d", k.SeqLen, k.MaxTokens)
	if k.Load != "" {
		text += NameSign + k.Load
	}
	if k.Replay {
		text += NameSign + "replay"
	}
	return text
}

// judge marks the points that another beats, and orders them.
func (f Frontier) judge() {
	for i := range f.Points {
		p := &f.Points[i]
		p.Near = true
		for _, q := range f.Points {
			if q.beats(*p) {
				p.BeatenBy = cmp.Or(p.BeatenBy, q.ID)
				p.Near = p.Near && !clearly(q.PerUser, p.PerUser) && !clearly(q.PerGPU, p.PerGPU)
			}
		}
		p.On = p.BeatenBy == ""
		p.Near = p.Near && !p.On
	}
	slices.SortStableFunc(f.Points, func(a, b FrontPoint) int {
		return cmp.Or(cmp.Compare(*b.PerUser.Value, *a.PerUser.Value), cmp.Compare(*b.PerGPU.Value, *a.PerGPU.Value))
	})
}

// beats says whether a point is at least as good as another in both, and better in one.
func (p FrontPoint) beats(q FrontPoint) bool {
	gpu, user := *p.PerGPU.Value-*q.PerGPU.Value, *p.PerUser.Value-*q.PerUser.Value
	return gpu >= 0 && user >= 0 && (gpu > 0 || user > 0)
}

// clearly says whether a reading is higher than another by more than the samples of either lie apart.
func clearly(a, b Reading) bool {
	percent, ok := metric.Change(*b.Value, *a.Value)
	return ok && percent > max(metric.OrZero(a.Spread), metric.OrZero(b.Spread))
}
