// Package benchworker reads what `make bench-worker` has measured (docker/worker_bench)
// and makes its page.
package benchworker

import (
	"encoding/json"
	"errors"
	"fmt"

	"benchlingwebhook/internal/benchpages"
)

// Figures are what one run measured.
type Figures struct {
	Machine benchpages.Machine `json:"machine"`
	// Scale is how large the cases were, beside whole ones of 1.
	Scale float64 `json:"scale"`
	Rows  []Row   `json:"rows"`
}

// Row is one case with one kind of S3.
type Row struct {
	Case string `json:"case"`
	TLS  bool   `json:"tls"`
	// DelayMS is how long S3 waits before each response.
	DelayMS  int `json:"delay_ms"`
	Packages int `json:"packages"`
	// Files and Megabytes are a package's.
	Files     int     `json:"files"`
	Megabytes float64 `json:"megabytes_per_package"`
	// The rates and CPU are the worker's; CPU is in milliseconds of one processor.
	PackagesPerSecond  float64 `json:"packages_per_second"`
	MegabytesPerSecond float64 `json:"mb_per_second"`
	CPUOfPackage       float64 `json:"cpu_ms_per_package"`
	CPUOfFile          float64 `json:"cpu_ms_per_file"`
	CPUOfMB            float64 `json:"cpu_ms_per_mb"`
	PeakMiB            float64 `json:"peak_mib"`
	// Idle is null in cases that don't measure it.
	Idle *Idle `json:"idle"`
	// OfUnzip, OfBoto3 and OfCurl are the worker's rate beside each reference's.
	OfUnzip float64 `json:"of_unzip"`
	OfBoto3 float64 `json:"of_boto3"`
	OfCurl  float64 `json:"of_curl"`
	// Calls are those of one package, by name.
	Calls map[string]float64 `json:"calls_per_package"`
}

// Idle is an idle worker's p50 from an event to its packaging message, in
// milliseconds, where the export is ready at the first poll or at the second, and the
// references' time of the same package, one after the other.
type Idle struct {
	Ready     float64 `json:"ready_ms"`
	Polled    float64 `json:"polled_ms"`
	Reference float64 `json:"reference_ms"`
}

// Read returns the figures of a JSON text; each row must have a case and rates above 0.
func Read(text []byte) (Figures, error) {
	var f Figures
	if err := json.Unmarshal(text, &f); err != nil {
		return f, err
	}
	if len(f.Rows) == 0 || f.Scale <= 0 {
		return f, errors.New("no rows, or no scale")
	}
	for i, r := range f.Rows {
		if r.Case == "" || min(r.PackagesPerSecond, r.CPUOfMB, r.OfBoto3, r.OfUnzip, r.OfCurl) <= 0 {
			return f, fmt.Errorf("row %d, %q: a figure is missing or isn't above 0", i+1, r.Case)
		}
	}
	return f, nil
}

// UsualPackage begins the cases of a package as most are, by how many are made at once.
const UsualPackage = "10 x 100 kB, "

// Usual returns the rows of a usual package, by how many are made at once, with the S3 of
// SecondsOfMB.
func (f Figures) Usual() map[int]Row {
	rows := map[int]Row{}
	for _, r := range f.realistic() {
		atOnce := 0
		if _, err := fmt.Sscanf(r.Case, UsualPackage+"%d at once", &atOnce); err == nil {
			rows[atOnce] = r
		}
	}
	return rows
}

// large is the case of one large file.
const large = "1 GiB"

// SecondsOfMB returns the worker's seconds of one processor for a MB of a large file,
// of which S3 is as AWS's: over TLS, and the slowest that was measured.
func (f Figures) SecondsOfMB() (float64, error) {
	for _, r := range f.realistic() {
		if r.Case == large {
			return r.CPUOfMB / 1000, nil
		}
	}
	return 0, fmt.Errorf("no row of %q with the slowest S3 over TLS", large)
}
