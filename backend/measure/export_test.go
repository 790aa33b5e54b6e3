package measure

// NotRead is the reason of metrics that wait for the traces to be read.
const NotRead = notRead

// Dir is the folder of the cache.
func (c *Cache) Dir() string { return c.dir }
