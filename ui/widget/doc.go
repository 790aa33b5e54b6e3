// Package widget draws the parts that panes are made of: tables, forms, bars,
// charts, popups, text. Widgets are values with a View; they know nothing of
// experiments, hold no data of their own beyond what is on the screen, and do no I/O.
//
// A View returns lines, each at most as wide as asked; Block makes them an exact
// rectangle. Width is always counted in columns of the terminal, never in bytes.
package widget
