// Package benchmarks writes what was measured of the image as a page of tables
// and charts.
package benchmarks

// Figures are what one run measured. Sizes are bytes, times seconds.
type Figures struct {
	// Standin is true where a stand-in took the place of the public base.
	Standin bool
	// Processors is the machine's number, and Load its load average of a minute
	// before anything was built.
	Processors int
	Load       float64
	// New is the image, and Old the single-stage one on the same base.
	New, Old Image
	// Base is the size of the base image.
	Base int64
	// Starts is how often each image was started.
	Starts int
	// WorkerMemory is an idle worker's resident memory.
	WorkerMemory int64
	// ColdBuild is without a cached layer, and Rebuild after a change of the
	// source alone.
	ColdBuild, Rebuild float64
	// RunningOn and Healthy count from `docker run`.
	RunningOn, Healthy float64
}

// Image is what was measured of one image.
type Image struct {
	// Total is the size of all layers, and Above of those above the base, which
	// AboveCompressed is with gzip.
	Total, Above, AboveCompressed int64
	// Layers are those above the base, lowest first.
	Layers []Layer
	// FirstAnswer and Ready are the medians from `docker run` to the first 200 of
	// the health check, and of /health/ready.
	FirstAnswer, Ready float64
	// Memory is the idle web service's resident memory.
	Memory int64
}

// Layer is a layer's size, and the instruction that made it.
type Layer struct {
	Step              string
	Bytes, Compressed int64
}

// Complete says whether everything was measured.
func (f Figures) Complete() bool {
	whole := func(i Image) bool {
		return i.Total > 0 && len(i.Layers) > 0 && i.FirstAnswer > 0 && i.Ready > 0 && i.Memory > 0
	}
	return whole(f.New) && whole(f.Old) && f.Base > 0 && f.WorkerMemory > 0 && f.ColdBuild > 0 && f.Rebuild > 0 &&
		f.RunningOn > 0 && f.Healthy > 0
}
