package testbed

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"benchlingwebhook/internal/process"
	"benchlingwebhook/internal/testbed/apigateway"
	"benchlingwebhook/internal/testbed/authority"
	"benchlingwebhook/internal/testbed/benchling"
	"benchlingwebhook/internal/testbed/emulator"
	"benchlingwebhook/internal/testbed/forward"
	"benchlingwebhook/internal/testbed/proxy"
	"benchlingwebhook/internal/testbed/rights"
	"benchlingwebhook/internal/testbed/sessions"
	"benchlingwebhook/internal/testbed/taskagent"
)

// agentSubnet has the agent's address on it, as its gateway.
const agentSubnet = "169.254.170.0/24"

func (t *Testbed) startNetwork(ctx context.Context) (string, error) {
	t.Network = Label + "-" + benchling.RandomText()
	gateway, err := t.makeNetwork(ctx, t.Network)
	if err != nil {
		return "", err
	}
	if t.Authority, err = authority.New(); err != nil {
		return "", err
	}
	if err := t.Authority.Write(t.AuthorityFile()); err != nil {
		return "", err
	}
	t.Client = &http.Client{Timeout: longestResponse, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: t.Authority.Pool()}, MaxIdleConnsPerHost: 100,
	}}
	certificate, err := t.Authority.Certificate(gateway, "127.0.0.1")
	if err != nil {
		return "", err
	}
	if err := t.startStandIns(certificate); err != nil {
		return "", err
	}
	agent, err := process.ServeTLS(t.Agent.Handler, certificate)
	if err != nil {
		return "", err
	}
	t.AtEnd(func(context.Context) { agent.Stop() })
	for target, address := range map[string]*string{
		t.AWS.Address:       &t.Addresses.AWS,
		t.Benchling.Address: &t.Addresses.Benchling,
		agent.Address:       &t.Addresses.Agent,
		t.Door.Address:      &t.Addresses.Door,
	} {
		f, err := forward.Start(gateway+":0", target)
		if err != nil {
			return "", fmt.Errorf("gateway %s of the network %s: %w: the engine must run on this machine itself, not in a virtual machine", gateway, t.Network, err)
		}
		t.AtEnd(func(context.Context) { f.Stop() })
		*address = f.Address
	}
	at := taskagent.Host
	if !t.startAgentNetwork(ctx) {
		at = t.Addresses.Agent + ", for " + taskagent.Host + " is in use or needs a port below 1024"
	}
	return fmt.Sprintf("over TLS AWS at %s, Benchling at %s; ECS's agent at %s", t.Addresses.AWS, t.Addresses.Benchling, at), nil
}

// makeNetwork makes a network of the engine, and returns its gateway.
func (t *Testbed) makeNetwork(ctx context.Context, name string, args ...string) (string, error) {
	create := append([]string{"network", "create", "--label", Mark()}, args...)
	if _, err := t.Docker(ctx, append(create, name)...); err != nil {
		return "", err
	}
	t.AtEnd(func(ctx context.Context) { _, _ = t.Docker(ctx, "network", "rm", name) })
	return t.Docker(ctx, "network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", name)
}

// startStandIns starts what tasks call, each on 127.0.0.1.
func (t *Testbed) startStandIns(certificate *tls.Certificate) error {
	t.Sessions, t.Rights = sessions.New(t.Emulator.Config()), rights.NewChecker(t.Emulator.Config())
	var err error
	if t.App.Key, err = benchling.NewKey(); err != nil {
		return err
	}
	if t.Benchling, err = benchling.Serve(t.App.Key, benchling.Client, certificate); err != nil {
		return err
	}
	t.AtEnd(func(context.Context) { t.Benchling.Stop() })
	if t.AWS, err = proxy.Start(t.Emulator.Endpoint, certificate, t.Sessions.Expired); err != nil {
		return err
	}
	t.AtEnd(func(context.Context) { t.AWS.Stop() })
	t.AWS.HideMissingKeys(t.maySeeKeys())
	if t.Agent, err = taskagent.Serve(t.Sessions, t.Rights); err != nil {
		return err
	}
	t.AtEnd(func(context.Context) { t.Agent.Stop() })
	if t.Door, err = apigateway.Serve(gate{t}, emulator.Region, certificate); err != nil {
		return err
	}
	t.AtEnd(func(context.Context) { t.Door.Stop() })
	return nil
}

