package review

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/imagecontract"
	"benchlingwebhook/internal/secrets"
)

// protections are all that are looked at.
var protections = slices.Concat(taskProtections, serviceProtections, dataProtections, queueProtections, edgeProtections, networkProtections, watchProtections, generalProtections)

var (
	taskDefinition = []string{"AWS::ECS::TaskDefinition"}
	ecsService     = []string{"AWS::ECS::Service"}
	scalableTarget = []string{"AWS::ApplicationAutoScaling::ScalableTarget"}
)

// inContainers is of a property of each container of a task.
func inContainers(of func(container map[string]any) strength) func(resource) map[string]strength {
	return func(r resource) map[string]strength {
		all := map[string]strength{}
		for _, container := range objects(r.Properties["ContainerDefinitions"]) {
			all[cfn.Text(container["Name"])] = of(container)
		}
		return all
	}
}

// taskProtections are those of task definitions.
//
// Sources: API reference of ECS, ContainerDefinition and TaskDefinition; AWS Security
// Hub's controls of ECS.
var taskProtections = []protection{
	{"read-only root", taskDefinition, regexp.MustCompile(`\.ReadonlyRootFilesystem$`), inContainers(func(c map[string]any) strength {
		return strength{number: isTrue(c["ReadonlyRootFilesystem"], false)}
	}), 1},
	{"user", taskDefinition, regexp.MustCompile(`\.User$`), inContainers(func(c map[string]any) strength {
		return strength{number: privilege(c["User"])}
	}), 2},
	{"privileges", taskDefinition, regexp.MustCompile(`\.Privileged$`), inContainers(func(c map[string]any) strength {
		return strength{number: oneIf(c["Privileged"] == nil || c["Privileged"] == "false")}
	}), 1},
	{"capabilities", taskDefinition, regexp.MustCompile(`\.Capabilities\b`), inContainers(func(c map[string]any) strength {
		capabilities := cfn.At(c, "LinuxParameters", "Capabilities")
		dropped := cfn.Texts(cfn.List(cfn.At(capabilities, "Drop")))
		n := float64(len(dropped))
		if slices.Contains(dropped, "ALL") {
			n = math.Inf(1)
		}
		return strength{n, cfn.Texts(cfn.List(cfn.At(capabilities, "Add")))}
	}), 0},
	{"devices", taskDefinition, regexp.MustCompile(`\.(Devices|SystemControls)\b`), inContainers(func(c map[string]any) strength {
		return strength{0, slices.Concat(cfn.Texts(cfn.List(cfn.At(c, "LinuxParameters", "Devices"))), cfn.Texts(cfn.List(c["SystemControls"])))}
	}), 0},
	{"init process", taskDefinition, regexp.MustCompile(`\.InitProcessEnabled$`), inContainers(func(map[string]any) strength { return strength{} }), 0},
	{"health check", taskDefinition, regexp.MustCompile(`\.HealthCheck\b`), inContainers(healthCheck), math.Inf(-1)},
	{"logging", taskDefinition, regexp.MustCompile(`\.LogConfiguration\b`), inContainers(func(c map[string]any) strength {
		driver := cfn.Text(cfn.At(c["LogConfiguration"], "LogDriver"))
		return strength{number: oneIf(driver != cfn.None && driver != "none")}
	}), 0},
	{"essential", taskDefinition, regexp.MustCompile(`\.Essential$`), inContainers(func(c map[string]any) strength {
		return strength{number: isTrue(c["Essential"], true)}
	}), 0},
	{"secrets in plain text", taskDefinition, regexp.MustCompile(`\.(Environment|Secrets)\b`), inContainers(plainSecrets), 0},
	{"image", taskDefinition, regexp.MustCompile(`\.Image$`), inContainers(imageSource), 0},
	{"host mounts", taskDefinition, regexp.MustCompile(`^Volumes\b`), opens(func(r resource) (open []string) {
		for _, volume := range objects(r.Properties["Volumes"]) {
			if path := cfn.At(volume, "Host", "SourcePath"); path != nil {
				open = append(open, cfn.Text(path))
			}
			if efs := cfn.At(volume, "EFSVolumeConfiguration"); efs != nil && cfn.At(efs, "TransitEncryption") != "ENABLED" {
				open = append(open, cfn.Text(volume["Name"])+" without encryption in transit")
			}
		}
		return open
	}), 0},
	{"namespaces", taskDefinition, regexp.MustCompile(`^(PidMode|IpcMode)$`), opens(func(r resource) (open []string) {
		for _, name := range []string{"PidMode", "IpcMode"} {
			if mode := cfn.Text(r.Properties[name]); mode != cfn.None && mode != "none" {
				open = append(open, name+" "+mode)
			}
		}
		return open
	}), 0},
	{"network of its own", taskDefinition, regexp.MustCompile(`^NetworkMode$`), ranked("NetworkMode", "bridge", map[string]float64{"awsvpc": 1, "none": 1}), 1},
	{"fault injection", taskDefinition, regexp.MustCompile(`^EnableFaultInjection$`), falsehood("EnableFaultInjection"), 1},
	{"role", taskDefinition, regexp.MustCompile(`^(TaskRoleArn|ExecutionRoleArn)$`), opens(func(r resource) (open []string) {
		for _, name := range []string{"TaskRoleArn", "ExecutionRoleArn"} {
			// A role that the template doesn't make has rights that nobody here reads.
			if role := cfn.Symbol(r.Properties[name]); strings.HasPrefix(role, "arn:") {
				open = append(open, name+" "+role)
			}
		}
		return open
	}), 0},
}

