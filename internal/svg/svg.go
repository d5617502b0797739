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

// Rect fills a rectangle.
func (p *Picture) Rect(x, y, width, height float64, colour string) {
	fmt.Fprintf(&p.body, "<rect x=\"%s\" y=\"%s\" width=\"%.1f\" height=\"%s\" fill=\"%s\"/>\n", number(x), number(y), width, number(height), colour)
}

// Line draws a path of SVG's commands.
func (p *Picture) Line(path, colour string, width float64) {
	fmt.Fprintf(&p.body, "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"%s\"/>\n", path, colour, number(width))
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
