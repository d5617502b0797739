package rights

import (
	"testing"

	"gotest.tools/v3/assert"
)

const (
	policy = `{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": ["sqs:Send*", "sqs:DeleteMessage"], "Resource": "arn:aws:sqs:us-east-1:000000000000:q?"},
		{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}`
	queue = "arn:aws:sqs:us-east-1:000000000000:q1"
)

func called(action, resource string, allowed bool) Call {
	return Call{Session: session("arn:aws:iam::000000000000:role/path/worker", "task"), Action: action, Resource: resource, Secure: true, Allowed: allowed, Refusal: "ImplicitDeny"}
}

func TestUnused(t *testing.T) {
	rights, err := Of("worker", []string{policy})
	assert.NilError(t, err)
	assert.Equal(t, len(rights), 2, "a denial is no right")
	for _, c := range []struct {
		call   Call
		unused int
	}{
		{called("sqs:sendmessage", queue, true), 1},
		{called("sqs:SendMessage", queue, false), 2},
		{called("sqs:SendMessage", queue+"2", true), 2},
		{called("sqs:ReceiveMessage", queue, true), 2},
	} {
		assert.Equal(t, len(Unused(rights, []Call{c.call})), c.unused, "%+v", c.call)
	}
	assert.Equal(t, len(Unused([]Right{{"web", "*", "*"}}, []Call{called("sqs:SendMessage", queue, true)})), 1, "another role's")
}

func TestRefused(t *testing.T) {
	assert.NilError(t, Refused([]Call{called("sqs:SendMessage", queue, true)}))
	assert.Error(t, Refused([]Call{called("sqs:SendMessage", queue, false)}),
		"worker: sqs:SendMessage on "+queue+": ImplicitDeny: give the role the right in constructs/, or don't call")
}

// TestSimulate has iam-simulate decide what the local AWS has decided rightly, and wrongly.
func TestSimulate(t *testing.T) {
	identity := map[string][]string{"worker": {policy}}
	secure := `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sqs:*", "Resource": "` + queue + `",
		"Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}`
	resource := func(string) (string, error) { return secure, nil }
	simulate := func(call Call) error {
		return Simulate(t.Context(), "../../../node_modules/.bin/node", "simulate.mjs", []Call{call}, identity, resource)
	}
	assert.NilError(t, simulate(called("sqs:SendMessage", queue, true)))
	assert.NilError(t, simulate(called("sqs:ReceiveMessage", queue, false)))
	assert.ErrorContains(t, simulate(called("sqs:ReceiveMessage", queue, true)), "allowed true here, ImplicitlyDenied by iam-simulate")
	plain := called("sqs:SendMessage", queue, true)
	plain.Secure = false
	assert.ErrorContains(t, simulate(plain), "ExplicitlyDenied by iam-simulate")
}
