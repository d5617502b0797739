package stacks

import (
	"fmt"
	"slices"
	"strings"

	"benchlingwebhook/constructs"
)

// checkTogether returns what is wrong between settings. A setting that is wrong by
// itself, as wrong says, is left out.
func checkTogether(place string, values map[string]any, wrong map[string]bool, s Settings) []error {
	return slices.Concat(
		checkSizes(place, wrong, s),
		checkExclusions(place, values, s),
		checkLinked(place, values, wrong, s),
		checkRegions(place, s),
		checkAccounts(place, s),
		checkHosts(place, s),
		checkHours(place, values),
	)
}

// checkSizes returns what Fargate and autoscaling don't offer together.
func checkSizes(place string, wrong map[string]bool, s Settings) []error {
	var problems []error
	for _, of := range []struct {
		cpu, memory, least, most string
		size                     constructs.TaskSize
		max                      int
	}{
		{"cpu", "memory", "desiredCount", "maxCount", s.Size, s.MaxCount},
		{"workerCpu", "workerMemory", "workerMinCount", "workerMaxCount", s.WorkerSize, s.WorkerMaxCount},
	} {
		if memory := memoryFor(of.size.CPU); !wrong[of.cpu] && !wrong[of.memory] && !slices.Contains(memory, of.size.MemoryMiB) {
			problems = append(problems, fmt.Errorf("%s.%s: Fargate has no %d MiB with a %s of %d; use one of %s",
				place, of.memory, of.size.MemoryMiB, of.cpu, of.size.CPU, numbers(memory)))
		}
		if !wrong[of.least] && !wrong[of.most] && of.max < of.size.Desired {
			problems = append(problems, fmt.Errorf("%s.%s: %d is below %s %d; raise %s or lower %s",
				place, of.most, of.max, of.least, of.size.Desired, of.most, of.least))
		}
	}
	return problems
}

// checkExclusions returns which settings have no use beside, or without, others.
func checkExclusions(place string, values map[string]any, s Settings) []error {
	var problems []error
	given := func(name string) bool {
		_, given := values[name]
		return given
	}
	if s.Vpc != nil {
		for _, name := range []string{"availabilityZones", "flowLogs", "interfaceEndpoints", "natGateways"} {
			if given(name) {
				problems = append(problems, fmt.Errorf("%s.%s: the existing VPC %s; remove %s or vpc", place, name, strings.TrimSpace(s.Vpc.ID+" has its own"), name))
			}
		}
	}
	for _, pair := range []struct{ key, of string }{
		{"packageBucketKeyArn", "packageBucket"}, {"packagingQueueKeyArn", "packagingQueueArn"},
	} {
		if given(pair.key) && !given(pair.of) {
			problems = append(problems, fmt.Errorf("%s.%s: the key of something that is made here; set %s too, or remove it", place, pair.key, pair.of))
		}
	}
	if given("athenaResults") && !given("quiltDatabase") {
		problems = append(problems, fmt.Errorf("%s.athenaResults: nothing is searched for; set quiltDatabase too, or remove it", place))
	}
	if given("alarmEmail") && given("alarmTopicArn") {
		problems = append(problems, fmt.Errorf("%s.alarmEmail: alarms go to the topic of alarmTopicArn; subscribe the address there, or remove alarmTopicArn", place))
	}
	if given("allowedAddresses") && given("webAclArn") {
		problems = append(problems, fmt.Errorf("%s.allowedAddresses: the web ACL of webAclArn decides; add the addresses there, or remove webAclArn", place))
	}
	return problems
}

// checkHosts returns a problem where Benchling would call the catalog.
func checkHosts(place string, s Settings) []error {
	if s.Domain == nil || s.Domain.Name == "" || s.Domain.Name != s.QuiltCatalog {
		return nil
	}
	return []error{fmt.Errorf("%s.domain.name: %q is the catalog of quiltCatalog; give what Benchling calls a name of its own", place, s.Domain.Name)}
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
