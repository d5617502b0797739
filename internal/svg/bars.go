package svg

import "fmt"

const (
	barsWidth   = 720
	labelWidth  = 250
	valueWidth  = 90
	rowHeight   = 28
	titleHeight = 36
)

// Bar is one value of a chart, at least 0.
type Bar struct {
	Label string
	Value float64
	// Ours marks the project's own bars, against those that it is compared with.
	Ours bool
}

// Bars draws bars beside their labels, the longest one over the whole width.
func Bars(title, unit string, bars []Bar) string {
	longest := 0.0
	for _, b := range bars {
		longest = max(longest, b.Value)
	}
	picture := New(title, barsWidth, titleHeight+rowHeight*len(bars)+8)
	for i, b := range bars {
		y := float64(titleHeight + i*rowHeight)
		colour := Others
		if b.Ours {
			colour = Ours
		}
		width := 0.0
		if longest > 0 {
			width = b.Value / longest * (barsWidth - labelWidth - valueWidth)
		}
		picture.Text(12, y+17, b.Label, "")
		picture.Rect(labelWidth, y+4, width, 18, colour)
		picture.Text(labelWidth+width+8, y+17, Figure(b.Value)+" "+unit, "")
	}
	return picture.String()
}

// Figure writes a value with about three digits.
func Figure(value float64) string {
	switch {
	case value < 10:
		return fmt.Sprintf("%.2f", value)
	case value < 100:
		return fmt.Sprintf("%.1f", value)
	}
	return fmt.Sprintf("%.0f", value)
}
