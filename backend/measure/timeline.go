package measure

import (
	"context"

	"shardeck/model/metric"
)

// fineTimeline is the timelines of the run that was read last, for where nothing is cached.
type fineTimeline struct {
	key   string
	ranks []metric.RankDensity
}

// timelineKey is where the fine timelines of an analysis lie: apart from it, since boards
// read many analyses and a timeline only who zooms into it.
func timelineKey(k cacheKey) cacheKey {
	k.What = "timeline"
	return k
}

// keepTimeline takes the fine timelines out of a summary and keeps them.
func (rd *Reader) keepTimeline(key cacheKey, t *metric.TraceSummary) {
	if t == nil {
		return
	}
	fine := t.Fine
	t.Fine = nil
	_ = rd.Cache.put(timelineKey(key), fine) // a full disk costs the next reader detail, no more
	rd.mu.Lock()
	defer rd.mu.Unlock()
	rd.fine = fineTimeline{key.file(), fine}
}

// Timeline is the timeline of each rank of a run in smaller bins than its analysis has;
// nil where none was kept. It reads no trace.
func (rd *Reader) Timeline(_ context.Context, name string) ([]metric.RankDensity, error) {
	run, err := rd.Run(name)
	if err != nil {
		return nil, err
	}
	key, err := rd.runKey(run)
	if err != nil {
		return nil, err
	}
	rd.mu.Lock()
	last := rd.fine
	rd.mu.Unlock()
	if last.key == key.file() {
		return last.ranks, nil
	}
	var ranks []metric.RankDensity
	rd.Cache.get(timelineKey(key), &ranks)
	return ranks, nil
}
