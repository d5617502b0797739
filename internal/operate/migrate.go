package operate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"benchlingwebhook/internal/deployed"
	"benchlingwebhook/internal/migrate"
	"benchlingwebhook/stacks"
)

// MigrateOptions say where the predecessor is.
type MigrateOptions struct {
	// From is the predecessor's stack.
	From string
	// Config is its configuration file; "" looks for it where the predecessor has it.
	Config string
	// JSON prints it as one object.
	JSON bool
}

// Migrate prints what a move from quiltdata's benchling-webhook to an environment of
// cdk.json is, and changes nothing. The error says what couldn't be read; the rest is
// printed all the same.
func Migrate(ctx context.Context, environment string, options MigrateOptions, out io.Writer) error {
	if options.From == "" {
		return errors.New("--from: no stack; write --from STACK, such as BenchlingWebhookStack")
	}
	if _, err := readSettings(environment); err != nil {
		return err
	}
	settings, err := settingsInFile(environment)
	if err != nil {
		return err
	}
	cloud, err := loadConfig(ctx)
	if err != nil {
		return err
	}
	former, problems := migrate.Read(ctx, cloud, options.From, options.Config)
	if len(former.Outputs)+len(former.Parameters) == 0 && problems != nil {
		return problems
	}
	to := migrate.Target{Environment: environment, Settings: settings}
	// Before its first deployment there is no stack.
	if stack, err := deployed.Read(ctx, cloud, stacks.StackName(environment)); err == nil {
		to.WebhookURL = stack.Outputs["WebhookUrl"]
	}
	to.Canvases = "Which there are couldn't be asked of Benchling."
	if app := former.Credentials(); len(app) > 0 {
		found, err := newBenchlingApp(app).countCanvases(ctx)
		if err != nil {
			problems = errors.Join(problems, fmt.Errorf("canvases: %w", err))
		} else {
			to.Canvases = found
		}
	}
	if options.JSON {
		return errors.Join(json.NewEncoder(out).Encode(former.Outline(to)), problems)
	}
	return errors.Join(former.Write(out, to), problems)
}

// settingsInFile returns what cdk.json has for an environment, as it is written.
func settingsInFile(environment string) (map[string]any, error) {
	context, err := stacks.ReadContextFile()
	if err != nil {
		return nil, err
	}
	environments, _ := context["environments"].(map[string]any)
	settings, _ := environments[environment].(map[string]any)
	return settings, nil
}

// mostCanvasPages bounds the list of canvases; a page has canvasesAPage.
const (
	mostCanvasPages = 200
	canvasesAPage   = 100
)

// countCanvases says in words how many canvases the app sees, and in how many entries.
func (b benchlingApp) countCanvases(ctx context.Context) (string, error) {
	base, token, err := b.signIn(ctx)
	if err != nil {
		return "", err
	}
	canvases, entries := 0, map[string]bool{}
	query := url.Values{"pageSize": {fmt.Sprint(canvasesAPage)}}
	for range mostCanvasPages {
		var page struct {
			AppCanvases []struct{ ResourceID string }
			NextToken   string
		}
		status, err := b.get(ctx, base+"/api/v2/app-canvases?"+query.Encode(), token, &page)
		if err != nil || status != http.StatusOK {
			return "", errors.Join(err, fmt.Errorf("HTTP status %d; give the app access to its projects, or try again", status))
		}
		for _, canvas := range page.AppCanvases {
			canvases++
			entries[canvas.ResourceID] = true
		}
		if page.NextToken == "" {
			return fmt.Sprintf("%d canvases in %d entries.", canvases, len(entries)), nil
		}
		query.Set("nextToken", page.NextToken)
	}
	return fmt.Sprintf("More than %d canvases, in at least %d entries.", canvases, len(entries)), nil
}
