package imagecontract

import (
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// plainCommand is the remedy for what can't be read.
const plainCommand = ": write one plain command, such as curl -f http://localhost:PORT/PATH || exit 1"

// unfollowed is the fault of a command that the simulation breaks at.
const unfollowed = "can't be read" + plainCommand

// unsupported says what of a shell's command makes no sense in a probe, or can't
// be followed; empty if there is nothing.
func unsupported(file *syntax.File) (found string) {
	syntax.Walk(file, func(node syntax.Node) bool {
		switch n := node.(type) {
		case *syntax.Stmt:
			if n.Background || n.Coprocess {
				found = "runs in the background at &, so its failure is lost: quote an address that has one, or leave it out"
			}
		case *syntax.FuncDecl, *syntax.WhileClause, *syntax.CoprocClause, *syntax.CStyleLoop:
			found = "has a loop or a function, which can't be followed" + plainCommand
		case *syntax.CallExpr:
			if len(n.Args) > 0 && n.Args[0].Lit() == "trap" {
				found = "has a trap, which can change its exit status" + plainCommand
			}
		case *syntax.Lit:
			if strings.Contains(n.Value, "{") && strings.Contains(n.Value, "..") {
				found = "has a range of braces, which can't be followed" + plainCommand
			}
		}
		return found == ""
	})
	return found
}

// inBackground reports whether a shell's command ends with what runs in the background,
// of which the shell doesn't wait for the status.
func inBackground(command string) bool {
	file, err := syntax.NewParser().Parse(strings.NewReader(command), "")
	return err == nil && len(file.Stmts) > 0 && file.Stmts[len(file.Stmts)-1].Background
}

// shellCommand returns the command that a shell reads; none where no shell runs.
func shellCommand(test []string) (string, bool) {
	if test[0] == "CMD-SHELL" {
		return test[1], true
	}
	if slices.Contains(shells, path.Base(test[1])) {
		for i, word := range test[2:] {
			if strings.HasPrefix(word, "-") && strings.HasSuffix(word, "c") && i+3 < len(test) {
				return test[i+3], true
			}
		}
	}
	return "", false
}

// shellVariables are those that a shell sets itself.
var shellVariables = strings.Fields("IFS PWD OLDPWD PPID RANDOM UID EUID GID SECONDS LINENO OPTIND OPTARG REPLY SHELL SHLVL BASH_VERSION PIPESTATUS")

// unsetVariable returns the first plain reference in a shell's command to a
// variable that nothing sets; empty if there is none.
func unsetVariable(test []string, env scope) (name string) {
	command, ok := shellCommand(test)
	if !ok {
		return ""
	}
	file, err := syntax.NewParser().Parse(strings.NewReader(command), "")
	if err != nil {
		return "" // The simulation tells of it.
	}
	known := slices.Clone(shellVariables)
	syntax.Walk(file, func(node syntax.Node) bool {
		switch n := node.(type) {
		case *syntax.Assign:
			if n.Name != nil {
				known = append(known, n.Name.Value)
			}
		case *syntax.WordIter:
			known = append(known, n.Name.Value)
		case *syntax.CallExpr:
			if len(n.Args) > 1 && n.Args[0].Lit() == "read" {
				for _, word := range n.Args[1:] {
					known = append(known, word.Lit())
				}
			}
		}
		return true
	})
	syntax.Walk(file, func(node syntax.Node) bool {
		reference, is := node.(*syntax.ParamExp)
		if !is || reference.Param == nil || reference.Exp != nil || name != "" {
			return true
		}
		text := reference.Param.Value
		_, inImage := env[text]
		_, atRuntime := runtimeEnv[text]
		if isName := syntax.ValidName(text); isName && !inImage && !atRuntime && !slices.Contains(known, text) {
			name = text
		}
		return true
	})
	return name
}
