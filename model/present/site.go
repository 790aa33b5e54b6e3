package present

import (
	"shardeck/model"
	"shardeck/model/present/unit"
)

// Queues lists the QOS of a site with their limits and prices.
func Queues(s model.Site) Table {
	t := Table{Columns: Columns("QOS", ">nodes|at most", ">GPUs|at most", ">time|hours", ">price|× hours", "/1-12")}
	for _, q := range s.Queues {
		t.Add(Texts(q.Name, limit(float64(q.MaxNodes)), limit(float64(q.MaxGPUs)), limit(q.MaxHours), unit.Number(q.Factor, 2), q.Note)...)
	}
	return t
}

// limit of 0 is none.
func limit(v float64) string {
	if v == 0 {
		return unit.Missing
	}
	return unit.Full(v)
}
