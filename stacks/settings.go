// Package stacks says which constructs exist and who gets what: the settings of
// an environment, checked, and the stack that is made of them.
package stacks

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/moby/buildkit/util/suggest"

	"benchlingwebhook/constructs"
)

// DefaultEnvironment is the environment of a synthesis that names none.
const DefaultEnvironment = "dev"

// confirmWithin is how long an existing Quilt stack may take for a package.
const confirmWithin = 30 * time.Minute

// protectAfter, as the context "protect", leaves the protection against deletion
// to a second deployment: what is born protected can't be taken back when a first
// deployment fails.
const protectAfter = "after"

// Unprotected is that context as the CDK CLI takes it.
const Unprotected = "protect=" + protectAfter

// settingsFile is where environments and settings are written.
const settingsFile = "cdk.json"

// Settings are what differs between environments. A setting that cdk.json
// leaves out has the default of DefaultSettings.
type Settings struct {
	// Environment is the name under "environments" in cdk.json.
	Environment string
	// Architecture is the processor of image and tasks.
	Architecture constructs.Architecture
	// Compression is that of the image's layers.
	Compression constructs.Compression
	// Size is the size and number of the web tasks.
	Size constructs.TaskSize
	// MaxCount is the most web tasks that autoscaling starts.
	MaxCount int
	// WorkerSize is the size and the least number of the worker tasks.
	WorkerSize constructs.TaskSize
	// WorkerMaxCount is the most worker tasks that autoscaling starts.
	WorkerMaxCount int
	// NatGateways is the number of NAT gateways of a new VPC.
	NatGateways int
	// AvailabilityZones are the zones of a new VPC; none leaves the choice to
	// CloudFormation.
	AvailabilityZones []string
	// FlowLogs records the traffic of a new VPC.
	FlowLogs bool
	// InterfaceEndpoints keeps the calls of AWS's services within a new VPC.
	InterfaceEndpoints bool
	// Vpc is the existing VPC to use; nil makes a new one.
	Vpc *constructs.ExistingVpc
	// LogRetentionDays is how long logs are kept.
	LogRetentionDays int
	// LogLevel is the service's least level of a log line.
	LogLevel string
	// PackagePrefix is the first part of every package's name.
	PackagePrefix string
	// QuiltCatalog is the host name of the Quilt catalog, or empty.
	QuiltCatalog string
	// PackageBucket is the name of an existing bucket that is registered with
	// Quilt; empty makes a new one.
	PackageBucket string
	// PackageBucketKeyArn is the KMS key that encrypts PackageBucket, or empty.
	PackageBucketKeyArn string
	// PackagingQueueArn is the packaging queue of an existing Quilt stack; empty
	// makes a new one.
	PackagingQueueArn string
	// PackagingQueueKeyArn is the KMS key that encrypts the packaging queue, or
	// empty.
	PackagingQueueKeyArn string
	// ConfirmWithin is how long Quilt may take for a package before an alarm is
	// raised; 0 expects no word of Quilt's.
	ConfirmWithin time.Duration
	// ExportTimeout is how long one export may hold a place of the worker's.
	ExportTimeout time.Duration
	// Workflow is Quilt's workflow for the packages: nil is the registry's
	// default, the empty text none.
	Workflow *string
	// Domain is the name that Benchling calls; nil leaves API Gateway's own.
	Domain *constructs.Domain
	// AllowedAddresses are the ranges from which webhooks may come; none allows
	// every address.
	AllowedAddresses []string
	// WebACLArn is an existing web ACL in front of the load balancer, or empty.
	WebACLArn string
	// AlarmTopicArn is the SNS topic notified of alarms, or empty.
	AlarmTopicArn string
	// AlarmEmail is the mail address notified of alarms, or empty.
	AlarmEmail string
	// DeletionProtection keeps the stack, its load balancer and its table from
	// being deleted.
	DeletionProtection bool
}

// DefaultSettings returns the settings of an environment that sets nothing.
func DefaultSettings(environment string) Settings {
	return Settings{
		Environment:      environment,
		Architecture:     constructs.X86,
		Compression:      constructs.Gzip,
		Size:             constructs.TaskSize{CPU: 512, MemoryMiB: 1024, Desired: 2},
		MaxCount:         4,
		WorkerSize:       constructs.TaskSize{CPU: 512, MemoryMiB: 1024, Desired: 1},
		WorkerMaxCount:   4,
		NatGateways:      1,
		LogRetentionDays: 30,
		LogLevel:         "INFO",
		PackagePrefix:    "benchling",
		ExportTimeout:    30 * time.Minute,
	}
}

// ReadSettings returns the settings of the environment that the context names:
// "environment", or DefaultEnvironment, out of "environments". The error holds
// all problems, one a line.
func ReadSettings(context map[string]any) (Settings, error) {
	environments, err := readEnvironments(context)
	if err != nil {
		return Settings{}, err
	}
	name := DefaultEnvironment
	if value, given := context["environment"]; given {
		text, isText := value.(string)
		if !isText {
			return Settings{}, fmt.Errorf("context environment: %s is not a string; name one of %s", show(value), list(environments))
		}
		name = text
	}
	values, known := environments[name]
	if !known {
		return Settings{}, fmt.Errorf("context environment: no environment %q in %s%s; the environments are %s",
			name, settingsFile, didYouMean(name, environments), list(environments))
	}
	place := settingsFile + ": environments." + name
	object, isObject := values.(map[string]any)
	if !isObject {
		return Settings{}, fmt.Errorf("%s: %s is not an object; write its settings as {\"name\": value}", place, show(values))
	}
	settings, err := readSettings(name, place, object)
	if err != nil {
		return Settings{}, err
	}
	switch value, given := context["protect"]; {
	case given && value != protectAfter:
		return Settings{}, fmt.Errorf("context protect: %s is not a choice; use %q, or leave it out", show(value), protectAfter)
	case given:
		settings.DeletionProtection = false
	}
	return settings, nil
}

