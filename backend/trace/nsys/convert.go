package nsys

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"shardeck/backend/trace"
	"shardeck/model"
	"shardeck/model/shell"
)

// exportDeadline is how long one export may take; nsys writes some 50 MB a second.
const exportDeadline = 10 * time.Minute

// openReport reads a report through an SQLite export: one that is there and newer, or
// a new one in a folder that is removed again. SQLite needs locks to write, which
// network file systems may lack: the folder is a local one.
func (r Reader) openReport(ctx context.Context, path string, progress func(done, total int64)) ([]*trace.Rank, error) {
	if there := existingExport(path); there != "" {
		return openSQLite(ctx, there, progress)
	}
	if r.Runner == nil {
		return nil, needsExport(path, "it has to be exported by nsys first")
	}
	dir, err := os.MkdirTemp(r.Temp, "shardeck-nsys-")
	if err != nil {
		return nil, fmt.Errorf("%s: no folder for its export: %w; set TMPDIR to one on local storage", filepath.Base(path), err)
	}
	defer os.RemoveAll(dir)
	to := filepath.Join(dir, "report.sqlite")
	if err := r.convert(ctx, path, to); err != nil {
		return nil, err
	}
	return openSQLite(ctx, to, progress)
}

// existingExport is an export beside the report that is no older, empty if there is none.
func existingExport(path string) string {
	to := strings.TrimSuffix(path, filepath.Ext(path)) + ".sqlite"
	report, err := os.Stat(path)
	if err != nil {
		return ""
	}
	if st, err := os.Stat(to); err != nil || !st.Mode().IsRegular() || st.Size() == 0 || st.ModTime().Before(report.ModTime()) {
		return ""
	}
	return to
}

// convert runs nsys export under a deadline of its own.
func (r Reader) convert(ctx context.Context, path, to string) error {
	limit := r.Deadline
	if limit <= 0 {
		limit = exportDeadline
	}
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out, err := r.Runner.Run(within, "nsys", "export", "--type", "sqlite", "--force-overwrite", "true", "--output", to, path)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return needsExport(path, "nsys, which could export it, is not on PATH here")
	case within.Err() != nil:
		return needsExport(path, fmt.Sprintf("nsys export took longer than %v and was stopped", limit))
	case err != nil:
		return fmt.Errorf("%s is an Nsight Systems report that nsys export could not read (%v%s): it may be cut, or newer than this nsys; "+
			"export it with the nsys that wrote it, or profile again", filepath.Base(path), err, lastLine(out))
	}
	if st, err := os.Stat(to); err != nil || st.Size() == 0 {
		return needsExport(path, "nsys export ended without an export"+lastLine(out))
	}
	return nil
}

// needsExport says why a report cannot be read here, and the command that helps.
func needsExport(path, why string) error {
	base := filepath.Base(path)
	to := strings.TrimSuffix(base, filepath.Ext(base)) + ".sqlite"
	return fmt.Errorf("%s is an Nsight Systems report: %s; run: nsys export --type sqlite --output %s %s",
		base, why, shell.Quote(to), shell.Quote(base))
}

// needsImport says what a recording is, and the command for it, which is not on PATH, nor beside nsys.
func needsImport(path string) error {
	base := filepath.Base(path)
	return fmt.Errorf("%s is a recording that nsys made no report of: its importer did not start, or was stopped; "+
		"where Nsight Systems is whole, run: QdstrmImporter -i %s (it is in its host-linux-x64), "+
		"then nsys export --type sqlite on the report", base, shell.Quote(base))
}

// lastLine is the last thing a program printed, after a colon; empty if nothing. A bar of
// progress, which nsys draws again and again on one line, ends at a carriage return.
func lastLine(out []byte) string {
	lines := bytes.FieldsFunc(bytes.TrimSpace(out), func(c rune) bool { return c == '\n' || c == '\r' })
	if len(lines) == 0 {
		return ""
	}
	if last := model.Printable(string(lines[len(lines)-1])); last != "" {
		return ": " + last
	}
	return ""
}
