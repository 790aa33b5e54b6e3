package unit

import "strings"

// Memory writes a size of memory or of a buffer: 32 KiB, 149.4 MiB.
func Memory(bytes int64) string {
	v, unit := scaled(bytes, 1024, 1024, "B", "KiB", "MiB", "GiB", "TiB", "PiB")
	return strings.TrimSuffix(Number(v, 1), ".0") + " " + unit
}

// GiB writes a size of memory in GiB with one decimal and no unit.
func GiB(bytes int64) string { return Number(float64(bytes)/(1<<30), 1) }

// FileSize writes a size of files: 42 GB, 1.5 MB.
func FileSize(bytes int64) string {
	v, unit := scaled(bytes, 1000, 999.5, "B", "kB", "MB", "GB", "TB")
	if unit == "B" || v >= 9.95 {
		return Number(v, 0) + " " + unit
	}
	return Number(v, 1) + " " + unit
}

// scaled is a size in the largest unit in which it is not less than 1: each is step times
// the one before, and is used from so many of those.
func scaled(bytes int64, step, from float64, units ...string) (float64, string) {
	v, i := float64(bytes), 0
	for v >= from && i < len(units)-1 {
		v, i = v/step, i+1
	}
	return v, units[i]
}
