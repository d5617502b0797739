package stacks_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"

	"benchlingwebhook/constructs"
	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/review"
	"benchlingwebhook/stacks"
)

// shapes are the stacks that users choose: the environments of cdk.json, and
// what can be set on top of the defaults.
var shapes = []struct{ name, settings string }{
	{name: "dev"},
	{name: "prod"},
	{"arm64", `{"architecture": "arm64"}`},
	{"frugal", `{"tracing": true, "workerSpot": true, "workerHours": {"from": "07:00", "to": "20:30", "days": "MON-FRI", "timeZone": "Europe/Berlin"}}`},
	{"existing-vpc", `{"vpc": {"id": "vpc-0123abcd",
		"privateSubnetIds": ["subnet-0123abcd", "subnet-4567cdef"], "availabilityZones": ["eu-west-1a", "eu-west-1b"]}}`},
	{"custom-domain", `{"alarmTopicArn": "arn:aws:sns:eu-west-1:123456789012:on-call", "domain": {"name": "webhooks.example.com",
		"certificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"}}`},
	{"existing-quilt", `{"quiltCatalog": "quilt.example.com", "packageBucket": "quilt-packages",
		"packagingQueueArn": "arn:aws:sqs:eu-west-1:123456789012:quilt-packager", "workflow": "alpha",
		"quiltDatabase": "userathenadatabase-0123456789ab", "athenaWorkgroup": "quilt-users", "athenaResults": "s3://quilt-results/webhook/",
		"packageBucketKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef",
		"packagingQueueKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/fedcba98-7654-3210-fedc-ba9876543210"}`},
	{"linked-only", `{"exportEntries": false, "quiltCatalog": "quilt.example.com", "quiltDatabase": "userathenadatabase-0123456789ab", "athenaWorkgroup": "quilt-users",
		"linkedBuckets": ["lab-a", {"name": "lab-b", "keyArn": "arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"}]}`},
	{"guarded", `{"alarmEmail": "on-call@example.com", "runbookUrl": "https://git.example.com/webhook/docs/runbook.md", "availabilityZones": ["us-east-1b", "us-east-1c"], "flowLogs": true,
		"interfaceEndpoints": true, "allowedAddresses": ["203.0.113.0/24", "198.51.100.7/32"]}`},
}

// TestGoldenTemplates compares the whole template of every shape. Rewrite them
// with `go test ./stacks -update` and read the diff.
func TestGoldenTemplates(t *testing.T) {
	for _, shape := range shapes {
		t.Run(shape.name, func(t *testing.T) {
			context := contextOf(t, shape.name)
			if shape.settings != "" {
				context = contextWith(t, shape.settings)
			}
			settings, err := stacks.ReadSettings(context)
			assert.NilError(t, err)
			template := synth(t, settings, contractOf(t, dockerfile))
			golden.Assert(t, template, shape.name+".template.json")
		})
	}
}

// TestShapesReadWell compares how each shape's review against dev reads, which
// is what its settings do.
func TestShapesReadWell(t *testing.T) {
	sources, err := review.Options{Tools: "../build/tools", Modules: "../node_modules"}.Sources()
	assert.NilError(t, err)
	read := func(shape string) map[string]cfn.Template {
		template, err := cfn.Read(golden.Get(t, shape+".template.json"))
		assert.NilError(t, err)
		return map[string]cfn.Template{"stack": template}
	}
	for _, shape := range shapes[1:] {
		t.Run(shape.name, func(t *testing.T) {
			result, err := review.Compare(review.Input{Before: read("dev"), After: read(shape.name)}, sources)
			assert.NilError(t, err)
			golden.Assert(t, result.Text(), shape.name+".review.txt")
		})
	}
}

// copyDockerfile returns the path of a copy in a directory of its own, with each
// old text replaced by the new text after it.
func copyDockerfile(t *testing.T, oldNew ...string) string {
	t.Helper()
	text, err := os.ReadFile(dockerfile)
	assert.NilError(t, err)
	for i := 0; i < len(oldNew); i += 2 {
		assert.Assert(t, strings.Contains(string(text), oldNew[i]), "the Dockerfile has no %q", oldNew[i])
	}
	path := filepath.Join(t.TempDir(), "Dockerfile")
	assert.NilError(t, os.WriteFile(path, []byte(strings.NewReplacer(oldNew...).Replace(string(text))), 0o600))
	return path
}

