package actions

import (
	"context"
	"errors"
	"fmt"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/testbed/resources"
)

// checkResources reads back what the stack deployed, and holds it against the rules for
// resources, and the times of all against each other.
func checkResources(ctx context.Context, s *stage.Stage) (string, error) {
	config := s.Emulator.Config()
	found, err := resources.Find(ctx, config, stage.StackName)
	if err != nil {
		return "", err
	}
	deployed, err := resources.Read(ctx, config, found)
	if err != nil {
		return "", err
	}
	figures, err := resources.Figures(deployed, ".")
	if err != nil {
		return "", err
	}
	var problems []error
	for _, problem := range append(resources.Problems(deployed), resources.Broken(figures)...) {
		problems = append(problems, errors.New(problem))
	}
	return fmt.Sprintf("%d rules for resources, %d for the order of times", len(resources.Rules()), len(resources.Inequalities)), errors.Join(problems...)
}
