package scale

import (
	"fmt"
	"math"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// rates are events a second, and backfillTasks numbers of worker tasks for a million
// entries: what prod allows comes first.
var (
	rates         = []float64{1, 10, 100, 1000}
	backfillTasks = []int{100, 1000}
)

const million = 1_000_000

// writeRates writes what a steady rate and a million entries need.
func writeRates(page *strings.Builder, prod environment, prices Prices, worker []smallEnd, packageCPU float64) {
	perPackage := By(prod.worker, prices)
	use := 0.0
	for _, row := range perPackage.Rows()[1:] {
		use += row.Cost / thousand
	}
	fmt.Fprintf(page, `
## How many tasks

Exports take as long as in [the simulated day](simulated-day.md): %.0f s on average, nearly all of it waiting for Benchling; a package takes %.2f s of a processor, and a web task takes %.0f events a second. A worker task has %d places. So it is places that run out, not CPU. The table has the fewest of prod's tasks with which 99 of 100 events wait for %d s at most; the simulated day's own scaling takes one or two more, for it gives each event that waits a place. Usage is that of the packages above.

| Events a second | Packages a day | Web tasks | Worker tasks | Tasks, an hour | Usage, an hour | Requests to Benchling, a second |
|---:|---:|---:|---:|---:|---:|---:|
`, meanExport(), packageCPU, webRate(prod), exportThreads, longestWait)
	for _, rate := range rates {
		webTasks, tasks := max(prod.web.Least, int(math.Ceil(rate/webRate(prod)))), TasksFor(rate, exportThreads)
		hour := float64(webTasks)*prod.web.Hour(prices) + float64(tasks)*prod.worker.Hour(prices)
		fmt.Fprintf(page, "| %s | %s | %d | %d | %s | %s | %.0f |\n", thousands(rate), thousands(rate*86400), webTasks, tasks, dollars(hour), dollars(rate*3600*use), rate*callsOfBenchling)
	}
	writeSmallEnds(page, worker)
	benchling := float64(million) * callsOfBenchling * benchlingSeconds / benchlingRequests / 3600
	page.WriteString(`
A million entries that come at once, by the number of worker tasks (` + "`workerMaxCount`" + `):

| Worker tasks | Hours | Tasks | Usage |
|---:|---:|---:|---:|
`)
	for _, tasks := range append([]int{prod.worker.Most}, backfillTasks...) {
		b := BackfillOf(million, tasks, exportThreads)
		fmt.Fprintf(page, "| %d | %.1f | %s | %s |\n", tasks, b.Hours, dollars(b.TaskHours*prod.worker.Hour(prices)), dollars(million*use))
	}
	fmt.Fprintf(page, `
Benchling allows an app %d requests in %d s, and a package takes %d or more. So a million entries take %.0f hours at least, however many tasks there are, and tasks beyond about %d wait for Benchling.
`, benchlingRequests, benchlingSeconds, callsOfBenchling, benchling, int(math.Ceil(float64(benchlingRequests)/benchlingSeconds/callsOfBenchling*meanExport()/exportThreads)))
}

// webRate returns the events that one web task handles in a second, by the figures
// of the template.
func webRate(e environment) float64 {
	for _, q := range e.template.OfType("AWS::ApiGatewayV2::Stage") {
		if rate, known := cfn.At(q.Properties, "RouteSettings", "POST /event", "ThrottlingRateLimit").(float64); known {
			return rate / float64(e.web.Most)
		}
	}
	return math.NaN()
}

// thousands writes a whole number with commas.
func thousands(n float64) string {
	text := fmt.Sprintf("%.0f", n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// writeQuotas writes what is met first.
func writeQuotas(page *strings.Builder, quotas []Quota) {
	page.WriteString(`
## What is met first

On the way to 1,000 events a second with prod's template, and beyond it; AWS's quotas are the defaults.

| Events a second | Limit | What changes it | Source |
|---:|---|---|---|
`)
	for _, q := range quotas {
		fmt.Fprintf(page, "| %s | %s | %s | %s |\n", significant(q.Rate), q.Name, q.Change, q.Source)
	}
	page.WriteString(`
So up to Benchling's limit, settings and one request to Service Quotas are enough. Ten times as much takes several apps, each with its own stack. 1,000 events a second takes a worker that receives ten events in a call from a queue with high throughput, and holds 32 exports in a task.
`)
}

// significant writes a rate with two digits or, from 10 on, whole.
func significant(rate float64) string {
	if rate < 10 {
		return fmt.Sprintf("%.1f", rate)
	}
	return thousands(rate)
}

// terabytes are a day's, partBytes an upload's part.
const terabytes, partBytes = 10, 5 << 20

// writeData writes what 10 TB a day take. cpuOfMB are the worker's seconds of one
// processor for a MB of large files.
func writeData(page *strings.Builder, prod environment, prices Prices, cpuOfMB float64) {
	bytes := terabytes * 1e12
	rate := bytes / 86400 / 1e6
	tasks := int(math.Ceil(rate * cpuOfMB / prod.worker.CPU))
	fmt.Fprintf(page, `
## %d TB a day

That is %.0f MB a second. It takes %.1f processors for downloading, unpacking and uploading (%.1f ms a MB, [the worker's benchmark](benchmarks/worker.md)), so %d of prod's worker tasks that are never idle, %s a day.

| What | A day |
|---|---:|
| Parts of 5 MiB to S3 | %s |
| Storage, for each month that it stays | %s |
| NAT gateway, where Benchling's bucket is in another region | %s |
| The same with the bucket in the stack's region | 0.00 |

So deploy in the region of Benchling's bucket. No package may have more than 20 GiB, which one task reads in %.0f minutes when it is alone and in four times that beside three like it: raise `+"`exportTimeoutMinutes`, or `workerCpu`"+`.
`, terabytes, rate, rate*cpuOfMB, cpuOfMB*1000, tasks, dollars(float64(tasks)*24*prod.worker.Hour(prices)),
		dollars(bytes/partBytes*prices.Of("s3-put")), dollars(bytes/1e9*prices.Of("s3-gb")), dollars(bytes/1e9*prices.Of("nat-gb")),
		20*1.074e3*cpuOfMB/prod.worker.CPU/60)
}
