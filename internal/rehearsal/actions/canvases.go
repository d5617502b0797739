package actions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/report"
	"benchlingwebhook/internal/testbed"
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

type canvases struct{ *stage.Stage }

// Run looks at what scientists see.
func (a canvases) Run(ctx context.Context) error {
	return a.Report.Run(ctx,
		report.Check{Name: "canvas: pressed, drawn by the API", Run: a.pressButton},
		report.Check{Name: "canvas: created and asked for, each by its webhook", Run: a.createCanvases},
		report.Check{Name: "canvas: follows its entry's own events", Run: a.followEvents},
		report.Check{Name: "canvas: clicks while every export slot is busy", Run: a.clickWhileBusy},
		report.Check{Name: "canvas: worker killed while it draws (SIGKILL)", Run: a.killWhileDrawing},
		report.Check{Name: "canvas: worker killed while it exports (SIGKILL)", Run: a.killWhileExporting},
		report.Check{Name: "canvas: worker killed between export and drawing (SIGKILL)", Run: a.killBeforeDrawing},
	)
}

// pressButton presses "Update package" on an entry's canvas: the package must be
// made, and the canvas drawn by Benchling's API.
func (a canvases) pressButton(ctx context.Context) (string, error) {
	c := a.PlaceCanvas()
	webhook, err := a.Press(ctx, c, "update-package:"+c.Entry)
	if err != nil {
		return "", err
	}
	detail, err := a.Account(ctx, stage.Accepted{Entries: map[string]string{c.Entry: webhook}})
	if err != nil {
		return "", err
	}
	link := "`s3://" + a.Stack.Bucket + "/" + stage.PackageName(c.Entry) + "/`"
	return detail, errors.Join(a.WaitShown(ctx, c, drawTimeout, "**Export** "), a.WaitShown(ctx, c, drawTimeout, link))
}

// createCanvases has canvases created as people insert them: one that is there
// already, by either type of webhook, and one that the app must make.
func (a canvases) createCanvases(ctx context.Context) (string, error) {
	sent := stage.Accepted{Entries: map[string]string{}}
	var placed []stage.Canvas
	for _, created := range []func(string, string) ([]byte, error){benchling.CanvasCreated, benchling.CanvasCreatedBeta} {
		c := a.PlaceCanvas()
		body, err := created(a.App.Definition, c.ID)
		// By Benchling's stable routing.
		webhook, err := a.Signal(ctx, "/", body, err)
		if err != nil {
			return "", err
		}
		placed = append(placed, c)
		sent.Entries[c.Entry] = webhook
	}
	entry := "etr_" + benchling.RandomText()
	body, err := benchling.CanvasInitialized(a.App.Definition, entry)
	webhook, err := a.Signal(ctx, "/canvas", body, err)
	if err != nil {
		return "", err
	}
	sent.Entries[entry] = webhook
	detail, err := a.Account(ctx, sent)
	if err != nil {
		return "", err
	}
	made := a.Benchling.API.CanvasesOf(entry)
	if len(made) != 1 {
		return "", fmt.Errorf("%d canvases in the entry that asked for one", len(made))
	}
	problems := []error{a.WaitShown(ctx, stage.Canvas{ID: made[0], Entry: entry}, drawTimeout, "Package")}
	for _, c := range placed {
		problems = append(problems, a.WaitShown(ctx, c, drawTimeout, "Package"))
	}
	return detail, errors.Join(problems...)
}

// followEvents changes an entry with two canvases in it, by each type of event.
func (a canvases) followEvents(ctx context.Context) (string, error) {
	sent := stage.Accepted{Entries: map[string]string{}}
	var placed []stage.Canvas
	for _, event := range []func(string, string) ([]byte, error){benchling.EntryCreated, benchling.EntryCreatedV3, benchling.EntryReviewed} {
		c := a.PlaceCanvas()
		second := stage.Canvas{ID: "cnvs_" + benchling.RandomText(), Entry: c.Entry}
		a.Benchling.API.PlaceCanvas(second.ID, second.Entry)
		body, err := event(a.App.Definition, c.Entry)
		webhook, err := a.Signal(ctx, "/event", body, err)
		if err != nil {
			return "", err
		}
		placed = append(placed, c, second)
		sent.Entries[c.Entry] = webhook
	}
	detail, err := a.Account(ctx, sent)
	if err != nil {
		return "", err
	}
	var problems []error
	for _, c := range placed {
		problems = append(problems, a.WaitShown(ctx, c, drawnAfter, "Package"))
	}
	return detail, errors.Join(problems...)
}

