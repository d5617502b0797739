package gates

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// criterion is a line of the design's checklist, and the gate that measures it.
type criterion struct{ text, gate string }

// criteria are the design's success criteria, in its order.
var criteria = []criterion{
	{"base image Amazon Linux 2023 with SHA256 hash", "contract base by digest"},
	{"multi-stage build, builder and runtime", "contract two stages"},
	{"builder stage compiles all dependencies", "Risk 2 environment"},
	{"runtime stage has minimal dependencies", "QG-3 layer audit"},
	{"application starts with direct Python execution", "contract command"},
	{"no file system write errors in logs", "QG-2 log"},
	{"all health checks respond", "QG-2 health routes"},
	{"image size reduced by 30 %", "QG-3 size"},
	{"all unit tests pass", "QG-4 unit tests"},
	{"linting passes", "QG-4 linters"},
	{"works with a read-only file system", "QG-2 healthy"},
	{"compatible with the ECS deployment", "contract kept"},
	{"documentation complete", "docs written"},
}

// Checklist writes the design's success criteria with a measured value a line.
// A criterion whose gate wasn't checked isn't met.
func (l *List) Checklist(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nsuccess criteria")
	for _, c := range criteria {
		mark, value := "[ ]", "not measured"
		for _, g := range l.Gates {
			if g.Name != c.gate {
				continue
			}
			value = short(g.Value)
			if g.Held == Held {
				mark = "[x]"
			}
		}
		fmt.Fprintf(table, "%s %s\t%s\n", mark, c.text, value)
	}
	return table.Flush()
}
