package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/benchling"
)

// Canvas is a canvas in an entry.
type Canvas struct{ ID, Entry string }

// PlaceCanvas puts a canvas into a new entry.
func (s *Stage) PlaceCanvas() Canvas {
	c := Canvas{ID: "cnvs_" + benchling.RandomText(), Entry: "etr_" + benchling.RandomText()}
	s.Benchling.API.PlaceCanvas(c.ID, c.Entry)
	return c
}

// Shown returns what a canvas says of its entry's export, or nothing.
func (s *Stage) Shown(c Canvas) string {
	drawn := s.Benchling.API.Drawn(c.ID)
	if len(drawn) == 0 {
		return ""
	}
	return fmt.Sprint(drawn[len(drawn)-1]["blocks"])
}

// WaitShown waits until a canvas says something.
func (s *Stage) WaitShown(ctx context.Context, c Canvas, limit time.Duration, text string) error {
	return testbed.Until(ctx, limit, func() (bool, string) {
		shown := s.Shown(c)
		return strings.Contains(shown, text), fmt.Sprintf("canvas without %q: %s", text, shown)
	})
}

// Signal sends a webhook to a route, which must accept it, and returns its ID.
func (s *Stage) Signal(ctx context.Context, route string, body []byte, err error) (string, error) {
	if err != nil {
		return "", err
	}
	webhook, err := s.App.Key.Sign(body, time.Now())
	if err != nil {
		return "", err
	}
	status, text, err := s.Post(ctx, route, webhook)
	if err != nil {
		return "", err
	}
	var response struct{ Status string }
	if err := json.Unmarshal([]byte(text), &response); err != nil || status != http.StatusOK || response.Status != "accepted" {
		return "", fmt.Errorf("%s: status %d, %s: accepted was due", route, status, text)
	}
	return webhook.ID, nil
}

// Press presses a button on a canvas.
func (s *Stage) Press(ctx context.Context, c Canvas, button string) (string, error) {
	body, err := benchling.ButtonPressed(s.App.Definition, c.ID, button)
	return s.Signal(ctx, "/canvas", body, err)
}

// Change sends the event of a change of an entry.
func (s *Stage) Change(ctx context.Context, entry string) (string, error) {
	body, err := benchling.EntryUpdated(s.App.Definition, entry)
	return s.Signal(ctx, "/event", body, err)
}
