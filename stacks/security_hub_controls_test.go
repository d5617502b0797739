package stacks_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"

	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/policy"
	"benchlingwebhook/stacks"
)

// deployed is what CloudFormation is given of one golden template.
type deployed struct {
	template   cfn.Template
	violations []policy.Violation
	// stack is the stack's properties in CDK's manifest; empty other than in the
	// environments of cdk.json.
	stack map[string]any
}

func deployedOf(t *testing.T, shape string) deployed {
	t.Helper()
	template, err := cfn.Read(golden.Get(t, shape+".template.json"))
	assert.NilError(t, err)
	d := deployed{template: template, violations: policy.Check(template)}
	if shape != "dev" && shape != "prod" {
		return d
	}
	context := contextOf(t, shape)
	app := awscdk.NewApp(&awscdk.AppProps{Context: &context, Outdir: jsii.String(t.TempDir())})
	settings := settingsOf(t, shape)
	stacks.NewWebhookStack(app, stacks.WebhookStackProps{Settings: settings, Contract: contractOf(t, dockerfile)})
	text, err := os.ReadFile(filepath.Join(*app.Synth(nil).Directory(), "manifest.json"))
	assert.NilError(t, err)
	var manifest struct {
		Artifacts map[string]struct{ Properties map[string]any }
	}
	assert.NilError(t, json.Unmarshal(text, &manifest))
	d.stack = manifest.Artifacts[stacks.StackName(shape)].Properties
	return d
}

// of returns the template's resources of a type.
func (d deployed) of(kind string) []cfn.Resource {
	return d.template.OfType(kind)
}

