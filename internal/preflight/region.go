package preflight

import "strings"

// chinaPrefix begins the names of the regions of the partition aws-cn.
const chinaPrefix = "cn-"

// checkRegion compares the region with those of the ARNs in cdk.json, and says
// what can't be checked of it.
//
// Source of China's condition: Getting Started with Amazon Web Services in China,
// Amazon API Gateway.
func (i *inspection) checkRegion() {
	for _, one := range i.settings.Arns() {
		if one.Region() != i.Region {
			i.refuse(i.setting(one.Setting), "it is in "+one.Region()+", and the stack goes to "+i.Region, "name one in "+i.Region+", or set AWS_REGION")
		}
	}
	if strings.HasPrefix(i.Region, chinaPrefix) {
		i.pass("region: not checked for an ICP license, without which API Gateway in China refuses calls that IAM doesn't authorize, as webhooks are, and domains")
	}
}
