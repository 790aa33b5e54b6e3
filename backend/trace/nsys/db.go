package nsys

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"shardeck/backend/trace"
	"shardeck/model"
	"shardeck/model/present/unit"
)

// db is an SQLite file that is only read. It takes no lock, which file systems of clusters may not have.
type db struct {
	ctx      context.Context
	conn     *sqlite3.Conn
	columns  map[string]map[string]bool // of each table, in lower case
	size     int64
	progress func(done, total int64)
	read     int64 // rows, so far
	total    int64 // expected of the large tables
	damage   *trace.DamageCounter
}

// openDB opens path; what is wrong with it is counted. An error is for people, without the file's name.
func openDB(ctx context.Context, path string, damage *trace.DamageCounter, progress func(done, total int64)) (*db, error) {
	d := &db{ctx: ctx, progress: progress, damage: damage, columns: map[string]map[string]bool{}}
	cut, err := d.checkSize(path)
	if err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	name := url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: "mode=ro&immutable=1"}
	if d.conn, err = sqlite3.OpenContext(ctx, name.String()); err != nil {
		return nil, unreadable(err)
	}
	if err := d.prepare(cut); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func (d *db) close() { d.conn.Close() }

// checkSize compares the file with its header, and looks for a transaction that did not end.
func (d *db) checkSize(path string) (cut bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return false, err
	}
	d.size = st.Size()
	var head [100]byte
	if _, err := io.ReadFull(f, head[:]); err != nil {
		return false, errors.New("is an SQLite file cut off in its header; export the report again")
	}
	if want := wholeSize(head); want > d.size {
		cut = true
		d.damage.Once(d.size, fmt.Sprintf("the SQLite file is cut off: %s of %s bytes", unit.Int(int(d.size)), unit.Int(int(want))),
			"rows on the pages that are missing")
	}
	if st, err := os.Stat(path + "-journal"); err == nil && st.Size() > 0 {
		d.damage.Once(-1, "the export did not finish: "+filepath.Base(path)+"-journal is beside it", "rows that were not written")
	}
	return cut, nil
}

// wholeSize is what the header of an SQLite file says: page size at 16, number of pages at 28, valid if 24 and 92 are equal.
func wholeSize(head [100]byte) int64 {
	page, word := int64(binary.BigEndian.Uint16(head[16:])), binary.BigEndian.Uint32
	switch {
	case word(head[24:]) != word(head[92:]):
		return 0
	case page == 1:
		page = 1 << 16
	}
	return int64(word(head[28:])) * page
}

// prepare sets the connection up and lists tables and columns. SQLite refuses a file
// that is shorter than its header says, except to those who may write its schema.
func (d *db) prepare(cut bool) error {
	setup := "PRAGMA query_only=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
	if cut {
		setup += " PRAGMA writable_schema=ON;"
	}
	if err := d.conn.Exec(setup); err != nil {
		return unreadable(err)
	}
	var names []string
	err := d.query("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'", func(r row) {
		if name, ok := r.text(0); ok {
			names = append(names, name)
		}
	})
	if err != nil && d.ctx.Err() != nil {
		return d.ctx.Err()
	}
	if err != nil {
		return unreadable(err)
	}
	for _, name := range names {
		d.noteColumns(name)
	}
	return nil
}

func (d *db) noteColumns(table string) {
	stmt, _, err := d.conn.Prepare("SELECT * FROM " + quote(table) + " LIMIT 0")
	if err != nil {
		d.damage.Once(-1, "table "+model.Printable(table)+" is damaged ("+reason(err)+")", "its rows")
		return
	}
	defer stmt.Close()
	cols := map[string]bool{}
	for i := range stmt.ColumnCount() {
		cols[strings.ToLower(stmt.ColumnName(i))] = true
	}
	d.columns[table] = cols
}

