package stacks

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"benchlingwebhook/constructs"
)

// schema is a JSON Schema, or a part of one. Its patterns are such as both Go and
// ECMAScript take.
type schema map[string]any

// textLike is a text that matches a pattern.
func textLike(pattern string) schema {
	return schema{"type": "string", "pattern": pattern}
}

// emptyOr is a text of a form, or the empty one.
func emptyOr(form schema) schema {
	return schema{"type": "string", "anyOf": []schema{{"const": ""}, form}}
}

// listOf is a list of at least so many different values.
func listOf(item schema, least int) schema {
	return schema{"type": "array", "items": item, "minItems": least, "uniqueItems": true}
}

// objectOf is an object that has all of these members, and no others.
func objectOf(members map[string]schema) schema {
	return schema{"type": "object", "properties": members, "required": slices.Sorted(maps.Keys(members)), "additionalProperties": false}
}

// reference points at a part of the schema that several settings share.
func reference(name string) schema { return schema{"$ref": "#/definitions/" + name} }

// shared are those parts by name.
var shared = map[string]schema{
	"regionalArn": {"pattern": "^arn:(" + byPartition() + "):"},
	"hostName":    hostNameForm("a-z"),
	"region":      {"type": "string", "enum": slices.Sorted(maps.Keys(regions))},
	"zone":        textLike("^(" + strings.Join(slices.Sorted(maps.Keys(regions)), "|") + ")(" + zoneSuffixes() + ")$"),
}

// byPartition returns the pattern of partition, service and region.
func byPartition() string {
	var all []string
	for _, partition := range slices.Sorted(maps.Keys(partitionNames)) {
		var names []string
		for _, region := range slices.Sorted(maps.Keys(regions)) {
			if regions[region] == partition {
				names = append(names, region)
			}
		}
		all = append(all, fmt.Sprintf("%s:[a-z0-9]+:(%s)", partition, strings.Join(names, "|")))
	}
	return strings.Join(all, "|")
}

// zoneSuffixes returns the pattern of what stands behind the region in a zone's name.
func zoneSuffixes() string {
	var all []string
	for _, one := range zoneKinds {
		all = append(all, within(one.suffix))
	}
	return strings.Join(all, "|")
}

// within returns a pattern of a whole text as a part of another.
func within(pattern *regexp.Regexp) string {
	return strings.TrimSuffix(strings.TrimPrefix(pattern.String(), "^"), "$")
}

// schema is the form of such an ARN.
func (k arnKind) schema() schema {
	return schema{"type": "string", "allOf": []schema{
		reference("regionalArn"),
		{"pattern": "^arn:[^:]*:" + k.service + ":[^:]*:" + within(accountID) + ":" + within(k.resource) + "$"},
	}}
}

// hostNameForm is the form of a host's name of these letters. That of punycode is
// beyond a pattern.
func hostNameForm(letters string) schema {
	one := fmt.Sprintf("[%[1]s0-9]([%[1]s0-9-]{0,%[2]d}[%[1]s0-9])?", letters, longestLabel-2)
	return schema{
		"type": "string", "maxLength": longestHostName,
		"pattern": fmt.Sprintf(`^(%s\.)+([%[2]s]{2,%[3]d}|[xX][nN]--[%[2]s0-9-]{0,%[4]d}[%[2]s0-9])$`, one, letters, longestLabel, longestLabel-len("xn--")-1),
	}
}

// hostNameSchema is the form of a host's name in lower case.
var hostNameSchema = schema{"type": "string", "allOf": []schema{reference("hostName")}}

// bucketNameSchema is the form of a bucket's name.
var bucketNameSchema = schema{
	"type":    "string",
	"pattern": fmt.Sprintf(`^[a-z0-9][a-z0-9.-]{%d,%d}[a-z0-9]$`, shortestBucketName-2, longestBucketName-2),
	"not": schema{"pattern": strings.Join([]string{
		`\.\.`, `\.-`, `-\.`, addressForm.String(),
		"^(" + quoted(reservedBucketPrefixes) + ")", "(" + quoted(reservedBucketSuffixes) + ")$"}, "|")},
}

// quoted returns the pattern of any of the texts.
func quoted(texts []string) string {
	var all []string
	for _, text := range texts {
		all = append(all, regexp.QuoteMeta(text))
	}
	return strings.Join(all, "|")
}

// mailAddressSchema is the form of a mail address, whose host may have capitals.
var mailAddressSchema = schema{
	"type": "string", "maxLength": longestMailAddress,
	"pattern": "^" + within(mailbox) + "@" + strings.TrimPrefix(hostNameForm("A-Za-z")["pattern"].(string), "^"),
	"not":     schema{"pattern": fmt.Sprintf("^[^@]{%d}", longestMailbox+1)},
}

// The forms of the network's settings.
var (
	zonesSchema = schema{"type": "array", "items": reference("zone"), "minItems": constructs.Zones, "maxItems": constructs.Zones, "uniqueItems": true}
	vpcSchema   = objectOf(map[string]schema{
		"id":                textLike(vpcID.String()),
		"privateSubnetIds":  listOf(textLike(subnetID.String()), 2),
		"availabilityZones": listOf(reference("zone"), 2),
	})
	rangesSchema = listOf(textLike(`^`+octet+`(\.`+octet+`){3}/([1-9]|[12][0-9]|3[0-2])$`), 1)
	domainSchema = objectOf(map[string]schema{"name": hostNameSchema, "certificateArn": certificateArn.schema()})
)

// octet is the pattern of a number from 0 to 255.
const octet = `(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])`
