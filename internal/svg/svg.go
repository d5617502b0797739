// Package svg draws the charts of the documentation.
package svg

import (
	"fmt"
	"html"
	"strings"
)

// Colours that all charts share: text, what is ours, and what it is compared
// with.
const (
	Ink    = "#1b1f24"
	Ours   = "#1f6f54"
	Others = "#9aa5b1"
)

// Picture is an SVG under construction, in pixels from the top left.
type Picture struct {
	body          strings.Builder
	title         string
	width, height int
}

// New returns a white picture with its title.
func New(title string, width, height int) *Picture {
	p := &Picture{title: title, width: width, height: height}
	p.Text(12, 22, title, `font-size="15" font-weight="bold"`)
	return p
}

// Text writes text at its baseline; attributes are SVG's and may be empty.
func (p *Picture) Text(x, y float64, text, attributes string) {
	if attributes != "" {
		attributes = " " + attributes
	}
	fmt.Fprintf(&p.body, "<text x=\"%s\" y=\"%s\"%s fill=\"%s\">%s</text>\n", number(x), number(y), attributes, Ink, html.EscapeString(text))
}

// Span is a part of a line of text, with attributes of SVG's.
type Span struct{ Text, Attributes string }

// Spans writes a line of several parts, one after the other, at its baseline.
func (p *Picture) Spans(x, y float64, spans []Span) {
	fmt.Fprintf(&p.body, "<text x=\"%s\" y=\"%s\" fill=\"%s\" xml:space=\"preserve\">", number(x), number(y), Ink)
	for _, s := range spans {
		fmt.Fprintf(&p.body, "<tspan%s>%s</tspan>", strings.TrimRight(" "+s.Attributes, " "), html.EscapeString(s.Text))
	}
	p.body.WriteString("</text>\n")
}

// Rect fills a rectangle.
func (p *Picture) Rect(x, y, width, height float64, colour string) {
	fmt.Fprintf(&p.body, "<rect x=\"%s\" y=\"%s\" width=\"%.1f\" height=\"%s\" fill=\"%s\"/>\n", number(x), number(y), width, number(height), colour)
}

// Line draws a path of SVG's commands.
func (p *Picture) Line(path, colour string, width float64) {
	fmt.Fprintf(&p.body, "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"%s\"/>\n", path, colour, number(width))
}

// Box draws a rectangle with a border and round corners; dashed ones are frames.
func (p *Picture) Box(x, y, width, height float64, fill, border string, dashed bool) {
	dash := ""
	if dashed {
		dash = ` stroke-dasharray="5 4"`
	}
	fmt.Fprintf(&p.body, "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" rx=\"6\" fill=\"%s\" stroke=\"%s\"%s/>\n",
		number(x), number(y), number(width), number(height), fill, border, dash)
}

// Point is a place in a picture.
type Point struct{ X, Y float64 }

// headLength and headWidth are those of an arrow's head.
const headLength, headWidth = 8.0, 7.0

// Arrow draws a line along points, of which neighbours are in one row or column,
// with a head at the last.
func (p *Picture) Arrow(points []Point, colour string, width float64) {
	end, before := points[len(points)-1], points[len(points)-2]
	along := Point{sign(end.X - before.X), sign(end.Y - before.Y)}
	neck := Point{end.X - along.X*headLength, end.Y - along.Y*headLength}
	var path strings.Builder
	for i, at := range append(points[:len(points)-1:len(points)-1], neck) {
		fmt.Fprintf(&path, "%s%s %s", map[bool]string{true: "M", false: "L"}[i == 0], number(at.X), number(at.Y))
	}
	p.Line(path.String(), colour, width)
	side := Point{along.Y * headWidth / 2, along.X * headWidth / 2}
	fmt.Fprintf(&p.body, "<path d=\"M%s %sL%s %sL%s %sZ\" fill=\"%s\"/>\n", number(end.X), number(end.Y),
		number(neck.X+side.X), number(neck.Y+side.Y), number(neck.X-side.X), number(neck.Y-side.Y), colour)
}

func sign(length float64) float64 {
	switch {
	case length > 0:
		return 1
	case length < 0:
		return -1
	}
	return 0
}

// String returns the whole SVG.
func (p *Picture) String() string {
	return fmt.Sprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %[1]d %[2]d\" role=\"img\" font-family=\"sans-serif\" font-size=\"13\">\n"+
		"<title>%[3]s</title>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n%[4]s</svg>\n",
		p.width, p.height, html.EscapeString(p.title), p.body.String())
}

// number writes a length with at most one decimal.
func number(length float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", length), ".0")
}
