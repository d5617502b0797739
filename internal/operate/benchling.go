package operate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// benchlingTimeout is for one call; Benchling responds within seconds.
	benchlingTimeout = 30 * time.Second
	// publishedKeys is where Benchling publishes an app definition's keys.
	//
	// Source: benchling_sdk, apps.helpers.webhook_helpers.
	publishedKeys = "https://apps.benchling.com/api/v1/apps/%s/jwks"
	// benchlingHost ends the host of a tenant.
	benchlingHost = ".benchling.com"
)

// benchlingApp calls Benchling as the app of some credentials. Its errors hold no
// credential and nothing that Benchling responded with.
type benchlingApp struct {
	credentials credentials
	client      http.Client
}

func newBenchlingApp(c credentials) benchlingApp {
	return benchlingApp{c, http.Client{
		Timeout: benchlingTimeout,
		// A secret goes to the host that was named, and to no other.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// check fetches a token, reads an entry with it and looks for the keys of the app
// definition. It returns the entry's display ID.
func (b benchlingApp) check(ctx context.Context) (string, error) {
	base, token, err := b.signIn(ctx)
	if err != nil {
		return "", err
	}
	entry, readErr := b.readEntry(ctx, base, token)
	return entry, errors.Join(readErr, b.checkKeys(ctx))
}

// signIn returns the tenant's URL and an access token for it.
func (b benchlingApp) signIn(ctx context.Context) (base, token string, err error) {
	if base, err = b.credentials.baseURL(); err != nil {
		return "", "", err
	}
	token, err = b.token(ctx, base)
	return base, token, err
}

// token returns an access token for the client ID and secret.
func (b benchlingApp) token(ctx context.Context, base string) (string, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/api/v2/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", errors.New("tenant: it makes no URL; write what stands before " + benchlingHost + " in Benchling's URL")
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(b.credentials["client_id"], b.credentials["client_secret"])
	var granted struct {
		Token string `json:"access_token"`
	}
	status, err := b.call(request, &granted)
	switch {
	case err != nil:
		return "", fmt.Errorf("%s: %w; look at the tenant's name and at your way to the internet", base, err)
	case status == http.StatusBadRequest || status == http.StatusUnauthorized:
		return "", fmt.Errorf("client_id, client_secret: Benchling refused them (HTTP status %d); copy both from the app's page in Benchling, or make a new secret there", status)
	case status != http.StatusOK || granted.Token == "":
		return "", fmt.Errorf("%s/api/v2/token: HTTP status %d without a token; look at the tenant's name, or try again", base, status)
	}
	return granted.Token, nil
}

// readEntry reads the entry that was changed last, as the worker would.
func (b benchlingApp) readEntry(ctx context.Context, base, token string) (string, error) {
	var page struct{ Entries []struct{ ID string } }
	status, err := b.get(ctx, base+"/api/v2/entries?pageSize=1", token, &page)
	if err == nil && status == http.StatusOK && len(page.Entries) == 0 {
		return "", errors.New("entries: the app sees none; install it, and give it access to a project that has an entry")
	}
	var found struct {
		Entry struct {
			DisplayID string `json:"displayId"`
		}
	}
	if err == nil && status == http.StatusOK {
		status, err = b.get(ctx, base+"/api/v2/entries/"+url.PathEscape(page.Entries[0].ID), token, &found)
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("entries: %w; try again", err)
	case status != http.StatusOK:
		return "", fmt.Errorf("entries: HTTP status %d; install the app, and give it access to a project", status)
	}
	return found.Entry.DisplayID, nil
}

// checkKeys asks for the keys by which webhooks of the app definition are verified.
func (b benchlingApp) checkKeys(ctx context.Context) error {
	at := b.credentials["jwks_url"]
	if at == "" {
		at = fmt.Sprintf(publishedKeys, url.PathEscape(b.credentials["app_definition_id"]))
	}
	var set struct{ Keys []json.RawMessage }
	status, err := b.get(ctx, at, "", &set)
	switch {
	case err != nil:
		return fmt.Errorf("app_definition_id: %w; try again", err)
	case status != http.StatusOK || len(set.Keys) == 0:
		return fmt.Errorf("app_definition_id: Benchling publishes no keys for it (HTTP status %d); copy it from the app's page in Benchling, such as appdef_1", status)
	}
	return nil
}

func (b benchlingApp) get(ctx context.Context, at, token string, into any) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return 0, errors.New("it makes no URL")
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	return b.call(request, into)
}

// call returns a response's status, and reads its JSON where that is 200.
func (b benchlingApp) call(request *http.Request, into any) (int, error) {
	response, err := b.client.Do(request)
	if err != nil {
		return 0, withoutURL(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return response.StatusCode, nil
	}
	if json.NewDecoder(io.LimitReader(response.Body, longestResponse)).Decode(into) != nil {
		return response.StatusCode, errors.New("the response isn't Benchling's JSON")
	}
	return response.StatusCode, nil
}

// withoutURL returns why a call failed: a URL may have been given a password.
func withoutURL(err error) error {
	if at := (*url.Error)(nil); errors.As(err, &at) {
		return at.Err
	}
	return err
}

// mayCarrySecrets says whether a URL is one to send a secret to: by TLS, or within
// this machine and private networks, as the service has it.
func mayCarrySecrets(at *url.URL) bool {
	if at.User != nil || at.Host == "" {
		return false
	}
	address := net.ParseIP(at.Hostname())
	near := at.Hostname() == "localhost" || address != nil && (address.IsLoopback() || address.IsPrivate())
	return at.Scheme == "https" || at.Scheme == "http" && near
}
