// Package migrate says what becomes of a deployment of quiltdata's
// benchling-webhook: which of its names are taken, which are settings of cdk.json
// here, and which have no counterpart.
//
// Source: quiltdata/benchling-webhook 0.18.0: its secret and container in
// docker/src/secrets_manager.py, config.py and lib/fargate-service.ts, its
// configuration file in lib/types/config.ts, its stack in lib/benchling-webhook-stack.ts.
package migrate

// Place is where the predecessor has a name.
type Place string

const (
	Secret   Place = "secret"
	Variable Place = "variable"
	File     Place = "file"
)

// Fate is what becomes of a name.
type Fate string

const (
	// Same is a name that is taken as it is.
	Same Fate = "same"
	// Taken is one whose value is used under the name To.
	Taken Fate = "taken"
	// Compared is one that the setting To decides: another value is refused.
	Compared Fate = "compared"
	// Refused is one that keeps the service from being ready until it is removed;
	// To is the setting to use, if there is one.
	Refused Fate = "refused"
	// Set is one of the configuration file, which the service never reads; To is
	// the setting or the secret's field that has its value.
	Set Fate = "set"
	// Dropped is one without counterpart that nothing reads.
	Dropped Fate = "dropped"
)

// Name is one of the predecessor's names.
type Name struct {
	Place Place    `json:"place"`
	Name  string   `json:"name"`
	Also  []string `json:"also,omitempty"`
	Fate  Fate     `json:"fate"`
	// To is the name here: of a field of the secret, a variable of the container or
	// a setting of cdk.json.
	To string `json:"to,omitempty"`
	// Meaning is what an operator must know besides.
	Meaning string `json:"-"`
}

const (
	searched      = "Canvases list linked packages where `quiltDatabase` is set."
	searchRights  = "The stack gives the rights by `quiltDatabase`."
	allowed       = "In cdk.json it is a list of IPv4 ranges, kept by a web ACL; health checks need none."
	alwaysChecked = "Signatures are always verified: `true` does nothing, another value is refused."
	bucketPolicy  = "No role is assumed: a bucket of another account must allow the worker's, as the output `PackageBucketPolicy` says."
	ownQueue      = "The stack has a queue of its own; two readers of one would share its messages."
	stopTime      = "The stack sets it by the Dockerfile's contract."
	jsonLines     = "Log lines are always JSON: `production` does nothing, another value is refused."
)

