package pool

import "container/heap"

// queue is a heap of waiting tasks: highest priority first, then first come.
type queue []*Task

func (q queue) Len() int { return len(q) }

func (q queue) Less(i, j int) bool {
	if q[i].priority != q[j].priority {
		return q[i].priority > q[j].priority
	}
	return q[i].arrived < q[j].arrived
}

func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

// Push is heap.Interface's; use heap.Push.
func (q *queue) Push(x any) {
	t := x.(*Task)
	t.index = len(*q)
	*q = append(*q, t)
}

// Pop is heap.Interface's; use heap.Pop.
func (q *queue) Pop() any {
	last := len(*q) - 1
	t := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	t.index = -1
	return t
}

// fix puts a task in its place after its priority changed.
func (q *queue) fix(t *Task) {
	if t.index >= 0 {
		heap.Fix(q, t.index)
	}
}
