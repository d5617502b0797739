package policy

import "benchlingwebhook/internal/cfn"

// tagged are the types of the stack whose tags Security Hub asks for.
var tagged = []string{
	bucket, queue, service, table, task, topic,
	"AWS::EC2::EIP", "AWS::EC2::FlowLog", "AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::RouteTable",
	securityGroup, subnet, vpc, cluster, "AWS::IAM::Role", secret,
}

func isTagged(r cfn.Resource) []Violation {
	for _, tag := range flat(r.Properties["Tags"]) {
		if isNamed(cfn.At(tag, "Key")) {
			return nil
		}
	}
	return fault("Tags", show(r.Properties["Tags"])+": name the application and the environment")
}
