package lab

import (
	"context"

	"shardeck/backend/cache"
	"shardeck/model/metric"
)

// fineTimeline is the timelines of the run that was read last, for where nothing is cached.
type fineTimeline struct {
	key   string
	ranks []metric.RankDensity
}

// timelineKey is where the fine timelines of an analysis lie: apart from it, since boards
// read many analyses and a timeline only who zooms into it.
func timelineKey(k cache.Key) cache.Key {
	k.What = "timeline"
	return k
}

// keepTimeline takes the fine timelines out of a summary and keeps them.
func (l *Lab) keepTimeline(key cache.Key, t *metric.TraceSummary) {
	if t == nil {
		return
	}
	fine := t.Fine
	t.Fine = nil
	_ = l.cache.Put(timelineKey(key), fine) // a full disk costs the next reader detail, no more
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fine = fineTimeline{flightKey(key), fine}
}

// Timeline is the timeline of each rank of a run in smaller bins than its analysis has;
// nil where none was kept. It reads no trace.
func (l *Lab) Timeline(_ context.Context, name string) ([]metric.RankDensity, error) {
	run, err := l.Run(name)
	if err != nil {
		return nil, err
	}
	key, err := l.keyOf(run)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	last := l.fine
	l.mu.Unlock()
	if last.key == flightKey(key) {
		return last.ranks, nil
	}
	var ranks []metric.RankDensity
	l.cache.Get(timelineKey(key), &ranks)
	return ranks, nil
}