// Names are all of the predecessor's names, in the order in which the page and
// `webhook migrate` list them.
var Names = []Name{
	{Place: Secret, Name: "tenant", Fate: Same, Meaning: "A name, a host or a URL. One of several parts (`test.demo`) must be written as the host."},
	{Place: Secret, Name: "client_id", Also: []string{"clientId"}, Fate: Taken, To: "client_id"},
	{Place: Secret, Name: "client_secret", Also: []string{"clientSecret"}, Fate: Taken, To: "client_secret"},
	{Place: Secret, Name: "app_definition_id", Also: []string{"appDefinitionId"}, Fate: Taken, To: "app_definition_id"},
	{Place: Secret, Name: "api_url", Also: []string{"apiUrl"}, Fate: Taken, To: "base_url"},
	{Place: Secret, Name: "log_level", Also: []string{"logLevel"}, Fate: Taken, To: "log_level", Meaning: "It goes before `logLevel`; `CRITICAL` is taken as `ERROR`."},
	{Place: Secret, Name: "workflow", Fate: Taken, To: "workflow", Meaning: "Where `workflow` of cdk.json says another, it is refused."},
	{Place: Secret, Name: "pkg_prefix", Also: []string{"pkgPrefix", "package_prefix"}, Fate: Compared, To: "packagePrefix", Meaning: "The tasks' roles allow this prefix alone."},
	{Place: Secret, Name: "user_bucket", Also: []string{"userBucket"}, Fate: Compared, To: "packageBucket", Meaning: "The tasks' roles allow this bucket alone."},
	{Place: Secret, Name: "queue_url", Also: []string{"queueUrl"}, Fate: Compared, To: "packagingQueueArn", Meaning: "In cdk.json it is the queue's ARN."},
	{Place: Secret, Name: "pkg_key", Also: []string{"pkgKey"}, Fate: Refused, To: "linkedBy", Meaning: searched},
	{Place: Secret, Name: "webhook_allow_list", Also: []string{"webhookAllowList"}, Fate: Refused, To: "allowedAddresses", Meaning: allowed + " An empty one does nothing."},
	{Place: Secret, Name: "enable_webhook_verification", Also: []string{"enableWebhookVerification"}, Fate: Refused, Meaning: alwaysChecked},

	{Place: Variable, Name: "PORT", Fate: Same},
	{Place: Variable, Name: "AWS_REGION", Fate: Same},
	{Place: Variable, Name: "LOG_LEVEL", Fate: Same, Meaning: "`CRITICAL` is taken as `ERROR`."},
	{Place: Variable, Name: "QUILT_WEB_HOST", Fate: Taken, To: "QUILT_CATALOG"},
	{Place: Variable, Name: "PACKAGER_SQS_URL", Fate: Taken, To: "PACKAGING_QUEUE_URL"},
	{Place: Variable, Name: "BENCHLING_SECRETS", Fate: Taken, To: "BENCHLING_SECRET", Meaning: "The secret's text; an ARN is refused."},
	{Place: Variable, Name: "PACKAGING_REQUEST_CONCURRENCY", Fate: Taken, To: "WORKER_CONCURRENCY"},
	{Place: Variable, Name: "BenchlingSecret", Fate: Refused, To: "BENCHLING_SECRET", Meaning: "It is a secret's name; ECS puts the secret's text into `BENCHLING_SECRET`."},
	{Place: Variable, Name: "ENABLE_WEBHOOK_VERIFICATION", Fate: Refused, Meaning: alwaysChecked},
	{Place: Variable, Name: "BENCHLING_TEST_MODE", Fate: Refused, Meaning: "Signatures are always verified: `false` does nothing, another value is refused."},
	{Place: Variable, Name: "APP_ENV", Fate: Refused, Meaning: jsonLines},
	{Place: Variable, Name: "ATHENA_USER_DATABASE", Fate: Refused, To: "quiltDatabase", Meaning: searched},
	{Place: Variable, Name: "ATHENA_USER_WORKGROUP", Fate: Refused, To: "athenaWorkgroup", Meaning: searched},
	{Place: Variable, Name: "QUILT_DATABASE", Fate: Refused, To: "quiltDatabase", Meaning: searched},
	{Place: Variable, Name: "QUILT_ATHENA_USER_POLICY_ARN", Fate: Refused, Meaning: searchRights},
	{Place: Variable, Name: "QUILT_WRITE_ROLE_ARN", Fate: Refused, To: "PackageBucketPolicy", Meaning: bucketPolicy},
	{Place: Variable, Name: "QUILT_BUCKET_WRITE_POLICY_ARN", Fate: Refused, To: "PackageBucketPolicy", Meaning: bucketPolicy},
	{Place: Variable, Name: "PACKAGE_EVENT_QUEUE_URL", Fate: Refused, To: "REVISION_QUEUE_URL", Meaning: ownQueue},
	{Place: Variable, Name: "PACKAGING_REQUEST_QUEUE_URL", Fate: Refused, To: "INTAKE_QUEUE_URL", Meaning: ownQueue},
	{Place: Variable, Name: "PACKAGE_EVENT_CONCURRENCY", Fate: Refused, Meaning: "One thread takes Quilt's events."},
	{Place: Variable, Name: "PACKAGE_EVENT_GRACEFUL_TIMEOUT", Fate: Refused, To: "STOP_TIMEOUT_SECONDS", Meaning: stopTime},
	{Place: Variable, Name: "PACKAGING_REQUEST_GRACEFUL_TIMEOUT", Fate: Refused, To: "STOP_TIMEOUT_SECONDS", Meaning: stopTime},
	{Place: Variable, Name: "QuiltStackARN", Fate: Refused, To: "packagingQueueArn", Meaning: "No stack of Quilt's is asked; set `quiltCatalog` as well."},
	{Place: Variable, Name: "AWS_DEFAULT_REGION", Fate: Dropped, Meaning: "`AWS_REGION` decides; the predecessor sets both alike."},
	{Place: Variable, Name: "ENVIRONMENT", Fate: Dropped, Meaning: "It stood in for `APP_ENV`; log lines are always JSON."},
	{Place: Variable, Name: "BUILD_VERSION", Fate: Dropped, Meaning: "Nothing is configured by it."},
	{Place: File, Name: "quilt.catalog", Fate: Set, To: "quiltCatalog", Meaning: "The host alone."},
	{Place: File, Name: "quilt.queueUrl", Fate: Set, To: "packagingQueueArn", Meaning: "As the queue's ARN."},
	{Place: File, Name: "packages.bucket", Fate: Set, To: "packageBucket"},
	{Place: File, Name: "packages.prefix", Fate: Set, To: "packagePrefix"},
	{Place: File, Name: "packages.workflow", Fate: Set, To: "workflow"},
	{Place: File, Name: "logging.level", Fate: Set, To: "logLevel"},
	{Place: File, Name: "security.webhookAllowList", Fate: Set, To: "allowedAddresses", Meaning: allowed},
	{Place: File, Name: "deployment.vpc.vpcId", Fate: Set, To: "vpc"},
	{Place: File, Name: "deployment.vpc.privateSubnetIds", Fate: Set, To: "vpc"},
	{Place: File, Name: "deployment.vpc.availabilityZones", Fate: Set, To: "vpc"},
	{Place: File, Name: "benchling.tenant", Fate: Set, To: "tenant", Meaning: "In the secret."},
	{Place: File, Name: "benchling.clientId", Fate: Set, To: "client_id", Meaning: "In the secret."},
	{Place: File, Name: "benchling.clientSecret", Fate: Set, To: "client_secret", Meaning: "In the secret."},
	{Place: File, Name: "benchling.appDefinitionId", Fate: Set, To: "app_definition_id", Meaning: "In the secret."},
	{Place: File, Name: "packages.metadataKey", Fate: Set, To: "linkedBy", Meaning: searched},
	{Place: File, Name: "quilt.database", Fate: Set, To: "quiltDatabase", Meaning: searched},
	{Place: File, Name: "quilt.athenaUserWorkgroup", Fate: Set, To: "athenaWorkgroup", Meaning: searched},
	{Place: File, Name: "quilt.athenaUserPolicy", Fate: Dropped, Meaning: searchRights},
	{Place: File, Name: "quilt.athenaUserPolicyArn", Fate: Dropped, Meaning: searchRights},
	{Place: File, Name: "quilt.bucketWritePolicyArn", Fate: Dropped, Meaning: bucketPolicy},
	{Place: File, Name: "quilt.stackArn", Fate: Dropped, Meaning: "No stack of Quilt's is asked."},
	{Place: File, Name: "quilt.region", Fate: Dropped, Meaning: "All that an environment names is in the region of the deployment."},
	{Place: File, Name: "deployment.region", Fate: Dropped, Meaning: "The region is that of your AWS configuration."},
	{Place: File, Name: "deployment.account", Fate: Dropped, Meaning: "The account is that of your credentials."},
	{Place: File, Name: "deployment.ecrRepository", Fate: Dropped, Meaning: "The image is built from the checkout."},
	{Place: File, Name: "deployment.imageTag", Fate: Dropped, Meaning: "The image is built from the checkout."},
	{Place: File, Name: "deployment.stackName", Fate: Dropped, Meaning: "The stack is named after the environment."},
	{Place: File, Name: "deployment.vpc.publicSubnetIds", Fate: Dropped, Meaning: "Nothing of the stack is in them."},
	{Place: File, Name: "deployment.vpc.vpcCidrBlock", Fate: Dropped, Meaning: "It isn't needed."},
	{Place: File, Name: "deployment.vpc.createIfMissing", Fate: Dropped, Meaning: "Without `vpc`, the stack makes one."},
	{Place: File, Name: "benchling.secretArn", Fate: Dropped, Meaning: "The stack makes a secret: its output `SecretArn`."},
	{Place: File, Name: "benchling.testEntryId", Fate: Dropped, Meaning: "Nothing is configured by it."},
	{Place: File, Name: "security.enableVerification", Fate: Dropped, Meaning: "Signatures are always verified."},
	{Place: File, Name: "integratedStack", Fate: Dropped, Meaning: "Where it is true, switch `BenchlingWebhook` of the Quilt stack off after the switch."},
	{Place: File, Name: "_inherits", Fate: Dropped, Meaning: "`webhook migrate` follows it; environments of cdk.json inherit nothing."},
}
