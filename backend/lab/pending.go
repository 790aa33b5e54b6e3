package lab

import (
	"context"
	"errors"

	"shardeck/backend/pool"
	"shardeck/model"
)

var errTodo = errors.New("todo")

func (l *Lab) Card(ctx context.Context, config, dir string) (string, error) { return "", errTodo }

type Report struct {
	Files []string
	Runs  []RunReport
}
type RunReport struct {
	Run, Layout string
	Analysis    *model.Analysis
	Problem     string
}

func (l *Lab) ExportAll(ctx context.Context, p pool.Progress) (Report, error) {
	return Report{}, errTodo
}

type Comparison struct {
	Runs     []string
	Rows     []CompareRow
	Warnings []string
}
type CompareRow struct {
	Name, Unit string
	Decimals   int
	Cells      []CompareCell
}
type CompareCell struct {
	Value  *float64
	Spread float64
	N      int
	Change *float64
	Same   bool
}

func (l *Lab) Compare(ctx context.Context, runs []string, p pool.Progress) (Comparison, error) {
	return Comparison{}, errTodo
}
