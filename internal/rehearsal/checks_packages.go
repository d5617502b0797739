package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"benchlingwebhook/internal/testbed/benchling"
)

const (
	// edits are made of one entry in editsIn, which are editExports at most.
	edits       = 50
	editsIn     = 10 * time.Second
	editExports = 3
	// exportsBesideFiles are made of an entry that somebody keeps files with.
	exportsBesideFiles = 5
	// confirmTimeout bounds the time from a package to the canvas that has Quilt's
	// word for it.
	confirmTimeout = 30 * time.Second
	// confirmWithin is how long the worker of the row of Quilt's silence waits.
	confirmWithin = 5 * time.Second
)

// runPackages looks at what packages hold, and at what Quilt says of them.
func (r *rehearsal) runPackages(ctx context.Context) error {
	return r.runRows(ctx, []row{
		{fmt.Sprintf("burst: %d edits of one entry in %.0f s", edits, editsIn.Seconds()), r.burst},
		{"a scientist's own files survive exports and kills", r.keepForeignFiles},
		{"an event that changes nothing makes no version", r.changeNothing},
		{"Quilt confirms: the canvas says packaged, at the revision", r.confirm},
		{"Quilt is silent: the canvas and a metric say so", r.silence},
		{"Quilt refuses a package: nothing says packaged", r.refusePackage},
	})
}

// change sends the event of a change of an entry.
func (r *rehearsal) change(ctx context.Context, entry string) (string, error) {
	body, err := benchling.EntryUpdated(r.appDefinition, entry)
	return r.signal(ctx, "/event", body, err)
}

// burst edits an entry again and again: few exports, and a package with the last
// edit.
func (r *rehearsal) burst(ctx context.Context) (string, error) {
	entry := "etr_" + benchling.RandomText()
	var webhooks []string
	for range edits {
		r.benchling.Notebook.Edit(entry)
		webhook, err := r.change(ctx, entry)
		if err != nil {
			return "", err
		}
		webhooks = append(webhooks, webhook)
		time.Sleep(editsIn / edits)
	}
	last := time.Now()
	if err := r.waitDone(ctx, webhooks...); err != nil {
		return "", err
	}
	took := time.Since(last)
	exports := r.benchling.Notebook.Exports(entry)
	detail := fmt.Sprintf("%d exports, the last edit packaged %.1f s after it", exports, took.Seconds())
	if exports > editExports {
		return "", fmt.Errorf("%s: %d exports at most were due", detail, editExports)
	}
	return detail, r.checkFiles(ctx, packageName(entry), r.benchling.Notebook.FilesOf(entry))
}

// waitDone waits until the workers' logs call events done, by their webhook IDs.
func (r *rehearsal) waitDone(ctx context.Context, webhooks ...string) error {
	return until(ctx, packageTimeout, func() (bool, string) {
		done, err := r.doneEvents(ctx)
		for _, webhook := range webhooks {
			if err == nil && !done[webhook] {
				err = fmt.Errorf("webhook %s isn't done", webhook)
			}
		}
		return err == nil, fmt.Sprint(err)
	})
}

// doneEvents returns the webhook IDs that the workers' logs call done.
func (r *rehearsal) doneEvents(ctx context.Context) (map[string]bool, error) {
	logs, err := r.allLogs(ctx)
	done := map[string]bool{}
	for _, log := range logs {
		for line := range strings.Lines(log) {
			var entry struct {
				Event   string `json:"event"`
				Webhook string `json:"webhook_id"`
			}
			if json.Unmarshal([]byte(line), &entry) == nil && entry.Event == "done" {
				done[entry.Webhook] = true
			}
		}
	}
	return done, err
}

// checkFiles compares objects below a package's prefix with their contents.
func (r *rehearsal) checkFiles(ctx context.Context, name string, files map[string][]byte) error {
	var problems []error
	for path, want := range files {
		got, err := r.readObject(ctx, name+"/"+path)
		if err == nil && !bytes.Equal(got, want) {
			err = fmt.Errorf("%s/%s: %d bytes that aren't those due", name, path, len(got))
		}
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

func (r *rehearsal) s3() *s3.Client {
	return s3.NewFromConfig(r.emulator.Config(), func(o *s3.Options) { o.UsePathStyle = true })
}

func (r *rehearsal) readObject(ctx context.Context, key string) ([]byte, error) {
	object, err := r.s3().GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(r.deployed.bucket), Key: aws.String(key)})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	defer object.Body.Close()
	return io.ReadAll(object.Body)
}

// keepForeignFiles exports an entry several times, with kills, beside files that
// somebody else keeps with the package, one of which the export has a name for.
func (r *rehearsal) keepForeignFiles(ctx context.Context) (string, error) {
	entry := "etr_" + benchling.RandomText()
	name := packageName(entry)
	theirs := map[string][]byte{
		"results/my-analysis.csv": []byte("mine\n"),
		"data/results.csv":        []byte("mine, too\n"),
		"README.md":               []byte("# Mine\n"),
	}
	for path, content := range theirs {
		if _, err := r.s3().PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(r.deployed.bucket), Key: aws.String(name + "/" + path), Body: bytes.NewReader(content)}); err != nil {
			return "", err
		}
	}
	c := shownCanvas{id: "cnvs_" + benchling.RandomText(), entry: entry}
	r.benchling.Notebook.PlaceCanvas(c.id, entry)
	for i := range exportsBesideFiles {
		r.benchling.Notebook.Edit(entry)
		// Who presses the button doesn't wait for further edits.
		webhook, err := r.press(ctx, c, "update-package:"+entry)
		if err != nil {
			return "", err
		}
		if i%2 == 1 {
			if err := errors.Join(r.endTask(ctx, r.worker.Load(), "KILL"), r.startWorker(ctx)); err != nil {
				return "", err
			}
		}
		if err := r.waitDone(ctx, webhook); err != nil {
			return "", err
		}
		if err := r.checkFiles(ctx, name, theirs); err != nil {
			return "", err
		}
	}
	files := map[string][]byte{}
	for path, content := range r.benchling.Notebook.FilesOf(entry) {
		if theirs[path] != nil {
			path = "export/" + path
		}
		files[path] = content
	}
	return fmt.Sprintf("%d exports beside %d files, of which the export has names for 2", exportsBesideFiles, len(theirs)), r.checkFiles(ctx, name, files)
}