// privilege is 0 for root and for whom nobody can tell, 1 for a user of root's
// group, and 2 for others.
func privilege(value any) float64 {
	user, group, hasGroup := strings.Cut(cfn.Text(value), ":")
	uid, err := strconv.Atoi(user)
	if err != nil && (user == "root" || user == cfn.None || strings.ContainsAny(user, "{$.")) || err == nil && uid == 0 {
		return 0
	}
	if gid, err := strconv.Atoi(group); hasGroup && (group == "root" || err == nil && gid == 0) {
		return 1
	}
	return 2
}

// longestUnhealthy is how long a hung task may go unseen, in seconds.
const longestUnhealthy = 300

// healthCheck is 0 without a check, or with one that can't fail; 1 with one that takes
// longer than longestUnhealthy, and 2 else.
func healthCheck(c map[string]any) strength {
	check := c["HealthCheck"]
	if check == nil || !imagecontract.CanFail(cfn.Texts(cfn.List(cfn.At(check, "Command")))) {
		return strength{}
	}
	const interval, retries = 30, 3 // ECS's own.
	seen := number(cfn.At(check, "Interval"), interval) * number(cfn.At(check, "Retries"), retries)
	if seen > longestUnhealthy || math.IsInf(seen, 0) || number(cfn.At(check, "StartPeriod"), 0) > longestUnhealthy/2+longestUnhealthy/4 {
		return strength{number: 1}
	}
	return strength{number: 2}
}

// plainSecrets are variables that are named as secrets and have a value in the
// template.
func plainSecrets(c map[string]any) strength {
	var open []string
	for _, variable := range objects(c["Environment"]) {
		name := cfn.Text(variable["Name"])
		value, isText := variable["Value"].(string)
		resolved := strings.Contains(cfn.Symbol(variable["Value"]), "{{resolve:secretsmanager")
		if resolved || isText && (secrets.Valued(value) || secrets.Named(name) && !secrets.Harmless(value)) {
			open = append(open, name)
		}
	}
	return strength{open: open}
}

// imageSource is where an image comes from, if not from this account's registry;
// its number is 1 where it is named by digest or by the hash of an asset.
func imageSource(c map[string]any) strength {
	symbol := cfn.Symbol(c["Image"])
	pinned := strings.Contains(symbol, "@sha256:") || assetHash.MatchString(symbol) || strings.Contains(symbol, "HASH") || strings.HasPrefix(symbol, "${")
	repository, _, _ := strings.Cut(symbol, "@")
	if colon := strings.LastIndex(repository, ":"); colon > strings.LastIndex(repository, "/") {
		repository = repository[:colon]
	}
	s := strength{number: oneIf(pinned)}
	if !strings.Contains(symbol, containerAssets) && !strings.HasPrefix(symbol, "${") {
		s.open = []string{repository}
	}
	return s
}

