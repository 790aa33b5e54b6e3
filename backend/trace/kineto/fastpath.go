package kineto

import "shardeck/backend/trace/jsonscan"

// run reads the events that begin at b[i], one after another up to limit, as long as
// each is known at a glance, and returns where the next is to be looked for.
func (s *scanner) run(b []byte, i, limit int) int {
	for i < limit && !s.plain && s.visit == nil {
		end, ok := s.known(b, i)
		if !ok {
			return i
		}
		i = passComma(b, end)
	}
	return i
}

// known reads the event at b[i] if it is one that is not kept, or a launch that was
// expected.
func (s *scanner) known(b []byte, i int) (end int, ok bool) {
	if dull(b[i:]) {
		end = jsonscan.SkipPlain(b, i)
		return end, end > 0
	}
	t, end := s.stamps.match(b, i)
	if end == 0 || !t.fill(s.next(), b, &s.stamps.at) {
		return 0, false
	}
	s.stamps.right()
	s.count()
	return end, true
}
