package testbed

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

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

func (t *Testbed) startNetwork(ctx context.Context) (string, error) {
	t.Network = Label + "-" + benchling.RandomText()
	var closed []string
	if t.Closed {
		closed = []string{"--internal"}
	}
	gateway, err := t.makeNetwork(ctx, t.Network, closed...)
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
	for target, address := range map[string]*string{
		t.AWS.Address:       &t.Addresses.AWS,
		t.Benchling.Address: &t.Addresses.Benchling,
		t.Door.Address:      &t.Addresses.Door,
	} {
		f, err := forward.Start(gateway+":0", target)
		if err != nil {
			return "", fmt.Errorf("gateway %s of the network %s: %w: the engine must run on this machine itself, not in a virtual machine", gateway, t.Network, err)
		}
		t.AtEnd(func(context.Context) { f.Stop() })
		*address = f.Address
	}
	if err := t.startAgents(ctx); err != nil {
		return "", err
	}
	return fmt.Sprintf("over TLS AWS at %s, Benchling at %s; ECS's agent at %s", t.Addresses.AWS, t.Addresses.Benchling, t.Agents.URL), nil
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
	t.Agent = taskagent.New(t.Sessions, t.Rights)
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

// startAgents makes the network on which tasks find ECS's agent where AWS's SDKs look for
// it. All testbeds of a run share it, and a machine has room for two runs.
func (t *Testbed) startAgents(ctx context.Context) error {
	if t.Agents != nil {
		t.Agents.Add(t.Agent)
		return nil
	}
	var problems []error
	for _, host := range taskagent.Hosts {
		err := t.startAgentsAt(ctx, host.Address, host.Subnet)
		if err == nil {
			return nil
		}
		problems = append(problems, err)
	}
	return fmt.Errorf("ECS's agent: %w: two rehearsals at once are the most that a machine can have", errors.Join(problems...))
}

func (t *Testbed) startAgentsAt(ctx context.Context, host, subnet string) error {
	if taken(host) {
		return fmt.Errorf("another run has %s", host)
	}
	name := t.Network + "-agent-" + host[strings.LastIndex(host, ".")+1:]
	if _, err := t.makeNetwork(ctx, name, "--internal", "--subnet", subnet, "--gateway", host); err != nil {
		return err
	}
	agents, err := taskagent.Serve()
	if err != nil {
		return err
	}
	t.AtEnd(func(context.Context) { agents.Stop() })
	url := "http://" + host
	f, err := forward.Start(host+":80", agents.Address)
	if errors.Is(err, os.ErrPermission) {
		// Who isn't root has no port below 1024: AWS's SDKs take another of that host, too.
		if f, err = forward.Start(host+":0", agents.Address); err == nil {
			url = "http://" + f.Address
		}
	}
	if err != nil {
		return err
	}
	t.AtEnd(func(context.Context) { f.Stop() })
	agents.Add(t.Agent)
	t.Agents = &Agents{agents, name, url}
	return nil
}

// taken returns whether an interface of this machine has an address. An engine would give
// it to another one as well.
func taken(address string) bool {
	all, _ := net.InterfaceAddrs()
	return slices.ContainsFunc(all, func(a net.Addr) bool { return strings.HasPrefix(a.String(), address+"/") })
}

// Agents are ECS's agents of a run, the network from which tasks reach them, and their
// URL there.
type Agents struct {
	*taskagent.Agents
	Network, URL string
}

// Environment returns the variables by which a task finds its agent, as ECS sets them.
//
// Source: the guide of Amazon ECS, task IAM role and task scale-in protection endpoint.
func (a *Agents) Environment(task string) map[string]string {
	variables := map[string]string{"ECS_AGENT_URI": a.URL + "/api/" + task}
	if a.URL == "http://"+taskagent.Hosts[0].Address {
		variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = taskagent.CredentialsPath(task)
	} else {
		variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = a.URL + taskagent.CredentialsPath(task)
	}
	return variables
}

// gate lets the front door ask whose a key is, and what they may.
type gate struct{ *Testbed }

// Credentials returns those of an access key, or false. People call as the account's root.
func (g gate) Credentials(key string) (aws.Credentials, bool) {
	if root := g.Emulator.Root; key == root.ID {
		return aws.Credentials{AccessKeyID: root.ID, SecretAccessKey: root.Secret}, true
	}
	session, found := g.Sessions.Of(key)
	return session.Credentials, found && !g.Sessions.Expired(key)
}

// Invoke returns whether the role of a key's session may call a method of a path of an
// API's stage $default. No policy applies to the account's root.
func (g gate) Invoke(ctx context.Context, key, api, method, path string) (bool, error) {
	if key == g.Emulator.Root.ID {
		return true, nil
	}
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
