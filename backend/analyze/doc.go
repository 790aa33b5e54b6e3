// Package analyze turns the traces and timings of a run into metrics. Nothing is
// read here: records come in, a metric.Analysis goes out, and the same input gives
// the same output.
//
// The story of a number: align lays the traces of the ranks side by side on one clock,
// with their calls matched and the steady window found; kernelname tells compute from
// communication; each family of metrics is a function over that timeline (a file a
// family), most of them lengths of unions of intervals (span); and warnings travel with
// the result.
//
// The definitions are those of metric.Definitions. All times are whole nanoseconds.
package analyze
