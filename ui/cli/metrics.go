package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"shardeck/backend/lab"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

func (a *app) metricsCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "metrics RUN",
		Short: "print every metric of a run",
		Long: `Prints every metric with its unit, its value on each rank, and the reason where
there is none. Exit code 0 if the run could be read, unit.Missing values included; 4 if
some of its files are damaged.`,
		Args: args(1, 1),
		RunE: a.withLab(func(ctx context.Context, l *lab.Lab, runs []string) error {
			found, err := analysed(ctx, l, runs[0], a.progress())
			if found == nil {
				return err
			}
			if err == nil {
				err = damage(found)
			}
			if a.json {
				return firstOf(a.printJSON(found), err)
			}
			a.printMetrics(found)
			return err
		}),
	}
}

// damage is exit code 4 for values that come from the sound part of damaged files.
func damage(found *metric.Analysis) error {
	if found.Damaged {
		return silent(exitDamaged)
	}
	return nil
}

// maxRankColumns bounds how many ranks get a column of their own.
const maxRankColumns = 8

func (a *app) printMetrics(found *metric.Analysis) {
	ranks := found.Ranks
	if len(ranks) > maxRankColumns || len(ranks) < 2 {
		ranks = nil
	}
	words := []string{"metric", ">value", "unit"}
	for _, r := range ranks {
		words = append(words, fmt.Sprintf(">rank %d", r))
	}
	t := newTable(append(words, ">n", "")...)
	for _, d := range lab.Definitions() {
		m := found.Metric(d.Name)
		row := []string{d.Name, valueOf(m, d.Decimals), m.Unit}
		for _, r := range ranks {
			row = append(row, rankValue(m, r, d.Decimals))
		}
		t.add(append(row, samples(m), a.paint(dim, remark(m, d.Decimals)))...)
	}
	a.write(t)
	a.sayWarnings(found)
	if found.Replay {
		a.warn("%s is a replay of a recording, not a measurement of this machine", found.Run)
	}
}

func valueOf(m metric.Metric, decimals int) string {
	if m.Value == nil {
		return unit.Missing
	}
	return unit.Number(*m.Value, decimals)
}

func rankValue(m metric.Metric, rank, decimals int) string {
	if v, ok := m.PerRank[rank]; ok {
		return unit.Number(v, decimals)
	}
	return ""
}

func samples(m metric.Metric) string {
	if m.N == 0 {
		return ""
	}
	return unit.Number(float64(m.N), 0)
}

// remark says what a number leaves open: why there is none, its parts, its notes.
func remark(m metric.Metric, decimals int) string {
	var words []string
	if m.Value == nil && m.Reason != "" {
		words = append(words, m.Reason)
	}
	if m.Estimate && m.Value != nil {
		words = append(words, "estimate")
	}
	if m.Cause != "" {
		words = append(words, "cause "+m.Cause)
	}
	if m.Note != "" {
		words = append(words, clip(m.Note, 90))
	}
	if parts := partsOf(m, decimals); parts != "" {
		words = append(words, parts)
	}
	return strings.Join(words, " · ")
}

// maxParts bounds the parts shown beside a metric; --json has them all.
const maxParts = 4

// partsOf lists the parts of a metric, largest first.
func partsOf(m metric.Metric, decimals int) string {
	var words []string
	for i, part := range m.By.List() {
		if i == maxParts {
			words = append(words, "…")
			break
		}
		words = append(words, clip(part.Name, 24)+" "+unit.Number(part.Value, decimals))
	}
	return strings.Join(words, ", ")
}

// clip shortens long names, such as those of kernels.
func clip(s string, width int) string {
	if r := []rune(s); len(r) > width {
		return string(r[:width-1]) + "…"
	}
	return s
}
