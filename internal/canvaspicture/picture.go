package canvaspicture

import (
	"fmt"
	"unicode/utf8"

	"benchlingwebhook/internal/svg"
)

// Lengths in pixels. The width of a character is that of most fonts' wider ones, so
// that no line is longer than the picture.
const (
	pictureWidth   = 760
	margin         = 24.0
	titleHeight    = 40.0
	lineHeight     = 20.0
	gapHeight      = 8.0
	blockGap       = 14.0
	buttonHeight   = 28.0
	indentWidth    = 14.0
	characterWidth = 7.2
)

const (
	buttonFill, pageFill, disabledFill = "#eef3f8", "#ffffff", "#f6f8fa"
	disabledText                       = `fill-opacity="0.4"`
)

// Picture draws the blocks of a canvas, in JSON. Its error names a block of a type
// that the service isn't known to draw.
func Picture(title string, blocks []byte) (string, error) {
	canvas, err := read(blocks)
	if err != nil {
		return "", err
	}
	height := titleHeight + margin
	for _, b := range canvas {
		height += b.height() + blockGap
	}
	picture := svg.New(title, pictureWidth, int(height))
	picture.Box(margin/2, titleHeight-margin/2, pictureWidth-margin, height-titleHeight, pageFill, svg.Others, false)
	y := titleHeight + blockGap/2
	for _, b := range canvas {
		if err := b.draw(picture, y); err != nil {
			return "", err
		}
		y += b.height() + blockGap
	}
	return picture.String(), nil
}

// height returns how much of the picture a block takes.
func (b block) height() float64 {
	if b.Type != "MARKDOWN" {
		return buttonHeight
	}
	height := 0.0
	for _, l := range set(b.Value, pictureWidth-2*margin) {
		height += l.height()
	}
	return height
}

func (l line) height() float64 {
	if len(l.spans) == 0 {
		return gapHeight
	}
	return lineHeight
}

// draw draws a block below y.
func (b block) draw(picture *svg.Picture, y float64) error {
	switch b.Type {
	case "MARKDOWN":
		for _, l := range set(b.Value, pictureWidth-2*margin) {
			y += l.height()
			if len(l.spans) > 0 {
				picture.Spans(margin+l.indent, y-lineHeight/4, l.spans)
			}
		}
	case "SECTION":
		x := margin
		for _, button := range b.Children {
			if button.Type != "BUTTON" {
				return fmt.Errorf("a section has a block of type %q: draw it in internal/canvaspicture", button.Type)
			}
			x += button.drawButton(picture, x, y) + blockGap
		}
	default:
		return fmt.Errorf("a canvas has a block of type %q: draw it in internal/canvaspicture", b.Type)
	}
	return nil
}

// drawButton draws a button and returns its width.
func (b block) drawButton(picture *svg.Picture, x, y float64) float64 {
	width := float64(utf8.RuneCountInString(b.Text))*characterWidth + 2*indentWidth
	fill, border, attributes := buttonFill, svg.Ours, plain
	if !b.Enabled {
		fill, border, attributes = disabledFill, svg.Others, disabledText
	}
	picture.Box(x, y, width, buttonHeight, fill, border, false)
	picture.Text(x+width/2, y+buttonHeight*0.66, b.Text, `text-anchor="middle" `+attributes)
	return width
}
