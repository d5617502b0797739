package architecture

// box is one of the picture's: its place in pixels, its heading, and which resource
// it shows, by its type and the beginning of its logical ID. A box of something that
// the template doesn't have has no kind.
type box struct {
	name                string
	x, y, width, height float64
	heading             string
	kind, prefix        string
	facts               func(t *Template, id string) []string
	// said are lines that are no facts of the template.
	said []string
}

// frame is drawn behind boxes.
type frame struct {
	x, y, width, height float64
	label               string
}

var frames = []frame{
	{500, 66, 500, 154, "VPC, private subnets"},
	{590, 430, 450, 156, "VPC, private subnets"},
	{610, 262, 420, 118, "Intake"},
}

var boxes = []box{
	{name: "benchling", x: 20, y: 90, width: 150, height: 110, heading: "Benchling", said: []string{"signs each webhook"}},
	{name: "api", x: 250, y: 90, width: 190, height: 110, heading: "API Gateway", kind: apiType, prefix: "IngressApi", facts: apiFacts},
	{name: "balancer", x: 520, y: 90, width: 190, height: 110, heading: "Load balancer", kind: balancerType, prefix: "Ingress", facts: balancerFacts},
	{name: "web", x: 770, y: 90, width: 210, height: 110, heading: "Web service", kind: serviceType, prefix: "Webhook", facts: webFacts},
	{name: "secret", x: 1060, y: 100, width: 190, height: 90, heading: "Secret", kind: secretType, prefix: "BenchlingSecret", facts: secretFacts, said: []string{"of both services"}},
	{name: "events", x: 630, y: 290, width: 180, height: 76, heading: "Events", kind: queueType, prefix: "IntakeEvents", facts: queueFacts},
	{name: "canvases", x: 830, y: 290, width: 180, height: 76, heading: "Canvases", kind: queueType, prefix: "IntakeCanvases", facts: queueFacts},
	{name: "dead", x: 1075, y: 290, width: 175, height: 76, heading: "Dead letters", kind: queueType, prefix: "IntakeDeadLetters", facts: queueFacts, said: []string{"with the reason"}},
	{name: "worker", x: 610, y: 456, width: 410, height: 116, heading: "Worker service", kind: serviceType, prefix: "Worker", facts: workerFacts},
	{name: "claims", x: 500, y: 640, width: 190, height: 84, heading: "Claims", kind: tableType, prefix: "Claims", facts: tableFacts},
	{name: "packages", x: 740, y: 640, width: 190, height: 84, heading: "Package bucket", kind: bucketType, prefix: "Packages", facts: packageFacts},
	{name: "packaging", x: 980, y: 640, width: 190, height: 84, heading: "Packaging", kind: queueType, prefix: "Packaging", facts: queueFacts, said: []string{"or a Quilt stack's own"}},
	{name: "quilt", x: 740, y: 800, width: 430, height: 64, heading: "Quilt", said: []string{"makes a revision of what lies in the bucket"}},
	{name: "rule", x: 250, y: 790, width: 200, height: 84, heading: "EventBridge rule", kind: ruleType, prefix: "Revisions", facts: ruleFacts},
	{name: "revisions", x: 250, y: 640, width: 200, height: 84, heading: "Revisions", kind: queueType, prefix: "Revisions", facts: queueFacts, said: []string{"and the worker's reminders"}},
	{name: "logs", x: 20, y: 640, width: 170, height: 84, heading: "Log bucket", kind: bucketType, prefix: "Logs", facts: logBucketFacts},
	{name: "watch", x: 20, y: 790, width: 170, height: 84, heading: "CloudWatch", facts: watchFacts, said: []string{"all components"}},
}

// arrow leads from a box to a box along points; label stands at its place.
type arrow struct {
	from, to string
	points   []point
	label    string
	at       point
}

type point struct{ x, y float64 }

var arrows = []arrow{
	{"benchling", "api", []point{{170, 145}, {250, 145}}, "HTTPS", point{187, 137}},
	{"api", "balancer", []point{{440, 145}, {520, 145}}, "VPC link", point{447, 137}},
	{"balancer", "web", []point{{710, 145}, {770, 145}}, "HTTP", point{722, 137}},
	{"secret", "web", []point{{1060, 145}, {980, 145}}, "", point{}},
	{"web", "events", []point{{800, 200}, {800, 290}}, "changed entries", point{704, 246}},
	{"web", "canvases", []point{{920, 200}, {920, 290}}, "clicks", point{928, 246}},
	{"events", "worker", []point{{750, 366}, {750, 456}}, "exports", point{758, 412}},
	{"canvases", "worker", []point{{920, 366}, {920, 456}}, "draws", point{928, 412}},
	{"worker", "dead", []point{{1020, 508}, {1170, 508}, {1170, 366}}, "failed for good", point{1062, 500}},
	{"worker", "benchling", []point{{610, 490}, {95, 490}, {95, 200}}, "reads entries, downloads exports, draws canvases", point{110, 482}},
	{"worker", "claims", []point{{650, 572}, {650, 640}}, "claims, status", point{560, 612}},
	{"worker", "packages", []point{{835, 572}, {835, 640}}, "files", point{843, 612}},
	{"worker", "packaging", []point{{1000, 572}, {1000, 640}}, "asks for a package", point{1008, 612}},
	{"packaging", "quilt", []point{{1075, 724}, {1075, 800}}, "", point{}},
	{"quilt", "packages", []point{{835, 800}, {835, 724}}, "reads", point{843, 766}},
	{"quilt", "rule", []point{{740, 832}, {450, 832}}, "package-revision events", point{520, 824}},
	{"rule", "revisions", []point{{350, 790}, {350, 724}}, "", point{}},
	{"revisions", "worker", []point{{350, 640}, {350, 530}, {610, 530}}, "a revision exists", point{362, 522}},
}
