package gates

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"benchlingwebhook/internal/gates/benchmarks"
	"benchlingwebhook/internal/imageaudit"
)

const (
	// aboveLimit is the most that the layers above the base may hold, in bytes.
	aboveLimit = 80_000_000
	// reductionLimit is the share of the old image that has to be saved.
	reductionLimit = 0.30
)

// checkLayers compares the sizes of both images and audits the new one.
func (m *measurement) checkLayers(ctx context.Context) error {
	base, err := m.baseImage(ctx)
	if err != nil {
		return err
	}
	archives := map[string]string{}
	for name, image := range map[string]string{"new": newImage, "old": oldImage, "base": base} {
		archives[name] = filepath.Join(gatesDir, name+".tar")
		if _, err := m.Docker(ctx, "save", "--output", archives[name], image); err != nil {
			return err
		}
	}
	ours, err := imageaudit.Read(archives["new"], archives["base"])
	if err != nil {
		return err
	}
	old, err := imageaudit.Read(archives["old"], archives["base"])
	if err != nil {
		return err
	}
	m.figures.New, m.figures.Old = sizesOf(ours), sizesOf(old)
	m.figures.Base = m.figures.New.Total - m.figures.New.Above
	m.addSizes()

	uid, gid := m.Contract.User.UID, m.Contract.User.GID
	var found []error
	for _, problem := range imageaudit.Audit(ours, uid, gid) {
		found = append(found, errors.New(problem))
	}
	var touched int64
	changes := imageaudit.BaseChanges(ours)
	for _, f := range changes {
		touched += f.Size
	}
	m.list.Add("QG-3 layer audit", "nothing", fmt.Sprintf("%d layers above the base, nothing found; %d of the base's files changed by the package installation, %.2f %% of the image",
		len(ours.Layers)-ours.Base, len(changes), 100*float64(touched)/float64(m.figures.New.Total)), errors.Join(found...))
	steps, err := explained(ours.Steps)
	m.list.Add("QG-3 docker history", "one instruction of the Dockerfile each", steps, err)
	return nil
}

// baseImage returns the image that the final stage stands on, held by the engine.
func (m *measurement) baseImage(ctx context.Context) (string, error) {
	reference := m.Contract.BaseImages[len(m.Contract.BaseImages)-1].Reference
	if standin, replaced := m.Contexts.Args[reference]; replaced {
		return strings.TrimPrefix(standin, "docker-image://"), nil
	}
	_, err := m.Docker(ctx, "pull", "--quiet", reference)
	return reference, err
}

func sizesOf(image imageaudit.Image) benchmarks.Image {
	var f benchmarks.Image
	f.Total, _ = image.Total()
	f.Above, f.AboveCompressed = image.Above()
	for _, l := range image.Layers[image.Base:] {
		f.Layers = append(f.Layers, benchmarks.Layer{Step: l.Step, Bytes: l.Bytes, Compressed: l.Compressed})
	}
	return f
}

func (m *measurement) addSizes() {
	ours, old := m.figures.New, m.figures.Old
	on := "on the public base"
	if m.figures.Standin {
		on = "on the stand-in base"
	}
	saved := 1 - float64(ours.Total)/float64(old.Total)
	var err error
	if saved < reductionLimit {
		err = errors.New("too large")
	}
	m.list.Add("QG-3 size", "30 % smaller", fmt.Sprintf("%.0f %% smaller: %.0f MB, the old image %.0f MB, %s", 100*saved, mega(ours.Total), mega(old.Total), on), err)
	err = nil
	if ours.Above > aboveLimit {
		err = errors.New("too large")
	}
	m.list.Add("QG-3 layers above the base", "80 MB", fmt.Sprintf("%.1f MB, with gzip %.1f MB; the old image's %.1f and %.1f, %s",
		mega(ours.Above), mega(ours.AboveCompressed), mega(old.Above), mega(old.AboveCompressed), on), err)
}

func mega(bytes int64) float64 { return float64(bytes) / 1e6 }

// explained checks that each step above the base is an instruction that the
// final stage can have.
func explained(steps []string) (string, error) {
	var problems []error
	for _, step := range steps {
		word, _, _ := strings.Cut(step, " ")
		switch word {
		case "RUN", "COPY", "WORKDIR", "ENV", "USER", "EXPOSE", "HEALTHCHECK", "CMD":
		default:
			problems = append(problems, fmt.Errorf("%q: no instruction of the final stage", step))
		}
	}
	return fmt.Sprintf("%d instructions above the base", len(steps)), errors.Join(problems...)
}
