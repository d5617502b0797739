package preflight

import (
	"slices"
	"strings"
)

// vpcLinkZones are the IDs of the Availability Zones where API Gateway offers
// VPC links for HTTP APIs, by region. Source: API Gateway Developer Guide, "Set
// up VPC links V2 in API Gateway", Availability by Region; read 2026-11-25. Of a
// region that isn't there nothing is known. IDs mean the same zone in every account;
// names such as us-east-1a don't.
var vpcLinkZones = map[string][]string{
	"us-east-1":      {"use1-az1", "use1-az2", "use1-az4", "use1-az5", "use1-az6"},
	"us-east-2":      {"use2-az1", "use2-az2", "use2-az3"},
	"us-west-1":      {"usw1-az1", "usw1-az3"},
	"us-west-2":      {"usw2-az1", "usw2-az2", "usw2-az3", "usw2-az4"},
	"ap-east-1":      {"ape1-az2", "ape1-az3"},
	"ap-south-1":     {"aps1-az1", "aps1-az2", "aps1-az3"},
	"ap-northeast-1": {"apne1-az1", "apne1-az2", "apne1-az4"},
	"ap-northeast-2": {"apne2-az1", "apne2-az2", "apne2-az3"},
	"ap-southeast-1": {"apse1-az1", "apse1-az2", "apse1-az3"},
	"ap-southeast-2": {"apse2-az1", "apse2-az2", "apse2-az3"},
	"ca-central-1":   {"cac1-az1", "cac1-az2"},
	"eu-central-1":   {"euc1-az1", "euc1-az2", "euc1-az3"},
	"eu-north-1":     {"eun1-az1", "eun1-az2", "eun1-az3"},
	"eu-south-2":     {"eus2-az1", "eus2-az2", "eus2-az3"},
	"eu-west-1":      {"euw1-az1", "euw1-az2", "euw1-az3"},
	"eu-west-2":      {"euw2-az1", "euw2-az2", "euw2-az3"},
	"eu-west-3":      {"euw3-az1", "euw3-az3"},
	"me-south-1":     {"mes1-az1", "mes1-az2", "mes1-az3"},
	"sa-east-1":      {"sae1-az1", "sae1-az2", "sae1-az3"},
	"us-gov-west-1":  {"usgw1-az1", "usgw1-az2", "usgw1-az3"},
}

// fargateZones are the IDs of the only zones with Linux tasks on Fargate, in
// regions where some lack them. Source: Amazon ECS Developer Guide, "Supported
// Regions for Amazon ECS on AWS Fargate", Linux containers; read 2026-11-25.
var fargateZones = map[string][]string{
	"us-west-1":      {"usw1-az1", "usw1-az3"},
	"ap-northeast-1": {"apne1-az1", "apne1-az2", "apne1-az4"},
	"cn-north-1":     {"cnn1-az1", "cnn1-az2"},
}

// zone is an Availability Zone: its name in this account, and its ID.
type zone struct {
	name, id string
}

// lacks returns what the stack needs and the zone doesn't have, or nothing.
func (z zone) lacks(region string) string {
	var missing []string
	if only, known := vpcLinkZones[region]; known && !slices.Contains(only, z.id) {
		missing = append(missing, "API Gateway has no VPC links")
	}
	if only, limited := fargateZones[region]; limited && !slices.Contains(only, z.id) {
		missing = append(missing, "Fargate runs no tasks")
	}
	return strings.Join(missing, " and ")
}
