// Package condition evaluates the conditions that people write over named values, such as "tp * pp <= 4" or
// "ttft_p99 <= 200 and tpot < 20": Go's operators on numbers and quoted words, with and, or and not as words too.
package condition

import (
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"shardeck/model"
)

// Condition is a parsed condition. It is not changed, and safe for concurrent use.
type Condition struct {
	text  string
	root  ast.Expr
	names []string
}

// words are the operators that may be written as words.
var words = strings.NewReplacer("and", "&&", "or", "||", "not", "!")

var word = regexp.MustCompile(`"[^"]*"|\b(?:and|or|not)\b|[^=!<>]=[^=]`)

// maxText bounds a condition: products of whole numbers grow with each factor.
const maxText = 300

// goForm is a condition as Go's parser reads it. A single = is not an operator of conditions.
func goForm(text string) (string, error) {
	var err error
	form := word.ReplaceAllStringFunc(text, func(part string) string {
		switch {
		case part[0] == '"':
			return part
		case strings.Contains(part, "="):
			err = errors.New("= compares nothing: write ==")
			return part
		}
		return words.Replace(part)
	})
	return form, err
}

// Parse reads a condition. Its error says what is wrong with the text.
func Parse(text string) (Condition, error) {
	form, err := goForm(text)
	if len(text) > maxText {
		err = fmt.Errorf("a condition has at most %d characters", maxText)
	}
	if err != nil {
		return Condition{}, fmt.Errorf("%.80q: %w", text, err)
	}
	root, err := parser.ParseExpr(form)
	if err != nil {
		return Condition{}, fmt.Errorf("%.80q is no condition: write one such as tp * pp <= 4", text)
	}
	c := Condition{text: text, root: root}
	ast.Inspect(root, func(n ast.Node) bool {
		name := nameOf(n)
		if name != "" && !slices.Contains(c.names, name) {
			c.names = append(c.names, name)
		}
		return name == ""
	})
	return c, nil
}

// nameOf is the name that a node is: tp, or parallelism.tp; empty for any other node.
func nameOf(n ast.Node) string {
	switch n := n.(type) {
	case *ast.Ident:
		return n.Name
	case *ast.SelectorExpr:
		if of := nameOf(n.X); of != "" {
			return of + "." + n.Sel.Name
		}
	}
	return ""
}

// String is the condition as it was written.
func (c Condition) String() string { return c.text }

// Names are those of the values that it needs, in the order of the text.
func (c Condition) Names() []string { return c.names }

// Values are the named values of a condition: float64, int, bool or string.
type Values map[string]any

// Holds says whether the condition is true of some values. A name that they lack, operands of kinds that do not go
// together and a division by zero are errors.
func (c Condition) Holds(values Values) (bool, error) {
	v, err := evaluation{values}.of(c.root)
	if err == nil && v.Kind() != constant.Bool {
		err = errors.New("it is a value and compares nothing")
	}
	if err != nil {
		return false, fmt.Errorf("%q: %w", c.text, err)
	}
	return constant.BoolVal(v), nil
}

type evaluation struct{ values Values }

func (e evaluation) of(n ast.Expr) (constant.Value, error) {
	if name := nameOf(n); name != "" {
		return e.named(name)
	}
	switch n := n.(type) {
	case *ast.BasicLit:
		return literal(n)
	case *ast.ParenExpr:
		return e.of(n.X)
	case *ast.UnaryExpr:
		return e.unary(n)
	case *ast.BinaryExpr:
		return e.binary(n)
	}
	return nil, errors.New("it may have numbers, names, brackets and operators only")
}

// literal is a number or a quoted word. Numbers are those of float64: 1e999999 would take minutes to compare.
func literal(n *ast.BasicLit) (constant.Value, error) {
	if n.Kind == token.STRING {
		return constant.MakeFromLiteral(n.Value, n.Kind, 0), nil
	}
	if whole, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
		return constant.MakeInt64(whole), nil
	}
	v, err := strconv.ParseFloat(n.Value, 64)
	if err != nil || n.Kind == token.CHAR {
		return nil, fmt.Errorf("%.40s is no number that can be compared", n.Value)
	}
	return constant.MakeFloat64(v), nil
}

func (e evaluation) named(name string) (constant.Value, error) {
	switch name {
	case "true", "false":
		return constant.MakeBool(name == "true"), nil
	}
	v, ok := e.values[name]
	if !ok {
		known := make([]string, 0, len(e.values))
		for k := range e.values {
			known = append(known, k)
		}
		slices.Sort(known)
		hint := model.DidYouMean(name, known)
		if hint == "" {
			hint = "known are " + strings.Join(known, ", ")
		}
		return nil, fmt.Errorf("nothing is called %.40q; %s", name, hint)
	}
	switch v := v.(type) {
	case int:
		return constant.MakeInt64(int64(v)), nil
	case float64:
		if c := constant.MakeFloat64(v); c.Kind() != constant.Unknown {
			return c, nil
		}
	case bool:
		return constant.MakeBool(v), nil
	case string:
		return constant.MakeString(v), nil
	}
	return nil, fmt.Errorf("%s has no value that can be compared", name)
}

func (e evaluation) unary(n *ast.UnaryExpr) (constant.Value, error) {
	x, err := e.of(n.X)
	switch {
	case err != nil:
		return nil, err
	case n.Op == token.NOT && x.Kind() == constant.Bool, n.Op == token.SUB && isNumber(x):
		return constant.UnaryOp(n.Op, x, 0), nil
	}
	return nil, fmt.Errorf("%s does not go with %s", n.Op, x)
}

// kinds are what an operator takes on both sides.
var kinds = map[token.Token]func(constant.Value) bool{
	token.ADD: isNumber, token.SUB: isNumber, token.MUL: isNumber, token.QUO: isNumber, token.REM: isWhole,
	token.LSS: isOrdered, token.LEQ: isOrdered, token.GTR: isOrdered, token.GEQ: isOrdered,
	token.EQL: isAny, token.NEQ: isAny, token.LAND: isBool, token.LOR: isBool,
}

func isNumber(v constant.Value) bool { return v.Kind() == constant.Int || v.Kind() == constant.Float }

func isWhole(v constant.Value) bool { return v.Kind() == constant.Int }

func isBool(v constant.Value) bool { return v.Kind() == constant.Bool }

func isOrdered(v constant.Value) bool { return isNumber(v) || v.Kind() == constant.String }

func isAny(constant.Value) bool { return true }

func (e evaluation) binary(n *ast.BinaryExpr) (constant.Value, error) {
	x, err := e.of(n.X)
	if err != nil {
		return nil, err
	}
	y, err := e.of(n.Y)
	if err != nil {
		return nil, err
	}
	takes, known := kinds[n.Op]
	alike := isNumber(x) && isNumber(y) || x.Kind() == y.Kind()
	switch {
	case !known || !alike || !takes(x) || !takes(y):
		return nil, fmt.Errorf("%s does not go between %s and %s", n.Op, x, y)
	case (n.Op == token.QUO || n.Op == token.REM) && constant.Sign(y) == 0:
		return nil, errors.New("it divides by zero")
	case slices.Contains([]token.Token{token.LSS, token.LEQ, token.GTR, token.GEQ, token.EQL, token.NEQ}, n.Op):
		return constant.MakeBool(constant.Compare(x, n.Op, y)), nil
	}
	return constant.BinaryOp(x, n.Op, y), nil
}
