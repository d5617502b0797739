package scale

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"benchlingwebhook/internal/benchpages"
	"benchlingwebhook/internal/benchworker"
	"benchlingwebhook/internal/cfn"
)

// environment is one of cdk.json, by the template that it makes.
type environment struct {
	name        string
	template    cfn.Template
	rest        Bill
	web, worker Size
}

// environmentOf returns what a template's text says.
func environmentOf(name string, text []byte, prices Prices) (environment, error) {
	template, err := cfn.Read(text)
	if err != nil {
		return environment{}, fmt.Errorf("%s: %w", name, err)
	}
	rest, err := AtRest(template, prices)
	if err != nil {
		return environment{}, fmt.Errorf("%s: %w", name, err)
	}
	e := environment{name: name, template: template, rest: rest}
	if e.web, err = SizeOf(template, web); err == nil {
		e.worker, err = SizeOf(template, worker)
	}
	return e, err
}

// workerFigures is what `make bench-worker` has measured.
var workerFigures = filepath.Join(benchpages.Directory, "worker.json")

// Write writes docs/scale.md below a directory, of the golden templates and the
// worker's benchmark there.
func Write(root string) error {
	template := func(environment string) ([]byte, error) {
		return os.ReadFile(filepath.Join(root, "stacks", "testdata", environment+".template.json"))
	}
	dev, errDev := template("dev")
	prod, errProd := template("prod")
	if err := errors.Join(errDev, errProd); err != nil {
		return fmt.Errorf("%w; run `make golden`", err)
	}
	figures, err := os.ReadFile(filepath.Join(root, workerFigures))
	if err != nil {
		return fmt.Errorf("%w; run `make bench-worker`", err)
	}
	page, err := Page(dev, prod, figures)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, "docs", "scale.md"), []byte(page), 0o644)
}

// Page returns docs/scale.md of the templates of dev and prod, and of the figures of
// the worker's benchmark.
func Page(dev, prod, figures []byte) (string, error) {
	prices, err := ReadPrices(nil)
	if err != nil {
		return "", err
	}
	measured, err := benchworker.Read(figures)
	if err != nil {
		return "", fmt.Errorf("%s: %w; run `make bench-worker`", workerFigures, err)
	}
	cpuOfMB, err := measured.SecondsOfMB()
	if err != nil {
		return "", fmt.Errorf("%s: %w; run `make bench-worker`", workerFigures, err)
	}
	worker, err := smallEnds(measured)
	if err != nil {
		return "", fmt.Errorf("%s: %w; run `make bench-worker`", workerFigures, err)
	}
	var environments []environment
	for _, it := range []struct {
		name string
		text []byte
	}{{"dev", dev}, {"prod", prod}} {
		e, err := environmentOf(it.name, it.text, prices)
		if err != nil {
			return "", err
		}
		environments = append(environments, e)
	}
	quotas, err := Quotas(environments[1].template)
	if err != nil {
		return "", err
	}
	var page strings.Builder
	page.WriteString(introduction)
	writeRest(&page, environments, cpuOfMB)
	writeNetwork(&page, environments[1], prices)
	writeUsage(&page, environments, prices)
	writeRates(&page, environments[1], prices, worker, measured.Usual()[1].CPUOfPackage/1000)
	writeQuotas(&page, quotas)
	writeData(&page, environments[1], prices, cpuOfMB)
	writePrices(&page, prices)
	return page.String(), nil
}

const introduction = `# Cost and scale

Written by ` + "`make scale`" + ` from the synthesized templates of ` + "`dev` and `prod`" + `, from [the worker's benchmark](benchmarks/worker.md), and from ` + "`internal/scale/prices.json`" + `: list prices of us-east-1 in US dollars, without any free tier. A month has 730 hours. Most other regions cost more, and a Savings Plan less.
`

// dollars writes a sum.
func dollars(sum float64) string { return fmt.Sprintf("%.2f", sum) }

// writeRest writes what each environment costs while no event comes. cpuOfMB are the
// worker's seconds of one processor for a MB of large files.
func writeRest(page *strings.Builder, environments []environment, cpuOfMB float64) {
	page.WriteString("\n## A month at rest\n\nNo event comes, and nobody calls but the worker's probe.\n\n| What | dev | prod | Settings |\n|---|---:|---:|---|\n")
	var names []string
	settings, costs := map[string]string{}, map[string]map[string]float64{}
	for _, e := range environments {
		for _, row := range e.rest.Rows() {
			if costs[row.What] == nil {
				names, costs[row.What] = append(names, row.What), map[string]float64{}
			}
			settings[row.What], costs[row.What][e.name] = row.Setting, row.Cost
		}
	}
	for _, what := range names {
		fmt.Fprintf(page, "| %s | %s | %s | %s |\n", what, dollars(costs[what]["dev"]), dollars(costs[what]["prod"]), settings[what])
	}
	fmt.Fprintf(page, "| **Sum** | **%s** | **%s** | |\n\nThe largest:\n\n", dollars(environments[0].rest.Sum()), dollars(environments[1].rest.Sum()))
	for _, e := range environments {
		var largest []string
		for _, row := range e.rest.Largest(3) {
			largest = append(largest, fmt.Sprintf("%s, %s (%s)", row.What, dollars(row.Cost), orNone(row.Setting)))
		}
		fmt.Fprintf(page, "- `%s`: %s.\n", e.name, strings.Join(largest, "; "))
	}
	fmt.Fprintf(page, restNotes, notedUnits, notedUnits/1024.0/cpuOfMB)
}