func readEnvironments(context map[string]any) (map[string]any, error) {
	value, given := context["environments"]
	if !given {
		return nil, fmt.Errorf("%s: no \"environments\" in the context; add {\"environments\": {%q: {}}}", settingsFile, DefaultEnvironment)
	}
	environments, isObject := value.(map[string]any)
	if !isObject || len(environments) == 0 {
		return nil, fmt.Errorf("%s: environments: %s is not an object of environments; write {%q: {}}", settingsFile, show(value), DefaultEnvironment)
	}
	for _, name := range slices.Sorted(maps.Keys(environments)) {
		if !environmentName.MatchString(name) {
			return nil, fmt.Errorf("%s: environments: %q can't end a stack's name; use at most 40 letters, digits and hyphens, a letter first", settingsFile, name)
		}
	}
	return environments, nil
}

// readSettings returns the settings in values on top of the defaults.
func readSettings(environment, place string, values map[string]any) (Settings, error) {
	settings := DefaultSettings(environment)
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(values)) {
		setting, known := settingsByName[name]
		if !known {
			problems = append(problems, fmt.Errorf("%s: unknown setting %q%s; the settings are %s",
				place, name, didYouMean(name, settingsByName), list(settingsByName)))
			continue
		}
		if err := setting.read(values[name], &settings); err != nil {
			problems = append(problems, prefixed(place+"."+name, err))
		}
	}
	if _, given := values["confirmWithinMinutes"]; !given && settings.PackagingQueueArn != "" {
		settings.ConfirmWithin = confirmWithin
	}
	// Rules between settings make sense only when each is right by itself.
	if len(problems) == 0 {
		problems = checkTogether(place, values, settings)
	}
	if len(problems) > 0 {
		return Settings{}, errors.Join(problems...)
	}
	return settings, nil
}

// checkTogether returns what is wrong between settings.
func checkTogether(place string, values map[string]any, s Settings) []error {
	var problems []error
	for _, of := range []struct {
		cpu, memory, least, most string
		size                     constructs.TaskSize
		max                      int
	}{
		{"cpu", "memory", "desiredCount", "maxCount", s.Size, s.MaxCount},
		{"workerCpu", "workerMemory", "workerMinCount", "workerMaxCount", s.WorkerSize, s.WorkerMaxCount},
	} {
		if memory := memoryFor(of.size.CPU); !slices.Contains(memory, of.size.MemoryMiB) {
			problems = append(problems, fmt.Errorf("%s.%s: Fargate has no %d MiB with a %s of %d; use one of %s",
				place, of.memory, of.size.MemoryMiB, of.cpu, of.size.CPU, numbers(memory)))
		}
		if of.max < of.size.Desired {
			problems = append(problems, fmt.Errorf("%s.%s: %d is below %s %d; raise %s or lower %s",
				place, of.most, of.max, of.least, of.size.Desired, of.most, of.least))
		}
	}
	if s.Vpc != nil {
		for _, name := range []string{"availabilityZones", "flowLogs", "interfaceEndpoints", "natGateways"} {
			if _, given := values[name]; given {
				problems = append(problems, fmt.Errorf("%s.%s: the existing VPC %s has its own; remove %s or vpc", place, name, s.Vpc.ID, name))
			}
		}
	}
	for _, pair := range []struct{ key, of string }{
		{"packageBucketKeyArn", "packageBucket"}, {"packagingQueueKeyArn", "packagingQueueArn"},
	} {
		_, key := values[pair.key]
		if _, of := values[pair.of]; key && !of {
			problems = append(problems, fmt.Errorf("%s.%s: the key of something that is made here; set %s too, or remove it", place, pair.key, pair.of))
		}
	}
	if s.AlarmEmail != "" && s.AlarmTopicArn != "" {
		problems = append(problems, fmt.Errorf("%s.alarmEmail: alarms go to the topic of alarmTopicArn; subscribe the address there, or remove alarmTopicArn", place))
	}
	if len(s.AllowedAddresses) > 0 && s.WebACLArn != "" {
		problems = append(problems, fmt.Errorf("%s.allowedAddresses: the web ACL of webAclArn decides; add the addresses there, or remove webAclArn", place))
	}
	return append(problems, checkPartitions(place, s.Arns())...)
}

// memoryFor returns the sizes in MiB that Fargate offers with so many CPU units.
func memoryFor(cpu int) []int {
	if cpu == 256 {
		return []int{512, 1024, 2048}
	}
	// From two to eight GiB a virtual processor, in steps of one GiB; of half a
	// processor, from one to four.
	var sizes []int
	for memory := cpu * 2; memory <= cpu*8 && memory <= 30*1024; memory += 1024 {
		sizes = append(sizes, memory)
	}
	return sizes
}

// didYouMean returns ` (did you mean "…"?)` where one of the names is near.
func didYouMean[V any](name string, names map[string]V) string {
	sorted := slices.Sorted(maps.Keys(names))
	near, found := suggest.Search(name, sorted, true)
	for _, other := range sorted {
		if strings.EqualFold(name, other) {
			near, found = other, true
		}
	}
	if !found {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", near)
}

// list returns the names in order, with commas.
func list[V any](names map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(names)), ", ")
}
