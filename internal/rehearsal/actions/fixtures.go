package actions

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/sync/errgroup"

	"benchlingwebhook/internal/imageaudit"
	"benchlingwebhook/internal/imagecontract"
	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/testbed"
)

const (
	fixtures = "internal/imagecontract/testdata"
	// atOnce is the number of fixtures that are built side by side.
	atOnce = 4
)

// needsMore matches what an empty base can't carry out, and the directive that
// fetches another frontend from a registry.
var needsMore = regexp.MustCompile(`(?im)^\s*((RUN|COPY|ADD)\b|#\s*syntax\s*=)`)

type dockerfiles struct{ *stage.Stage }

// Run builds the Dockerfiles of the contract reader's tests, on empty bases, and
// compares what the engine makes of each with what the reader reads.
func (a dockerfiles) Run(ctx context.Context) error {
	return a.Report.Check("engine reads Dockerfiles as the contract does", func() (string, error) {
		empty := filepath.Join(testbed.WorkDir, "empty")
		if err := os.MkdirAll(empty, 0o755); err != nil {
			return "", err
		}
		paths, err := filepath.Glob(filepath.Join(fixtures, "*", "Dockerfile"))
		if err != nil {
			return "", err
		}
		problems := make([]error, len(paths))
		built := 0
		var builds errgroup.Group
		builds.SetLimit(atOnce)
		for i, path := range paths {
			source, err := os.ReadFile(path)
			if err != nil {
				return "", err
			}
			if strings.HasPrefix(filepath.Base(filepath.Dir(path)), "bad-") || needsMore.Match(source) {
				continue
			}
			built++
			builds.Go(func() error {
				problems[i] = a.checkFixture(ctx, path, empty)
				return nil
			})
		}
		if err := builds.Wait(); err != nil {
			return "", err
		}
		if built == 0 {
			return "", fmt.Errorf("%s: no Dockerfile that can be built", fixtures)
		}
		return fmt.Sprintf("%d Dockerfiles of %s, built on empty bases", built, fixtures), errors.Join(problems...)
	})
}

func (a dockerfiles) checkFixture(ctx context.Context, path, empty string) error {
	contract, err := imagecontract.Read(path)
	if err != nil {
		return err
	}
	tag := testbed.ImagePrefix() + "fixture:" + filepath.Base(filepath.Dir(path))
	arguments := []string{"buildx", "build", "--quiet", "--load", "--provenance=false", "--tag", tag, "--file", path}
	for _, base := range contract.BaseImages {
		arguments = append(arguments, "--build-context", base.Reference+"="+empty)
	}
	if _, err := a.Docker(ctx, append(arguments, empty)...); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	var image imageaudit.BuiltImage
	err = a.Inspect(ctx, "image", tag, &image)
	if err == nil {
		err = imageaudit.Nonconformance(contract, image)
	}
	_, gone := a.Docker(ctx, "image", "rm", tag)
	return errors.Join(err, gone)
}