// changed returns the dev template's text and those of its lines that a change
// of the Dockerfile touches.
func changed(t *testing.T, oldNew ...string) (template string, lines []string) {
	t.Helper()
	settings := settingsOf(t, "dev")
	before := strings.Split(string(golden.Get(t, "dev.template.json")), "\n")
	template = synth(t, settings, contractOf(t, copyDockerfile(t, oldNew...)))
	was := map[string]bool{}
	for _, line := range before {
		was[line] = true
	}
	for _, line := range strings.Split(template, "\n") {
		if !was[line] {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return template, lines
}

func TestTemplateIsTheSameFromAnotherDirectory(t *testing.T) {
	template := synth(t, settingsOf(t, "dev"), contractOf(t, copyDockerfile(t)))
	golden.Assert(t, template, "dev.template.json")
}

func TestHealthCheckFollowsDockerfile(t *testing.T) {
	template, _ := changed(t, "--interval=30s", "--interval=45s", "--retries=3", "--retries=5")
	for _, service := range []string{web, worker} {
		check := container(t, template, service)["HealthCheck"].(map[string]any)
		assert.Equal(t, check["Interval"], 45.0)
		assert.Equal(t, check["Retries"], 5.0)
	}
	targets := only(t, template, "AWS::ElasticLoadBalancingV2::TargetGroup")
	assert.Equal(t, targets["HealthCheckIntervalSeconds"], 45.0)
	assert.Equal(t, targets["UnhealthyThresholdCount"], 5.0)
	service := of(t, template, web, "AWS::ECS::Service")
	assert.Equal(t, service["HealthCheckGracePeriodSeconds"], 95.0)
}

func TestPortFollowsDockerfile(t *testing.T) {
	template, _ := changed(t, "EXPOSE 5000", "EXPOSE 8080", "PORT=5000", "PORT=8080", "localhost:5000", "localhost:8080")
	assert.Assert(t, !strings.Contains(template, "5000"), "the old port is still in the template")
	mapping := container(t, template, web)["PortMappings"].([]any)[0].(map[string]any)
	assert.Equal(t, mapping["ContainerPort"], 8080.0)
	assert.Equal(t, only(t, template, "AWS::ElasticLoadBalancingV2::TargetGroup")["Port"], 8080.0)
	var rules int
	for _, rule := range resources(t, template, "AWS::EC2::SecurityGroupIngress") {
		if rule.Properties["FromPort"] == 8080.0 {
			rules++
		}
	}
	assert.Equal(t, rules, 1)
}

func TestUserFollowsDockerfile(t *testing.T) {
	_, lines := changed(t, "USER 1000:1000", "USER 2000:3000")
	assert.DeepEqual(t, lines, []string{`"User": "2000:3000",`, `"User": "2000:3000",`})

	contract := contractOf(t, dockerfile)
	contract.User.GID = -1
	assert.Equal(t, container(t, synth(t, settingsOf(t, "dev"), contract), worker)["User"], "1000")
}

func TestProbePathFollowsDockerfile(t *testing.T) {
	template, _ := changed(t, "/health", "/alive/now")
	assert.Equal(t, only(t, template, "AWS::ElasticLoadBalancingV2::TargetGroup")["HealthCheckPath"], "/alive/now")
	var routes []string
	for _, route := range resources(t, template, "AWS::ApiGatewayV2::Route") {
		routes = append(routes, route.Properties["RouteKey"].(string))
	}
	all := strings.Join(routes, "\n")
	assert.Assert(t, strings.Contains(all, "GET /alive\n") || strings.HasSuffix(all, "GET /alive"), all)
	assert.Assert(t, strings.Contains(all, "GET /alive/{probe}"), all)
}

func TestProbeQueryAndDepthFollowDockerfile(t *testing.T) {
	template, _ := changed(t, "http://localhost:5000/health", "\"http://localhost:5000/a/b/c?deep=1\"")
	assert.Equal(t, only(t, template, "AWS::ElasticLoadBalancingV2::TargetGroup")["HealthCheckPath"], "/a/b/c?deep=1")
	var routes []string
	for _, route := range resources(t, template, "AWS::ApiGatewayV2::Route") {
		routes = append(routes, route.Properties["RouteKey"].(string))
	}
	assert.Assert(t, slices.Contains(routes, "GET /a/b/c"), "%v", routes)
}

// A command alone would be the arguments of the image's ENTRYPOINT: the worker would
// be a second web server, which reads no queue.
func TestWorkerReplacesEntrypoint(t *testing.T) {
	template, _ := changed(t, `CMD ["python", "-m", "src.app"]`, `ENTRYPOINT ["python", "-m", "src.app"]`)
	assert.DeepEqual(t, container(t, template, worker)["EntryPoint"], []any{"python"})
	assert.DeepEqual(t, container(t, template, worker)["Command"], []any{"-m", "src.worker"})
	for _, property := range []string{"EntryPoint", "Command"} {
		assert.Equal(t, container(t, template, web)[property], nil)
	}
}

func TestVolumesFollowDockerfile(t *testing.T) {
	template, _ := changed(t, "WORKDIR /app\n# Root owns", "WORKDIR /app\nVOLUME /scratch /data\n# Root owns")
	for _, service := range []string{web, worker} {
		task := of(t, template, service, "AWS::ECS::TaskDefinition")
		assert.DeepEqual(t, task["Volumes"], []any{map[string]any{"Name": "volume0"}, map[string]any{"Name": "volume1"}})
		assert.DeepEqual(t, container(t, template, service)["MountPoints"], []any{
			map[string]any{"ContainerPath": "/data", "ReadOnly": false, "SourceVolume": "volume0"},
			map[string]any{"ContainerPath": "/scratch", "ReadOnly": false, "SourceVolume": "volume1"},
		})
	}
}

func TestArchitectureIsOfTaskAndImage(t *testing.T) {
	settings := settingsOf(t, "dev")
	settings.Architecture = constructs.ARM
	template := synth(t, settings, contractOf(t, dockerfile))
	for _, service := range []string{web, worker} {
		task := of(t, template, service, "AWS::ECS::TaskDefinition")
		assert.Equal(t, task["RuntimePlatform"].(map[string]any)["CpuArchitecture"], "ARM64")
	}
}

func TestCompressionIsTheBuilds(t *testing.T) {
	for compression, want := range map[constructs.Compression][]string{
		constructs.Gzip: nil,
		constructs.Zstd: {"type=image,oci-mediatypes=true,compression=zstd,force-compression=true"},
	} {
		outdir := t.TempDir()
		app := awscdk.NewApp(&awscdk.AppProps{Outdir: jsii.String(outdir)})
		stack := awscdk.NewStack(app, jsii.String("stack"), nil)
		constructs.NewImage(stack, "Image", constructs.ImageProps{Directory: filepath.Dir(dockerfile), Compression: compression})
		app.Synth(nil)
		text, err := os.ReadFile(filepath.Join(outdir, "stack.assets.json"))
		assert.NilError(t, err)
		var assets struct {
			DockerImages map[string]struct {
				Source struct{ DockerOutputs []string }
			}
		}
		assert.NilError(t, json.Unmarshal(text, &assets))
		assert.Equal(t, len(assets.DockerImages), 1)
		for _, image := range assets.DockerImages {
			assert.DeepEqual(t, image.Source.DockerOutputs, want)
		}
	}
}

func TestExistingVpcIsUsed(t *testing.T) {
	settings := settingsOf(t, "dev")
	settings.Vpc = &constructs.ExistingVpc{
		ID:                "vpc-0123abcd",
		PrivateSubnetIDs:  []string{"subnet-0a", "subnet-0b"},
		AvailabilityZones: []string{"eu-west-1a", "eu-west-1b"},
	}
	template := synth(t, settings, contractOf(t, dockerfile))
	assert.Equal(t, len(resources(t, template, "AWS::EC2::VPC")), 0)
	assert.DeepEqual(t, only(t, template, "AWS::ElasticLoadBalancingV2::LoadBalancer")["Subnets"], []any{"subnet-0a", "subnet-0b"})
	assert.Equal(t, only(t, template, "AWS::ElasticLoadBalancingV2::TargetGroup")["VpcId"], "vpc-0123abcd")
}

// TestWorkerIsTheWebImageWithAnotherCommand keeps the hardening of the two
// services from drifting apart.
func TestWorkerIsTheWebImageWithAnotherCommand(t *testing.T) {
	template := string(golden.Get(t, "prod.template.json"))
	webContainer, workerContainer := container(t, template, web), container(t, template, worker)
	assert.DeepEqual(t, workerContainer["Command"], []any{"python", "-m", "src.worker"})
	for _, key := range []string{
		"Image", "User", "Privileged", "ReadonlyRootFilesystem", "LinuxParameters", "PortMappings", "HealthCheck", "Secrets",
	} {
		assert.DeepEqual(t, workerContainer[key], webContainer[key])
	}
}

func TestWhatHoldsData(t *testing.T) {
	template := synth(t, settingsOf(t, "prod"), contractOf(t, dockerfile))
	for _, kind := range []string{"AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SecretsManager::Secret", "AWS::DynamoDB::Table"} {
		for id, r := range resources(t, template, kind) {
			assert.Equal(t, r.DeletionPolicy, "RetainExceptOnCreate", id)
		}
	}
	for _, kind := range []string{"AWS::Lambda::Function", "AWS::CDK::Metadata"} {
		assert.Equal(t, len(resources(t, template, kind)), 0, kind)
	}
}

// TestOnlyWebhooksAreOpen holds every route of every shape: what IAM doesn't guard
// is what Benchling posts to.
func TestOnlyWebhooksAreOpen(t *testing.T) {
	for _, shape := range shapes {
		template := string(golden.Get(t, shape.name+".template.json"))
		var open []string
		for _, route := range resources(t, template, "AWS::ApiGatewayV2::Route") {
			if route.Properties["AuthorizationType"] != "AWS_IAM" {
				open = append(open, route.Properties["RouteKey"].(string))
			}
		}
		slices.Sort(open)
		assert.DeepEqual(t, open, []string{"POST /", "POST /canvas", "POST /event", "POST /lifecycle"})
		throttled := only(t, template, "AWS::ApiGatewayV2::Stage")["RouteSettings"].(map[string]any)
		assert.DeepEqual(t, slices.Sorted(maps.Keys(throttled)), open)
	}
}

// TestScalingOwnsTheTaskCount holds that a deployment doesn't reset it, and that
// the figures of the web service's scaling can be met: at the throttle the service
// has all its tasks, at its least number of tasks it has not.
func TestScalingOwnsTheTaskCount(t *testing.T) {
	for _, environment := range []string{"dev", "prod"} {
		settings := settingsOf(t, environment)
		template := string(golden.Get(t, environment+".template.json"))
		for _, service := range []string{web, worker} {
			_, stated := of(t, template, service, "AWS::ECS::Service")["DesiredCount"]
			assert.Check(t, !stated, service)
		}
		rate := only(t, template, "AWS::ApiGatewayV2::Stage")["RouteSettings"].(map[string]any)["POST /event"].(map[string]any)["ThrottlingRateLimit"].(float64)
		for _, policy := range resources(t, template, "AWS::ApplicationAutoScaling::ScalingPolicy") {
			tracking, _ := policy.Properties["TargetTrackingScalingPolicyConfiguration"].(map[string]any)
			metric, _ := tracking["PredefinedMetricSpecification"].(map[string]any)
			if metric["PredefinedMetricType"] != "ALBRequestCountPerTarget" {
				continue
			}
			most := rate * 60 / tracking["TargetValue"].(float64)
			assert.Check(t, most > float64(settings.MaxCount), "%s: the throttle lets %v tasks' work through of %d", environment, most, settings.MaxCount)
			assert.Check(t, float64(settings.MaxCount)/most >= 0.5, "%s: the throttle lets more than twice through that the tasks handle", environment)
		}
	}
}

// TestProtectionComesAfterTheFirstDeployment holds that nothing of a stack that
// isn't there yet resists being taken back.
func TestProtectionComesAfterTheFirstDeployment(t *testing.T) {
	context := contextOf(t, "prod")
	context["protect"] = "after"
	settings, err := stacks.ReadSettings(context)
	assert.NilError(t, err)
	first := synth(t, settings, contractOf(t, dockerfile))
	assert.Assert(t, !strings.Contains(first, `"DeletionProtectionEnabled": true`))
	for _, attribute := range only(t, first, "AWS::ElasticLoadBalancingV2::LoadBalancer")["LoadBalancerAttributes"].([]any) {
		attribute := attribute.(map[string]any)
		assert.Check(t, attribute["Key"] != "deletion_protection.enabled" || attribute["Value"] == "false")
	}

	context["protect"] = "later"
	_, err = stacks.ReadSettings(context)
	assert.Error(t, err, `context protect: "later" is not a choice; use "after", or leave it out`)
}

// TestFailedCreationLeavesNoOrphan holds that what is kept on deletion goes with a
// stack whose creation failed.
func TestFailedCreationLeavesNoOrphan(t *testing.T) {
	for _, shape := range shapes {
		assert.Check(t, !strings.Contains(string(golden.Get(t, shape.name+".template.json")), `"DeletionPolicy": "Retain"`), shape.name)
	}
}

// TestAlarmsReachTheTopic holds that CloudWatch may publish to a topic that has a
// policy of its own: without that statement no alarm notifies anybody.
func TestAlarmsReachTheTopic(t *testing.T) {
	template := string(golden.Get(t, "guarded.template.json"))
	statements := only(t, template, "AWS::SNS::TopicPolicy")["PolicyDocument"].(map[string]any)["Statement"].([]any)
	assert.Assert(t, slices.ContainsFunc(statements, func(s any) bool {
		statement := s.(map[string]any)
		principal, _ := statement["Principal"].(map[string]any)
		return statement["Effect"] == "Allow" && statement["Action"] == "sns:Publish" && principal["Service"] == "cloudwatch.amazonaws.com"
	}))
	for id, alarm := range resources(t, template, "AWS::CloudWatch::Alarm") {
		assert.Check(t, len(alarm.Properties["AlarmActions"].([]any)) == 1, id)
	}
	assert.Equal(t, len(only(t, template, "AWS::CloudWatch::CompositeAlarm")["AlarmActions"].([]any)), 1)
	assert.Equal(t, len(resources(t, string(golden.Get(t, "dev.template.json")), "AWS::CloudWatch::CompositeAlarm")), 0)
}

// TestKeysAreUsedForOneThing holds that the rights on another stack's keys are for
// its bucket and its queue alone.
func TestKeysAreUsedForOneThing(t *testing.T) {
	template := string(golden.Get(t, "existing-quilt.template.json"))
	found := map[string][]map[string]any{}
	for _, policy := range resources(t, template, "AWS::IAM::Policy") {
		for _, statement := range policy.Properties["PolicyDocument"].(map[string]any)["Statement"].([]any) {
			statement := statement.(map[string]any)
			if key, isText := statement["Resource"].(string); isText && strings.Contains(key, ":kms:") {
				if statement["Action"] != "kms:Decrypt" {
					assert.DeepEqual(t, statement["Action"], []any{"kms:Decrypt", "kms:GenerateDataKey"})
				}
				found[key] = append(found[key], statement["Condition"].(map[string]any))
			}
		}
	}
	assert.Equal(t, len(found), 2)
	for key, context := range map[string]string{
		"arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef": "kms:EncryptionContext:aws:s3:arn",
		"arn:aws:kms:eu-west-1:123456789012:key/fedcba98-7654-3210-fedc-ba9876543210": "kms:EncryptionContext:aws:sqs:arn",
	} {
		for _, condition := range found[key] {
			_, via := condition["StringEquals"].(map[string]any)["kms:ViaService"]
			_, like := condition["StringLike"].(map[string]any)[context]
			assert.Check(t, via && like, key)
		}
	}
}
