package model

// Group is the elements of a list that have a key in common.
type Group[K comparable, T any] struct {
	Key K
	All []T // in their order; at least one
}

// Grouped groups a list by a key, in the order of the first elements.
func Grouped[K comparable, T any](list []T, key func(T) K) (groups []Group[K, T]) {
	at := map[K]int{}
	for _, v := range list {
		k := key(v)
		i, there := at[k]
		if !there {
			i, at[k] = len(groups), len(groups)
			groups = append(groups, Group[K, T]{Key: k})
		}
		groups[i].All = append(groups[i].All, v)
	}
	return groups
}
