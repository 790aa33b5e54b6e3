package traces

// span is a part of the timeline, in bins: from low up to high; high 0 is all of them.
type span struct{ low, high int }

var whole = span{}

// leastBins is the fewest bins that zooming in leaves in sight.
const leastBins = 12

// in is the span within so many bins.
func (s span) in(bins int) (low, high int) {
	if s.high <= 0 || s.high > bins || s.low < 0 || s.low >= s.high {
		return 0, bins
	}
	return s.low, s.high
}

// zoom halves or doubles the span about its middle.
func (s span) zoom(bins int, closer bool) span {
	low, high := s.in(bins)
	length := min((high-low)*2, bins)
	if closer {
		length = max((high-low)/2, min(leastBins, bins))
	}
	return span{(low + high - length) / 2, (low+high-length)/2 + length}.within(bins)
}

// pan moves the span by a quarter of its length.
func (s span) pan(bins, by int) span {
	low, high := s.in(bins)
	step := max((high-low)/4, 1) * by
	return span{low + step, high + step}.within(bins)
}

// within moves a span inside the bins there are; all of them are the whole.
func (s span) within(bins int) span {
	length := s.high - s.low
	if length >= bins {
		return whole
	}
	low := max(min(s.low, bins-length), 0)
	return span{low, low + length}
}
