package main

import (
	"bytes"
	"fmt"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/rehearsal"
)

func TestNumberOfEvents(t *testing.T) {
	for text, wanted := range map[string]int{"": rehearsal.DefaultEvents, "7": 7} {
		n, err := number(text)
		assert.NilError(t, err)
		assert.Equal(t, n, wanted)
	}
}

// only is an environment of one variable.
func only(name, value string) func(string) string {
	return func(asked string) string {
		if asked == name {
			return value
		}
		return ""
	}
}

func TestArgumentsThatItCannotTake(t *testing.T) {
	for _, c := range []struct {
		args   []string
		events string
		said   string
	}{
		{nil, "0", "EVENTS: \"0\": not a whole number from 1 to 100000: set one\n"},
		{nil, "many", "EVENTS: \"many\": not a whole number from 1 to 100000: set one\n"},
		{nil, "100001", "EVENTS: \"100001\": not a whole number from 1 to 100000: set one\n"},
		{[]string{"up"}, "", "rehearse: [\"up\"]: not a command: run it without arguments, or with `down` or `mutants`\n"},
	} {
		t.Run(fmt.Sprint(c.args, c.events), func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			assert.Equal(t, run(t.Context(), c.args, only("EVENTS", c.events), &stdout, &stderr), 2)
			assert.Equal(t, stderr.String(), c.said)
			assert.Equal(t, stdout.String(), "")
		})
	}
}

func TestPartsThatThereAreNot(t *testing.T) {
	var stdout, stderr bytes.Buffer
	assert.Equal(t, run(t.Context(), nil, only("PARTS", "worker,lunch"), &stdout, &stderr), 2)
	assert.Equal(t, stderr.String(), "PARTS: \"lunch\": no part of the rehearsal: name one or more of first deployment, web service, worker, canvases, packages, kills, TLS, Dockerfiles, faults, outages, front door, releases, attacks, newcomer, drills, drill dead letters, drill Benchling down, drill Quilt down, drill leaked secret, drill queue growing, drill rollback, drill package's object, drill claims table, drill deleted secret, drill destroy, rights\n")
	assert.Equal(t, stdout.String(), "")
}
