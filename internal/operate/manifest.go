package operate

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"benchlingwebhook/stacks"
)

// webhookTypes are the types of webhooks that have an effect, by what it is: those of
// the service's own table, docker/src/webhook/webhook_types.py, against which a test of
// the service holds them.
//
//go:embed webhook_types.json
var webhookTypes []byte

// manifestVersion is the version of the app that a manifest describes. Benchling
// wants another one for each change of what follows.
const manifestVersion = "1.0.0"

// manifest is what Benchling's developer console makes an app from.
//
// Source: schema BenchlingAppManifest of Benchling's description of its beta API. The
// app's webhook URL isn't a part of it: people enter that in the console (Benchling's
// guide, getting started with webhooks).
type manifest struct {
	ManifestVersion int           `json:"manifestVersion" yaml:"manifestVersion"`
	Info            appInfo       `json:"info" yaml:"info"`
	Features        []feature     `json:"features" yaml:"features"`
	Subscriptions   subscriptions `json:"subscriptions" yaml:"subscriptions"`
}

type appInfo struct {
	Name        string `json:"name" yaml:"name"`
	Description string `json:"description" yaml:"description"`
	Version     string `json:"version" yaml:"version"`
}

// feature is a place where the app draws canvases.
type feature struct {
	Name      string   `json:"name" yaml:"name"`
	ID        string   `json:"id" yaml:"id"`
	Type      string   `json:"type" yaml:"type"`
	Locations []string `json:"locations" yaml:"locations"`
}

// subscriptions are the webhooks that Benchling delivers: none without them.
type subscriptions struct {
	DeliveryMethod string    `json:"deliveryMethod" yaml:"deliveryMethod"`
	Messages       []message `json:"messages" yaml:"messages"`
}

type message struct {
	Type string `json:"type" yaml:"type"`
}

// Manifest writes the manifest of an environment's app as YAML, with what else to
// enter in the developer console as comments, or as JSON without them. It needs no
// deployment; with one, the comments have its webhook URL.
func Manifest(ctx context.Context, environment string, asJSON bool, out io.Writer) error {
	if _, err := readSettings(environment); err != nil {
		return err
	}
	app, err := newManifest(environment)
	if err != nil {
		return err
	}
	if asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(app)
	}
	fmt.Fprint(out, consoleNotes(webhookURL(ctx, environment)))
	encoder := yaml.NewEncoder(out)
	encoder.SetIndent(2)
	if err := encoder.Encode(app); err != nil {
		return err
	}
	return encoder.Close()
}

// newManifest returns the manifest of an environment's app.
func newManifest(environment string) (manifest, error) {
	kinds, err := subscribed()
	if err != nil {
		return manifest{}, err
	}
	var messages []message
	for _, kind := range kinds {
		messages = append(messages, message{kind})
	}
	return manifest{
		ManifestVersion: 1,
		Info: appInfo{
			Name: "Quilt packages (" + environment + ")", Version: manifestVersion,
			Description: "Makes a Quilt package of every notebook entry that changes, and shows it in the entry.",
		},
		// The ID is that of the app "benchling-webhook" of Quilt's, so that its canvases go on.
		Features:      []feature{{Name: "Quilt package", ID: "quilt_entry", Type: "CANVAS", Locations: []string{"ENTRY"}}},
		Subscriptions: subscriptions{DeliveryMethod: "WEBHOOK", Messages: messages},
	}, nil
}

// subscribed returns the types to subscribe to: of those that differ in their version
// alone, the first that is listed, since Benchling would deliver a change once for each.
func subscribed() ([]string, error) {
	var byEffect struct{ Export, Canvas []string }
	if err := json.Unmarshal(webhookTypes, &byEffect); err != nil {
		return nil, fmt.Errorf("webhook_types.json: %w", err)
	}
	var kinds []string
	seen := map[string]bool{}
	for _, kind := range slices.Concat(byEffect.Export, byEffect.Canvas) {
		_, change, _ := strings.Cut(kind, ".")
		if !seen[change] {
			kinds = append(kinds, kind)
		}
		seen[change] = true
	}
	return kinds, nil
}

// webhookURL returns a deployed environment's output WebhookUrl, or what to do for it.
func webhookURL(ctx context.Context, environment string) string {
	cloud, err := loadConfig(ctx)
	if err == nil {
		var door frontDoor
		if door, err = frontDoorOf(ctx, cloud, stacks.StackName(environment)); err == nil {
			return door.url
		}
	}
	return "the output WebhookUrl, once `make deploy ENVIRONMENT=" + environment + "` has been run with your AWS credentials"
}

// consoleNotes returns the comments above a manifest.
func consoleNotes(url string) string {
	return "# In Benchling's developer console: create an app from this manifest, then enter\n" +
		"# - Webhook URL: " + url + "\n" +
		"# - Webhook routing: stable (suffixed works, too)\n" +
		"# Install the app, and give it access to each project whose entries are to be packaged.\n"
}
