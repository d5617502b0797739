package review

import (
	"regexp"
	"slices"
	"strings"

	"benchlingwebhook/internal/iampolicy"
)

// trust is the property that says who may take a role.
const trust = "AssumeRolePolicyDocument"

// isBroad says whether a new grant reaches beyond named actions and resources,
// lets in callers from outside, or gives a right by which more rights can be had.
func isBroad(g grant, at place, actions *iampolicy.Actions) (bool, error) {
	switch {
	case g.effect != "Allow":
		return false, nil
	case g.exceptions != "":
		return true, nil
	case g.action == managedPolicy:
		return !isServicePolicy(g.resource), nil
	case at.property == trust:
		return isOpenTrust(g), nil
	case at.kind == "AWS::KMS::Key" && strings.HasSuffix(g.principal, ":root") && g.action == "kms:*":
		// It lets the account's own policies decide, as the policy of every key does
		// that is made without one; another account's number is literal.
		return !strings.Contains(g.principal, "${AWS::AccountId}"), nil
	case g.endpoint != "":
		return (g.action == "*" || strings.HasSuffix(g.action, ":*")) && isAllResources(g.resource) && !confines(g.condition), nil
	case isPrincipalOutside(g):
		return true, nil
	case isResourcePolicy(g, at):
		// The resource is named by where the policy stands.
		g.resource = at.id
	}
	return isBroadAction(g, actions)
}

func isResourcePolicy(g grant, at place) bool {
	return !strings.HasPrefix(at.kind, "AWS::IAM::") && (g.kind != "" || g.principal == "*")
}

// isServicePolicy says whether a managed policy is one that AWS made for the tasks
// and functions of a service, or of the template.
//
// Source: AWS Managed Policy Reference Guide; those below service-role/.
func isServicePolicy(arn string) bool {
	return strings.Contains(arn, ":policy/service-role/") && !strings.Contains(arn, "FullAccess") ||
		strings.HasSuffix(arn, ":policy/AWSXRayDaemonWriteAccess") || strings.HasSuffix(arn, ":policy/CloudWatchLambdaInsightsExecutionRolePolicy") ||
		strings.HasPrefix(arn, "${") && !strings.Contains(arn, "policy/")
}

// account matches an account's number in a principal.
var account = regexp.MustCompile(`^(arn:[^:]*:(iam|sts)::)?\d{12}(:|$)`)

func isPrincipalOutside(g grant) bool {
	switch g.kind {
	case "":
		return g.principal == "*" && !confines(g.condition)
	case "Service":
		return false
	case "AWS", "CanonicalUser":
		return (account.MatchString(g.principal) || strings.Contains(g.principal, "*") || g.kind == "CanonicalUser") && !confines(g.condition) ||
			account.MatchString(g.principal)
	}
	return !subject(g.condition) && !confines(g.condition)
}

// isOpenTrust says whether a role may be taken by others than one service or one
// subject of a known provider.
func isOpenTrust(g grant) bool {
	switch g.kind {
	case "Service":
		return strings.Contains(g.principal, "*")
	case "Federated":
		return !subject(g.condition)
	}
	return g.principal == "*" || strings.Contains(g.principal, "*") || account.MatchString(g.principal)
}

// escalating are actions by which a principal can give itself or others more
// rights, or get at what protects data.
//
// Source: IAM User Guide, "Security best practices" and "Permissions boundaries";
// Service Authorization Reference, access level "Permissions management".
var escalating = regexp.MustCompile(`(?i)^(` + strings.Join([]string{
	`iam:(Create|Put|Attach|Detach|Update|Add|Delete|Set|Upload|Remove|Change|Enable|Deactivate)\w*`, `iam:PassRole`,
	`sts:(AssumeRole|GetFederationToken)\w*`,
	`kms:(CreateGrant|PutKeyPolicy|ScheduleKeyDeletion|DisableKey\w*)`,
	`lambda:(AddPermission|AddLayerVersionPermission|CreateFunction\w*|UpdateFunction\w*|CreateEventSourceMapping)`,
	`ecs:(ExecuteCommand|RunTask|RegisterTaskDefinition|UpdateService|StartTask)`,
	`ssm:(StartSession|SendCommand)`, `ec2:RunInstances`, `cloudformation:(Create|Update|Execute)\w*`,
	`s3:(PutBucketPolicy|DeleteBucketPolicy|PutBucketAcl|PutObjectAcl|PutBucketPublicAccessBlock|DeleteBucket|BypassGovernanceRetention|PutLifecycleConfiguration|PutBucketVersioning)`,
	`(dynamodb|sqs|sns|logs|ecr|secretsmanager|backup):(Put|Add|Set|Delete|Remove)\w*(Policy|Permission|Table|Queue|Topic|LogGroup|Repository|Secret|Vault|Backup)\w*`,
	`sqs:(SetQueueAttributes|PurgeQueue)`, `cloudtrail:(Stop|Delete|Update)\w*`, `cloudwatch:(Delete|Disable)\w*`,
	`organizations:\w+`, `account:\w+`, `route53:Change\w*`, `codebuild:StartBuild\w*`, `glue:\w*DevEndpoint`,
}, "|") + `)$`)

// isBroadAction says whether an action or the resources that it is for are more
// than named ones.
func isBroadAction(g grant, actions *iampolicy.Actions) (bool, error) {
	// An action that only a deployment knows may be any.
	if g.action == "*" || strings.HasSuffix(g.action, ":*") || strings.Contains(g.action, "${") || escalating.MatchString(g.action) {
		return true, nil
	}
	matching, err := actions.Of(g.action)
	if err != nil {
		return false, err
	}
	if strings.ContainsAny(g.action, "*?") {
		// "s3:Get*" names what may be done; "s3:*Object" doesn't.
		_, name, _ := strings.Cut(g.action, ":")
		if star := strings.IndexAny(name, "*?"); star < 3 || star != len(name)-1 {
			return true, nil
		}
		if len(matching) == 0 || slices.ContainsFunc(matching, func(a iampolicy.Action) bool {
			return slices.Contains(a.Levels, iampolicy.Permissions) || escalating.MatchString(a.Name)
		}) {
			return true, nil
		}
	}
	held := len(matching) == 0 || slices.ContainsFunc(matching, func(a iampolicy.Action) bool { return a.HasResources })
	return held && isAllResources(g.resource), nil
}

// isAllResources says whether a resource's pattern names none: a wildcard in the
// place of the name, of an account's part or of the whole.
func isAllResources(pattern string) bool {
	if strings.Trim(pattern, "*?") == "" {
		return true
	}
	parts := strings.SplitN(pattern, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return strings.HasPrefix(pattern, "*")
	}
	name := parts[5]
	if slash := strings.IndexAny(name, "/:"); slash >= 0 && parts[2] != "s3" {
		name = name[slash+1:]
	}
	star := strings.IndexAny(name, "*?")
	return star == 0 || star > 0 && parts[2] == "s3" && !strings.Contains(name[:star], "/") && !strings.Contains(name[:star], "${") && star < 4
}
