package slurm

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"shardeck/backend/scheduler"
	"shardeck/model"
)

var _ scheduler.Waiter = (*Slurm)(nil)

// Reservations lists those of the cluster, by scontrol.
func (s *Slurm) Reservations(ctx context.Context) ([]model.Reservation, error) {
	out, err := s.ask(ctx, "scontrol", "show", "reservation", "--oneliner")
	if err != nil {
		return nil, err
	}
	return parseReservations(out, s.zone), nil
}

// Runs lists every run of a job that was put back into the queue, the oldest first, by sacct.
func (s *Slurm) Runs(ctx context.Context, id string) ([]model.Job, error) {
	return s.accounted(ctx, "--duplicates", "--jobs="+id)
}

// reservationKey begins a value in a line of scontrol; values may hold blanks.
var reservationKey = regexp.MustCompile(`(?:^| )([A-Z][A-Za-z]*)=`)

func parseReservations(out string, zone *time.Location) (all []model.Reservation) {
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		values := map[string]string{}
		keys := append(reservationKey.FindAllStringSubmatchIndex(line, -1), []int{len(line)})
		for i, k := range keys[:len(keys)-1] {
			values[line[k[2]:k[3]]] = cleanValue(line[k[1]:keys[i+1][0]])
		}
		r := model.Reservation{Name: values["ReservationName"], Nodes: values["Nodes"], Count: wholeNumber(values["NodeCnt"]),
			Start: parseTime(values["StartTime"], zone), End: parseTime(values["EndTime"], zone),
			Maintenance: slices.Contains(strings.Split(values["Flags"], ","), "MAINT")}
		if r.Name != "" && !r.Start.IsZero() {
			all = append(all, r)
		}
	}
	return all
}

type factor struct{ symbol, name string }

// factors are what a priority is made of, as sprio names them.
var factors = []factor{{"%A", "age"}, {"%F", "fair share"}, {"%J", "size"}, {"%P", "partition"}, {"%Q", "QOS"},
	{"%B", "association"}, {"%S", "site"}, {"%N", "less nice"}}

var sprioArgs = []string{"--noheader", "--format=%i|%r|%Y|" + strings.Join(model.Each(factors, func(f factor) string { return f.symbol }), "|")}

// Rank asks sprio for the place of a job among those that wait in its partition; false where the site does not show it.
func (s *Slurm) Rank(ctx context.Context, j model.Job) (model.Rank, bool) {
	out, err := s.ask(ctx, "sprio", sprioArgs...)
	if err != nil {
		return model.Rank{}, false
	}
	return rankOf(out, cmp.Or(j.RawID, model.WholeID(j.ID)))
}

func rankOf(out, id string) (best model.Rank, found bool) {
	var lines [][]string
	for line := range strings.Lines(out) {
		if f := strings.Split(strings.TrimSpace(line), "|"); len(f) == 3+len(factors) {
			lines = append(lines, model.Each(f, func(v string) string { return model.Printable(strings.TrimSpace(v)) }))
		}
	}
	for _, mine := range lines { // one for each partition that the job may go to
		if mine[0] != id {
			continue
		}
		if r := rankAmong(lines, mine); !found || r.Place < best.Place {
			best, found = r, true
		}
	}
	return best, found
}

// rankAmong is the place of a line of sprio among those of its partition.
func rankAmong(lines [][]string, mine []string) model.Rank {
	r := model.Rank{Place: 1, Partition: mine[1], Priority: mine[2]}
	own, _ := strconv.ParseFloat(r.Priority, 64)
	for _, f := range lines {
		if f[1] != r.Partition {
			continue
		}
		r.Of++
		if p, _ := strconv.ParseFloat(f[2], 64); p > own || p == own && wholeNumber(f[0]) < wholeNumber(mine[0]) { // who came first
			r.Place++
		}
	}
	for i, f := range factors {
		if v := mine[3+i]; strings.Trim(v, "0.") != "" {
			r.Made = append(r.Made, f.name+" "+v)
		}
	}
	return r
}
