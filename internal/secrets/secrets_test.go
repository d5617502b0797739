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
	} {
		assert.Check(t, Named(name) == secret, name)
	}
}
