package actions

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/report"
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

type packages struct{ *stage.Stage }

// Run looks at what packages hold, and at what Quilt says of them.
func (a packages) Run(ctx context.Context) error {
	return a.Report.Run(ctx,
		report.Check{Name: fmt.Sprintf("burst: %d edits of one entry in %.0f s", edits, editsIn.Seconds()), Run: a.burst},
		report.Check{Name: "a scientist's own files survive exports and kills", Run: a.keepForeignFiles},
		report.Check{Name: "a file that left the entry leaves the package", Run: a.loseFile},
		report.Check{Name: "an event that changes nothing makes no version", Run: a.changeNothing},
		report.Check{Name: "Quilt confirms: the canvas says packaged, at the revision", Run: a.confirm},
		report.Check{Name: "Quilt is silent: the canvas and a metric say so", Run: a.silence},
		report.Check{Name: "Quilt refuses a package: nothing says packaged", Run: a.refusePackage},
	)
}

// burst edits an entry again and again: few exports, and a package with the last
// edit.
func (a packages) burst(ctx context.Context) (string, error) {
	entry := "etr_" + benchling.RandomText()
	var webhooks []string
	for range edits {
		a.Benchling.API.Edit(entry)
		webhook, err := a.Change(ctx, entry)
		if err != nil {
			return "", err
		}
		webhooks = append(webhooks, webhook)
		time.Sleep(editsIn / edits)
	}
	last := time.Now()
	if err := a.WaitDone(ctx, webhooks...); err != nil {
		return "", err
	}
	took := time.Since(last)
	exports := a.Benchling.API.Exports(entry)
	detail := fmt.Sprintf("%d exports, the last edit packaged %.1f s after it", exports, took.Seconds())
	if exports > editExports {
		return "", fmt.Errorf("%s: %d exports at most were due", detail, editExports)
	}
	return detail, a.CheckFiles(ctx, stage.PackageName(entry), a.Benchling.API.FilesOf(entry))
}

// loseFile exports an entry, and again when it has lost a file.
func (a packages) loseFile(ctx context.Context) (string, error) {
	entry := benchling.ShrinkingPrefix + benchling.RandomText()
	before := a.Benchling.API.FilesOf(entry)
	for range 2 {
		webhook, err := a.Change(ctx, entry)
		if err != nil {
			return "", err
		}
		if err := a.WaitDone(ctx, webhook); err != nil {
			return "", err
		}
		if err := a.CheckFiles(ctx, stage.PackageName(entry), a.Benchling.API.FilesOf(entry)); err != nil {
			return "", err
		}
		a.Benchling.API.Edit(entry)
	}
	left := a.Benchling.API.FilesOf(entry)
	for path := range before {
		if _, stays := left[path]; stays {
			continue
		}
		if _, err := a.ReadObject(ctx, stage.PackageName(entry)+"/"+path); err == nil {
			return "", fmt.Errorf("%s of %s is still there", path, entry)
		}
	}
	return fmt.Sprintf("%d of %d files are left", len(left), len(before)), nil
}

// keepForeignFiles exports an entry several times, with kills, beside files that
// somebody else keeps with the package, one of which the export has a name for.
func (a packages) keepForeignFiles(ctx context.Context) (string, error) {
	entry := "etr_" + benchling.RandomText()
	name := stage.PackageName(entry)
	theirs := map[string][]byte{
		"results/my-analysis.csv": []byte("mine\n"),
		"data/results.csv":        []byte("mine, too\n"),
		"README.md":               []byte("# Mine\n"),
	}
	for path, content := range theirs {
		if _, err := a.S3().PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(a.Stack.Bucket), Key: aws.String(name + "/" + path), Body: bytes.NewReader(content)}); err != nil {
			return "", err
		}
	}
	c := stage.Canvas{ID: "cnvs_" + benchling.RandomText(), Entry: entry}
	a.Benchling.API.PlaceCanvas(c.ID, entry)
	for i := range exportsBesideFiles {
		a.Benchling.API.Edit(entry)
		// Who presses the button doesn't wait for further edits.
		webhook, err := a.Press(ctx, c, "update-package:"+entry)
		if err != nil {
			return "", err
		}
		if i%2 == 1 {
			if err := errors.Join(a.EndTask(ctx, a.Worker.Load(), "KILL"), a.StartWorker(ctx)); err != nil {
				return "", err
			}
		}
		if err := a.WaitDone(ctx, webhook); err != nil {
			return "", err
		}
		if err := a.CheckFiles(ctx, name, theirs); err != nil {
			return "", err
		}
	}
	files := map[string][]byte{}
	for path, content := range a.Benchling.API.FilesOf(entry) {
		if theirs[path] != nil {
			path = "export/" + path
		}
		files[path] = content
	}
	return fmt.Sprintf("%d exports beside %d files, of which the export has names for 2", exportsBesideFiles, len(theirs)), a.CheckFiles(ctx, name, files)
}

