package benchmarks

import (
	"fmt"

	"benchlingwebhook/internal/svg"
)

const (
	chartWidth  = 720
	labelWidth  = 250
	valueWidth  = 90
	rowHeight   = 28
	titleHeight = 36
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
	picture := svg.New(title, chartWidth, titleHeight+rowHeight*len(bars)+8)
	for i, b := range bars {
		y := float64(titleHeight + i*rowHeight)
		colour := svg.Others
		if b.ours {
			colour = svg.Ours
		}
		width := 0.0
		if longest > 0 {
			width = b.value / longest * (chartWidth - labelWidth - valueWidth)
		}
		picture.Text(12, y+17, b.label, "")
		picture.Rect(labelWidth, y+4, width, 18, colour)
		picture.Text(labelWidth+width+8, y+17, figure(b.value)+" "+unit, "")
	}
	return picture.String()
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
