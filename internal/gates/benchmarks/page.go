package benchmarks

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"benchlingwebhook/internal/svg"
)

const megabyte = 1e6

// Write writes benchmarks.md and the charts that it shows below a directory.
func Write(directory string, f Figures, at time.Time) error {
	charts := filepath.Join(directory, "benchmarks")
	if err := os.MkdirAll(charts, 0o755); err != nil {
		return err
	}
	problems := []error{os.WriteFile(filepath.Join(directory, "benchmarks.md"), []byte(page(f, at)), 0o644)}
	for name, drawn := range map[string]string{
		"composition.svg": svg.Bars("What the image is made of", "MB", composition(f)),
		"size.svg":        svg.Bars("Layers above the base", "MB", pair(f, func(i Image) float64 { return float64(i.Above) / megabyte })),
		"start.svg":       svg.Bars("From docker run to the first 200", "s", pair(f, func(i Image) float64 { return i.FirstAnswer })),
		"memory.svg":      svg.Bars("Idle memory of the web service", "MB", pair(f, func(i Image) float64 { return float64(i.Memory) / megabyte })),
		"build.svg": svg.Bars("Time to build", "s", []svg.Bar{
			{Label: "no layer cached", Value: f.ColdBuild}, {Label: "only the source changed", Value: f.Rebuild, Ours: true},
		}),
	} {
		problems = append(problems, os.WriteFile(filepath.Join(charts, name), []byte(drawn), 0o644))
	}
	return errors.Join(problems...)
}

func pair(f Figures, value func(Image) float64) []svg.Bar {
	return []svg.Bar{{Label: "single-stage image", Value: value(f.Old)}, {Label: "this image", Value: value(f.New), Ours: true}}
}

func composition(f Figures) []svg.Bar {
	bars := []svg.Bar{{Label: "base", Value: float64(f.Base) / megabyte}}
	for _, l := range f.New.Layers {
		bars = append(bars, svg.Bar{Label: title(l.Step), Value: float64(l.Bytes) / megabyte, Ours: true})
	}
	return bars
}

// title names a layer by the instruction that made it.
func title(step string) string {
	step = strings.TrimSuffix(step, " # buildkit")
	switch {
	case strings.Contains(step, "dnf install"):
		return "Python and the user (RUN dnf)"
	case strings.Contains(step, ".venv"):
		return "packages (COPY .venv)"
	case strings.HasPrefix(step, "COPY") && strings.Contains(step, "src"):
		return "the service (COPY src)"
	}
	if runes := []rune(step); len(runes) > 40 {
		return string(runes[:40]) + " …"
	}
	return step
}

func page(f Figures, at time.Time) string {
	var md strings.Builder
	line := func(format string, values ...any) { fmt.Fprintf(&md, format+"\n", values...) }
	base := "the public base image, Amazon Linux 2023"
	if f.Standin {
		base = "a stand-in of Debian 12 for the public base image, which couldn't be pulled"
	}
	line("# Benchmarks\n")
	line("Written by `make -C docker bench` on %s, on %s,", at.Format(time.DateOnly), base)
	line("by a machine of %d processors whose load was %.1f before it began. The single-stage image is", f.Processors, f.Load)
	line("`internal/gates/testdata/single-stage/Dockerfile`: the same base, packages and service, built and run in the same run.")
	line("Above the base lie the distribution's Python, the packages and the service.\n")
	line("Pages of their own have [the web service](benchmarks/service.md), [the worker](benchmarks/worker.md) and [the synthesis](benchmarks/synth.md).\n")
	line("## Beside the single-stage image\n")
	line("| | this image | single-stage | ratio |")
	line("|---|---:|---:|---:|")
	row := func(what, unit string, value func(Image) float64) {
		our, old := value(f.New), value(f.Old)
		line("| %s | %s %s | %s %s | %.2f |", what, svg.Figure(our), unit, svg.Figure(old), unit, our/old)
	}
	row("layers above the base", "MB", func(i Image) float64 { return float64(i.Above) / megabyte })
	row("… with gzip, as a registry holds them", "MB", func(i Image) float64 { return float64(i.AboveCompressed) / megabyte })
	row("whole image", "MB", func(i Image) float64 { return float64(i.Total) / megabyte })
	starts := fmt.Sprintf("median of %d", f.Starts)
	row("`docker run` to first 200, "+starts, "s", func(i Image) float64 { return i.FirstAnswer })
	row("`docker run` to ready, "+starts, "s", func(i Image) float64 { return i.Ready })
	row("idle memory, web", "MB", func(i Image) float64 { return float64(i.Memory) / megabyte })
	line("\n![Layers above the base](benchmarks/size.svg)\n")
	line("![From docker run to the first 200](benchmarks/start.svg)\n")
	line("![Idle memory of the web service](benchmarks/memory.svg)\n")
	line("## What the image is made of\n")
	line("| layer | MB | with gzip |")
	line("|---|---:|---:|")
	line("| base | %s | |", svg.Figure(float64(f.Base)/megabyte))
	for _, l := range f.New.Layers {
		line("| %s | %s | %s |", title(l.Step), svg.Figure(float64(l.Bytes)/megabyte), svg.Figure(float64(l.Compressed)/megabyte))
	}
	line("\n![What the image is made of](benchmarks/composition.svg)\n")
	line("## Start and build\n")
	line("| | |")
	line("|---|---:|")
	line("| `docker run` to \"Running on\", one start | %s s |", svg.Figure(f.RunningOn))
	line("| `docker run` to the engine's `healthy`, checked every second | %s s |", svg.Figure(f.Healthy))
	line("| idle memory, worker | %s MB |", svg.Figure(float64(f.WorkerMemory)/megabyte))
	line("| build, no layer cached | %s s |", svg.Figure(f.ColdBuild))
	line("| build, only the source changed | %s s |", svg.Figure(f.Rebuild))
	line("\n![Time to build](benchmarks/build.svg)")
	return md.String()
}
