package stacks

import (
	"errors"
	"fmt"
	"regexp"
)

// partitionNames are the partitions' names: of each group of regions that share
// accounts and IAM.
var partitionNames = func() map[string]bool {
	names := map[string]bool{}
	for _, partition := range regions {
		names[partition] = true
	}
	return names
}()

// regions are AWS's regions, and the partition of each. A region that is newer
// than the list is added here; a test compares it with botocore's.
//
// Source: botocore's partitions.json.
var regions = map[string]string{
	"af-south-1":      "aws",
	"ap-east-1":       "aws",
	"ap-east-2":       "aws",
	"ap-northeast-1":  "aws",
	"ap-northeast-2":  "aws",
	"ap-northeast-3":  "aws",
	"ap-south-1":      "aws",
	"ap-south-2":      "aws",
	"ap-southeast-1":  "aws",
	"ap-southeast-2":  "aws",
	"ap-southeast-3":  "aws",
	"ap-southeast-4":  "aws",
	"ap-southeast-5":  "aws",
	"ap-southeast-6":  "aws",
	"ap-southeast-7":  "aws",
	"ca-central-1":    "aws",
	"ca-west-1":       "aws",
	"eu-central-1":    "aws",
	"eu-central-2":    "aws",
	"eu-north-1":      "aws",
	"eu-south-1":      "aws",
	"eu-south-2":      "aws",
	"eu-west-1":       "aws",
	"eu-west-2":       "aws",
	"eu-west-3":       "aws",
	"il-central-1":    "aws",
	"me-central-1":    "aws",
	"me-south-1":      "aws",
	"mx-central-1":    "aws",
	"sa-east-1":       "aws",
	"us-east-1":       "aws",
	"us-east-2":       "aws",
	"us-west-1":       "aws",
	"us-west-2":       "aws",
	"cn-north-1":      "aws-cn",
	"cn-northwest-1":  "aws-cn",
	"eusc-de-east-1":  "aws-eusc",
	"us-iso-east-1":   "aws-iso",
	"us-iso-west-1":   "aws-iso",
	"us-isob-east-1":  "aws-iso-b",
	"us-isob-west-1":  "aws-iso-b",
	"eu-isoe-west-1":  "aws-iso-e",
	"us-isof-east-1":  "aws-iso-f",
	"us-isof-south-1": "aws-iso-f",
	"us-gov-east-1":   "aws-us-gov",
	"us-gov-west-1":   "aws-us-gov",
}

// Regions returns AWS's regions, and the partition of each.
func Regions() map[string]string { return regions }

// regionFault returns what is wrong with the name of a region, or nothing.
func regionFault(region string) string {
	switch _, known := regions[region]; {
	case known:
		return ""
	case region == "":
		return "it names no region"
	}
	return fmt.Sprintf("AWS has no region %q%s", region, didYouMean(region, regions))
}

// zone is a zone's name, read.
type zone struct {
	name, region string
	// kind is "an Availability Zone", "a Local Zone" or "a Wavelength Zone".
	kind string
}

// A zone is called after its region: us-west-2a, us-west-2-lax-1a (Los Angeles),
// us-east-1-wl1-bos-wlz-1 (Boston). Its ID, such as usw2-az1, is another name.
//
// Sources: AWS Local Zones User Guide, Available Local Zones; AWS Wavelength
// Developer Guide, Available Wavelength Zones; AWS Regions and Availability Zones,
// AZ IDs.
var (
	zoneName  = regexp.MustCompile(`^([a-z]+(?:-[a-z]+)+-[0-9]+)(.*)$`)
	zoneID    = regexp.MustCompile(`^[a-z]+[0-9]+(-[a-z0-9]+)?-(az|wlz)[0-9]+$`)
	zoneKinds = []struct {
		kind   string
		suffix *regexp.Regexp
	}{
		{"an Availability Zone", regexp.MustCompile(`^[a-z]$`)},
		{"a Local Zone", regexp.MustCompile(`^-[a-z]{3}-[0-9]+[a-z]$`)},
		{"a Wavelength Zone", regexp.MustCompile(`^(-wl[0-9]+)?-[a-z]{3}-wlz-[0-9]+[a-z]?$`)},
	}
)

// readZone reads a zone's name. It returns what is wrong with one that isn't.
func readZone(name string) (zone, []string) {
	if zoneID.MatchString(name) {
		return zone{}, []string{"it is a zone's ID, not its name"}
	}
	parts := zoneName.FindStringSubmatch(name)
	if parts == nil {
		return zone{}, []string{""}
	}
	region, suffix := parts[1], parts[2]
	if fault := regionFault(region); fault != "" {
		return zone{}, []string{fault}
	}
	if suffix == "" {
		return zone{}, []string{"it is a region, not a zone"}
	}
	for _, one := range zoneKinds {
		if one.suffix.MatchString(suffix) {
			return zone{name: name, region: region, kind: one.kind}, nil
		}
	}
	return zone{}, []string{""}
}

// zoneFaults returns what is wrong with a zone's name.
func zoneFaults(name string) []string {
	_, faults := readZone(name)
	return faults
}

// zonesTogether returns what is wrong between zones, each right by itself: a
// load balancer takes zones of one region and one kind.
//
// Source: Application Load Balancers' guide, subnets for your load balancer.
func zonesTogether(names []string) error {
	var problems []error
	for _, name := range names {
		first, _ := readZone(names[0])
		switch other, _ := readZone(name); {
		case other.region != first.region:
			problems = append(problems, fmt.Errorf("%q is not in %s as %q is; use zones of one region", name, first.region, first.name))
		case other.kind != first.kind:
			problems = append(problems, fmt.Errorf("%q is %s, and %q %s, which no load balancer takes together; use zones of one kind", name, other.kind, first.name, first.kind))
		}
	}
	return errors.Join(problems...)
}
