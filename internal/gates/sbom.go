package gates

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"benchlingwebhook/internal/testbed"
)

const sbomFile = "build/sbom.spdx.json"

// requirement is a line of a hash-locked requirements file: name and version.
var requirement = regexp.MustCompile(`(?m)^([a-z0-9-]+)==(\S+)`)

// checkComponents lists what the saved image is made of.
func (m *measurement) checkComponents(ctx context.Context) error {
	_, err := program(ctx, ".", "make", "-C", testbed.BuildContext, "sbom")
	var value string
	if err == nil {
		value, err = components(sbomFile, filepath.Join(testbed.BuildContext, "requirements.txt"))
	}
	m.list.Add("QG-1 SBOM", "every locked package, and the system's", value, err)
	return ctx.Err()
}

// components counts the packages of an SPDX document, which must have every
// locked requirement and packages of the system.
func components(sbom, requirements string) (string, error) {
	text, err := os.ReadFile(sbom)
	if err != nil {
		return "", err
	}
	var document struct {
		Packages []struct {
			ExternalRefs []struct{ ReferenceLocator string }
		}
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return "", fmt.Errorf("%s: %w", sbom, err)
	}
	system, python := 0, map[string]bool{}
	for _, p := range document.Packages {
		for _, ref := range p.ExternalRefs {
			kind, rest, _ := strings.Cut(strings.TrimPrefix(ref.ReferenceLocator, "pkg:"), "/")
			switch kind {
			case "pypi":
				python[rest] = true
			case "rpm", "deb":
				system++
			}
		}
	}
	locked, err := os.ReadFile(requirements)
	if err != nil {
		return "", err
	}
	var problems []error
	for _, r := range requirement.FindAllStringSubmatch(string(locked), -1) {
		if !python[r[1]+"@"+r[2]] {
			problems = append(problems, fmt.Errorf("%s %s: not listed", r[1], r[2]))
		}
	}
	if system == 0 {
		problems = append(problems, errors.New("no package of the system listed"))
	}
	return fmt.Sprintf("%d packages of the system, %d of Python", system, len(python)), errors.Join(problems...)
}