func orNone(setting string) string {
	if setting == "" {
		return "no setting changes it"
	}
	return setting
}

// notedUnits are a worker's CPU units in the notes.
const notedUnits = 512

const restNotes = `
What isn't there is storage, which grows by use: of packages, logs and images. Target tracking brings two alarms for each policy, which are counted. Sizes of receives and log lines are estimates in ` + "`internal/scale/watch.go`" + `; they decide less than a dollar.

Web tasks of 256 CPU units and 512 MiB answered for the first time after 1.2 to 1.5 s, took 106 events a second, and had 73 MiB at most; a worker with four exports of 2 GiB at once had 164 MiB. So dev has one web task of the smallest size. Exports unpack, and canvases are drawn, as fast as there is CPU: a worker of %d units reads about %.0f MB a second, one of 256 half of that, which is why the smallest isn't the default for workers.

` + "`arm64`" + ` takes 20 %% off all tasks; it isn't the default because the image's gates run on x86_64.
`

// writeNetwork compares the ways out of a VPC, and says what prod costs with two.
func writeNetwork(page *strings.Builder, prod environment, prices Prices) {
	small := Size{CPU: 0.25, Memory: 0.5, Architecture: prod.web.Architecture}
	saved := float64(prod.web.Least) * hoursInMonth * (prod.web.Hour(prices) - small.Hour(prices))
	insights := 0.0
	for _, row := range prod.rest.Rows() {
		if row.What == "Container Insights" {
			insights = row.Cost
		}
	}
	gateway := (prices.Of("nat-hour") + prices.Of("public-ipv4")) * hoursInMonth
	instance := (prices.Of("nat-instance") + prices.Of("public-ipv4")) * hoursInMonth
	endpoints := endpointServices * endpointZones * prices.Of("interface-endpoint") * hoursInMonth
	fmt.Fprintf(page, `
## The way out

| Way | A month | And | Against |
|---|---:|---|---|
| One NAT gateway, the default | %s | %.3f a GB | While its zone is lost, no task gets out: webhooks are refused, and Benchling has to send them again. Traffic of the other zone costs %.2f a GB more each way |
| One for each zone, `+"`natGateways: 2`"+` | %s | %.3f a GB | |
| An existing VPC's, `+"`vpc`"+` | 0.00 | what it costs there | Its routes are somebody else's |
| A NAT instance, t4g.nano | %s | nothing a GB | An instance with a public address to patch and to replace: Security Hub's EC2.9, and no setting here makes it |
| Interface endpoints, `+"`interfaceEndpoints`"+` | %s more | %.2f a GB | Benchling isn't behind one, so the gateway stays |

S3 and DynamoDB are reached by gateway endpoints, which cost nothing.

So prod costs %s at rest with two gateways. With web tasks of 256 CPU units and 512 MiB besides (%s less) and without Container Insights (%s less), two cost %s: who wants the way out of each zone more than ECS's metrics sets that.
`, dollars(gateway), prices.Of("nat-gb"), prices.Of("zone-transfer-gb"), dollars(2*gateway), prices.Of("nat-gb"), dollars(instance), dollars(endpoints), prices.Of("interface-endpoint-gb"),
		dollars(prod.rest.Sum()+gateway), dollars(saved), dollars(insights), dollars(prod.rest.Sum()+gateway-saved-insights))
}

// writeUsage writes what a thousand packages cost.
func writeUsage(page *strings.Builder, environments []environment, prices Prices) {
	page.WriteString("\n## A thousand packages\n\nOf ten files of 100 kB each, calls as counted by `make bench-worker`:\n\n| What | dev | prod |\n|---|---:|---:|\n")
	dev, prod := By(environments[0].worker, prices), By(environments[1].worker, prices)
	for i, row := range dev.Rows() {
		fmt.Fprintf(page, "| %s | %.4f | %.4f |\n", row.What, row.Cost, prod.Rows()[i].Cost)
	}
	fmt.Fprintf(page, "| **Sum** | **%s** | **%s** |\n", dollars(dev.Sum()), dollars(prod.Sum()))
	metric := prices.Of("metric")
	fmt.Fprintf(page, "\nA canvas request or an event that is refused costs a request and log lines. The routes' own metrics cost %s each, six a route, in months in which every hour has a call. So do the services' own that events cause, %d in number (%s): %s a month at most, and nothing in hours without an event. [Log lines](logs.md#metrics-and-what-they-cost) says what each is for. Where somebody is notified of alarms, `Attention` costs %s a month.\n",
		dollars(metric), len(writtenByEvents), strings.Join(writtenByEvents, ", "), dollars(float64(len(writtenByEvents))*metric), dollars(prices.Of("composite-alarm")))
}

// writePrices writes the price list.
func writePrices(page *strings.Builder, prices Prices) {
	page.WriteString("\n## Prices\n\nAWS's pages load their tables by script, and stored copies of them lack the figures; where another page that quotes them was read, it is linked beside.\n\n| Price | US dollars | For | Page | Read |\n|---|---:|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(prices.Prices)) {
		p := prices.Prices[name]
		seen := ""
		if p.SeenAt != "" {
			seen = ", [quoted](" + p.SeenAt + ")"
		}
		fmt.Fprintf(page, "| %s | %s | %s | [AWS](%s)%s | %s |\n", name, strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.9f", p.Price), "0"), "."), p.Unit, p.Page, seen, p.Read)
	}
}
