package simulation

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"slices"
	"strconv"
	"strings"
)

// expression is metric math over one data point of each metric: numbers, IDs,
// + - * /, the comparisons, AND, OR, and the functions below. MAX, MIN and SUM
// take an array, MAX([m1, m2]), which is taken point by point; of one metric they
// would look over its time, and are an error.
//
// A missing operand makes the result missing, and so does a division by zero;
// FILL(m, 0) has a value where m has none.
//
// Source: CloudWatch User Guide, "Using math expressions with CloudWatch metrics".
type expression struct {
	text string
	root ast.Expr
}

// calls are the functions that are known, with their numbers of arguments.
var calls = map[string]int{"IF": 3, "FILL": 2, "MAX": 1, "MIN": 1, "SUM": 1}

// grammar maps what metric math writes unlike Go, whose parser reads it.
var grammar = strings.NewReplacer("[", "list(", "]", ")", " AND ", " && ", " OR ", " || ")

// parse returns an expression over metrics of these IDs.
func parse(text string, ids []string) (expression, error) {
	root, err := parser.ParseExpr(grammar.Replace(text))
	if err != nil {
		return expression{}, fmt.Errorf("expression %q: %w", text, err)
	}
	e := expression{text, root}
	if err := e.check(root, ids); err != nil {
		return expression{}, fmt.Errorf("expression %q: %w", text, err)
	}
	return e, nil
}

func (e expression) check(node ast.Expr, ids []string) error {
	switch n := node.(type) {
	case *ast.BasicLit:
		_, err := strconv.ParseFloat(n.Value, 64)
		return err
	case *ast.Ident:
		if !slices.Contains(ids, n.Name) {
			return fmt.Errorf("no metric has the ID %q: use one of %s", n.Name, strings.Join(ids, ", "))
		}
		return nil
	case *ast.ParenExpr:
		return e.check(n.X, ids)
	case *ast.UnaryExpr:
		if n.Op != token.SUB {
			return fmt.Errorf("the operator %s is not simulated", n.Op)
		}
		return e.check(n.X, ids)
	case *ast.BinaryExpr:
		if _, known := binary[n.Op]; !known {
			return fmt.Errorf("the operator %s is not simulated", n.Op)
		}
		return e.checkAll([]ast.Expr{n.X, n.Y}, ids)
	case *ast.CallExpr:
		return e.checkCall(n, ids)
	}
	return fmt.Errorf("%T is not simulated", node)
}

func (e expression) checkCall(call *ast.CallExpr, ids []string) error {
	name := fmt.Sprint(call.Fun)
	arity, known := calls[name]
	if !known {
		return fmt.Errorf("the function %s is not simulated: use FILL, IF, MAX, MIN or SUM, or add it to internal/simulation", name)
	}
	if len(call.Args) != arity {
		return fmt.Errorf("%s has %d arguments: give it %d", name, len(call.Args), arity)
	}
	if name == "IF" || name == "FILL" {
		return e.checkAll(call.Args, ids)
	}
	list, ok := call.Args[0].(*ast.CallExpr)
	if !ok || fmt.Sprint(list.Fun) != "list" {
		return fmt.Errorf("%s of one metric looks over its time, which is not simulated: give it an array", name)
	}
	return e.checkAll(list.Args, ids)
}

func (e expression) checkAll(nodes []ast.Expr, ids []string) error {
	for _, node := range nodes {
		if err := e.check(node, ids); err != nil {
			return err
		}
	}
	return nil
}

// missing is the value of a data point that isn't there.
var missing = math.NaN()

func isMissing(value float64) bool { return math.IsNaN(value) }

// value returns the expression's value of one data point of each metric.
func (e expression) value(of map[string]float64) float64 { return evaluate(e.root, of) }

func evaluate(node ast.Expr, of map[string]float64) float64 {
	switch n := node.(type) {
	case *ast.BasicLit:
		number, _ := strconv.ParseFloat(n.Value, 64)
		return number
	case *ast.Ident:
		return of[n.Name]
	case *ast.ParenExpr:
		return evaluate(n.X, of)
	case *ast.UnaryExpr:
		return -evaluate(n.X, of)
	case *ast.BinaryExpr:
		x, y := evaluate(n.X, of), evaluate(n.Y, of)
		if isMissing(x) || isMissing(y) {
			return missing
		}
		return binary[n.Op](x, y)
	case *ast.CallExpr:
		return apply(fmt.Sprint(n.Fun), n.Args, of)
	}
	return missing
}

func apply(name string, arguments []ast.Expr, of map[string]float64) float64 {
	if name != "IF" && name != "FILL" {
		arguments = arguments[0].(*ast.CallExpr).Args
	}
	var values []float64
	for _, argument := range arguments {
		values = append(values, evaluate(argument, of))
	}
	if name == "FILL" {
		if isMissing(values[0]) {
			return values[1]
		}
		return values[0]
	}
	if slices.ContainsFunc(values, isMissing) {
		return missing
	}
	switch name {
	case "IF":
		if values[0] != 0 {
			return values[1]
		}
		return values[2]
	case "MAX":
		return slices.Max(values)
	case "MIN":
		return slices.Min(values)
	}
	return sum(values)
}

var binary = map[token.Token]func(x, y float64) float64{
	token.ADD:  func(x, y float64) float64 { return x + y },
	token.SUB:  func(x, y float64) float64 { return x - y },
	token.MUL:  func(x, y float64) float64 { return x * y },
	token.QUO:  divide,
	token.GTR:  func(x, y float64) float64 { return truth(x > y) },
	token.GEQ:  func(x, y float64) float64 { return truth(x >= y) },
	token.LSS:  func(x, y float64) float64 { return truth(x < y) },
	token.LEQ:  func(x, y float64) float64 { return truth(x <= y) },
	token.EQL:  func(x, y float64) float64 { return truth(x == y) },
	token.NEQ:  func(x, y float64) float64 { return truth(x != y) },
	token.LAND: func(x, y float64) float64 { return truth(x != 0 && y != 0) },
	token.LOR:  func(x, y float64) float64 { return truth(x != 0 || y != 0) },
}

func divide(x, y float64) float64 {
	if y == 0 {
		return missing
	}
	return x / y
}

func truth(holds bool) float64 {
	if holds {
		return 1
	}
	return 0
}
