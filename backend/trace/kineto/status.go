package kineto

import "shardeck/backend/trace/jsonscan"

// status is how far reading a piece of JSON got.
type status = jsonscan.Status

const (
	whole  = jsonscan.Whole
	short  = jsonscan.Short
	broken = jsonscan.Broken
)
