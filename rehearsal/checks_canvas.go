package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"benchlingwebhook/rehearsal/benchling"
)

// drawTimeout bounds the time from a package to the canvas that shows it.
const drawTimeout = 30 * time.Second

// pressButton presses "Update package" on an entry's canvas. The answer must
// have the canvas's blocks; then the package must be made, and the canvas drawn.
func (r *rehearsal) pressButton(ctx context.Context) (string, error) {
	entry, canvas := "etr_"+benchling.RandomText(), "cnvs_"+benchling.RandomText()
	body, err := benchling.ButtonPressed(r.appDefinition, canvas, "update-package:"+entry)
	if err != nil {
		return "", err
	}
	webhook, err := r.key.Sign(body, time.Now())
	if err != nil {
		return "", err
	}
	status, text, err := post(ctx, r.web.Load().url+"/canvas", webhook)
	if err != nil {
		return "", err
	}
	var answer struct {
		Status string
		Blocks []map[string]any
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil || status != http.StatusOK || answer.Status != "accepted" || len(answer.Blocks) == 0 {
		return "", fmt.Errorf("/canvas: status %d, %s: 200 with blocks was due", status, text)
	}
	detail, err := r.account(ctx, accepted{entries: map[string]string{entry: webhook.ID}})
	if err != nil {
		return "", err
	}
	link := "`s3://" + r.deployed.bucket + "/" + packageName(entry) + "/`"
	return detail, until(ctx, drawTimeout, func() (bool, string) {
		drawn := r.benchling.Notebook.Drawn(canvas)
		if len(drawn) == 0 {
			return false, "the canvas wasn't drawn"
		}
		last := fmt.Sprint(drawn[len(drawn)-1]["blocks"])
		return strings.Contains(last, "**Export** done") && strings.Contains(last, link), last
	})
}
