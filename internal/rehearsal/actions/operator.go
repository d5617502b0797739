package actions

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/rehearsal/tutorial"
)

// operatorShell returns where a person's commands are run in a directory, with credentials
// of the stage's local AWS, and with a log that begins anew.
func operatorShell(ctx context.Context, s *stage.Stage, directory, log string) (tutorial.Shell, error) {
	environment, err := deploy{s}.cdkEnvironment(ctx)
	if err != nil {
		return tutorial.Shell{}, err
	}
	proxy, err := serveNames(s)
	if err != nil {
		return tutorial.Shell{}, err
	}
	benchlingHost, _, _ := strings.Cut(s.Addresses.Benchling, ":")
	authority, err := filepath.Abs(s.AuthorityFile())
	if err != nil {
		return tutorial.Shell{}, err
	}
	if err := os.RemoveAll(log); err != nil {
		return tutorial.Shell{}, err
	}
	return tutorial.Shell{Directory: directory, Log: log, Environment: append(withoutMake(environment),
		"SSL_CERT_FILE="+authority,
		// API Gateway's names lead to its stand-in, as the network's resolver would have it.
		"HTTPS_PROXY=http://"+proxy, "https_proxy=http://"+proxy,
		"NO_PROXY=127.0.0.1,"+benchlingHost, "no_proxy=127.0.0.1,"+benchlingHost,
	)}, nil
}

// withoutMake returns an environment without what `make rehearse` has set for its own.
func withoutMake(environment []string) []string {
	var kept []string
	for _, pair := range environment {
		switch name, _, _ := strings.Cut(pair, "="); name {
		case "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "GOCOVERDIR", "AWS_PROFILE", "AWS_SESSION_TOKEN":
		default:
			kept = append(kept, pair)
		}
	}
	return kept
}