// in returns the value at a path of names; of a list on it, the first element counts.
func in(value any, path string) any {
	for _, name := range strings.Split(path, ".") {
		if list, isList := value.([]any); isList && len(list) > 0 {
			value = list[0]
		}
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// every makes a check of what must hold of each resource of a type, of which there
// must be one.
func every(kind string, check func(properties map[string]any) bool) func(deployed) bool {
	return func(d deployed) bool {
		found := d.of(kind)
		return len(found) > 0 && !slices.ContainsFunc(found, func(r cfn.Resource) bool { return !check(r.Properties) })
	}
}

// is makes a check of one property of each resource of a type, at a path as of in:
// one of the values, or any.
func is(kind, path string, values ...any) func(deployed) bool {
	return every(kind, func(properties map[string]any) bool {
		value := in(properties, path)
		return slices.Contains(values, value) || len(values) == 0 && value != nil
	})
}

// named makes a check that the types' resources name each of the resources of
// kind.
func named(kind string, by ...string) func(deployed) bool {
	return func(d deployed) bool {
		var text strings.Builder
		for _, user := range by {
			for _, r := range d.of(user) {
				encoded, _ := json.Marshal(r.Properties)
				text.Write(encoded)
			}
		}
		for id, r := range d.template.Resources {
			if r.Type == kind && !strings.Contains(text.String(), `"`+id+`"`) {
				return false
			}
		}
		return true
	}
}

// endpoint makes a check that the VPC has an interface endpoint.
func endpoint(service string) func(deployed) bool {
	return func(d deployed) bool {
		return slices.ContainsFunc(d.of("AWS::EC2::VPCEndpoint"), func(r cfn.Resource) bool {
			encoded, _ := json.Marshal(r.Properties["ServiceName"])
			return strings.HasSuffix(strings.TrimRight(string(encoded), `"]}`), "."+service)
		})
	}
}

// has makes a check that there is a resource of a type.
func has(kind string) func(deployed) bool {
	return func(d deployed) bool { return len(d.of(kind)) > 0 }
}

// allowed makes a check of every statement that allows something in a type's
// PolicyDocument.
func allowed(kind string, check func(statement any) bool) func(deployed) bool {
	return every(kind, func(properties map[string]any) bool {
		statements, _ := in(properties, "PolicyDocument.Statement").([]any)
		return !slices.ContainsFunc(statements, func(s any) bool { return in(s, "Effect") == "Allow" && !check(s) })
	})
}

// decryptsSome is false of a statement that decrypts with every key.
func decryptsSome(statement any) bool {
	actions, _ := json.Marshal(in(statement, "Action"))
	return !strings.Contains(string(actions), "kms:") || statement.(map[string]any)["Resource"] != "*"
}

// redirects says whether a listener is HTTPS or sends to it.
func redirects(listener map[string]any) bool {
	return listener["Protocol"] == "HTTPS" || in(listener, "DefaultActions.Type") == "redirect"
}

const (
	s3Bucket     = "AWS::S3::Bucket"
	targetGroup  = "AWS::ElasticLoadBalancingV2::TargetGroup"
	loadBalancer = "AWS::ElasticLoadBalancingV2::LoadBalancer"
)

// keepers say of a template whether a control holds that no rule is about.
var keepers = map[string]func(deployed) bool{
	"CloudFormation.2": func(d deployed) bool {
		return in(d.stack, "tags.Application") != nil && in(d.stack, "tags.Environment") != nil
	},
	"CloudFormation.3": func(d deployed) bool { return d.stack["terminationProtection"] == true },
	"CloudFormation.4": func(d deployed) bool { return d.stack["cloudFormationExecutionRoleArn"] != nil },
	"CloudWatch.16": every("AWS::Logs::LogGroup", func(p map[string]any) bool {
		days, _ := p["RetentionInDays"].(float64)
		return days >= 365
	}),
	"CloudWatch.17": every("AWS::CloudWatch::Alarm", func(p map[string]any) bool { return p["ActionsEnabled"] != false }),
	"DynamoDB.1":    is("AWS::DynamoDB::Table", "BillingMode", "PAY_PER_REQUEST"),
	"DynamoDB.4":    has("AWS::Backup::BackupSelection"),
	"EC2.6":         has("AWS::EC2::FlowLog"),
	"EC2.10":        endpoint("ec2"),
	"EC2.12":        named("AWS::EC2::EIP", "AWS::EC2::NatGateway"),
	"EC2.22": named("AWS::EC2::SecurityGroup", "AWS::ECS::Service", loadBalancer, "AWS::ApiGatewayV2::VpcLink",
		"AWS::EC2::VPCEndpoint"),
	"EC2.55": endpoint("ecr.api"),
	"EC2.56": endpoint("ecr.dkr"),
	"EC2.57": endpoint("ssm"),
	"EC2.58": endpoint("ssm-contacts"),
	"EC2.60": endpoint("ssm-incidents"),
	"ELB.1":  every("AWS::ElasticLoadBalancingV2::Listener", redirects),
	"ELB.12": every(loadBalancer, func(p map[string]any) bool {
		encoded, _ := json.Marshal(p["LoadBalancerAttributes"])
		return !strings.Contains(string(encoded), "desync_mitigation_mode")
	}),
	"ELB.13": every(loadBalancer, func(p map[string]any) bool {
		subnets, _ := p["Subnets"].([]any)
		return len(subnets) >= 2
	}),
	"ELB.16": has("AWS::WAFv2::WebACLAssociation"),
	"ELB.21": is(targetGroup, "HealthCheckProtocol", "HTTPS"),
	"ELB.22": is(targetGroup, "Protocol", "HTTPS"),
	"IAM.27": every("AWS::IAM::Role", func(p map[string]any) bool { return p["ManagedPolicyArns"] == nil }),
	"KMS.1":  func(d deployed) bool { return !has("AWS::IAM::ManagedPolicy")(d) },
	"KMS.2":  allowed("AWS::IAM::Policy", decryptsSome),
	"S3.6": allowed("AWS::S3::BucketPolicy", func(statement any) bool {
		return in(statement, "Principal.Service") != nil && in(statement, "Principal.AWS") == nil
	}),
	"S3.7":             is(s3Bucket, "ReplicationConfiguration"),
	"S3.10":            is(s3Bucket, "LifecycleConfiguration.Rules.Status", "Enabled"),
	"S3.11":            is(s3Bucket, "NotificationConfiguration"),
	"S3.12":            is(s3Bucket, "OwnershipControls.Rules.ObjectOwnership", "BucketOwnerEnforced"),
	"S3.13":            is(s3Bucket, "LifecycleConfiguration.Rules.Status", "Enabled"),
	"S3.15":            is(s3Bucket, "ObjectLockEnabled", true),
	"S3.17":            is(s3Bucket, "BucketEncryption.ServerSideEncryptionConfiguration.ServerSideEncryptionByDefault.SSEAlgorithm", "aws:kms"),
	"SecretsManager.1": has("AWS::SecretsManager::RotationSchedule"),
	"SecretsManager.3": named("AWS::SecretsManager::Secret", "AWS::ECS::TaskDefinition"),
	"SNS.1":            is("AWS::SNS::Topic", "KmsMasterKeyId"),
	"WAF.10":           is("AWS::WAFv2::WebACL", "Rules.Name"),
	"WAF.11":           has("AWS::WAFv2::LoggingConfiguration"),
	"WAF.12":           is("AWS::WAFv2::WebACL", "Rules.VisibilityConfig.CloudWatchMetricsEnabled", true),
}