// clickWhileBusy turns pages on a canvas while more exports run than the worker
// has slots.
func (a canvases) clickWhileBusy(ctx context.Context) (string, error) {
	c := a.PlaceCanvas()
	a.Benchling.API.HoldExportsOf(busyPrefix, true)
	release := func() { a.Benchling.API.HoldExportsOf(busyPrefix, false) }
	defer release()
	busy, err := a.StartLoad(ctx, busyExports, busyPrefix, 0).Wait()
	if err != nil {
		return "", err
	}
	if err := a.WaitForExport(ctx, busy); err != nil {
		return "", err
	}
	pace := testbed.StartPace()
	defer pace.Stop()
	var took []time.Duration
	for range clicks {
		before := len(a.Benchling.API.DrawnAt(c.ID))
		began := time.Now()
		if _, err := a.Press(ctx, c, "page-1:"+c.Entry); err != nil {
			return "", err
		}
		var drawn time.Time
		if err := testbed.Until(ctx, drawTimeout, func() (bool, string) {
			at := a.Benchling.API.DrawnAt(c.ID)
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
	if late, limit := took[len(took)*95/100], pace.Allow(clickLimit); late > limit {
		return "", fmt.Errorf("%s: 95 of 100 clicks within %.1f s were due", detail, limit.Seconds())
	}
	release()
	counts, err := a.Account(ctx, busy)
	return detail + "; " + counts, err
}

// killWhileDrawing ends the worker while Benchling holds back the drawing of a
// click.
func (a canvases) killWhileDrawing(ctx context.Context) (string, error) {
	c := a.PlaceCanvas()
	webhook, err := a.Press(ctx, c, "update-package:"+c.Entry)
	if err != nil {
		return "", err
	}
	if _, err := a.Account(ctx, stage.Accepted{Entries: map[string]string{c.Entry: webhook}}); err != nil {
		return "", err
	}
	if err := a.WaitShown(ctx, c, drawTimeout, "**Package**"); err != nil {
		return "", err
	}
	before := len(a.Benchling.API.Drawn(c.ID))
	a.Benchling.API.HoldCanvases(true)
	defer a.Benchling.API.HoldCanvases(false)
	if _, err := a.Press(ctx, c, "page-1:"+c.Entry); err != nil {
		return "", err
	}
	return a.killWhileHeld(ctx, func() (bool, string) {
		return len(a.Benchling.API.Drawn(c.ID)) > before, "the click wasn't drawn"
	})
}

// killWhileHeld ends the worker while Benchling holds back a canvas, starts
// another, and returns how long it took to make the canvas true.
func (a canvases) killWhileHeld(ctx context.Context, isTrue func() (bool, string)) (string, error) {
	if err := testbed.Until(ctx, faultTimeout, func() (bool, string) {
		return a.Benchling.API.HeldCanvases() > 0, "no canvas was being drawn"
	}); err != nil {
		return "", err
	}
	if err := a.EndTask(ctx, a.Worker.Load(), "KILL"); err != nil {
		return "", err
	}
	a.Benchling.API.HoldCanvases(false)
	if err := a.StartWorker(ctx); err != nil {
		return "", err
	}
	back := time.Now()
	err := testbed.Until(ctx, drawnAfter, isTrue)
	return fmt.Sprintf("true %.1f s after the worker was back", time.Since(back).Seconds()), err
}

// killWhileExporting ends the worker while its export runs: the canvas says so,
// and follows the export that another worker begins anew.
func (a canvases) killWhileExporting(ctx context.Context) (string, error) {
	c := a.PlaceCanvas()
	a.Benchling.API.HoldExportsOf(c.Entry, true)
	defer a.Benchling.API.HoldExportsOf(c.Entry, false)
	webhook, err := a.Press(ctx, c, "update-package:"+c.Entry)
	if err != nil {
		return "", err
	}
	if err := a.WaitShown(ctx, c, drawTimeout, running); err != nil {
		return "", err
	}
	if err := errors.Join(a.EndTask(ctx, a.Worker.Load(), "KILL"), a.StartWorker(ctx)); err != nil {
		return "", err
	}
	a.Benchling.API.HoldExportsOf(c.Entry, false)
	counts, err := a.Account(ctx, stage.Accepted{Entries: map[string]string{c.Entry: webhook}})
	if err != nil {
		return "", err
	}
	packaged := time.Now()
	err = a.WaitShown(ctx, c, drawnAfter, "**Package**")
	return fmt.Sprintf("drawn %.1f s after the count; %s", time.Since(packaged).Seconds(), counts), err
}

// killBeforeDrawing ends the worker when an export has ended that no canvas shows
// yet.
func (a canvases) killBeforeDrawing(ctx context.Context) (string, error) {
	c := a.PlaceCanvas()
	a.Benchling.API.HoldCanvases(true)
	defer a.Benchling.API.HoldCanvases(false)
	body, err := benchling.EntryUpdated(a.App.Definition, c.Entry)
	webhook, err := a.Signal(ctx, "/event", body, err)
	if err != nil {
		return "", err
	}
	counts, err := a.Account(ctx, stage.Accepted{Entries: map[string]string{c.Entry: webhook}})
	if err != nil {
		return "", err
	}
	detail, err := a.killWhileHeld(ctx, func() (bool, string) {
		shown := a.Shown(c)
		return strings.Contains(shown, "**Package**") && !strings.Contains(shown, running), shown
	})
	return detail + "; " + counts, err
}
