// Package trace says what the files of a profiled run hold, whatever wrote them: records
// of what a GPU did (record.go), the text of a file (source.go), and the small files beside
// the traces (timing.go, runjson.go). The readers are kineto, nsys and et; jsonscan finds
// the pieces of their JSON, codec packs a rank for the cache.
package trace
