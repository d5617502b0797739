package rights

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// simulation is what iam-simulate takes.
type simulation struct {
	Request struct {
		Principal string `json:"principal"`
		Action    string `json:"action"`
		Resource  struct {
			Resource  string `json:"resource"`
			AccountID string `json:"accountId"`
		} `json:"resource"`
		Context map[string]string `json:"contextVariables"`
	} `json:"request"`
	Identity         []named `json:"identityPolicies"`
	ServiceControls  []named `json:"serviceControlPolicies"`
	ResourceControls []named `json:"resourceControlPolicies"`
	Resource         any     `json:"resourcePolicy,omitempty"`
}

type named struct {
	Name   string          `json:"name"`
	Policy json.RawMessage `json:"policy"`
}

// contextKeys are the condition keys that the services set, as AWS spells them.
var contextKeys = map[string]string{"s3:prefix": "s3:prefix", "s3:delimiter": "s3:delimiter"}

// Simulate has iam-simulate, which isn't the local AWS's, decide each call again:
// identity are the documents of each role's policies, resource returns the policy of a
// resource, or "". Its error has each call of which the two think differently.
func Simulate(ctx context.Context, node, script string, calls []Call, identity map[string][]string, resource func(arn string) (string, error)) error {
	simulations := make([]simulation, len(calls))
	for i, call := range calls {
		s := &simulations[i]
		account := strings.Split(call.Session, ":")[4]
		s.Request.Principal, s.Request.Action = call.Session, call.Action
		s.Request.Resource.Resource, s.Request.Resource.AccountID = call.Resource, account
		s.Request.Context = map[string]string{"aws:SecureTransport": fmt.Sprint(call.Secure)}
		for key, value := range call.Context {
			if name, found := contextKeys[key]; found {
				s.Request.Context[name] = value
			}
		}
		s.Identity, s.ServiceControls, s.ResourceControls = []named{}, []named{}, []named{}
		for n, document := range identity[call.Role()] {
			s.Identity = append(s.Identity, named{fmt.Sprint("policy ", n+1), json.RawMessage(document)})
		}
		policy, err := resource(call.Resource)
		if err != nil {
			return err
		}
		if policy != "" {
			s.Resource = json.RawMessage(policy)
		}
	}
	input, err := json.Marshal(simulations)
	if err != nil {
		return err
	}
	var out, errs bytes.Buffer
	command := exec.CommandContext(ctx, node, script)
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(input), &out, &errs
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", script, err, strings.TrimSpace(errs.String()))
	}
	var results []string
	if err := json.Unmarshal(out.Bytes(), &results); err != nil {
		return fmt.Errorf("%s: %w", script, err)
	}
	if len(results) != len(calls) {
		return fmt.Errorf("%s: %d results of %d calls", script, len(results), len(calls))
	}
	var problems []error
	for i, call := range calls {
		if (results[i] == "Allowed") != call.Allowed {
			problems = append(problems, fmt.Errorf("%s: %s on %s: allowed %t here, %s by iam-simulate", call.Role(), call.Action, call.Resource, call.Allowed, results[i]))
		}
	}
	return errors.Join(problems...)
}
