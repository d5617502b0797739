package actions

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"benchlingwebhook/internal/process"
	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/authority"
	"benchlingwebhook/internal/testbed/forward"
)

type trust struct{ *stage.Stage }

// Run looks at what the tasks trust over TLS.
func (a trust) Run(ctx context.Context) error {
	return errors.Join(
		a.Report.Check("image: trusts the roots of AWS and of the web", func() (string, error) { return a.checkRoots(ctx) }),
		a.Report.Check("AWS with a foreign certificate gets no event", func() (string, error) { return a.foreignAWS(ctx) }),
		a.Report.Check("Benchling with a foreign certificate gets no credentials", func() (string, error) { return a.foreignBenchling(ctx) }),
	)
}

// roots are those that certificates of AWS and Benchling hang on, or may next.
var roots = []string{
	"Amazon Root CA 1", "Amazon Root CA 2", "Amazon Root CA 3", "Amazon Root CA 4",
	"Starfield Services Root Certificate Authority - G2", "ISRG Root X1", "DigiCert Global Root G2", "GTS Root R1",
}

// listRoots prints the common names in the bundles by which the service verifies AWS
// and Benchling.
const listRoots = `
import ssl, sys, botocore.httpsession, httpx
aws = ssl.create_default_context(cafile=botocore.httpsession.get_cert_path(True))
for context in (aws, httpx.create_ssl_context()):
    assert context.verify_mode == ssl.CERT_REQUIRED and context.check_hostname
    names = {v for c in context.get_ca_certs() for part in c["subject"] for k, v in part if k == "commonName"}
    print("|".join(sorted(names)))
`

// checkRoots looks into the bundles of the image, in which nothing of the run is.
func (a trust) checkRoots(ctx context.Context) (string, error) {
	text, err := a.Docker(ctx, "run", "--rm", "--label", testbed.Mark(), "--network", "none", "--read-only", "--entrypoint", "python", a.Image, "-c", listRoots)
	if err != nil {
		return "", err
	}
	var problems []error
	var counts []string
	for bundle := range strings.Lines(text) {
		names := strings.Split(strings.TrimSpace(bundle), "|")
		counts = append(counts, fmt.Sprint(len(names)))
		for _, root := range roots {
			if !strings.Contains("|"+strings.TrimSpace(bundle)+"|", "|"+root+"|") {
				problems = append(problems, fmt.Errorf("a bundle of the image lacks %q: see prune_image.py", root))
			}
		}
	}
	if len(counts) != 2 {
		problems = append(problems, fmt.Errorf("%d bundles, not 2", len(counts)))
	}
	return strings.Join(counts, " and ") + " roots; host names and chains are verified", errors.Join(problems...)
}

// foreign serves with a certificate that no task trusts, and counts the requests.
func (a trust) foreign() (address string, requests *atomic.Int64, stop func(), err error) {
	gateway, _, _ := strings.Cut(a.Addresses.AWS, ":")
	other, err := authority.New()
	if err != nil {
		return "", nil, nil, err
	}
	certificate, err := other.Certificate(gateway)
	if err != nil {
		return "", nil, nil, err
	}
	requests = new(atomic.Int64)
	server, err := process.ServeTLS(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }), certificate)
	if err != nil {
		return "", nil, nil, err
	}
	f, err := forward.Start(gateway+":0", server.Address)
	if err != nil {
		server.Stop()
		return "", nil, nil, err
	}
	return f.Address, requests, func() { f.Stop(); server.Stop() }, nil
}

// foreignAWS runs a web task that finds somebody else where AWS should be.
func (a trust) foreignAWS(ctx context.Context) (string, error) {
	address, requests, stop, err := a.foreign()
	if err != nil {
		return "", err
	}
	defer stop()
	running, err := a.RunTask(ctx, a.Stack.WebTask, map[string]string{"AWS_ENDPOINT_URL": "https://" + address})
	if err != nil {
		return "", err
	}
	webhook, err := a.App.Event("etr_foreign", time.Now())
	if err != nil {
		return "", err
	}
	status, body, err := testbed.Post(ctx, running.URL+"/event", webhook)
	if err == nil && (status != http.StatusServiceUnavailable || requests.Load() > 0) {
		err = fmt.Errorf("/event: status %d, %s, and %d requests that the stranger could read: 503 and none were due", status, body, requests.Load())
	}
	_, stopped := a.StopTask(ctx, running)
	return "503, and nothing was sent", errors.Join(err, stopped)
}

// foreignBenchling runs a web task that finds somebody else where Benchling should be.
func (a trust) foreignBenchling(ctx context.Context) (string, error) {
	address, requests, stop, err := a.foreign()
	if err != nil {
		return "", err
	}
	defer stop()
	if err := a.PutSecret(ctx, a.SecretAt(address)); err != nil {
		return "", err
	}
	running, err := a.RunTask(ctx, a.Stack.WebTask, nil)
	if err != nil {
		return "", err
	}
	var body string
	err = testbed.Until(ctx, faultTimeout, func() (bool, string) {
		status, said, err := testbed.Get(ctx, running.URL+"/health/ready")
		body = said
		return status == http.StatusServiceUnavailable && strings.Contains(body, "certificate"),
			fmt.Sprintf("/health/ready: status %d, %s, %v: 503 that names the certificate was due", status, body, err)
	})
	if err == nil && requests.Load() > 0 {
		err = fmt.Errorf("the stranger could read %d requests: none were due", requests.Load())
	}
	_, stopped := a.StopTask(ctx, running)
	return "503 " + body, errors.Join(err, stopped, a.FillSecret(ctx))
}
