package tutorial

import (
	"testing"

	"gotest.tools/v3/assert"
)

// TestSection takes a heading's blocks alone, with their lines in the page; a comment of a
// block is no heading.
func TestSection(t *testing.T) {
	const text = "# Page\n```bash\nmake a\n```\n### One\n```bash\n# why\nmake b\n```\n## Two\n```bash\nmake c\n```\n## None\n"
	steps, err := section("page.md", text, "One")
	assert.NilError(t, err)
	assert.DeepEqual(t, steps, []Step{{Place: "page.md:7", Command: "# why\nmake b"}})
	_, err = section("page.md", text, "None")
	assert.Error(t, err, `page.md: no block of bash below "None": write each command into one`)
	_, err = section("page.md", text, "Three")
	assert.Error(t, err, `page.md: no heading "Three": write it, or name another`)
}
