package review

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// The files of a report.
const (
	commentFile = "review.md"
	reportFile  = "review.json"
)

// Write leaves review.md for a pull request's comment, and review.json for
// programs, in a directory that it makes where there is none.
func (r Review) Write(directory string) error {
	text, err := json.MarshalIndent(struct {
		Verdict   string `json:"verdict"`
		Dangerous bool   `json:"dangerous"`
		Review
	}{r.Verdict(), r.Dangerous(), r}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(directory, commentFile), []byte(r.Markdown()), 0o644),
		os.WriteFile(filepath.Join(directory, reportFile), append(text, '\n'), 0o644),
	)
}

// Clear removes an older report from a directory: it would be taken for one of what
// is reviewed now.
func Clear(directory string) error {
	var problems []error
	for _, name := range []string{commentFile, reportFile} {
		if err := os.Remove(filepath.Join(directory, name)); !errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// WriteFailure leaves a review.md that says that the review failed.
func WriteFailure(directory string, failure error) error {
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(directory, commentFile), []byte(FailureMarkdown(failure)), 0o644)
}
