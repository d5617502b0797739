package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"benchlingwebhook/internal/testbed/benchling"
)

const (
	// drawTimeout bounds the time from a package to the canvas that shows it.
	drawTimeout = 30 * time.Second
	// drawnAfter is for how long a canvas may be wrong when the worker is back.
	drawnAfter = 10 * time.Second
	// clicks are made while every export slot is busy, and 95 of 100 are drawn
	// within clickLimit.
	clicks     = 60
	clickLimit = 2 * time.Second
	// busyExports is more than a worker's export slots.
	busyExports = 8
	// busyPrefix begins the IDs of entries whose exports don't end.
	busyPrefix = "etr_busy"

	handedOver = "**Export** handed to Quilt"
	running    = "**Export** running"
	// packagedState is said when Quilt has confirmed.
	packagedState = "**Export** packaged"
)

// shownCanvas is a canvas in an entry.
type shownCanvas struct{ id, entry string }

// placeCanvas puts a canvas into a new entry.
func (r *rehearsal) placeCanvas() shownCanvas {
	c := shownCanvas{id: "cnvs_" + benchling.RandomText(), entry: "etr_" + benchling.RandomText()}
	r.benchling.Notebook.PlaceCanvas(c.id, c.entry)
	return c
}

// state returns what a canvas says of its entry's export, or nothing.
func (r *rehearsal) state(c shownCanvas) string {
	drawn := r.benchling.Notebook.Drawn(c.id)
	if len(drawn) == 0 {
		return ""
	}
	return fmt.Sprint(drawn[len(drawn)-1]["blocks"])
}

// waitShown waits until a canvas says something.
func (r *rehearsal) waitShown(ctx context.Context, c shownCanvas, limit time.Duration, text string) error {
	return until(ctx, limit, func() (bool, string) {
		shown := r.state(c)
		return strings.Contains(shown, text), fmt.Sprintf("canvas without %q: %s", text, shown)
	})
}

// signal sends a webhook to a route, which must accept it, and returns its ID.
func (r *rehearsal) signal(ctx context.Context, route string, body []byte, err error) (string, error) {
	if err != nil {
		return "", err
	}
	webhook, err := r.key.Sign(body, time.Now())
	if err != nil {
		return "", err
	}
	status, text, err := post(ctx, r.web.Load().url+route, webhook)
	if err != nil {
		return "", err
	}
	var response struct{ Status string }
	if err := json.Unmarshal([]byte(text), &response); err != nil || status != http.StatusOK || response.Status != "accepted" {
		return "", fmt.Errorf("%s: status %d, %s: accepted was due", route, status, text)
	}
	return webhook.ID, nil
}

// press presses a button on a canvas.
func (r *rehearsal) press(ctx context.Context, c shownCanvas, button string) (string, error) {
	body, err := benchling.ButtonPressed(r.appDefinition, c.id, button)
	return r.signal(ctx, "/canvas", body, err)
}

// runCanvases looks at what scientists see.
func (r *rehearsal) runCanvases(ctx context.Context) error {
	return r.runRows(ctx, []row{
		{"canvas: pressed, drawn by the API", r.pressButton},
		{"canvas: created and asked for, each by its webhook", r.createCanvases},
		{"canvas: follows its entry's own events", r.followEvents},
		{"canvas: clicks while every export slot is busy", r.clickWhileBusy},
		{"canvas: worker killed while it draws (SIGKILL)", r.killWhileDrawing},
		{"canvas: worker killed while it exports (SIGKILL)", r.killWhileExporting},
		{"canvas: worker killed between export and drawing (SIGKILL)", r.killBeforeDrawing},
	})
}

// pressButton presses "Update package" on an entry's canvas: the package must be
// made, and the canvas drawn by Benchling's API.
func (r *rehearsal) pressButton(ctx context.Context) (string, error) {
	c := r.placeCanvas()
	webhook, err := r.press(ctx, c, "update-package:"+c.entry)
	if err != nil {
		return "", err
	}
	detail, err := r.account(ctx, accepted{entries: map[string]string{c.entry: webhook}})
	if err != nil {
		return "", err
	}
	link := "`s3://" + r.deployed.bucket + "/" + packageName(c.entry) + "/`"
	return detail, errors.Join(r.waitShown(ctx, c, drawTimeout, "**Export** "), r.waitShown(ctx, c, drawTimeout, link))
}

