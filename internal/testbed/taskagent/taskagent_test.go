package taskagent

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"

	"benchlingwebhook/internal/testbed/sessions"

	"gotest.tools/v3/assert"
)

func put(t *testing.T, a served, task, body string) int {
	t.Helper()
	request, err := http.NewRequest(http.MethodPut, "http://"+a.Address+"/api/"+task+"/task-protection/v1/state", strings.NewReader(body))
	assert.NilError(t, err)
	response, err := http.DefaultClient.Do(request)
	assert.NilError(t, err)
	assert.NilError(t, response.Body.Close())
	return response.StatusCode
}

// role has the right to protect tasks, or not, and credentials.
type role struct{ allowed bool }

func (r role) Allowed(context.Context, string, string, string, string) (bool, error) {
	return r.allowed, nil
}

func (r role) Get(_ context.Context, name, task string) (sessions.Session, error) {
	return sessions.Session{Role: name, Task: task, Credentials: aws.Credentials{
		AccessKeyID: "key of " + task, SecretAccessKey: "secret", SessionToken: "token", Expires: time.Unix(1e9, 0),
	}}, nil
}

// served is an agent beside one without tasks, and where it is.
type served struct {
	*Agent
	Address string
}

// serve returns an agent that knows the task "one".
func serve(t *testing.T, r role) served {
	t.Helper()
	agents, err := Serve()
	assert.NilError(t, err)
	t.Cleanup(agents.Stop)
	agents.Add(New(role{}, role{}))
	a := New(r, r)
	agents.Add(a)
	a.Launch(Task{ID: "one", ARN: "arn:aws:ecs:us-east-1:000000000000:task/cluster/one", Role: "arn:aws:iam::000000000000:role/one"})
	return served{a, agents.Address}
}

// TestCredentials has AWS's own SDK for Go read them.
func TestCredentials(t *testing.T) {
	a := serve(t, role{allowed: true})
	given, err := endpointcreds.New("http://" + a.Address + CredentialsPath("one")).Retrieve(context.Background())
	assert.NilError(t, err)
	assert.Equal(t, given.AccessKeyID, "key of one")
	assert.Equal(t, given.SessionToken, "token")
	assert.Assert(t, given.CanExpire && given.Expires.Equal(time.Unix(1e9, 0)))
	assert.Equal(t, a.Given("one"), 1)

	_, err = endpointcreds.New("http://" + a.Address + CredentialsPath("two")).Retrieve(context.Background())
	assert.ErrorContains(t, err, "no such task")
}

func TestATaskWithoutTheRightIsNotProtected(t *testing.T) {
	a := serve(t, role{})
	assert.Equal(t, put(t, a, "one", `{"ProtectionEnabled": true}`), http.StatusBadRequest)
	assert.Equal(t, put(t, a, "two", `{"ProtectionEnabled": true}`), http.StatusNotFound)
	assert.Assert(t, !a.Protected("one"))
	assert.Equal(t, len(a.Faults()), 1)
}

func TestATaskProtectsItself(t *testing.T) {
	a := serve(t, role{allowed: true})
	assert.Equal(t, put(t, a, "one", `{"ProtectionEnabled": true, "ExpiresInMinutes": 15}`), http.StatusOK)
	assert.Assert(t, a.Protected("one") && !a.Protected("two"))
	assert.Equal(t, put(t, a, "one", `{"ProtectionEnabled": false}`), http.StatusOK)
	assert.Assert(t, !a.Protected("one"))
	assert.Equal(t, len(a.Faults()), 0)
}

func TestWhatECSRefuses(t *testing.T) {
	a := serve(t, role{allowed: true})
	for _, body := range []string{
		``, `{}`, `{"protectionEnabled": 1}`, `{"ProtectionEnabled": true, "ExpiresInMinutes": 0}`,
		`{"ProtectionEnabled": true, "ExpiresInMinutes": 2881}`, `{"ProtectionEnabled": true, "Expires": 1}`,
	} {
		assert.Equal(t, put(t, a, "one", body), http.StatusBadRequest, body)
	}
	assert.Equal(t, len(a.Faults()), 6)
	assert.Assert(t, !a.Protected("one"))
}
