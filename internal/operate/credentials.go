package operate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
)

// The fields of the secret that the service reads: those that it must have, and
// those that it may.
//
// Source: docker/src/runtime/secret.py, against which a test holds them.
var (
	requiredFields = []string{"tenant", "client_id", "client_secret", "app_definition_id"}
	optionalFields = []string{"base_url", "jwks_url", "log_level", "workflow"}
)

// credentials are fields of the secret by name. Only their names are ever printed.
type credentials map[string]string

// String returns the names, so that no format prints a value.
func (c credentials) String() string { return strings.Join(slices.Sorted(maps.Keys(c)), ", ") }

// GoString does as String.
func (c credentials) GoString() string { return c.String() }

// longestCredentials is the most that a file of credentials may have, in bytes: a
// secret's own limit.
//
// Source: AWS Secrets Manager User Guide, quotas.
const longestCredentials = 64 << 10

// readCredentials returns what a file has, standard input for "-", or else what a
// person types.
func readCredentials(ctx context.Context, file string, in io.Reader, person prompter) (credentials, error) {
	switch {
	case file == "-":
		return parseCredentials("standard input", in)
	case file != "":
		opened, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer opened.Close()
		if about, err := opened.Stat(); err != nil {
			return nil, err
		} else if about.Mode().IsRegular() && about.Mode().Perm()&0o077 != 0 {
			return nil, fmt.Errorf("%s: others may read it; run `chmod 600 %s`", file, file)
		}
		return parseCredentials(file, opened)
	case person == nil:
		return nil, errors.New("credentials: there is no terminal to ask at; pass --file FILE, or --file - for standard input")
	}
	return askCredentials(ctx, person)
}

// parseCredentials reads a JSON object. An error names no value.
func parseCredentials(place string, in io.Reader) (credentials, error) {
	text, err := io.ReadAll(io.LimitReader(in, longestCredentials+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", place, err)
	}
	var all map[string]any
	if len(text) > longestCredentials || json.Unmarshal(bytes.TrimSpace(text), &all) != nil {
		return nil, fmt.Errorf("%s: not a JSON object; write {\"tenant\": …, \"client_id\": …, \"client_secret\": …, \"app_definition_id\": …}", place)
	}
	given := credentials{}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(all)) {
		value, isText := all[name].(string)
		value = strings.TrimSpace(value)
		switch {
		case !slices.Contains(requiredFields, name) && !slices.Contains(optionalFields, name):
			problems = append(problems, fmt.Errorf("%s: %q: nothing reads it; write only %s", place, name, strings.Join(slices.Concat(requiredFields, optionalFields), ", ")))
		case !isText || value == "":
			problems = append(problems, fmt.Errorf("%s: %s: not a text; write one in double quotes, or leave it out", place, name))
		default:
			given[name] = value
		}
	}
	return given, errors.Join(problems...)
}

// askCredentials asks for each field; an empty response leaves it as it is.
func askCredentials(ctx context.Context, person prompter) (credentials, error) {
	given := credentials{}
	for _, field := range []struct{ name, question string }{
		{"tenant", "Tenant, what stands before .benchling.com"},
		{"client_id", "Client ID"},
		{"client_secret", "Client secret (not shown)"},
		{"app_definition_id", "App definition ID"},
	} {
		value, err := person.ask(ctx, field.question+", or Enter to keep what the secret has: ", field.name == "client_secret")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", field.name, err)
		}
		if value = strings.TrimSpace(value); value != "" {
			given[field.name] = value
		}
	}
	return given, nil
}

// check returns what is missing.
func (c credentials) check() error {
	var problems []error
	for _, name := range requiredFields {
		if c[name] == "" {
			problems = append(problems, fmt.Errorf("%s: neither given nor in the secret; give it", name))
		}
	}
	return errors.Join(problems...)
}

var tenantName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// tenantHost is what a host of several parts has before benchlingHost.
var tenantHost = regexp.MustCompile(`^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){0,2}$`)

// baseURL returns where the tenant's API is, without a slash at the end. A tenant may
// be a name, a host or a URL, as the service takes it.
func (c credentials) baseURL() (string, error) {
	if base := c["base_url"]; base != "" {
		at, err := url.Parse(base)
		if err != nil || !mayCarrySecrets(at) {
			return "", errors.New("base_url: no secret is sent there; write https://HOST, or http with a private IP address or localhost")
		}
		return at.Scheme + "://" + at.Host, nil
	}
	name := strings.ToLower(c["tenant"])
	_, host, isURL := strings.Cut(name, "://")
	if !isURL {
		host = name
	}
	host, _, _ = strings.Cut(host, "/")
	// A host may have several parts before its end, a name has one.
	host, isHost := strings.CutSuffix(host, benchlingHost)
	if !tenantName.MatchString(host) && !(isHost && tenantHost.MatchString(host)) {
		return "", errors.New("tenant: no tenant's name; write what stands before " + benchlingHost + " in Benchling's URL, such as acme")
	}
	return "https://" + host + benchlingHost, nil
}
