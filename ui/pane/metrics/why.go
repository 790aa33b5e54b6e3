package metrics

func needRun(p *Pane) string {
	if _, ok := p.current(); !ok {
		return "there is no run under the cursor"
	}
	return ""
}

func needValues(p *Pane) string {
	if p.analyses[p.currentName()] == nil {
		return "nothing of this run was read yet: ↵ reads it"
	}
	return ""
}

func needOther(p *Pane) string {
	if p.baseline == "" || p.baseline == p.currentName() {
		return "why compares with the baseline: b makes a run the baseline, then go to another"
	}
	return needRun(p)
}

func needMetric(p *Pane) string {
	if _, ok := p.definition(); !ok {
		return "there is no metric under the cursor"
	}
	return ""
}

func needUnread(p *Pane) string {
	switch {
	case p.all.Busy():
		return "already reading; esc stops it"
	case len(p.unread()) == 0:
		return "every run is read already"
	}
	return ""
}

// unread are the runs whose traces nobody has read, newest first.
func (p *Pane) unread() []string {
	var names []string
	for _, i := range p.shown {
		if name := p.runs[i].Name; !p.read[name] && p.problems[name] == nil {
			names = append(names, name)
		}
	}
	return names
}

func needSplit(p *Pane) string {
	if !p.detail.byColumn() {
		return "metrics have no common order: tab goes to the ranks, phases and collectives"
	}
	return ""
}
