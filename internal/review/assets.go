package review

import (
	"regexp"
	"slices"
	"strings"
)

// assetHash is what CDK names an asset's content by. The golden templates have
// the word in its place.
var assetHash = regexp.MustCompile(`[0-9a-f]{64}`)

// containerAssets is in the name of the repository that CDK's bootstrap makes
// for the images of an app.
const containerAssets = "container-assets-"

// isContent says whether a property differs only in the content of an image that
// the app builds.
func (c change) isContent() bool {
	return strings.HasSuffix(c.path(), ".Image") && strings.Contains(c.before, containerAssets) && assetHash.MatchString(c.before) &&
		assetHash.ReplaceAllString(c.before, "") == assetHash.ReplaceAllString(c.after, "")
}

// isCode says whether a property differs only in the name of an asset's content.
func (c change) isCode() bool {
	return assetHash.MatchString(c.before) && assetHash.ReplaceAllString(c.before, "") == assetHash.ReplaceAllString(c.after, "") &&
		slices.Contains([]string{"AWS::Lambda::Function", "AWS::Lambda::LayerVersion"}, c.kind)
}