// createCanvases has canvases created as people insert them: one that is there
// already, by either type of webhook, and one that the app must make.
func (r *rehearsal) createCanvases(ctx context.Context) (string, error) {
	sent := accepted{entries: map[string]string{}}
	var placed []shownCanvas
	for _, created := range []func(string, string) ([]byte, error){benchling.CanvasCreated, benchling.CanvasCreatedBeta} {
		c := r.placeCanvas()
		body, err := created(r.appDefinition, c.id)
		// By Benchling's stable routing.
		webhook, err := r.signal(ctx, "/", body, err)
		if err != nil {
			return "", err
		}
		placed = append(placed, c)
		sent.entries[c.entry] = webhook
	}
	entry := "etr_" + benchling.RandomText()
	body, err := benchling.CanvasInitialized(r.appDefinition, entry)
	webhook, err := r.signal(ctx, "/canvas", body, err)
	if err != nil {
		return "", err
	}
	sent.entries[entry] = webhook
	detail, err := r.account(ctx, sent)
	if err != nil {
		return "", err
	}
	made := r.benchling.Notebook.CanvasesOf(entry)
	if len(made) != 1 {
		return "", fmt.Errorf("%d canvases in the entry that asked for one", len(made))
	}
	problems := []error{r.waitShown(ctx, shownCanvas{made[0], entry}, drawTimeout, "Package")}
	for _, c := range placed {
		problems = append(problems, r.waitShown(ctx, c, drawTimeout, "Package"))
	}
	return detail, errors.Join(problems...)
}

// followEvents changes an entry with two canvases in it, by each type of event.
func (r *rehearsal) followEvents(ctx context.Context) (string, error) {
	sent := accepted{entries: map[string]string{}}
	var placed []shownCanvas
	for _, event := range []func(string, string) ([]byte, error){benchling.EntryCreated, benchling.EntryCreatedV3, benchling.EntryReviewed} {
		c := r.placeCanvas()
		second := shownCanvas{id: "cnvs_" + benchling.RandomText(), entry: c.entry}
		r.benchling.Notebook.PlaceCanvas(second.id, second.entry)
		body, err := event(r.appDefinition, c.entry)
		webhook, err := r.signal(ctx, "/event", body, err)
		if err != nil {
			return "", err
		}
		placed = append(placed, c, second)
		sent.entries[c.entry] = webhook
	}
	detail, err := r.account(ctx, sent)
	if err != nil {
		return "", err
	}
	var problems []error
	for _, c := range placed {
		problems = append(problems, r.waitShown(ctx, c, drawnAfter, "Package"))
	}
	return detail, errors.Join(problems...)
}

// clickWhileBusy turns pages on a canvas while more exports run than the worker
// has slots.
func (r *rehearsal) clickWhileBusy(ctx context.Context) (string, error) {
	c := r.placeCanvas()
	r.benchling.Notebook.HoldExportsOf(busyPrefix, true)
	release := func() { r.benchling.Notebook.HoldExportsOf(busyPrefix, false) }
	defer release()
	busy, err := r.startLoad(ctx, busyExports, busyPrefix, 0).wait()
	if err != nil {
		return "", err
	}
	if err := r.waitForExport(ctx, busy); err != nil {
		return "", err
	}
	var took []time.Duration
	for range clicks {
		before := len(r.benchling.Notebook.DrawnAt(c.id))
		began := time.Now()
		if _, err := r.press(ctx, c, "page-1:"+c.entry); err != nil {
			return "", err
		}
		var drawn time.Time
		if err := until(ctx, drawTimeout, func() (bool, string) {
			at := r.benchling.Notebook.DrawnAt(c.id)
			if len(at) > before {
				drawn = at[before]
			}
			return len(at) > before, "a click wasn't drawn"
		}); err != nil {
			return "", err
		}
		took = append(took, drawn.Sub(began))
	}
	slices.Sort(took)
	detail := "click to canvas " + percentiles(took)
	if late := took[len(took)*95/100]; late > clickLimit {
		return "", fmt.Errorf("%s: 95 of 100 clicks within %s were due", detail, clickLimit)
	}
	release()
	counts, err := r.account(ctx, busy)
	return detail + "; " + counts, err
}

