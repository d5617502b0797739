package review

import (
	"math"
	"regexp"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
)

var (
	loadBalancer = []string{"AWS::ElasticLoadBalancingV2::LoadBalancer"}
	listener     = []string{"AWS::ElasticLoadBalancingV2::Listener"}
	targetGroup  = []string{"AWS::ElasticLoadBalancingV2::TargetGroup"}
	api          = []string{"AWS::ApiGatewayV2::Api"}
	stage        = []string{"AWS::ApiGatewayV2::Stage", "AWS::ApiGateway::Stage"}
	webACL       = []string{"AWS::WAFv2::WebACL"}
)

// attribute returns a load balancer's or target group's attribute, or nil.
func attribute(r resource, list, key string) any {
	for _, each := range objects(r.Properties[list]) {
		if each["Key"] == key {
			return each["Value"]
		}
	}
	return nil
}

// attributed is of an attribute that protects where it is true.
func attributed(key string) func(resource) map[string]strength {
	return func(r resource) map[string]strength {
		return whole(isTrue(attribute(r, "LoadBalancerAttributes", key), false))
	}
}

// attributePath matches the path of an attribute.
func attributePath(list, key string) *regexp.Regexp {
	return regexp.MustCompile(`^` + list + `\[` + regexp.QuoteMeta(key) + `\]`)
}

// throttled is how many of the limits of calls a route has.
func throttled(settings any) strength {
	return strength{number: oneIf(cfn.At(settings, "ThrottlingRateLimit") != nil) + oneIf(cfn.At(settings, "ThrottlingBurstLimit") != nil)}
}

// tlsVersion is the oldest version that a policy of a load balancer takes, 0 for
// those before 1.2.
//
// Source: Elastic Load Balancing, "Security policies for your Application Load
// Balancer".
func tlsVersion(policy string) float64 {
	switch {
	case strings.Contains(policy, "TLS13-1-3"):
		return 4
	case strings.Contains(policy, "1-2-Ext"):
		return 2
	case strings.Contains(policy, "TLS13-1-2") || strings.Contains(policy, "TLS-1-2") || strings.Contains(policy, "FS-1-2"):
		return 3
	case strings.Contains(policy, "TLS13-1-1") || strings.Contains(policy, "TLS-1-1") || strings.Contains(policy, "FS-1-1"):
		return 1
	}
	return 0
}

