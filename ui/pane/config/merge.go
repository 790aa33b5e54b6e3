package config

import (
	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// askMerge asks what is to become of edits whose file was changed outside meanwhile: it is
// not written over, and they are not lost.
func (p *Pane) askMerge(id string) tea.Cmd {
	edits := p.editsOf(id)
	body := []string{"The file is no longer the one that you began with. Your changes:"}
	for _, e := range edits {
		body = append(body, "  "+e.Path+": "+e.Value)
	}
	body = append(body, "", "Merge makes them anew in the file as it is now; w then shows and saves it.")
	popup := &widget.Popup{Title: id + " was changed outside", Body: body, Buttons: []string{"Merge", "Drop mine", "Leave"}, Choice: 2}
	p.Dialog.Ask(&pane.Ask{Popup: popup, Do: func(answer int) tea.Cmd {
		if answer == 0 {
			return p.reopen(id, edits)
		}
		return p.reopen(id, nil)
	}})
	return nil
}

// reopen reads a file again and makes edits to what it is now.
func (p *Pane) reopen(id string, edits []model.Edit) tea.Cmd {
	delete(p.drafts, id)
	p.isFile(id)
	p.edits = edits
	return tea.Batch(p.show(id), pane.Send(pane.ReloadMsg{}))
}
