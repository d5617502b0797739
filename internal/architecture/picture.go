package architecture

import (
	"errors"
	"fmt"
	"strings"

	"benchlingwebhook/internal/svg"
)

// Lengths in pixels.
const (
	pictureWidth, pictureHeight = 1270, 900
	margin                      = 10.0
	headingDown, firstDown      = 19.0, 37.0
	lineHeight                  = 15.0
	factSize                    = 11
)

const (
	boxFill, outsideFill, frameFill = "#ffffff", "#eef3f8", "#f6f8fa"
	outsideBorder                   = "#57606a"
)

// shown are the types of which the picture must show every resource.
var shown = []string{
	apiType, balancerType, bucketType, queueType, ruleType, secretType, serviceType, tableType, topicType,
}

// Picture draws the architecture of a template. Its error names what the template
// has and the picture doesn't, and the reverse.
func Picture(t *Template) (string, error) {
	picture := svg.New("From a change in Benchling to a package in Quilt", pictureWidth, pictureHeight)
	picture.Text(12, 42, "Figures are those of production's template. Grey boxes are others'; dashed frames are one network or one construct.", `font-size="12"`)
	for _, f := range frames {
		picture.Box(f.x, f.y, f.width, f.height, frameFill, svg.Others, true)
		picture.Text(f.x+margin, f.y+15, f.label, `font-size="11"`)
	}
	for _, a := range arrows {
		points := make([]svg.Point, len(a.points))
		for i, p := range a.points {
			points[i] = svg.Point{X: p.x, Y: p.y}
		}
		picture.Arrow(points, svg.Ours, 1.6)
		if a.label != "" {
			picture.Text(a.at.x, a.at.y, a.label, `font-size="11"`)
		}
	}
	boxOf := map[string]bool{}
	for _, b := range boxes {
		id := ""
		if b.kind != "" {
			id = t.one(b.kind, b.prefix)
			boxOf[id] = true
		}
		b.draw(picture, b.lines(t, id))
	}
	return picture.String(), errors.Join(t.Err(), missing(t, boxOf))
}

// missing returns an error for each resource that has no box.
func missing(t *Template, boxOf map[string]bool) error {
	var problems []error
	for _, kind := range shown {
		for _, id := range t.ids(kind) {
			if !boxOf[id] {
				problems = append(problems, fmt.Errorf("%s: this %s is in no box: add one to internal/architecture/boxes.go", id, kind))
			}
		}
	}
	return errors.Join(problems...)
}

// lines returns what a box says below its heading.
func (b box) lines(t *Template, id string) []string {
	var lines []string
	if b.facts != nil {
		lines = b.facts(t, id)
	}
	return append(lines, b.said...)
}

func (b box) draw(picture *svg.Picture, lines []string) {
	fill, border := boxFill, svg.Ours
	if b.kind == "" && b.facts == nil {
		fill, border = outsideFill, outsideBorder
	}
	picture.Box(b.x, b.y, b.width, b.height, fill, border, false)
	picture.Text(b.x+margin, b.y+headingDown, b.title(), `font-weight="bold"`)
	for i, line := range lines {
		picture.Text(b.x+margin, b.y+firstDown+float64(i)*lineHeight, line, fmt.Sprintf(`font-size="%d"`, factSize))
	}
}

// title returns the heading, with AWS's service where that doesn't name it itself.
func (b box) title() string {
	switch b.kind {
	case queueType, tableType, bucketType, serviceType:
		return b.heading + ", " + strings.Split(b.kind, "::")[1]
	}
	return b.heading
}
