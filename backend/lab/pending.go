package lab

import (
	"context"
	"errors"

	"shardeck/backend/pool"
	"shardeck/model"
)

var errTodo = errors.New("todo")

func (l *Lab) Preview(ctx context.Context, id string, nsys bool) (Preview, error) {
	return Preview{}, errTodo
}

type GenerateOptions struct {
	IDs        []string
	All, Force bool
}

func (l *Lab) Generate(ctx context.Context, o GenerateOptions) ([]Wrote, error) { return nil, errTodo }

type NewOptions struct {
	ID, From string
	Edits    []model.Edit
}

func (l *Lab) New(ctx context.Context, o NewOptions) (Row, []Wrote, error) {
	return Row{}, nil, errTodo
}
func (l *Lab) Clone(id, newID string) (Row, error) { return Row{}, errTodo }
func (l *Lab) Log(ctx context.Context, j model.Job, lines int) (LogPart, error) {
	return LogPart{}, errTodo
}
func (l *Lab) Follow(ctx context.Context, j model.Job, lines int, f func(LogPart) error) error {
	return errTodo
}
func (l *Lab) Why(ctx context.Context, j model.Job) (Cause, error)          { return Cause{}, errTodo }
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
