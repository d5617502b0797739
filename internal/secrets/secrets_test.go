package secrets

import (
	"testing"

	"gotest.tools/v3/assert"
)

func TestNamed(t *testing.T) {
	for name, secret := range map[string]bool{
		"AWS_ACCESS_KEY_ID":     true,
		"AWS_SECRET_ACCESS_KEY": true,
		"ECS_ENGINE_AUTH_DATA":  true,
		"GITHUB_TOKEN":          true,
		"TOKENS_OF_OTHERS":      true,
		"GITHUBTOKEN2":          true,
		"TOKENIZERS":            false,
		"tokenValue":            true,
		"accessTokensOfOthers":  true,
		"tokenizerPath":         false,
		"db_password":           true,
		"PASSWD":                true,
		"PGPWORD":               false,
		"PG_PWORD":              true,
		"APIKEY":                true,
		"privateKey":            true,
		"SIGNING_KEY":           true,
		"GOOGLE_CREDENTIALS":    true,
		"BASIC_AUTH":            true,
		"KEYBOARD":              false,
		"AUTHOR":                false,
		"PORT":                  false,
		"PUBLIC_KEY":            false,
		"DB_PASSWORD_FILE":      false,
		"SECRET_VERSION":        false,
		"PUBLICITY_SECRET":      true,
		"api-key":               true,
		"db.password":           true,
		"splunk-token":          true,
		"DB_PASS":               true,
		"DB_PWD":                true,
		"PWD":                   false,
		"SSH_PASSPHRASE":        true,
		"AWS_CREDS":             true,
		"SENTRY_DSN":            true,
		"BENCHLING_SECRET_NAME": false,
		"SECRET_ARN":            false,
		"TOKEN_TTL":             false,
		"PASSPORT":              false,
		"COMPASS":               false,
	} {
		assert.Check(t, Named(name) == secret, name)
	}
}

func TestHarmless(t *testing.T) {
	for value, harmless := range map[string]bool{
		"":      true,
		"false": true,
		"arn:aws:secretsmanager:eu-west-1:123456789012:secret:name": true,
		"hunter2": false,
		"arn:x":   false,
	} {
		assert.Check(t, Harmless(value) == harmless, value)
	}
}

func TestValued(t *testing.T) {
	// Each in two parts, so that no scanner takes the test's own for a secret.
	for _, parts := range [][2]string{
		{"AKIA", "ABCDEFGHIJKLMNOP"},
		{"-----BEGIN RSA ", "PRIVATE KEY-----"},
		{"eyJhbGciOiJI", "UzI1NiJ9.eyJzdWIiOiIxMjM0.abc"},
		{"gh", "p_abcdefghijklmnopqrstuvwxyz"},
		{"postgres://user:", "hunter2@db:5432/x"},
	} {
		assert.Check(t, Valued("x "+parts[0]+parts[1]), parts[0])
	}
	for _, text := range []string{"https://example.com/a:b@c", "http://localhost:5000/health", "AKIAx", "eu-west-1", "python -m src.worker"} {
		assert.Check(t, !Valued(text), text)
	}
}
