package preflight_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/constructs"
	"benchlingwebhook/stacks"
)

func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/first-deployment.md")
	assert.NilError(t, err)
	return string(text)
}

// TestPageListsTheActions compares the rights on the page with the calls that
// the checks report.
func TestPageListsTheActions(t *testing.T) {
	files, err := filepath.Glob("*.go")
	assert.NilError(t, err)
	call := regexp.MustCompile(`refuseCall\("([a-z0-9]+:[A-Za-z]+)"`)
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		assert.NilError(t, err)
		for _, match := range call.FindAllStringSubmatch(string(text), -1) {
			found++
			assert.Check(t, strings.Contains(page(t), match[1]), match[1])
		}
	}
	assert.Check(t, found > 0)
}

// costs are the rows of the page's table of fixed costs: dev's and prod's.
func costs(t *testing.T) map[string][2]float64 {
	t.Helper()
	rows := map[string][2]float64{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([^|]+) \|[^|]*\| ([0-9.]+) \| ([0-9.]+) \|$`).FindAllStringSubmatch(page(t), -1) {
		dev, _ := strconv.ParseFloat(row[2], 64)
		prod, _ := strconv.ParseFloat(row[3], 64)
		rows[row[1]] = [2]float64{dev, prod}
	}
	return rows
}

// TestCostsAddUp holds the table's sums, and its rows against cdk.json.
func TestCostsAddUp(t *testing.T) {
	const vcpuHour, gbHour, natHour, addressHour, hours = 0.04048, 0.004445, 0.045, 0.005, 730
	rows := costs(t)
	t.Chdir("../..")
	for n, environment := range []string{"dev", "prod"} {
		context, err := stacks.ReadContextFile()
		assert.NilError(t, err)
		context["environment"] = environment
		s, err := stacks.ReadSettings(context)
		assert.NilError(t, err)
		tasks := func(size constructs.TaskSize) float64 {
			return float64(size.Desired) * (float64(size.CPU)/1024*vcpuHour + float64(size.MemoryMiB)/1024*gbHour) * hours
		}
		for row, want := range map[string]float64{
			"NAT gateways":                float64(s.NatGateways) * natHour * hours,
			"Their public IPv4 addresses": float64(s.NatGateways) * addressHour * hours,
			"Web tasks":                   tasks(s.Size),
			"Worker tasks":                tasks(s.WorkerSize),
		} {
			assert.Check(t, math.Abs(rows[row][n]-want) < 0.01, "%s, %s: %.2f", environment, row, want)
		}
		sum := 0.0
		for row, amounts := range rows {
			if row != "Sum" {
				sum += amounts[n]
			}
		}
		assert.Equal(t, fmt.Sprintf("%.2f", rows["Sum"][n]), fmt.Sprintf("%.2f", sum), environment)
	}
}

// TestAlarmsFitTheirCost counts what the template's alarms watch, with the two
// that each target tracking policy makes for itself.
func TestAlarmsFitTheirCost(t *testing.T) {
	const price, byTargetTracking = 0.10, 2
	text, err := os.ReadFile("../../stacks/testdata/prod.template.json")
	assert.NilError(t, err)
	var template struct {
		Resources map[string]struct {
			Type       string
			Properties struct {
				Metrics    []struct{ MetricStat *struct{} }
				PolicyType string
			}
		}
	}
	assert.NilError(t, json.Unmarshal(text, &template))
	metrics := 0
	for _, resource := range template.Resources {
		switch {
		case resource.Properties.PolicyType == "TargetTrackingScaling":
			metrics += byTargetTracking
		case resource.Type == "AWS::CloudWatch::Alarm" && len(resource.Properties.Metrics) == 0:
			metrics++
		case resource.Type == "AWS::CloudWatch::Alarm":
			for _, metric := range resource.Properties.Metrics {
				if metric.MetricStat != nil {
					metrics++
				}
			}
		}
	}
	assert.Check(t, metrics > 0)
	assert.Check(t, float64(metrics)*price <= costs(t)["Alarms"][1], "%d metrics", metrics)
}
