package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/sync/errgroup"

	"benchlingwebhook/internal/imagecontract"
)

const (
	fixtures = "internal/imagecontract/testdata"
	// atOnce is the number of fixtures that are built side by side.
	atOnce = 4
)

// needsMore matches what an empty base can't carry out, and the directive that
// fetches another frontend from a registry.
var needsMore = regexp.MustCompile(`(?im)^\s*((RUN|COPY|ADD)\b|#\s*syntax\s*=)`)

// checkFixtures builds the Dockerfiles of the contract reader's tests, on empty
// bases, and compares what the engine makes of each with what the reader reads.
func (r *rehearsal) checkFixtures(ctx context.Context) {
	_ = r.rows.Check("engine reads Dockerfiles as the contract does", func() (string, error) {
		empty := filepath.Join(workDir, "empty")
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
				problems[i] = r.checkFixture(ctx, path, empty)
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

func (r *rehearsal) checkFixture(ctx context.Context, path, empty string) error {
	contract, err := imagecontract.Read(path)
	if err != nil {
		return err
	}
	tag := label + "-fixture:" + filepath.Base(filepath.Dir(path))
	arguments := []string{"buildx", "build", "--quiet", "--load", "--provenance=false", "--tag", tag, "--file", path}
	for _, base := range contract.BaseImages {
		arguments = append(arguments, "--build-context", base.Reference+"="+empty)
	}
	if _, err := r.docker(ctx, append(arguments, empty)...); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	var image builtImage
	err = r.inspect(ctx, "image", tag, &image)
	if err == nil {
		err = differences(contract, image)
	}
	_, gone := r.docker(ctx, "image", "rm", tag)
	return errors.Join(err, gone)
}