// percentiles tells the median and the 99th percentile of sorted times.
func percentiles(sorted []time.Duration) string {
	return fmt.Sprintf("p50 %.2f s, p99 %.2f s of %d", sorted[len(sorted)/2].Seconds(), sorted[len(sorted)*99/100].Seconds(), len(sorted))
}

// killWhileDrawing ends the worker while Benchling holds back the drawing of a
// click.
func (r *rehearsal) killWhileDrawing(ctx context.Context) (string, error) {
	c := r.placeCanvas()
	webhook, err := r.press(ctx, c, "update-package:"+c.entry)
	if err != nil {
		return "", err
	}
	if _, err := r.account(ctx, accepted{entries: map[string]string{c.entry: webhook}}); err != nil {
		return "", err
	}
	if err := r.waitShown(ctx, c, drawTimeout, "**Package**"); err != nil {
		return "", err
	}
	before := len(r.benchling.Notebook.Drawn(c.id))
	r.benchling.Notebook.HoldCanvases(true)
	defer r.benchling.Notebook.HoldCanvases(false)
	if _, err := r.press(ctx, c, "page-1:"+c.entry); err != nil {
		return "", err
	}
	return r.killWhileHeld(ctx, func() (bool, string) {
		return len(r.benchling.Notebook.Drawn(c.id)) > before, "the click wasn't drawn"
	})
}

// killWhileHeld ends the worker while Benchling holds back a canvas, starts
// another, and returns how long it took to make the canvas true.
func (r *rehearsal) killWhileHeld(ctx context.Context, isTrue func() (bool, string)) (string, error) {
	if err := until(ctx, faultTimeout, func() (bool, string) {
		return r.benchling.Notebook.HeldCanvases() > 0, "no canvas was being drawn"
	}); err != nil {
		return "", err
	}
	if err := r.endTask(ctx, r.worker.Load(), "KILL"); err != nil {
		return "", err
	}
	r.benchling.Notebook.HoldCanvases(false)
	if err := r.startWorker(ctx); err != nil {
		return "", err
	}
	back := time.Now()
	err := until(ctx, drawnAfter, isTrue)
	return fmt.Sprintf("true %.1f s after the worker was back", time.Since(back).Seconds()), err
}

// killWhileExporting ends the worker while its export runs: the canvas says so,
// and follows the export that another worker begins anew.
func (r *rehearsal) killWhileExporting(ctx context.Context) (string, error) {
	c := r.placeCanvas()
	r.benchling.Notebook.HoldExportsOf(c.entry, true)
	defer r.benchling.Notebook.HoldExportsOf(c.entry, false)
	webhook, err := r.press(ctx, c, "update-package:"+c.entry)
	if err != nil {
		return "", err
	}
	if err := r.waitShown(ctx, c, drawTimeout, running); err != nil {
		return "", err
	}
	if err := errors.Join(r.endTask(ctx, r.worker.Load(), "KILL"), r.startWorker(ctx)); err != nil {
		return "", err
	}
	r.benchling.Notebook.HoldExportsOf(c.entry, false)
	counts, err := r.account(ctx, accepted{entries: map[string]string{c.entry: webhook}})
	if err != nil {
		return "", err
	}
	packaged := time.Now()
	err = r.waitShown(ctx, c, drawnAfter, "**Package**")
	return fmt.Sprintf("drawn %.1f s after the count; %s", time.Since(packaged).Seconds(), counts), err
}

// killBeforeDrawing ends the worker when an export has ended that no canvas shows
// yet.
func (r *rehearsal) killBeforeDrawing(ctx context.Context) (string, error) {
	c := r.placeCanvas()
	r.benchling.Notebook.HoldCanvases(true)
	defer r.benchling.Notebook.HoldCanvases(false)
	body, err := benchling.EntryUpdated(r.appDefinition, c.entry)
	webhook, err := r.signal(ctx, "/event", body, err)
	if err != nil {
		return "", err
	}
	counts, err := r.account(ctx, accepted{entries: map[string]string{c.entry: webhook}})
	if err != nil {
		return "", err
	}
	detail, err := r.killWhileHeld(ctx, func() (bool, string) {
		shown := r.state(c)
		return strings.Contains(shown, "**Package**") && !strings.Contains(shown, running), shown
	})
	return detail + "; " + counts, err
}
