package mutants

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/report"
	"benchlingwebhook/internal/testbed"
)

const (
	// ResultFile is what Run writes for programs.
	ResultFile = "build/mutants.json"
	// template is the deployed shape.
	template = "stacks/testdata/dev.template.json"
	source   = "docker/src"
	// inImage is where the image has the source.
	inImage = "/app/src"
	// each bounds one mutant.
	each = 6 * time.Minute
	// packagesWithin is how long a row waits for packages, which a mutant may never
	// make.
	packagesWithin = 45 * time.Second
)

// runner is what all mutants have in common.
type runner struct {
	base  *testbed.Testbed
	image string
	log   *os.File
}

// Run tries the mutants whose names a pattern matches, one after another, and returns
// whether each was killed. It writes ResultFile.
func Run(ctx context.Context, pattern string, out io.Writer) (bool, error) {
	wanted, err := regexp.Compile(pattern)
	if err != nil {
		return false, fmt.Errorf("MUTANTS: %w", err)
	}
	var chosen []Mutant
	for _, m := range Table {
		if wanted.MatchString(m.Name) {
			chosen = append(chosen, m)
		}
	}
	if len(chosen) == 0 {
		return false, fmt.Errorf("MUTANTS: no mutant's name matches %q", pattern)
	}
	fmt.Fprintf(out, "This puts %d faults, one after another, into the template or the service, and has the rehearsal find each: a minute or less each.\n", len(chosen))
	r := &runner{base: testbed.New(report.New(out)), image: testbed.ImagePrefix() + "mutants"}
	defer r.base.Stop()
	if err := r.prepare(ctx); err != nil {
		return false, err
	}
	defer r.log.Close()
	var outcomes []Outcome
	for _, m := range chosen {
		outcome := r.try(ctx, m)
		outcomes = append(outcomes, outcome)
		verdict := "killed  "
		if !outcome.Killed {
			verdict = "SURVIVED"
		}
		fmt.Fprintf(out, "%s %5.0f s  %s\n                  %s\n", verdict, outcome.Seconds, outcome.Name, outcome.Row)
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
	}
	score, whole := Score(outcomes)
	fmt.Fprintf(out, "%s What each run said is in %s.\n", score, r.log.Name())
	text, err := json.MarshalIndent(outcomes, "", "  ")
	if err == nil {
		err = os.WriteFile(ResultFile, append(text, '\n'), 0o644)
	}
	return whole, err
}

// prepare starts the engine and builds the image, which all mutants have in common.
func (r *runner) prepare(ctx context.Context) error {
	return r.base.Report.Run(ctx,
		report.Check{Name: "container engine", Run: r.base.StartEngine},
		report.Check{Name: "base image", Run: r.base.ChooseBase},
		report.Check{Name: "image", Run: func(ctx context.Context) (string, error) {
			_, err := r.base.Build(ctx, r.image, testbed.Dockerfile, testbed.BuildContext)
			if err == nil {
				r.log, err = os.Create(filepath.Join(testbed.WorkDir, "mutants.log"))
			}
			return r.image, err
		}},
	)
}

// try runs the rows that should find a mutant.
func (r *runner) try(ctx context.Context, m Mutant) Outcome {
	ctx, cancel := context.WithTimeout(ctx, each)
	defer cancel()
	began := time.Now()
	fmt.Fprintf(r.log, "\n%s\n", m.Name)
	rows, err := r.rows(ctx, m)
	outcome := Outcome{Name: m.Name}
	outcome.Killed, outcome.Row = m.judge(rows)
	if err != nil {
		outcome.Killed, outcome.Row = false, err.Error()
	}
	outcome.Seconds = time.Since(began).Seconds()
	return outcome
}

// rows returns those of a rehearsal with the mutant.
func (r *runner) rows(ctx context.Context, m Mutant) ([]report.Row, error) {
	text, err := os.ReadFile(template)
	if err != nil {
		return nil, err
	}
	mutated, err := m.mutate(text)
	if err != nil {
		return nil, err
	}
	rows := report.New(r.log)
	rows.Only(m.chosen)
	s := stage.New(rows)
	s.Image, s.PackageTimeout = r.image, packagesWithin
	if m.File != "" {
		if s.Mounts, err = r.mounts(m); err != nil {
			return nil, err
		}
	}
	defer s.Stop()
	for _, part := range m.parts(s, r.base, string(mutated)) {
		rows.Group(part.Name)
		// A part that is chosen stands on no other that is.
		if part.Run(ctx) != nil && !slices.Contains(m.Parts, part.Name) {
			break
		}
	}
	return rows.Rows(), errors.Join(ctx.Err(), rows.Table(r.log))
}

// mounts returns the arguments of `docker run` that put a mutated module in the place of
// the image's, and nothing in that of its bytecode.
func (r *runner) mounts(m Mutant) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(source, m.File))
	if err != nil {
		return nil, err
	}
	mutated, err := m.replace(text)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(filepath.Join(testbed.WorkDir, "mutant"))
	if err != nil {
		return nil, err
	}
	module, bytecode := filepath.Join(dir, "module.py"), filepath.Join(dir, "none.pyc")
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(module, mutated, 0o644), os.WriteFile(bytecode, nil, 0o644)); err != nil {
		return nil, err
	}
	name := strings.TrimSuffix(filepath.Base(m.File), ".py")
	cached := filepath.Join(filepath.Dir(m.File), "__pycache__", name+".cpython-311.pyc")
	mount := func(from, to string) []string {
		return []string{"--mount", "type=bind,source=" + from + ",target=" + filepath.Join(inImage, to) + ",readonly"}
	}
	return append(mount(module, m.File), mount(bytecode, cached)...), nil
}

// Score returns how many mutants were killed, with the names of the others, and whether
// all were.
func Score(outcomes []Outcome) (text string, whole bool) {
	var survivors []string
	for _, outcome := range outcomes {
		if !outcome.Killed {
			survivors = append(survivors, outcome.Name)
		}
	}
	text = fmt.Sprintf("%d of %d killed.", len(outcomes)-len(survivors), len(outcomes))
	if len(survivors) > 0 {
		text += " Survivors: " + strings.Join(survivors, "; ") + "."
	}
	return text, len(survivors) == 0
}