// versions returns how many versions of objects, delete markers included, lie
// below a prefix.
func (r *rehearsal) versions(ctx context.Context, prefix string) (int, error) {
	listed, err := r.s3().ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: aws.String(r.deployed.bucket), Prefix: aws.String(prefix)})
	if err != nil {
		return 0, err
	}
	return len(listed.Versions) + len(listed.DeleteMarkers), nil
}

// changeNothing exports an entry three times that doesn't change.
func (r *rehearsal) changeNothing(ctx context.Context) (string, error) {
	c := r.placeCanvas()
	counts := []int{}
	for range 3 {
		webhook, err := r.press(ctx, c, "update-package:"+c.entry)
		if err != nil {
			return "", err
		}
		if err := r.waitDone(ctx, webhook); err != nil {
			return "", err
		}
		n, err := r.versions(ctx, packageName(c.entry)+"/")
		if err != nil {
			return "", err
		}
		counts = append(counts, n)
	}
	detail := fmt.Sprintf("versions after each of three events: %v", counts)
	if len(slices.Compact(counts)) != 1 {
		return "", errors.New(detail)
	}
	return detail, nil
}

// confirm waits for Quilt's word on the canvas.
func (r *rehearsal) confirm(ctx context.Context) (string, error) {
	c := r.placeCanvas()
	r.packager.Delay(time.Second)
	defer r.packager.Delay(0)
	if _, err := r.change(ctx, c.entry); err != nil {
		return "", err
	}
	if err := r.waitShown(ctx, c, confirmTimeout, handedOver); err != nil {
		return "", err
	}
	began := time.Now()
	if err := r.waitShown(ctx, c, confirmTimeout, packagedState); err != nil {
		return "", err
	}
	revisions := r.packager.Revisions(packageName(c.entry))
	if len(revisions) != 1 {
		return "", fmt.Errorf("%s: %d revisions, not 1", packageName(c.entry), len(revisions))
	}
	return fmt.Sprintf("handed to Quilt, and packaged %.1f s later: revision %.8s", time.Since(began).Seconds(), revisions[0].TopHash), nil
}

// silence lets Quilt confirm nothing, for a worker that doesn't wait long; then
// somebody presses the button.
func (r *rehearsal) silence(ctx context.Context) (string, error) {
	c := r.placeCanvas()
	impatient, err := r.runTask(ctx, r.deployed.workerTask, map[string]string{"LEASE_SECONDS": "5", "RETRY_SECONDS": "1", "CONFIRM_SECONDS": strconv.Itoa(int(confirmWithin.Seconds()))})
	if err != nil {
		return "", err
	}
	if _, err := r.stopTask(ctx, r.worker.Swap(impatient)); err != nil {
		return "", err
	}
	r.packager.Silence(true)
	defer r.packager.Silence(false)
	if _, err := r.change(ctx, c.entry); err != nil {
		return "", err
	}
	if err := r.waitShown(ctx, c, confirmWithin+confirmTimeout, "Quilt has not confirmed"); err != nil {
		return "", err
	}
	if log := r.logs(ctx, impatient); !strings.Contains(log, `"PackagesUnconfirmed"`) {
		return "", errors.New("the worker's log has no metric PackagesUnconfirmed")
	}
	r.packager.Silence(false)
	r.benchling.Notebook.Edit(c.entry)
	if _, err := r.press(ctx, c, "update-package:"+c.entry); err != nil {
		return "", err
	}
	if err := r.waitShown(ctx, c, confirmTimeout, packagedState); err != nil {
		return "", err
	}
	if err := r.startWorker(ctx); err != nil {
		return "", err
	}
	_, err = r.stopTask(ctx, impatient)
	return fmt.Sprintf("told %.0f s after the package; packaged when asked for again", confirmWithin.Seconds()), err
}

// refusePackage lets Quilt make no revision of a package.
func (r *rehearsal) refusePackage(ctx context.Context) (string, error) {
	c := r.placeCanvas()
	r.packager.Refuse(packageName(c.entry), true)
	defer r.packager.Refuse(packageName(c.entry), false)
	if _, err := r.change(ctx, c.entry); err != nil {
		return "", err
	}
	if err := r.waitShown(ctx, c, confirmTimeout, handedOver); err != nil {
		return "", err
	}
	time.Sleep(2 * time.Second)
	if shown := r.state(c); !strings.Contains(shown, handedOver) {
		return "", fmt.Errorf("the canvas of a refused package: %s", shown)
	}
	return "the canvas still says handed to Quilt", nil
}
