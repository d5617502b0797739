package scale

import (
	"os"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/cfn"
)

func templateOf(t *testing.T, shape string) cfn.Template {
	t.Helper()
	text, err := os.ReadFile("../../stacks/testdata/" + shape + ".template.json")
	assert.NilError(t, err)
	template, err := cfn.Read(text)
	assert.NilError(t, err)
	return template
}

func pricesOf(t *testing.T) Prices {
	t.Helper()
	prices, err := ReadPrices(nil)
	assert.NilError(t, err)
	return prices
}

func restOf(t *testing.T, template cfn.Template) Bill {
	t.Helper()
	bill, err := AtRest(template, pricesOf(t))
	assert.NilError(t, err)
	return bill
}

func costOf(bill Bill, what string) float64 {
	for _, row := range bill.Rows() {
		if row.What == what {
			return row.Cost
		}
	}
	return 0
}

func about(t *testing.T, got, want float64) {
	t.Helper()
	assert.Check(t, got > want-0.005 && got < want+0.005, "%.4f is not %.2f", got, want)
}

// mostAtRest are the dollars a month that the environments may cost at rest.
var mostAtRest = map[string]float64{"dev": 90, "prod": 145}

func TestRestStaysBelowItsLimit(t *testing.T) {
	for shape, most := range mostAtRest {
		sum := restOf(t, templateOf(t, shape)).Sum()
		t.Logf("%s: %.2f", shape, sum)
		assert.Check(t, sum <= most, "%s costs %.2f a month at rest, %.2f at most: see docs/scale.md for what costs", shape, sum, most)
		assert.Check(t, sum > most/2, "%s: %.2f can't be all", shape, sum)
	}
}

// TestRowsFollowTheTemplate changes templates and sees the bill change by what the
// price list says.
func TestRowsFollowTheTemplate(t *testing.T) {
	dev := templateOf(t, "dev")
	about(t, costOf(restOf(t, dev), "NAT gateways"), 0.045*730)
	about(t, costOf(restOf(t, dev), "Container Insights"), 0)
	about(t, costOf(restOf(t, dev), "Web tasks"), 730*(0.25*0.04048+0.5*0.004445))
	dev.Resources["Nat2"] = cfn.Resource{ID: "Nat2", Type: "AWS::EC2::NatGateway"}
	dev.Resources["ClusterEB0386A7"].Properties["ClusterSettings"] = []any{map[string]any{"Name": "containerInsights", "Value": "enabled"}}
	about(t, costOf(restOf(t, dev), "NAT gateways"), 2*0.045*730)
	// 62 metrics, and 7 events of 1 kB a minute.
	about(t, costOf(restOf(t, dev), "Container Insights"), 62*0.30+7*0.0438*0.50)
	arm := restOf(t, templateOf(t, "arm64"))
	about(t, costOf(arm, "Web tasks"), 2*730*(0.25*0.03238+0.5*0.00356))
	frugal := restOf(t, templateOf(t, "frugal"))
	// 13.5 hours on five days of a week.
	const share = 5 * 13.5 / (7 * 24)
	about(t, costOf(frugal, "Worker tasks, at most: without Spot's discount"), share*730*(0.5*0.04048+0.004445))
	about(t, costOf(frugal, "Empty receives"), share*costOf(restOf(t, templateOf(t, "arm64")), "Empty receives"))
	about(t, costOf(restOf(t, templateOf(t, "existing-vpc")), "NAT gateways"), 0)
}

func TestEndpointsCountByZone(t *testing.T) {
	dev := templateOf(t, "dev")
	about(t, costOf(restOf(t, dev), "Interface endpoints"), 0)
	dev.Resources["Sqs"] = cfn.Resource{ID: "Sqs", Type: "AWS::EC2::VPCEndpoint", Properties: map[string]any{"VpcEndpointType": "Interface", "SubnetIds": []any{"a", "b"}}}
	about(t, costOf(restOf(t, dev), "Interface endpoints"), 2*0.01*730)
}

// TestWhatHasNoPriceIsNamed adds resources that nothing has a price for.
func TestWhatHasNoPriceIsNamed(t *testing.T) {
	dev := templateOf(t, "dev")
	dev.Resources["Stream"] = cfn.Resource{ID: "Stream", Type: "AWS::Kinesis::Stream"}
	dev.Resources["ClusterEB0386A7"].Properties["ClusterSettings"] = []any{map[string]any{"Name": "containerInsights", "Value": "enhanced"}}
	_, err := AtRest(dev, pricesOf(t))
	assert.Error(t, err, strings.Join([]string{
		"Stream: no price for a resource of the type AWS::Kinesis::Stream: add it to internal/scale",
		`ClusterEB0386A7: no price for containerInsights "enhanced": add it to internal/scale`,
	}, "\n"))
}

func TestPricesNeedTheirSource(t *testing.T) {
	for _, text := range []string{
		`{"prices": {"x": {"price": 0, "unit": "hour", "page": "https://aws.amazon.com/", "read": "2026-11-26"}}}`,
		`{"prices": {"x": {"price": 1, "unit": "hour", "page": "somewhere", "read": "2026-11-26"}}}`,
		`{"prices": {"x": {"price": 1, "unit": "hour", "page": "https://aws.amazon.com/", "read": "today"}}}`,
	} {
		_, err := ReadPrices([]byte(text))
		assert.Error(t, err, "prices.json: x: needs a price above 0, a unit, AWS's page and the day as YYYY-MM-DD")
	}
}

// TestFiguresAreTheServices looks for the figures of watch.go in the service.
func TestFiguresAreTheServices(t *testing.T) {
	for path, wanted := range map[string][]string{
		"queues/consumer.py":  {"POLL_SECONDS = 5\n"},
		"handlers.py":         {"CANVAS_THREADS = 3\n", "REVISION_THREADS = 1\n"},
		"runtime/settings.py": {"worker_concurrency: Annotated[int, Whole(1, 32)] = 4\n", "SECRET_READ_SECONDS = 50\n"},
		// Of the longest pause, 40 s are the mean.
		"runtime/secret_watch.py": {"LEAST_PART = 0.6\n"},
		"runtime/front_door.py":   {"PERIOD_SECONDS = 300.0\n"},
	} {
		text, err := os.ReadFile("../../docker/src/" + path)
		assert.NilError(t, err)
		for _, line := range wanted {
			assert.Check(t, strings.Contains(string(text), line), "docker/src/%s has no %q: mend internal/scale/watch.go", path, line)
		}
	}
}