// edgeProtections are those of load balancers, APIs and firewalls.
//
// Sources: Elastic Load Balancing's documents of attributes; API reference of API
// Gateway V2; Security Hub's controls of ELB, API Gateway and WAF.
var edgeProtections = []protection{
	{"public exposure", loadBalancer, regexp.MustCompile(`^Scheme$`), ranked("Scheme", "internet-facing", map[string]float64{"internal": 1}), 1},
	{"deletion protection", loadBalancer, attributePath("LoadBalancerAttributes", "deletion_protection.enabled"), attributed("deletion_protection.enabled"), 0},
	{"access logs", loadBalancer, attributePath("LoadBalancerAttributes", "access_logs.s3.enabled"), attributed("access_logs.s3.enabled"), 0},
	{"invalid headers", loadBalancer, attributePath("LoadBalancerAttributes", "routing.http.drop_invalid_header_fields.enabled"), attributed("routing.http.drop_invalid_header_fields.enabled"), 0},
	{"request smuggling", loadBalancer, attributePath("LoadBalancerAttributes", "routing.http.desync_mitigation_mode"), func(r resource) map[string]strength {
		mode := cfn.Text(attribute(r, "LoadBalancerAttributes", "routing.http.desync_mitigation_mode"))
		if mode == cfn.None {
			mode = "defensive"
		}
		return whole(map[string]float64{"strictest": 2, "defensive": 1}[mode])
	}, 0},
	{"firewall", loadBalancer, attributePath("LoadBalancerAttributes", "waf.fail_open.enabled"), func(r resource) map[string]strength {
		return whole(1 - isTrue(attribute(r, "LoadBalancerAttributes", "waf.fail_open.enabled"), false))
	}, 0},
	{"encryption in transit", listener, regexp.MustCompile(`^(Protocol|SslPolicy|Certificates)\b`), func(r resource) map[string]strength {
		protocol := cfn.Text(r.Properties["Protocol"])
		if protocol != "HTTPS" && protocol != "TLS" {
			return whole(0)
		}
		return whole(1 + tlsVersion(cfn.Text(r.Properties["SslPolicy"])))
	}, 0},
	{"authorization", []string{"AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule"}, regexp.MustCompile(`^(Default)?Actions\b`), func(r resource) map[string]strength {
		n := 0.0
		for _, action := range slices.Concat(objects(r.Properties["DefaultActions"]), objects(r.Properties["Actions"])) {
			kind := cfn.Text(action["Type"])
			n += oneIf(strings.HasPrefix(kind, "authenticate-") || kind == "jwt-validation" || kind == "redirect" && cfn.At(action, "RedirectConfig", "Protocol") == "HTTPS")
		}
		return whole(n)
	}, 0},
	{"health check", targetGroup, regexp.MustCompile(`^(HealthCheck|UnhealthyThreshold|HealthyThreshold)`), func(r resource) map[string]strength {
		if isTrue(r.Properties["HealthCheckEnabled"], true) == 0 {
			return whole(0)
		}
		seen := number(r.Properties["HealthCheckIntervalSeconds"], 30) * number(r.Properties["UnhealthyThresholdCount"], 2)
		return whole(1 + oneIf(seen <= longestUnhealthy && seen > 0))
	}, 0},
	{"health check", targetGroup, regexp.MustCompile(`^Matcher\b`), opens(func(r resource) (open []string) {
		for codes := range strings.SplitSeq(cfn.Text(at(r.Properties, "Matcher.HttpCode")), ",") {
			from, to, isRange := strings.Cut(codes, "-")
			if strings.HasPrefix(from, "4") || strings.HasPrefix(from, "5") || isRange && (to > "399" || from < "200") {
				open = append(open, codes)
			}
		}
		return open
	}), 0},
	{"draining", targetGroup, attributePath("TargetGroupAttributes", "deregistration_delay.timeout_seconds"), func(r resource) map[string]strength {
		return whole(min(1, number(attribute(r, "TargetGroupAttributes", "deregistration_delay.timeout_seconds"), 300)))
	}, 0},
	{"encryption in transit", targetGroup, regexp.MustCompile(`^Protocol$`), ranked("Protocol", "", map[string]float64{"HTTPS": 1, "TLS": 1}), 0},
	{"public exposure", []string{"AWS::ApiGatewayV2::Route"}, regexp.MustCompile(`^RouteKey$`), opens(func(r resource) (open []string) {
		if key := cfn.Text(r.Properties["RouteKey"]); key == "$default" || strings.HasPrefix(key, "ANY ") || strings.Contains(key, "+}") {
			open = append(open, key)
		}
		return open
	}), 0},
	{"public exposure", []string{"AWS::ApiGatewayV2::Api", "AWS::Lambda::Url"}, regexp.MustCompile(`^Cors`), opens(func(r resource) (open []string) {
		cors := r.Properties["CorsConfiguration"]
		if cors == nil {
			cors = r.Properties["Cors"]
		}
		for _, origin := range cfn.Texts(cfn.List(cfn.At(cors, "AllowOrigins"))) {
			if strings.Contains(origin, "*") {
				open = append(open, "origin "+origin)
			}
		}
		return open
	}), 0},
	{"one way in", api, regexp.MustCompile(`^DisableExecuteApiEndpoint$`), truth("DisableExecuteApiEndpoint", false), 0},
	{"throttles", stage, regexp.MustCompile(`Throttling|^DefaultRouteSettings$|^RouteSettings\b|MethodSettings`), func(r resource) map[string]strength {
		all := map[string]strength{}
		settings, _ := r.Properties["RouteSettings"].(map[string]any)
		for route, of := range settings {
			all["RouteSettings."+route] = throttled(of)
		}
		all["DefaultRouteSettings"] = throttled(r.Properties["DefaultRouteSettings"])
		return all
	}, math.Inf(-1)},
	{"access logs", stage, regexp.MustCompile(`^AccessLogSettings?\b`), func(r resource) map[string]strength {
		return whole(oneIf(r.Properties["AccessLogSettings"] != nil || r.Properties["AccessLogSetting"] != nil))
	}, 0},
	{"encryption in transit", []string{"AWS::ApiGatewayV2::DomainName", "AWS::ApiGateway::DomainName"}, regexp.MustCompile(`SecurityPolicy$`), func(r resource) map[string]strength {
		weakest := math.Inf(1)
		for _, configuration := range append(objects(r.Properties["DomainNameConfigurations"]), r.Properties) {
			if policy := cfn.Text(configuration["SecurityPolicy"]); policy != cfn.None {
				weakest = min(weakest, oneIf(strings.Contains(policy, "TLS_1_2") || strings.Contains(policy, "TLS13"))+2*oneIf(strings.Contains(policy, "TLS_1_3") || strings.Contains(policy, "TLS13_1_3")))
			}
		}
		if math.IsInf(weakest, 1) {
			weakest = 1 // API Gateway's own for a new name.
		}
		return whole(weakest)
	}, 1},
	{"callers' certificates", []string{"AWS::ApiGatewayV2::DomainName", "AWS::ApiGateway::DomainName"}, regexp.MustCompile(`^MutualTlsAuthentication\b`), set("MutualTlsAuthentication"), 0},
	{"private way", []string{"AWS::ApiGatewayV2::Integration"}, regexp.MustCompile(`^(ConnectionType|IntegrationUri)$`), func(r resource) map[string]strength {
		uri := cfn.Symbol(r.Properties["IntegrationUri"])
		s := strength{number: oneIf(r.Properties["ConnectionType"] == "VPC_LINK")}
		if strings.HasPrefix(uri, "http") {
			s.open = []string{uri}
		}
		return map[string]strength{"": s}
	}, 0},
	{"authorization", []string{"AWS::ApiGatewayV2::Authorizer"}, regexp.MustCompile(`^JwtConfiguration\b|^AuthorizerUri$`), opens(func(r resource) []string {
		return append(cfn.Texts(cfn.List(at(r.Properties, "JwtConfiguration.Audience"))), cfn.Text(at(r.Properties, "JwtConfiguration.Issuer")))
	}), 0},
	{"authorization", []string{"AWS::ApiGateway::Method", "AWS::Lambda::Url"}, regexp.MustCompile(`^(AuthorizationType|AuthType|ApiKeyRequired)$`), func(r resource) map[string]strength {
		kind := cfn.Text(r.Properties["AuthorizationType"])
		if r.Type == "AWS::Lambda::Url" {
			kind = cfn.Text(r.Properties["AuthType"])
		}
		return whole(oneIf(kind != "NONE" && kind != cfn.None))
	}, 1},
	{"firewall", webACL, regexp.MustCompile(`^(Rules|DefaultAction)\b`), func(r resource) map[string]strength {
		blocking := oneIf(cfn.At(r.Properties["DefaultAction"], "Block") != nil) * 1000
		for _, rule := range objects(r.Properties["Rules"]) {
			counted := cfn.At(rule, "Action", "Count") != nil || cfn.At(rule, "OverrideAction", "Count") != nil
			allowed := cfn.At(rule, "Action", "Allow") != nil
			blocking += oneIf(!counted && !allowed)
		}
		return whole(blocking)
	}, 0},
	{"firewall", []string{"AWS::WAFv2::WebACLAssociation"}, regexp.MustCompile(`^(WebACLArn|ResourceArn)$`), func(resource) map[string]strength { return whole(0) }, 0},
	{"encryption in transit", []string{"AWS::CloudFront::Distribution"}, regexp.MustCompile(`(ViewerProtocolPolicy|MinimumProtocolVersion|WebACLId)$`), func(r resource) map[string]strength {
		configuration := r.Properties["DistributionConfig"]
		policy := cfn.Text(cfn.At(configuration, "DefaultCacheBehavior", "ViewerProtocolPolicy"))
		version := cfn.Text(cfn.At(configuration, "ViewerCertificate", "MinimumProtocolVersion"))
		return whole(oneIf(policy != "allow-all") + oneIf(strings.HasPrefix(version, "TLSv1.2")) + oneIf(cfn.At(configuration, "WebACLId") != nil))
	}, 1},
	{"who may call", []string{"AWS::Lambda::Permission"}, regexp.MustCompile(`^(Principal|FunctionUrlAuthType|SourceArn|SourceAccount|PrincipalOrgID)$`), opens(func(r resource) (open []string) {
		principal := cfn.Symbol(r.Properties["Principal"])
		confined := r.Properties["SourceArn"] != nil || r.Properties["SourceAccount"] != nil || r.Properties["PrincipalOrgID"] != nil
		if principal == "*" && r.Properties["PrincipalOrgID"] == nil || account.MatchString(principal) {
			open = append(open, principal)
		}
		if r.Properties["FunctionUrlAuthType"] == "NONE" {
			open = append(open, "anyone by its URL")
		}
		if !confined && strings.HasSuffix(principal, ".amazonaws.com") {
			open = append(open, principal+" for any account")
		}
		return open
	}), 0},
	{"secrets in plain text", []string{"AWS::Lambda::Function"}, regexp.MustCompile(`^Environment\b`), func(r resource) map[string]strength {
		variables, _ := at(r.Properties, "Environment.Variables").(map[string]any)
		var all []any
		for name, value := range variables {
			all = append(all, map[string]any{"Name": name, "Value": value})
		}
		return map[string]strength{"": plainSecrets(map[string]any{"Environment": all})}
	}, 0},
	{"running", []string{"AWS::Lambda::Function"}, regexp.MustCompile(`^ReservedConcurrentExecutions$`), func(r resource) map[string]strength {
		return whole(min(1, number(r.Properties["ReservedConcurrentExecutions"], 1)))
	}, 0},
	{"running", []string{"AWS::Lambda::EventSourceMapping"}, regexp.MustCompile(`^Enabled$`), truth("Enabled", true), 0},
}
