package benchworker

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"benchlingwebhook/internal/benchpages"
	"benchlingwebhook/internal/svg"
)

// Page returns the page of the worker's figures.
func Page(text []byte) (benchpages.Page, error) {
	f, err := Read(text)
	if err != nil {
		return benchpages.Page{}, err
	}
	if _, err := f.SecondsOfMB(); err != nil {
		return benchpages.Page{}, err
	}
	var page strings.Builder
	fmt.Fprintf(&page, introduction, f.Scale, f.Machine)
	f.writeRates(&page)
	f.writeIdle(&page)
	f.writeCosts(&page)
	f.writeCalls(&page)
	return benchpages.Page{Text: page.String(), Charts: map[string]string{"rate": f.rateChart(), "idle": f.idleChart(), "cpu": f.cpuChart()}}, nil
}

const introduction = `# Benchmark of the worker

Written by ` + "`make bench-worker SCALE=%g`" + ` %s. A scale of 1 is the whole size; at a smaller one, a case has fewer packages, fewer files, or a smaller file. Rates and times are this machine's and this load's: only the ratios to the references compare with those of another run. CPU compares better, but what every package takes weighs more on a MB the smaller its files are.

The worker runs as a process of its own against a stand-in for AWS and Benchling on 127.0.0.1, which keeps nothing. S3 waits for so many milliseconds before each response. The references work on the same export, against the same stand-in, right after the worker: ` + "`unzip`" + ` is Python's ` + "`zipfile`" + `, which unpacks alone and keeps nothing; boto3 is its default transfer of the files, unpacked before, one after the other; curl downloads the export alone. A ratio above 1 is a worker that is faster than its reference, though the worker's time has what no reference does: Benchling's requests with one poll, claims, the record, documents and messages.
`

// conditions are a row's first cells.
func (r Row) conditions() string {
	return fmt.Sprintf("%s | %d ms | %s", r.Case, r.DelayMS, map[bool]string{true: "yes", false: "no"}[r.TLS])
}

func (f Figures) writeRates(page *strings.Builder) {
	page.WriteString(`
## Rates

An export of ` + "`1 GiB`" + ` has one file. Of the others, the name says how many files of which size.

| Case | S3 | TLS | Packages | MB in each | Packages a second | MB a second | of boto3's rate | of unzip's | of curl's |
|---|---:|---|---:|---:|---:|---:|---:|---:|---:|
`)
	for _, r := range f.Rows {
		fmt.Fprintf(page, "| %s | %d | %.4g | %s | %s | %.2f | %.2f | %.2f |\n", r.conditions(), r.Packages, r.Megabytes,
			svg.Figure(r.PackagesPerSecond), svg.Figure(r.MegabytesPerSecond), r.OfBoto3, r.OfUnzip, r.OfCurl)
	}
	page.WriteString("\n![The worker's rate beside boto3's own transfer](worker-rate.svg)\n")
}

func (f Figures) writeIdle(page *strings.Builder) {
	page.WriteString(`
## From the event to the packaging message

One event, which is in the queue when Benchling gets its 200, and a worker that is idle; p50. The export is ready at once, or after one poll. The references' time is curl, ` + "`unzip`" + ` and boto3 one after the other; a ratio above 1 is a worker that is faster than they are.

| Case | S3 | TLS | Ready at once | After one poll | References | ratio, ready at once | ratio, after one poll |
|---|---:|---|---:|---:|---:|---:|---:|
`)
	for _, r := range f.Rows {
		if i := r.Idle; i != nil {
			fmt.Fprintf(page, "| %s | %.0f ms | %.0f ms | %.0f ms | %.2f | %.2f |\n", r.conditions(), i.Ready, i.Polled, i.Reference, i.Reference/i.Ready, i.Reference/i.Polled)
		}
	}
	page.WriteString("\n![From the event to the packaging message](worker-idle.svg)\n")
}

func (f Figures) writeCosts(page *strings.Builder) {
	page.WriteString(`
## CPU and memory

CPU of the worker's process alone, in milliseconds of one processor; its peak of resident memory.

| Case | S3 | TLS | a package | a file | a MB | Peak, MiB |
|---|---:|---|---:|---:|---:|---:|
`)
	for _, r := range f.Rows {
		fmt.Fprintf(page, "| %s | %.0f | %s | %s | %.0f |\n", r.conditions(), r.CPUOfPackage, svg.Figure(r.CPUOfFile), svg.Figure(r.CPUOfMB), r.PeakMiB)
	}
	page.WriteString("\n![CPU of a MB](worker-cpu.svg)\n")
}

// writeCalls writes a column for each case, of its first row: S3's delay and TLS don't
// change which calls are made.
func (f Figures) writeCalls(page *strings.Builder) {
	var first []Row
	names := map[string]bool{}
	for _, r := range f.Rows {
		if slices.ContainsFunc(first, func(other Row) bool { return other.Case == r.Case }) {
			continue
		}
		first = append(first, r)
		for name := range r.Calls {
			names[name] = true
		}
	}
	page.WriteString("\n## Calls of one package\n\nAn export that is ready after one poll. Receives of queues aren't counted; `ranges` are requests for a part of the export. Parts of a large file are of 5 MiB, so their number follows the scale.\n\n| Call |")
	for _, r := range first {
		fmt.Fprintf(page, " %s |", r.Case)
	}
	page.WriteString("\n|---|" + strings.Repeat("---:|", len(first)) + "\n")
	for _, name := range slices.Sorted(maps.Keys(names)) {
		fmt.Fprintf(page, "| %s |", name)
		for _, r := range first {
			fmt.Fprintf(page, " %.3g |", r.Calls[name])
		}
		page.WriteString("\n")
	}
}
