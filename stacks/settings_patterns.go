package stacks

import "regexp"

var (
	environmentName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,39}$`)
	namePart        = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]{0,99}$`)
	// workflowName is the key of a workflow, not the name that the catalog shows.
	//
	// Source: quilt3's workflows/config-1.schema.json.
	workflowName = regexp.MustCompile(`^[A-Za-z_-][A-Za-z0-9_-]{0,63}$`)
	// runbookURL is a URL, or what stands in its place while nobody knows one. An alarm's
	// description has room for it: 1024 characters.
	//
	// Source: the API reference of CloudWatch, PutMetricAlarm, AlarmDescription.
	runbookURL = regexp.MustCompile(`^(docs/runbook\.md|https://[!-"$-~]{1,500})$`)
	// Sources: the API references of Glue and Athena; Athena's guide, names of databases.
	databaseName  = regexp.MustCompile(`^[a-z0-9_-]{1,255}$`)
	workgroupName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)
	metadataKey   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)
	resultsPlace  = regexp.MustCompile(`^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/([A-Za-z0-9._/-]{0,500}/)?$`)
	// The IDs of old VPCs and subnets have 8 digits, of new ones 17.
	//
	// Source: cfn-lint's formats AWS::EC2::VPC.Id and AWS::EC2::Subnet.Id.
	vpcID    = regexp.MustCompile(`^vpc-([0-9a-f]{8}|[0-9a-f]{17})$`)
	subnetID = regexp.MustCompile(`^subnet-([0-9a-f]{8}|[0-9a-f]{17})$`)
)
