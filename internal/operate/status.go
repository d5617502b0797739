package operate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"benchlingwebhook/internal/deployed"
	"benchlingwebhook/stacks"
)

const (
	readyPath  = "health/ready"
	configPath = "config"
	// statusTimeout is longer than API Gateway waits for a task.
	statusTimeout = 20 * time.Second
	// longestResponse is the most that is read, in bytes.
	longestResponse = 1 << 20
)

// StatusOptions say what is asked for, and how it is printed.
type StatusOptions struct {
	// Config prints the settings in force in place of the readiness, secrets masked. It
	// is JSON in any case.
	Config bool
	// JSON prints the readiness as one object.
	JSON bool
}

// readiness is what a service says of itself, as programs read it.
type readiness struct {
	Ready bool `json:"ready"`
	// Status is "ready", "not ready" or "starting".
	Status string `json:"status"`
	// Reasons say why it isn't ready, or, where it is, what is to be mended.
	Reasons []string `json:"reasons"`
}

// Status asks a deployed environment whether it is ready, through the front door
// as Benchling reaches it and signed for IAM. Its error has a line for each reason
// why it isn't.
func Status(ctx context.Context, environment string, options StatusOptions, out io.Writer) error {
	cloud, err := loadConfig(ctx)
	if err != nil {
		return err
	}
	door, err := frontDoorOf(ctx, cloud, stacks.StackName(environment))
	if err != nil {
		return err
	}
	if options.Config {
		return door.printConfig(ctx, out)
	}
	return door.printReadiness(ctx, options.JSON, out)
}

// frontDoor is a deployed stack's API.
type frontDoor struct {
	cloud aws.Config
	// url is what Benchling calls, with a slash at the end.
	url string
	// stack is the stack's ARN, which has the API's partition, region and account.
	stack arn.ARN
}

// frontDoorOf reads a stack's ARN and its output WebhookUrl.
func frontDoorOf(ctx context.Context, cloud aws.Config, name string) (frontDoor, error) {
	stack, err := deployed.Read(ctx, cloud, name)
	if err != nil {
		return frontDoor{}, err
	}
	return doorOf(cloud, name, stack)
}

// doorOf returns a stack's front door.
func doorOf(cloud aws.Config, name string, stack deployed.Stack) (frontDoor, error) {
	id, err := arn.Parse(stack.ID)
	if err != nil {
		return frontDoor{}, fmt.Errorf("stack %q: %w", name, err)
	}
	webhookURL, found := stack.Outputs["WebhookUrl"]
	if !found {
		return frontDoor{}, fmt.Errorf("stack %q: no output WebhookUrl: deploy the stack of this version first", name)
	}
	return frontDoor{cloud: cloud, url: webhookURL, stack: id}, nil
}

// printReadiness prints "ready" and what is to be mended, or returns why the service
// isn't. As JSON, it prints what the service says in either case.
func (d frontDoor) printReadiness(ctx context.Context, asJSON bool, out io.Writer) error {
	said, err := d.readiness(ctx)
	switch {
	case asJSON && said.Status != "":
		return errors.Join(err, printJSON(out, said))
	case err == nil:
		// A service that works may still have something to be mended.
		fmt.Fprintln(out, strings.Join(append([]string{said.Status}, said.Reasons...), "\n"))
	}
	return err
}

// readiness returns what the service says, which is nothing where it doesn't answer; its
// error has a line for each reason why it isn't ready.
func (d frontDoor) readiness(ctx context.Context) (readiness, error) {
	status, body, err := d.get(ctx, readyPath)
	if err != nil {
		return readiness{}, err
	}
	var said readiness
	// What isn't the service's JSON is API Gateway's or the load balancer's.
	_ = json.Unmarshal(body, &said)
	said.Ready, said.Reasons = status == http.StatusOK && said.Status == "ready", orEmpty(said.Reasons)
	switch {
	case said.Ready:
		return said, nil
	case status == http.StatusServiceUnavailable && len(said.Reasons) > 0:
		return said, fmt.Errorf("%s: not ready\n%s", d.url+readyPath, strings.Join(said.Reasons, "\n"))
	case status == http.StatusServiceUnavailable && said.Status != "":
		return said, fmt.Errorf("%s: %s; try again in some seconds", d.url+readyPath, said.Status)
	}
	return readiness{}, d.unexpected(readyPath, status)
}

// printConfig prints the settings in force.
func (d frontDoor) printConfig(ctx context.Context, out io.Writer) error {
	status, body, err := d.get(ctx, configPath)
	if err != nil {
		return err
	}
	var indented bytes.Buffer
	if status != http.StatusOK || json.Indent(&indented, bytes.TrimSpace(body), "", "  ") != nil {
		return d.unexpected(configPath, status)
	}
	fmt.Fprintln(out, indented.String())
	return nil
}

// get calls a path with a signature of the credentials, and returns the status
// and the body of the response.
func (d frontDoor) get(ctx context.Context, path string) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url+path, nil)
	if err != nil {
		return 0, nil, fmt.Errorf("output WebhookUrl: %w", err)
	}
	credentials, err := d.cloud.Credentials.Retrieve(ctx)
	if err != nil {
		return 0, nil, fmt.Errorf("credentials: %w; sign in, for example with `aws sso login`, or set AWS_PROFILE", err)
	}
	empty := sha256.Sum256(nil)
	if err := v4.NewSigner().SignHTTP(ctx, credentials, request, hex.EncodeToString(empty[:]), "execute-api", d.stack.Region, time.Now()); err != nil {
		return 0, nil, fmt.Errorf("credentials: %w", err)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, fmt.Errorf("%w; look at the name's DNS record and at your way to the internet", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, longestResponse))
	if err != nil {
		return 0, nil, fmt.Errorf("%s: %w; try again", d.url+path, err)
	}
	return response.StatusCode, body, nil
}

// unexpected returns what a status means that isn't the service's own word.
func (d frontDoor) unexpected(path string, status int) error {
	remedy := "look at the API's access log"
	switch status {
	case http.StatusForbidden:
		remedy = "allow execute-api:Invoke on " + d.route(path) + "; if you have that right, a web ACL, or an execute-api endpoint in your VPC, refuses the call"
	case http.StatusTooManyRequests:
		remedy = "wait some seconds: the routes for operators are throttled"
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		remedy = "no web task answers: look at the service's events and at its log"
	}
	return fmt.Errorf("%s: HTTP status %d; %s", d.url+path, status, remedy)
}

// route returns the ARN of a GET route, as IAM's policies name it. A domain of
// one's own doesn't contain the API's ID.
//
// Source: API Gateway's guide, controlling access to HTTP APIs with IAM.
func (d frontDoor) route(path string) string {
	api := "*"
	if parsed, err := url.Parse(d.url); err == nil {
		if id, _, own := strings.Cut(parsed.Hostname(), ".execute-api."); own {
			api = id
		}
	}
	return arn.ARN{
		Partition: d.stack.Partition, Service: "execute-api", Region: d.stack.Region, AccountID: d.stack.AccountID,
		Resource: api + "/$default/GET/" + path,
	}.String()
}
