// Package rights tells what the roles of the tasks call, and whether they may.
package rights

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// Call is what a session of a role called, as the local AWS writes it to its file.
type Call struct {
	// Session is the ARN of the session: "arn:aws:sts::ACCOUNT:assumed-role/ROLE/TASK".
	Session string `json:"session"`
	// Action is IAM's name of it, such as "sqs:SendMessage", Resource an ARN or "*".
	Action   string `json:"action"`
	Resource string `json:"resource"`
	// Context are the condition keys of the call, in small letters.
	Context map[string]string `json:"context"`
	// Secure is whether it came over TLS.
	Secure bool `json:"secure"`
	// Allowed is what the local AWS decided; Refusal says why not.
	Allowed bool   `json:"allowed"`
	Refusal string `json:"refusal"`
}

// Role returns the name of the role that called.
func (c Call) Role() string {
	_, rest, _ := strings.Cut(c.Session, ":assumed-role/")
	return rest[:max(0, strings.LastIndex(rest, "/"))]
}

// Read returns the calls in a file of the local AWS.
func Read(path string) ([]Call, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var calls []Call
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var call Call
		if err := json.Unmarshal(lines.Bytes(), &call); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", path, len(calls)+1, err)
		}
		calls = append(calls, call)
	}
	return calls, lines.Err()
}

// Checker decides what the stand-ins for services ask that the local AWS lacks: those
// of ECS's agent and of API Gateway. It is safe for concurrent use.
type Checker struct {
	iam *iam.Client

	lock  sync.Mutex
	known map[string]bool
	calls []Call
}

// NewChecker returns a checker by the policies that a local AWS has.
func NewChecker(config aws.Config) *Checker {
	return &Checker{iam: iam.NewFromConfig(config), known: map[string]bool{}}
}

// Allowed returns whether the policies of a role allow its task an action on a
// resource. Role and resource are ARNs. What is asked for again has the first answer.
func (c *Checker) Allowed(ctx context.Context, role, task, action, resource string) (bool, error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	call := Call{Session: session(role, task), Action: action, Resource: resource, Secure: true}
	key := call.Session + " " + action + " " + resource
	if allowed, found := c.known[key]; found {
		return allowed, nil
	}
	response, err := c.iam.SimulatePrincipalPolicy(ctx, &iam.SimulatePrincipalPolicyInput{
		PolicySourceArn: aws.String(role), ActionNames: []string{action}, ResourceArns: []string{resource},
	})
	if err != nil {
		return false, err
	}
	if len(response.EvaluationResults) != 1 {
		return false, fmt.Errorf("%s on %s: %d decisions, not one", action, resource, len(response.EvaluationResults))
	}
	decision := response.EvaluationResults[0].EvalDecision
	call.Allowed = decision == types.PolicyEvaluationDecisionTypeAllowed
	if !call.Allowed {
		call.Refusal = string(decision)
	}
	c.known[key] = call.Allowed
	c.calls = append(c.calls, call)
	return call.Allowed, nil
}

// Calls returns what was asked for so far.
func (c *Checker) Calls() []Call {
	c.lock.Lock()
	defer c.lock.Unlock()
	return append([]Call(nil), c.calls...)
}

// session returns the ARN of the session that a task has of a role.
func session(role, task string) string {
	head, name, _ := strings.Cut(role, ":role/")
	return strings.Replace(head, ":iam:", ":sts:", 1) + ":assumed-role/" + name[strings.LastIndex(name, "/")+1:] + "/" + task
}
