package scan

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

var one = []Acknowledgement{{Checks: []string{"CKV_1"}, Resources: regexp.MustCompile(`^AWS::SQS::Queue\.`), Templates: regexp.MustCompile(`^dev\.`), Reason: "why"}}

func TestOnlyWhatIsAcknowledgedMayFail(t *testing.T) {
	dev := Failure{Check: "CKV_1", Name: "Ensure it", Template: "/dev.template.json", Resource: "AWS::SQS::Queue.A"}
	elsewhere, other := dev, dev
	elsewhere.Template, other.Check = "/prod.template.json", "CKV_2"
	for name, c := range map[string]struct {
		failures []Failure
		says     string
	}{
		"acknowledged":     {[]Failure{dev}, ""},
		"another template": {[]Failure{dev, elsewhere}, "prod.template.json: AWS::SQS::Queue.A: Ensure it (CKV_1): mend it"},
		"another check":    {[]Failure{dev, other}, "(CKV_2)"},
		"stale":            {nil, "nothing fails there: remove it"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			assert.Equal(t, judge(c.failures, 3, one, &out), c.says == "")
			assert.Assert(t, strings.Contains(out.String(), c.says), out.String())
		})
	}
}

// program writes a program that prints a report and ends with a status.
func program(t *testing.T, report string, status int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "checkov")
	text := fmt.Sprintf("#!/bin/sh\ncat <<'END'\n%s\nEND\nexit %d\n", report, status)
	assert.NilError(t, os.WriteFile(path, []byte(text), 0o755))
	return path
}

func TestAScanThatSawNothingIsNoProof(t *testing.T) {
	for name, c := range map[string]struct {
		report string
		status int
		says   string
	}{
		"no resources":    {`{"results": {"failed_checks": []}, "summary": {"passed": 0, "resource_count": 0, "parsing_errors": 0}}`, 0, "0 resources"},
		"unread template": {`{"results": {"failed_checks": []}, "summary": {"passed": 9, "resource_count": 9, "parsing_errors": 1}}`, 0, "couldn't read 1"},
		"no report":       {"Traceback", 1, "JSON"},
		"it crashed":      {"", 2, "exit status 2"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Run(t.Context(), program(t, c.report, c.status), ".", &bytes.Buffer{})
			assert.ErrorContains(t, err, c.says)
		})
	}
	held, err := Run(t.Context(), program(t, `{"results": {"failed_checks": [{"check_id": "CKV_9"}]}, "summary": {"passed": 9, "resource_count": 9}}`, 1), ".", &bytes.Buffer{})
	assert.NilError(t, err)
	assert.Assert(t, !held)
}

// TestEveryReasonIsAReason looks at what people read.
func TestEveryReasonIsAReason(t *testing.T) {
	for _, a := range Acknowledged {
		assert.Assert(t, len(a.Checks) > 0 && len(a.Reason) > 40 && strings.HasSuffix(a.Reason, "."), a.Reason)
	}
}
