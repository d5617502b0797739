package policy

import "benchlingwebhook/internal/cfn"

// tagged are the types of the stack whose tags Security Hub asks for.
var tagged = []string{
	bucket, queue, service, table, task, topic,
	"AWS::EC2::EIP", "AWS::EC2::FlowLog", "AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::RouteTable",
	"AWS::EC2::SecurityGroup", "AWS::EC2::Subnet", "AWS::EC2::VPC", "AWS::ECS::Cluster", "AWS::IAM::Role",
	"AWS::SecretsManager::Secret",
}

func isTagged(t cfn.Template) []Violation {
	var found []Violation
	for _, kind := range tagged {
		found = append(found, each(kind, func(r cfn.Resource) []Violation {
			if len(cfn.List(r.Properties["Tags"])) == 0 {
				return fault("Tags", "not set: name the application and the environment")
			}
			return nil
		})(t)...)
	}
	return found
}