// maySeeKeys returns a function that returns whether the holder of an access key may list
// a bucket: S3 tells the others nothing of keys that aren't there.
func (t *Testbed) maySeeKeys() func(key, bucket string) bool {
	listing := rights.NewChecker(t.Emulator.Config())
	return func(key, bucket string) bool {
		session, known := t.Sessions.Of(key)
		if !known {
			return true
		}
		allowed, err := listing.Allowed(context.Background(), session.Role, session.Task, "s3:ListBucket", "arn:aws:s3:::"+bucket)
		return err != nil || allowed
	}
}

// startAgentNetwork makes the network on which tasks find the agent where it is on
// Fargate. One run of a machine can have it; the others use another address, which
// AWS's SDKs take over TLS.
func (t *Testbed) startAgentNetwork(ctx context.Context) bool {
	name := t.Network + "-agent"
	if _, err := t.makeNetwork(ctx, name, "--internal", "--subnet", agentSubnet, "--gateway", taskagent.Host); err != nil {
		return false
	}
	f, err := forward.Start(taskagent.Host+":80", t.Agent.Address)
	if err != nil {
		return false
	}
	t.AtEnd(func(context.Context) { f.Stop() })
	t.AgentNetwork = name
	return true
}

// gate lets the front door ask whose a key is, and what they may.
type gate struct{ *Testbed }

// Credentials returns those of an access key, or false.
func (g gate) Credentials(key string) (aws.Credentials, bool) {
	session, found := g.Sessions.Of(key)
	return session.Credentials, found && !g.Sessions.Expired(key)
}

// Invoke returns whether the role of a key's session may call a method of a path of an
// API's stage $default.
func (g gate) Invoke(ctx context.Context, key, api, method, path string) (bool, error) {
	session, _ := g.Sessions.Of(key)
	arn := fmt.Sprintf("arn:aws:execute-api:%s:%s:%s/$default/%s%s", emulator.Region, emulator.Account, api, method, path)
	return g.Rights.Allowed(ctx, session.Role, session.Task, "execute-api:Invoke", arn)
}

// trustedAt is where a container finds the authority's certificate.
const trustedAt = "/run/rehearsal-authority.pem"

// AuthorityFile returns the file with the authority's certificate, on this machine.
func (t *Testbed) AuthorityFile() string { return filepath.Join(WorkDir, "authority"+t.Name+".pem") }

// RoleConfig returns an AWS configuration whose clients call as the task's session of
// a role, over TLS.
func (t *Testbed) RoleConfig(role, task string) aws.Config {
	return aws.Config{
		Region:       emulator.Region,
		Credentials:  t.Sessions.Provider(role, task),
		BaseEndpoint: aws.String("https://" + t.AWS.Address),
		HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(func(transport *http.Transport) {
			transport.TLSClientConfig = &tls.Config{RootCAs: t.Authority.Pool()}
		}),
	}
}

// Trust returns the arguments of `docker run` and the variables by which a container
// trusts the authority, as OpenSSL and AWS's SDKs document them.
func (t *Testbed) Trust() (args []string, environment map[string]string, err error) {
	path, err := filepath.Abs(t.AuthorityFile())
	if err != nil {
		return nil, nil, err
	}
	return []string{"--mount", "type=bind,source=" + path + ",target=" + trustedAt + ",readonly"},
		map[string]string{"AWS_CA_BUNDLE": trustedAt, "SSL_CERT_FILE": trustedAt}, nil
}
