package resources

import (
	"fmt"
	"slices"
	"strings"
)

// Inequality is an order in which times must be: the sum of Left is below, or at most,
// the sum of Right.
type Inequality struct {
	Name string
	Left []string
	// Or says whether both sides may be equal.
	Or    bool
	Right []string
	// Source is why.
	Source string
}

// Inequalities are all orders of times that a deployed stack must keep.
var Inequalities = []Inequality{
	{"idle connections", sum("load balancer idle timeout"), false, sum("server keep-alive"),
		"guide of Elastic Load Balancing, HTTP 502: the target closed a connection that the load balancer uses again"},
	{"drain before kill", sum("deregistration delay", "web shutdown delay"), false, sum("web stop timeout"),
		"guide of ECS, load balancer parameters: tasks end after they are drained"},
	{"requests end before kill", sum("web shutdown delay", "integration timeout"), false, sum("web stop timeout"),
		"API reference of ECS, ContainerDefinition, stopTimeout"},
	{"requests end while drained", sum("integration timeout"), true, sum("deregistration delay"),
		"API reference of Elastic Load Balancing, TargetGroupAttribute, deregistration_delay.timeout_seconds"},
	{"requests outlive no idle timeout", sum("integration timeout"), false, sum("load balancer idle timeout"),
		"guide of Elastic Load Balancing, HTTP 504: no response within the idle timeout"},
	{"target check in time", sum("target check timeout"), false, sum("target check interval"),
		"API reference of Elastic Load Balancing, CreateTargetGroup"},
	{"web check in time", sum("web check timeout"), false, sum("web check interval"), "API reference of ECS, HealthCheck"},
	{"worker check in time", sum("worker check timeout"), false, sum("worker check interval"), "API reference of ECS, HealthCheck"},
	{"grace for the start", sum("web start period", "target check interval", "target check interval"), true, sum("web grace period"),
		"API reference of ECS, CreateService, healthCheckGracePeriodSeconds; the first check may come too early"},
	{"the server ends requests first", sum("server's longest request"), true, sum("integration timeout"),
		"the project's own: API Gateway gives up no sooner than the server"},
	{"Benchling has its response", sum("Benchling's wait"), true, sum("integration timeout"),
		"the project's own: API Gateway gives up no sooner than Benchling"},
	{"API Gateway takes the timeout", sum("integration timeout"), true, sum("API Gateway's longest integration"),
		"API reference of API Gateway V2, Integration, timeoutInMillis"},
	{"events are queued in time", sum("longest send to the queue"), false, sum("Benchling's wait"),
		"the project's own: the service responds before Benchling sends the event again"},
	{"slow responses are noticed in time", sum("slow response alarm"), false, sum("Benchling's wait"), "the project's own"},
	{"Fargate takes the web's stop", sum("web stop timeout"), true, sum("Fargate's longest stop"), "API reference of ECS, ContainerDefinition, stopTimeout"},
	{"Fargate takes the worker's stop", sum("worker stop timeout"), true, sum("Fargate's longest stop"), "API reference of ECS, ContainerDefinition, stopTimeout"},
	{"web knows its stop", sum("web's own stop"), true, sum("web stop timeout"), "the project's own: it ends before SIGKILL"},
	{"worker knows its stop", sum("worker's own stop"), true, sum("worker stop timeout"), "the project's own: it gives work back before SIGKILL"},
	{"worker gives back in time", sum("worker gives back"), false, sum("worker's own stop"), "the project's own"},
	{"claims end before messages show", sum("claim lease"), true, sum("visibility timeout"),
		"guide of SQS, visibility timeout: a message that shows while it is claimed is received in vain"},
	{"revisions end before events show", sum("revision hidden"), true, sum("visibility timeout"), "guide of SQS, visibility timeout"},
	{"canvases end before requests show", sum("canvas request hidden"), true, sum("visibility timeout"), "guide of SQS, visibility timeout"},
	{"exports outlive their lease", sum("claim lease"), false, sum("export timeout"), "the project's own: a shorter export would need no renewal"},
	{"exports outlast Benchling's", sum("Benchling's export"), false, sum("export timeout"), "the project's own: files come after it"},
	{"exports can stay hidden", sum("export timeout"), true, sum("SQS's longest hiding"), "guide of SQS, visibility timeout: 12 hours from the receipt"},
	{"retries end before retention", sum("longest retry"), false, sum("shortest retention"), "guide of SQS, message retention"},
	{"reasons before redrive", sum("receives of the worker"), false, sum("receives of the queue"),
		"the project's own: SQS's dead letters have no reason"},
	{"claims outlive dead letters", sum("longest retention", "longest retention"), false, sum("claim kept"),
		"the project's own: a dead letter that is sent again finds its claim"},
	{"confirmations outlast exports' wait", sum("confirmation wait"), false, sum("shortest retention"), "guide of SQS, message retention"},
	{"unread packages are noticed", sum("unread package alarm"), false, sum("shortest retention"), "guide of SQS, message retention"},
	{"probes fill the alarm's period", sum("front door probe"), true, sum("front door alarm period"), "guide of CloudWatch, missing data"},
	{"beats fill the alarm's period", sum("heartbeat"), true, sum("not ready alarm period"), "guide of CloudWatch, missing data"},
}

// optional are the figures that only some shapes have: a queue that Quilt's stack reads
// has no alarm here.
var optional = []string{"unread package alarm"}

func sum(names ...string) []string { return names }

// Broken returns the inequalities that figures contradict, one line each, and the names
// that no figure has.
func Broken(figures map[string]Figure) []string {
	var broken []string
	for _, it := range Inequalities {
		total := func(names []string) (seconds float64, text string) {
			var terms []string
			for _, name := range names {
				figure, has := figures[name]
				if !has && !slices.Contains(optional, name) {
					broken = append(broken, it.Name+": no figure "+name)
				}
				seconds += figure.Seconds
				terms = append(terms, fmt.Sprintf("%s %g s [%s]", name, figure.Seconds, figure.Source))
			}
			return seconds, strings.Join(terms, " + ")
		}
		left, small := total(it.Left)
		right, large := total(it.Right)
		if left > right || left == right && !it.Or {
			broken = append(broken, fmt.Sprintf("%s: %s is not below %s (%s)", it.Name, small, large, it.Source))
		}
	}
	return broken
}

// unused returns the figures that no inequality has.
func unused(figures map[string]Figure) []string {
	var found []string
	for name := range figures {
		if !slices.ContainsFunc(Inequalities, func(it Inequality) bool { return slices.Contains(it.Left, name) || slices.Contains(it.Right, name) }) {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}
