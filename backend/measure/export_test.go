package measure

// NotRead is the reason of metrics that wait for the traces to be read.
const NotRead = notRead

// ForgetTimeline drops what is kept of the run that was read last, as a new program does.
func (rd *Reader) ForgetTimeline() { rd.fine = fineTimeline{} }

// Dir is the folder of the cache.
func (c *Cache) Dir() string { return c.dir }