// serviceProtections are those of services.
//
// Source: API reference of ECS, CreateService; Security Hub's controls of ECS.
var serviceProtections = []protection{
	{"shell into tasks", ecsService, regexp.MustCompile(`^EnableExecuteCommand$`), falsehood("EnableExecuteCommand"), 1},
	{"public exposure", ecsService, regexp.MustCompile(`\.AssignPublicIp$`), ranked("NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp", "DISABLED", map[string]float64{"DISABLED": 1}), 1},
	{"public exposure", ecsService, regexp.MustCompile(`\.Subnets\b`), opens(func(r resource) (open []string) {
		public := publicSubnets(r.template)
		for _, subnet := range cfn.List(at(r.Properties, "NetworkConfiguration.AwsvpcConfiguration.Subnets")) {
			if public[cfn.Text(subnet)] {
				open = append(open, cfn.Text(subnet))
			}
		}
		return open
	}), 0},
	{"security group of its own", ecsService, regexp.MustCompile(`\.SecurityGroups\b`), func(r resource) map[string]strength {
		return whole(float64(min(1, len(cfn.List(at(r.Properties, "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups"))))))
	}, 1},
	{"load balancer", ecsService, regexp.MustCompile(`^LoadBalancers\b`), set("LoadBalancers"), 0},
	{"running tasks", ecsService, regexp.MustCompile(`^DesiredCount$`), func(r resource) map[string]strength {
		return whole(min(1, number(r.Properties["DesiredCount"], 1)))
	}, 0},
	{"healthy tasks in a deployment", ecsService, regexp.MustCompile(`^DeploymentConfiguration\.MinimumHealthyPercent$`), func(r resource) map[string]strength {
		return whole(min(1, number(at(r.Properties, "DeploymentConfiguration.MinimumHealthyPercent"), 100)))
	}, 0},
	{"rollback", ecsService, regexp.MustCompile(`^DeploymentConfiguration\.DeploymentCircuitBreaker\b`), func(r resource) map[string]strength {
		breaker := at(r.Properties, "DeploymentConfiguration.DeploymentCircuitBreaker")
		return whole(isTrue(cfn.At(breaker, "Enable"), false) + isTrue(cfn.At(breaker, "Rollback"), false))
	}, 0},
	{"rollback", ecsService, regexp.MustCompile(`^DeploymentConfiguration\.Alarms\b`), func(r resource) map[string]strength {
		alarms := at(r.Properties, "DeploymentConfiguration.Alarms")
		return whole((isTrue(cfn.At(alarms, "Enable"), false) + isTrue(cfn.At(alarms, "Rollback"), false)) * float64(len(cfn.List(cfn.At(alarms, "AlarmNames")))))
	}, 0},
	{"platform", ecsService, regexp.MustCompile(`^PlatformVersion$`), ranked("PlatformVersion", "LATEST", map[string]float64{"LATEST": 1, "1.4.0": 1}), 1},
	{"capacity that stays", ecsService, regexp.MustCompile(`^CapacityProviderStrategy\b.*\bCapacityProvider$`), func(r resource) map[string]strength {
		return whole(oneIf(!strings.Contains(cfn.Text(r.Properties["CapacityProviderStrategy"]), "FARGATE_SPOT")))
	}, 0},
	{"health check", ecsService, regexp.MustCompile(`^HealthCheckGracePeriodSeconds$`), func(resource) map[string]strength { return whole(0) }, 0},
	{"tasks", scalableTarget, regexp.MustCompile(`^(Min|Max)Capacity$`), func(r resource) map[string]strength {
		return whole(min(1, number(r.Properties["MaxCapacity"], 1)) + min(1, number(r.Properties["MinCapacity"], 0)))
	}, 0},
	{"tasks at every hour", scalableTarget, regexp.MustCompile(`^ScheduledActions\b.*\bMaxCapacity$`), func(r resource) map[string]strength {
		least := 1.0
		for _, action := range cfn.List(r.Properties["ScheduledActions"]) {
			least = min(least, number(cfn.At(action, "ScalableTargetAction", "MaxCapacity"), 1))
		}
		return whole(least)
	}, 0},
}
