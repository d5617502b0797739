package testbed

import (
	"encoding/json"
	"time"

	"benchlingwebhook/internal/testbed/benchling"
)

// App is the Benchling app that the service belongs to.
type App struct {
	// Key signs its webhooks.
	Key benchling.Key
	// Definition is its ID, which is part of what is signed.
	Definition string
	// ClientSecret is the secret's, as it was written last.
	ClientSecret string
}

// Event returns the signed webhook of a change of an entry.
func (a App) Event(entry string, at time.Time) (benchling.Webhook, error) {
	body, err := benchling.EntryUpdated(a.Definition, entry)
	if err != nil {
		return benchling.Webhook{}, err
	}
	return a.Key.Sign(body, at)
}

// NewSecret gives the app new credentials, and returns what a person would put
// into the service's secret, and where the stand-in for Benchling is.
func (t *Testbed) NewSecret() string {
	t.App.ClientSecret = benchling.RandomText()
	return t.SecretAt(t.Addresses.Benchling)
}

// SecretAt returns the service's secret with Benchling at an address, as host and port.
func (t *Testbed) SecretAt(address string) string {
	// Of texts alone, which always have a JSON.
	text, _ := json.Marshal(map[string]string{
		"tenant":            "rehearsal",
		"client_id":         benchling.RandomText(),
		"client_secret":     t.App.ClientSecret,
		"app_definition_id": t.App.Definition,
		"base_url":          "https://" + address,
		"jwks_url":          "https://" + address + benchling.JWKSPath,
	})
	return string(text)
}
