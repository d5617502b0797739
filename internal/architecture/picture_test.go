package architecture

import (
	"os"
	"slices"
	"strings"
	"testing"

	"benchlingwebhook/internal/cfn"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
)

// pictureFile is what TestPicture compares and rewrites.
const pictureFile = "../../docs/architecture.svg"

func templateOf(t *testing.T, shape string) *Template {
	t.Helper()
	text, err := os.ReadFile("../../stacks/testdata/" + shape + ".template.json")
	assert.NilError(t, err)
	template, err := Read(text)
	assert.NilError(t, err)
	return template
}

// TestPicture compares docs/architecture.svg with what production's template makes
// of it. Rewrite it with `make golden`.
func TestPicture(t *testing.T) {
	drawn, err := Picture(templateOf(t, "prod"))
	assert.NilError(t, err)
	if golden.FlagUpdate() {
		assert.NilError(t, os.WriteFile(pictureFile, []byte(drawn), 0o644))
	}
	committed, err := os.ReadFile(pictureFile)
	assert.NilError(t, err)
	assert.Assert(t, string(committed) == drawn, "docs/architecture.svg is of another template: make golden")
}

// TestWhatHasNoBoxIsNamed adds resources to the template, and takes one away.
func TestWhatHasNoBoxIsNamed(t *testing.T) {
	template := templateOf(t, "prod")
	template.Resources["Retries1"] = cfn.Resource{ID: "Retries1", Type: queueType}
	template.Resources["OnCall2"] = cfn.Resource{ID: "OnCall2", Type: topicType}
	_, err := Picture(template)
	assert.Error(t, err, strings.Join([]string{
		"Retries1: this AWS::SQS::Queue is in no box: add one to internal/architecture/boxes.go",
		"OnCall2: this AWS::SNS::Topic is in no box: add one to internal/architecture/boxes.go",
	}, "\n"))

	template = templateOf(t, "prod")
	delete(template.Resources, template.one(ruleType, ""))
	_, err = Picture(template)
	assert.ErrorContains(t, err, `0 resources of the type AWS::Events::Rule begin with "Revisions": name one`)
}

// How wide a letter is at most on average, as a share of the font's size.
const letterWidth, boldWidth = 0.56, 0.66

// headingSize is that of svg's pictures.
const headingSize = 13

// TestTextFits measures the lines of each box, roughly.
func TestTextFits(t *testing.T) {
	template := templateOf(t, "prod")
	for _, b := range boxes {
		id := ""
		if b.kind != "" {
			id = template.one(b.kind, b.prefix)
		}
		lines := b.lines(template, id)
		assert.Check(t, float64(len(b.title()))*headingSize*boldWidth <= b.width-2*margin, "%s: %q is too long", b.name, b.title())
		for _, line := range lines {
			assert.Check(t, float64(len(line))*factSize*letterWidth <= b.width-2*margin, "%s: %q is too long", b.name, line)
		}
		assert.Check(t, firstDown+float64(len(lines)-1)*lineHeight <= b.height-margin/2, "%s: %d lines are too many", b.name, len(lines))
		assert.Check(t, b.x+b.width < pictureWidth && b.y+b.height < pictureHeight, b.name)
	}
}

// TestNothingOverlaps compares each box with the others, and the lines of the
// arrows with the boxes that they don't touch.
func TestNothingOverlaps(t *testing.T) {
	for i, a := range boxes {
		for _, b := range boxes[i+1:] {
			apart := a.x+a.width < b.x || b.x+b.width < a.x || a.y+a.height < b.y || b.y+b.height < a.y
			assert.Check(t, apart, "%s and %s", a.name, b.name)
		}
	}
	for _, a := range arrows {
		for i := range a.points[1:] {
			from, to := a.points[i], a.points[i+1]
			assert.Check(t, from.x == to.x || from.y == to.y, "%s to %s: a slanting line", a.from, a.to)
			for _, b := range boxes {
				crosses := min(from.x, to.x) < b.x+b.width && max(from.x, to.x) > b.x && min(from.y, to.y) < b.y+b.height && max(from.y, to.y) > b.y
				assert.Check(t, !crosses, "%s to %s runs through %s", a.from, a.to, b.name)
			}
		}
	}
}

// TestArrowsEndAtTheirBoxes asks for both ends of each arrow to be on the border of
// the box that it names.
func TestArrowsEndAtTheirBoxes(t *testing.T) {
	named := func(name string) box {
		i := slices.IndexFunc(boxes, func(b box) bool { return b.name == name })
		assert.Assert(t, i >= 0, name)
		return boxes[i]
	}
	onBorder := func(p point, b box) bool {
		inX, inY := p.x > b.x && p.x < b.x+b.width, p.y > b.y && p.y < b.y+b.height
		return inX && (p.y == b.y || p.y == b.y+b.height) || inY && (p.x == b.x || p.x == b.x+b.width)
	}
	for _, a := range arrows {
		assert.Check(t, onBorder(a.points[0], named(a.from)), "%s to %s begins elsewhere", a.from, a.to)
		assert.Check(t, onBorder(a.points[len(a.points)-1], named(a.to)), "%s to %s ends elsewhere", a.from, a.to)
	}
}
