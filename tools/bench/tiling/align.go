package tiling

// Align makes copies of the sources equally long, so that ranks of one run, each tiled
// into a document of its own, stay on one clock.
func Align(sources ...*Source) {
	for range 2 { // the first widens to all, then all to the first
		for _, s := range sources {
			sources[0].widen(s.from, s.to)
			s.from, s.to = sources[0].from, sources[0].to
		}
	}
}
