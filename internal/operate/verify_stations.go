package operate

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// The stations of an event, as they are printed.
const (
	stationReady     = "front door ready"
	stationQueued    = "event queued"
	stationTaken     = "taken by the worker"
	stationStored    = "exported and stored"
	stationHanded    = "handed to Quilt"
	stationConfirmed = "revision confirmed"
	stationSearched  = "linked packages searched for"
)

// The stations in the order of an event's way: to a package, and without one.
var (
	toPackage     = []string{stationReady, stationQueued, stationTaken, stationStored, stationHanded, stationConfirmed}
	withoutExport = []string{stationReady, stationQueued, stationTaken, stationSearched}
)

// next returns what comes after a station.
func (w *eventWay) next(station string) string {
	stations := toPackage
	if w.noExport {
		stations = withoutExport
	}
	return stations[slices.Index(stations, station)+1]
}

// eventWay follows one event: by its own claim, and by the entry's status from when that
// is of the event or of an export that began later.
type eventWay struct {
	sent event
	// quilt says that there is somebody to confirm.
	quilt bool
	// noExport says that the event makes no package.
	noExport bool
	// taken, stored and handed say what was reported; handedAt is when Quilt was asked.
	taken, stored, handed bool
	handedAt              float64
	// revision is the top hash that Quilt has confirmed.
	revision string
	// failure is why the event goes no further, or not without another attempt.
	failure string
	done    bool
}

// advance returns the stations that are new, in their order.
func (w *eventWay) advance(c claim, s exportStatus) []reached {
	var all []reached
	if !w.taken {
		w.taken = true
		all = append(all, reached{Station: stationTaken, Detail: "it has claimed " + w.sent.WebhookID})
	}
	if c.stored != nil && !w.stored {
		w.stored = true
		all = append(all, reached{Station: stationStored, Detail: c.stored.String()})
	}
	switch {
	case c.state == claimFailed:
		w.failure = "failed for good, and is a dead letter: " + c.reason + "; mend the reason, then `make redrive`"
	case c.attempts > 0 && c.state != claimDone:
		w.failure = fmt.Sprintf("attempt %d failed: %s; the worker tries again by itself", c.attempts, c.reason)
	case c.state == claimDone && w.noExport:
		w.done = true
		all = append(all, reached{Station: stationSearched, Detail: "its canvases are drawn; nothing is exported: see exportEntries in docs/settings.md"})
	case c.state == claimDone && !w.handed:
		all = append(all, w.hand(c, s)...)
		if !w.quilt {
			w.done = true
			return all
		}
	}
	if w.handed && w.quilt {
		all = append(all, w.confirm(s)...)
	}
	return all
}

// hand returns the stations of an event that is done.
func (w *eventWay) hand(c claim, s exportStatus) []reached {
	var all []reached
	w.handed, w.handedAt = true, s.handedAt
	detail := s.packageName
	if c.stored == nil {
		all = append(all, reached{Station: stationStored, Detail: "an export that began after this event has its change"})
	} else {
		detail = c.stored.name
	}
	if !w.quilt {
		detail += "; no Quilt stack is connected, so that nobody makes a revision of it: see packagingQueueArn in docs/settings.md"
	}
	return append(all, reached{Station: stationHanded, Detail: detail})
}

// confirm looks for Quilt's word since it was asked, by the worker's own rule: an older
// revision's has an older time.
func (w *eventWay) confirm(s exportStatus) []reached {
	switch {
	case s.topHash != "" && s.confirmedAt >= w.handedAt:
		w.revision, w.done = s.topHash, true
		return []reached{{Station: stationConfirmed, Detail: s.packageName + " " + s.topHash}}
	case s.state == notConfirmed:
		w.failure = "Quilt hasn't made a revision of " + s.packageName + " in time; look at Quilt's packager and its dead letters (UnconfirmedPackages in docs/runbook.md)"
	}
	return nil
}

// remedy says where to look for an event that stays at a station.
func (v *verification) remedy(station string) string {
	logs := fmt.Sprintf("`make logs ENVIRONMENT=%s WEBHOOK=%s`", v.environment, v.outcome.WebhookID)
	switch station {
	case stationQueued:
		return "is a worker running, and is it at other events? Look at the service's events, `make redrive` and OldEvents in docs/runbook.md"
	case stationHanded:
		return "look at Quilt's packager and its dead letters (UnconfirmedPackages in docs/runbook.md), and at " + logs
	}
	return "the worker goes on by itself: look at " + logs + ", or wait longer with --timeout (make: TIMEOUT=30m)"
}

// String says how many files there are, and where.
func (p storedPackage) String() string {
	text := fmt.Sprintf("%d files in s3://%s/%s", p.files, p.bucket, p.name)
	if p.leftOut > 0 {
		text += fmt.Sprintf(", %d left out", p.leftOut)
	}
	return text
}

// sizeOf returns the size of a package's files by its metadata; nothing where that can't
// be read, for which an operator needs no right.
//
// docs/packages.md describes the metadata.
func (v *verification) sizeOf(ctx context.Context, p storedPackage) string {
	got, err := v.objects.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(p.bucket), Key: aws.String(p.name + "/" + p.metadata)})
	if err != nil {
		return ""
	}
	defer got.Body.Close()
	var metadata struct{ Files []struct{ Size int64 } }
	if json.NewDecoder(io.LimitReader(got.Body, longestList)).Decode(&metadata) != nil {
		return ""
	}
	total := int64(0)
	for _, file := range metadata.Files {
		total += file.Size
	}
	return fmt.Sprintf(", %d bytes", total)
}
