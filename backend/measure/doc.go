// Package measure is the use cases of a result. One run is read on demand, through the
// cache and the pool: analyse.go begins, sharedreading.go lets those who ask together
// share it, read.go, packedrank.go and executiontrace.go read its files, store.go says
// what the cache holds of it. Runs side by side are in measure.go, what is written of
// them in chart.go and export.go; the sums are those of model/scaling.
package measure