// has says whether a table has all of some columns, or is there at all.
func (d *db) has(table string, columns ...string) bool {
	cols, ok := d.columns[table]
	for _, c := range columns {
		ok = ok && cols[strings.ToLower(c)]
	}
	return ok
}

// large counts the rows of a table for progress: the last row's number, which is found at once.
func (d *db) large(table string) {
	if d.has(table) {
		_ = d.query("SELECT max(rowid) FROM "+quote(table), func(r row) {
			n, _ := r.int(0)
			d.total += max(0, n)
		})
	}
}

// rows reads columns of a table, if it is there; a column that is not there is NULL. where may be empty, or a
// condition on columns that are there. A table that ends in damage is damage; the error is the context's.
func (d *db) rows(table string, columns []string, where string, visit func(r row)) error {
	if !d.has(table) {
		return nil
	}
	list := make([]string, len(columns))
	for i, c := range columns {
		if list[i] = "NULL"; d.has(table, c) {
			list[i] = quote(c)
		}
	}
	sql := "SELECT " + strings.Join(list, ", ") + " FROM " + quote(table)
	if where != "" {
		sql += " WHERE " + where
	}
	n := 0
	err := d.query(sql, func(r row) {
		n++
		visit(r)
	})
	if stop := d.ctx.Err(); stop != nil {
		return stop
	}
	if err != nil {
		d.damage.Once(-1, "table "+table+" is damaged ("+reason(err)+")", fmt.Sprintf("its rows after the first %s", unit.Int(n)))
	}
	return nil
}

// valueOf is the first text that a table of names and values has for a name.
func (d *db) valueOf(table, name string) (value string, err error) {
	if d.has(table, "name", "value") {
		err = d.rows(table, []string{"value"}, "name = '"+name+"'", func(r row) {
			text, _ := r.text(0)
			value = cmp.Or(value, text)
		})
	}
	return value, err
}

// progressRows is how many rows are read between two calls of progress, and two looks at the context.
const progressRows = 1 << 12

// query runs sql, which is made of constants and quoted names.
func (d *db) query(sql string, visit func(r row)) error {
	stmt, _, err := d.conn.Prepare(sql)
	if err != nil {
		return err
	}
	defer stmt.Close()
	for stmt.Step() {
		visit(row{stmt})
		if d.read++; d.read%progressRows != 0 {
			continue
		}
		if d.report(); d.ctx.Err() != nil {
			return d.ctx.Err()
		}
	}
	return stmt.Err()
}

// report says how far reading has come, in bytes of the file by rows.
func (d *db) report() {
	if d.progress != nil && d.total > 0 {
		d.progress(min(d.size, int64(float64(d.size)*float64(d.read)/float64(d.total))), d.size)
	}
}

type row struct{ stmt *sqlite3.Stmt }

// int is a whole number; false: NULL, or not a number.
func (r row) int(i int) (int64, bool) {
	switch r.stmt.ColumnType(i) {
	case sqlite3.INTEGER:
		return r.stmt.ColumnInt64(i), true
	case sqlite3.FLOAT:
		f := r.stmt.ColumnFloat(i)
		return int64(f), f > -1<<62 && f < 1<<62
	}
	return 0, false
}

// or is a whole number, or missing if there is none.
func (r row) or(i int, missing int64) int64 {
	if v, ok := r.int(i); ok {
		return v
	}
	return missing
}

// text is a text for people; false: NULL, or not a text.
func (r row) text(i int) (string, bool) {
	if r.stmt.ColumnType(i) != sqlite3.TEXT {
		return "", false
	}
	return model.Printable(string(r.stmt.ColumnRawText(i))), true
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// unreadable is an error of SQLite as the rest of a sentence that begins with a file's name.
func unreadable(err error) error {
	return fmt.Errorf("cannot be read as SQLite: %s; export the report again", reason(err))
}

func reason(err error) string { return strings.TrimPrefix(model.Printable(err.Error()), "sqlite3: ") }
