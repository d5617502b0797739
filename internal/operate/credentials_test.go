package operate

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

const wholeCredentials = `{"tenant": "acme", "client_id": "id-1", "client_secret": "s3cret-of-the-app", "app_definition_id": "appdef_1"}`

func TestParseCredentials(t *testing.T) {
	for _, c := range []struct{ text, want, fault string }{
		{wholeCredentials, "app_definition_id, client_id, client_secret, tenant", ""},
		{` {"client_secret": " s3cret-of-the-app "} `, "client_secret", ""},
		{`s3cret-of-the-app`, "", `FILE: not a JSON object; write {"tenant": …, "client_id": …, "client_secret": …, "app_definition_id": …}`},
		{`["s3cret-of-the-app"]`, "", `FILE: not a JSON object; write {"tenant": …, "client_id": …, "client_secret": …, "app_definition_id": …}`},
		{`{"client_secret": "` + strings.Repeat("s3cret-of-the-app", 5000) + `"}`, "", `FILE: not a JSON object; write {"tenant": …, "client_id": …, "client_secret": …, "app_definition_id": …}`},
		{`{"client_id": 7, "client_secret": "", "secret": "s3cret-of-the-app"}`, "", "FILE: client_id: not a text; write one in double quotes, or leave it out\n" +
			"FILE: client_secret: not a text; write one in double quotes, or leave it out\n" +
			`FILE: "secret": nothing reads it; write only tenant, client_id, client_secret, app_definition_id, base_url, jwks_url, log_level, workflow`},
	} {
		given, err := parseCredentials("FILE", strings.NewReader(c.text))
		if c.fault == "" {
			assert.NilError(t, err)
			assert.Equal(t, given.String(), c.want)
			assert.Equal(t, given["client_secret"], "s3cret-of-the-app")
			continue
		}
		assert.Error(t, err, c.fault)
	}
}

func TestCredentialsArentPrinted(t *testing.T) {
	given, err := parseCredentials("FILE", strings.NewReader(wholeCredentials))
	assert.NilError(t, err)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		assert.Check(t, !strings.Contains(fmt.Sprintf(format, given), "s3cret"), format)
	}
}

func TestAFileIsTheUsersAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "benchling.json")
	assert.NilError(t, os.WriteFile(file, []byte(wholeCredentials), 0o600))
	given, err := readCredentials(t.Context(), file, nil, nil)
	assert.NilError(t, err)
	assert.Equal(t, given["tenant"], "acme")
	assert.NilError(t, os.Chmod(file, 0o640))
	_, err = readCredentials(t.Context(), file, nil, nil)
	assert.Error(t, err, file+": others may read it; run `chmod 600 "+file+"`")
	_, err = readCredentials(t.Context(), file+".none", nil, nil)
	assert.ErrorContains(t, err, "no such file")
}

func TestCredentialsOfStandardInput(t *testing.T) {
	given, err := readCredentials(t.Context(), "-", strings.NewReader(wholeCredentials), nil)
	assert.NilError(t, err)
	assert.Equal(t, given["client_id"], "id-1")
	_, err = readCredentials(t.Context(), "", nil, nil)
	assert.Error(t, err, "credentials: there is no terminal to ask at; pass --file FILE, or --file - for standard input")
}

// person says what was laid down, a line a question.
type person struct {
	says   []string
	hidden []bool
}

func (p *person) ask(_ context.Context, _ string, hidden bool) (string, error) {
	p.hidden = append(p.hidden, hidden)
	if len(p.says) == 0 {
		return "", os.ErrClosed
	}
	said := p.says[0]
	p.says = p.says[1:]
	return said + "\n", nil
}

func TestOnlyTheSecretIsHidden(t *testing.T) {
	asked := &person{says: []string{"acme", "id-1", "s3cret-of-the-app", ""}}
	given, err := readCredentials(t.Context(), "", nil, asked)
	assert.NilError(t, err)
	assert.Equal(t, given.String(), "client_id, client_secret, tenant")
	assert.DeepEqual(t, asked.hidden, []bool{false, false, true, false})
	_, err = readCredentials(t.Context(), "", nil, &person{})
	assert.ErrorContains(t, err, "tenant: ")
}

func TestAgrees(t *testing.T) {
	for said, want := range map[string]bool{"y": true, "YES": true, "": false, "no": false} {
		yes, err := agrees(t.Context(), &person{says: []string{said}}, "Write?")
		assert.NilError(t, err)
		assert.Equal(t, yes, want, said)
	}
}

func TestBaseURL(t *testing.T) {
	const noTenant = "tenant: no tenant's name; write what stands before .benchling.com in Benchling's URL, such as acme"
	const noBase = "base_url: no secret is sent there; write https://HOST, or http with a private IP address or localhost"
	for _, c := range []struct{ tenant, base, want, fault string }{
		{"acme", "", "https://acme.benchling.com", ""},
		{"https://Acme.benchling.com/acme/f/", "", "https://acme.benchling.com", ""},
		{"acme.benchling.com", "", "https://acme.benchling.com", ""},
		{"test.demo.benchling.com", "", "https://test.demo.benchling.com", ""},
		{"test..benchling.com", "", "", noTenant},
		{"test.demo", "", "", noTenant},
		{"acme.example.com", "", "", noTenant},
		{"a@b", "", "", noTenant},
		{"", "https://benchling.example.com/", "https://benchling.example.com", ""},
		{"", "http://127.0.0.1:8080", "http://127.0.0.1:8080", ""},
		{"", "http://10.0.0.1", "http://10.0.0.1", ""},
		{"", "http://benchling.example.com", "", noBase},
		{"", "https://user:word@benchling.example.com", "", noBase},
		{"", "benchling", "", noBase},
	} {
		got, err := credentials{"tenant": c.tenant, "base_url": c.base}.baseURL()
		assert.Equal(t, got, c.want, c)
		if c.fault != "" {
			assert.Error(t, err, c.fault)
		}
	}
}

// TestFieldsAreTheServices holds the fields' names, and how often a task says that it
// is ready, against the service's code.
func TestFieldsAreTheServices(t *testing.T) {
	find := func(file, pattern string) string {
		code, err := os.ReadFile(filepath.Join("../../docker/src/runtime", file))
		assert.NilError(t, err)
		found := regexp.MustCompile(pattern).FindSubmatch(code)
		assert.Assert(t, found != nil, pattern)
		return string(found[1])
	}
	quoted := func(names []string) string { return `"` + strings.Join(names, `", "`) + `"` }
	assert.Equal(t, find("secret.py", `SECRET_KEYS = \((.+)\)`), quoted(requiredFields))
	assert.Equal(t, find("secret.py", `OVERRIDES = \((.+)\)`), quoted(optionalFields))
	assert.Equal(t, find("heartbeat.py", `PERIOD_SECONDS = ([0-9]+)\.`), fmt.Sprint(heartbeat.Seconds()))
}
