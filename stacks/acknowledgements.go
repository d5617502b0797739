package stacks

import "benchlingwebhook/internal/policy"

// excuses are acknowledgements with one reason. Their names hold the logical IDs of
// resources, which CDK makes of their constructs' IDs.
type excuses struct {
	reason string
	names  []string
}

// Acknowledged returns the violations of the policy that may stay in a stack of
// these settings, each with its reason.
func Acknowledged(s Settings) []policy.Acknowledgement {
	all := append([]excuses{
		{"the action takes no resource; what may be pulled is named in the statement beside it", []string{
			"IAM1[WebhookTaskExecutionRoleDefaultPolicyB5C5A48E.PolicyDocument.Statement[ecr:GetAuthorizationToken].Resource]",
			"IAM1[WorkerTaskExecutionRoleDefaultPolicy13EB5C0F.PolicyDocument.Statement[ecr:GetAuthorizationToken].Resource]",
		}},
		{"Benchling can't sign for IAM; the service verifies Benchling's own signature", []string{
			"NET3[IngressApiPOST783EC1B2.AuthorizationType]", "NET3[IngressApiPOSTevent2EF65259.AuthorizationType]",
			"NET3[IngressApiPOSTlifecycle59E61F19.AuthorizationType]", "NET3[IngressApiPOSTcanvas79BCE8A0.AuthorizationType]",
		}},
	}, unbought(s)...)
	var acknowledged []policy.Acknowledgement
	for _, e := range all {
		for _, name := range e.names {
			acknowledged = append(acknowledged, policy.Acknowledgement{Name: name, Reason: e.reason})
		}
	}
	return acknowledged
}

// unbought returns the violations that a setting takes away, or makes.
func unbought(s Settings) []excuses {
	var found []excuses
	add := func(without bool, reason string, names ...string) {
		if without {
			found = append(found, excuses{reason, names})
		}
	}
	add(s.Vpc == nil, "an endpoint's policy gives nobody a right, it lets through what has one: "+
		"the image's layers lie in a bucket of ECR's, exports in one of Benchling's, whose names are theirs",
		"IAM1[NetworkS3C0D10ADE.PolicyDocument.Statement[s3:GetObject].Resource]")
	add(s.Vpc == nil && s.InterfaceEndpoints, "an endpoint's policy gives nobody a right: who reaches it within the VPC may call what a role of its own allows",
		"IAM1[NetworkEcrApi143B6701.PolicyDocument]", "IAM1[NetworkEcrDocker887440C8.PolicyDocument]", "IAM1[NetworkLogs410D5F1E.PolicyDocument]",
		"IAM1[NetworkSecretsManager191D9DF7.PolicyDocument]", "IAM1[NetworkSqs0AF4F7AD.PolicyDocument]")
	add(s.Vpc == nil && !s.FlowLogs, "the setting flowLogs is off, which costs by the gigabyte; the access logs of API, load balancer and bucket tell who called",
		"LOG5[Network1C6012B5.FlowLog]")
	add(s.Tracing, "the action takes no resource; it writes traces into the account's X-Ray, and reads none",
		"IAM1[WebhookTaskRoleDefaultPolicy8FEE4792.PolicyDocument.Statement[xray:PutTraceSegments].Resource]",
		"IAM1[WorkerTaskRoleDefaultPolicy615A57C0.PolicyDocument.Statement[xray:PutTraceSegments].Resource]")
	add(s.ExportEntries, "the worker logs and removes an event that it can't read (revision.rejected); what is lost by one is a canvas's link, and a package that isn't confirmed is reported",
		"QUEUE1[RevisionsEvents713BD2F6.RedrivePolicy]")
	add(s.makesPackagingQueue(), "its reader is Quilt's packager, which says what becomes of a message that it can't take; an alarm tells of messages that nobody reads",
		"QUEUE1[Packaging1B327160.RedrivePolicy]")
	add(s.Domain == nil, "without the setting domain, there is no name that a certificate could be for; API Gateway has the only way in",
		"NET4[IngressLoadBalancerHttp38EB6668.Protocol]", "NET4[IngressApiPOSTLoadBalancer160C3F5C.TlsConfig.ServerNameToVerify]")
	add(!s.ContainerInsights, "the setting containerInsights is off, which costs by the metric; ECS's own metrics, the load balancer's and the services' own are what the alarms go by",
		"ECS12[ClusterEB0386A7.ClusterSettings]")
	add(!s.DeletionProtection, "the setting deletionProtection is off, for environments that come and go",
		"DATA7[ClaimsE8D96B24.DeletionProtectionEnabled]", "DATA7[IngressLoadBalancerAE82CB09.LoadBalancerAttributes[deletion_protection.enabled]]",
		"STACK1[terminationProtection]")
	add(s.AlarmTopicArn == "" && s.AlarmEmail == "", "neither alarmEmail nor alarmTopicArn is set, of which synthesis warns; alarms still take deployments back",
		unheard(s)...)
	return found
}

// unheard returns the violations of alarms that tell nobody.
func unheard(s Settings) []string {
	alarms := []string{
		"AlarmsWebhooksFailed1036D42F", "AlarmsUnhealthyTargets4A7E89EA", "AlarmsExportsFail07EB9744",
		"OperatorAlarmsApiErrors2D1EFE29", "OperatorAlarmsSlowAnswers483E4CBA", "OperatorAlarmsLoadBalancerErrorsC0F722D7",
		"OperatorAlarmsNoHealthyTargets6C5793BF", "OperatorAlarmsFrontDoorClosed7547D22D", "OperatorAlarmsDeadLettersDD0E4A35",
		"OperatorAlarmsOldEventsDAF79736", "OperatorAlarmsOldCanvasRequests69B442F7", "OperatorAlarmsThrottledClaims7E4E6EEB", "OperatorAlarmsSecretNotUsedC42E067D",
		"OperatorAlarmsWebMemoryB758679B", "OperatorAlarmsWebNotReadyF01590E9", "OperatorAlarmsWebLogLinesLost86AC5907",
		"OperatorAlarmsWorkerMemoryD8B611FD", "OperatorAlarmsWorkerNotReady6994A2A9", "OperatorAlarmsWorkerLogLinesLostC436DE75",
	}
	if s.makesPackagingQueue() {
		alarms = append(alarms, "OperatorAlarmsUnreadPackages82F50984")
	}
	if s.ConfirmWithin > 0 {
		alarms = append(alarms, "OperatorAlarmsUnconfirmedPackagesCCEEFD8F")
	}
	names := make([]string, len(alarms))
	for i, alarm := range alarms {
		names[i] = "ALARM1[" + alarm + ".AlarmActions]"
	}
	return names
}
