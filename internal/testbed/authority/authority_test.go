package authority

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
)

func served(t *testing.T, hosts ...string) (*Authority, *httptest.Server) {
	t.Helper()
	authority, err := New()
	assert.NilError(t, err)
	certificate, err := authority.Certificate(hosts...)
	assert.NilError(t, err)
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{*certificate}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return authority, server
}

func get(authority *Authority, url string) error {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority.Pool()}}}
	defer client.CloseIdleConnections()
	response, err := client.Get(url)
	if err == nil {
		err = response.Body.Close()
	}
	return err
}

func TestTrust(t *testing.T) {
	authority, server := served(t, "127.0.0.1", "aws.example")
	assert.NilError(t, get(authority, server.URL))

	_, foreign := served(t, "127.0.0.1")
	assert.ErrorContains(t, get(authority, foreign.URL), "certificate signed by unknown authority")

	_, elsewhere := served(t, "192.0.2.1")
	assert.ErrorContains(t, get(authority, elsewhere.URL), "x509")
}

// TestOpenSSL has OpenSSL, by which Python verifies, read the same file.
func TestOpenSSL(t *testing.T) {
	program, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("no openssl")
	}
	authority, server := served(t, "127.0.0.1")
	path := filepath.Join(t.TempDir(), "authority.pem")
	assert.NilError(t, authority.Write(path))
	command := exec.Command(program, "s_client", "-connect", server.Listener.Addr().String(), "-CAfile", path, "-verify_return_error", "-verify_ip", "127.0.0.1")
	text, err := command.CombinedOutput()
	assert.NilError(t, err, string(text))
	info, err := os.Stat(path)
	assert.NilError(t, err)
	assert.Equal(t, info.Mode().Perm(), os.FileMode(0o644))
}
