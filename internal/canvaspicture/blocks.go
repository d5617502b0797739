// Package canvaspicture draws app canvases of Benchling for the documentation, from
// the blocks that the service sends.
package canvaspicture

import (
	"encoding/json"
	"fmt"
)

// block is one of a canvas. Source: AppCanvasUiBlockList in Benchling's openapi.yaml;
// of its types, those that the service draws.
type block struct {
	Type, Value, Text string
	Enabled           bool
	Children          []block
}

// read returns the blocks of a file of docs/canvas.
func read(text []byte) ([]block, error) {
	var blocks []block
	if err := json.Unmarshal(text, &blocks); err != nil {
		return nil, fmt.Errorf("no list of blocks: %w", err)
	}
	return blocks, nil
}