// changeNothing exports an entry three times that doesn't change.
func (a packages) changeNothing(ctx context.Context) (string, error) {
	c := a.PlaceCanvas()
	counts := []int{}
	for range 3 {
		webhook, err := a.Press(ctx, c, "update-package:"+c.Entry)
		if err != nil {
			return "", err
		}
		if err := a.WaitDone(ctx, webhook); err != nil {
			return "", err
		}
		n, err := a.Versions(ctx, stage.PackageName(c.Entry)+"/")
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
func (a packages) confirm(ctx context.Context) (string, error) {
	c := a.PlaceCanvas()
	a.Packager.Delay(time.Second)
	defer a.Packager.Delay(0)
	if _, err := a.Change(ctx, c.Entry); err != nil {
		return "", err
	}
	if err := a.WaitShown(ctx, c, confirmTimeout, handedOver); err != nil {
		return "", err
	}
	began := time.Now()
	if err := a.WaitShown(ctx, c, confirmTimeout, packagedState); err != nil {
		return "", err
	}
	revisions := a.Packager.Revisions(stage.PackageName(c.Entry))
	if len(revisions) != 1 {
		return "", fmt.Errorf("%s: %d revisions, not 1", stage.PackageName(c.Entry), len(revisions))
	}
	return fmt.Sprintf("handed to Quilt, and packaged %.1f s later: revision %.8s", time.Since(began).Seconds(), revisions[0].TopHash), nil
}

// silence lets Quilt confirm nothing, for a worker that doesn't wait long; then
// somebody presses the button.
func (a packages) silence(ctx context.Context) (string, error) {
	c := a.PlaceCanvas()
	impatient, err := a.RunTask(ctx, a.Stack.WorkerTask, map[string]string{"LEASE_SECONDS": "5", "RETRY_SECONDS": "1", "CONFIRM_SECONDS": strconv.Itoa(int(confirmWithin.Seconds()))})
	if err != nil {
		return "", err
	}
	if _, err := a.StopTask(ctx, a.Worker.Swap(impatient)); err != nil {
		return "", err
	}
	a.Packager.Silence(true)
	defer a.Packager.Silence(false)
	if _, err := a.Change(ctx, c.Entry); err != nil {
		return "", err
	}
	if err := a.WaitShown(ctx, c, confirmWithin+confirmTimeout, "Quilt has not confirmed"); err != nil {
		return "", err
	}
	log, err := a.Logs(ctx, impatient)
	if err != nil {
		return "", err
	}
	if !strings.Contains(log, `"PackagesUnconfirmed"`) {
		return "", errors.New("the worker's log has no metric PackagesUnconfirmed")
	}
	a.Packager.Silence(false)
	a.Benchling.API.Edit(c.Entry)
	if _, err := a.Press(ctx, c, "update-package:"+c.Entry); err != nil {
		return "", err
	}
	if err := a.WaitShown(ctx, c, confirmTimeout, packagedState); err != nil {
		return "", err
	}
	if err := a.StartWorker(ctx); err != nil {
		return "", err
	}
	_, err = a.StopTask(ctx, impatient)
	return fmt.Sprintf("reported %.0f s after the package; packaged when asked for again", confirmWithin.Seconds()), err
}

// refusePackage lets Quilt make no revision of a package.
func (a packages) refusePackage(ctx context.Context) (string, error) {
	c := a.PlaceCanvas()
	a.Packager.Refuse(stage.PackageName(c.Entry), true)
	defer a.Packager.Refuse(stage.PackageName(c.Entry), false)
	if _, err := a.Change(ctx, c.Entry); err != nil {
		return "", err
	}
	if err := a.WaitShown(ctx, c, confirmTimeout, handedOver); err != nil {
		return "", err
	}
	time.Sleep(2 * time.Second)
	if shown := a.Shown(c); !strings.Contains(shown, handedOver) {
		return "", fmt.Errorf("the canvas of a refused package: %s", shown)
	}
	return "the canvas still says handed to Quilt", nil
}
