package benchmarks

import (
	"fmt"
	"html"
	"strings"
)

const (
	chartWidth  = 720
	labelWidth  = 250
	valueWidth  = 90
	rowHeight   = 28
	titleHeight = 36
	ours        = "#1f6f54"
	others      = "#9aa5b1"
)

// bar is one value of a chart.
type bar struct {
	label string
	value float64
	// ours marks the image's own bars, against those that it is compared with.
	ours bool
}

// chart draws bars beside their labels, the longest one over the whole width.
func chart(title, unit string, bars []bar) string {
	longest := 0.0
	for _, b := range bars {
		longest = max(longest, b.value)
	}
	height := titleHeight + rowHeight*len(bars) + 8
	var svg strings.Builder
	fmt.Fprintf(&svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %[1]d %[2]d\" role=\"img\" font-family=\"sans-serif\" font-size=\"13\">\n", chartWidth, height)
	fmt.Fprintf(&svg, "<title>%s</title>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n", html.EscapeString(title))
	fmt.Fprintf(&svg, "<text x=\"12\" y=\"22\" font-size=\"15\" font-weight=\"bold\" fill=\"#1b1f24\">%s</text>\n", html.EscapeString(title))
	for i, b := range bars {
		y := titleHeight + i*rowHeight
		colour := others
		if b.ours {
			colour = ours
		}
		width := 0.0
		if longest > 0 {
			width = b.value / longest * (chartWidth - labelWidth - valueWidth)
		}
		fmt.Fprintf(&svg, "<text x=\"12\" y=\"%d\" fill=\"#1b1f24\">%s</text>\n", y+17, html.EscapeString(b.label))
		fmt.Fprintf(&svg, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"18\" fill=\"%s\"/>\n", labelWidth, y+4, width, colour)
		fmt.Fprintf(&svg, "<text x=\"%.1f\" y=\"%d\" fill=\"#1b1f24\">%s %s</text>\n", labelWidth+width+8, y+17, figure(b.value), unit)
	}
	svg.WriteString("</svg>\n")
	return svg.String()
}

// figure writes a value with about three digits.
func figure(value float64) string {
	switch {
	case value < 10:
		return fmt.Sprintf("%.2f", value)
	case value < 100:
		return fmt.Sprintf("%.1f", value)
	}
	return fmt.Sprintf("%.0f", value)
}
