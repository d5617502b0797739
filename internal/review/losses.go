package review

// loss is what it means that a resource goes, and nothing takes its place.
type loss struct {
	section Section
	why     string
}

// losses are the types without which something stops, or isn't seen any more.
var losses = map[string]loss{
	"AWS::ECS::Service":                         {Outage, "what it runs stops"},
	"AWS::ElasticLoadBalancingV2::LoadBalancer": {Outage, "nothing comes in by it"},
	"AWS::ElasticLoadBalancingV2::Listener":     {Outage, "nothing comes in by it"},
	"AWS::ElasticLoadBalancingV2::ListenerRule": {Outage, "nothing comes in by it"},
	"AWS::ElasticLoadBalancingV2::TargetGroup":  {Outage, "nothing comes in by it"},
	"AWS::ApiGatewayV2::Api":                    {Outage, "the URL goes"},
	"AWS::ApiGatewayV2::Route":                  {Outage, "calls of it are refused"},
	"AWS::ApiGatewayV2::Integration":            {Outage, "calls lead nowhere"},
	"AWS::ApiGatewayV2::Stage":                  {Outage, "the URL goes"},
	"AWS::ApiGatewayV2::VpcLink":                {Outage, "calls lead nowhere"},
	"AWS::ApiGatewayV2::DomainName":             {Outage, "the URL goes"},
	"AWS::ApiGatewayV2::ApiMapping":             {Outage, "the URL goes"},
	"AWS::ApiGatewayV2::Authorizer":             {Hardening, "nobody asks who calls"},
	"AWS::Route53::RecordSet":                   {Outage, "the name leads nowhere"},
	"AWS::EC2::Route":                           {Outage, "its subnet loses the way"},
	"AWS::EC2::NatGateway":                      {Outage, "its subnets lose the way out"},
	"AWS::EC2::SubnetRouteTableAssociation":     {Outage, "its subnet loses the way"},
	"AWS::Lambda::EventSourceMapping":           {Outage, "what waits isn't fetched"},
	"AWS::ServiceDiscovery::Service":            {Outage, "the name leads nowhere"},
	"AWS::CloudWatch::Alarm":                    {Hardening, "nobody is told"},
	"AWS::CloudWatch::CompositeAlarm":           {Hardening, "nobody is told"},
	"AWS::SNS::Subscription":                    {Hardening, "nobody is told"},
	"AWS::SNS::Topic":                           {Hardening, "nobody is told"},
	"AWS::Logs::MetricFilter":                   {Hardening, "what it counts isn't seen"},
	"AWS::Events::Rule":                         {Hardening, "what it starts doesn't run"},
	"AWS::WAFv2::WebACL":                        {Hardening, "nothing is filtered"},
	"AWS::WAFv2::WebACLAssociation":             {Hardening, "nothing is filtered"},
	"AWS::EC2::FlowLog":                         {Hardening, "nothing records the network"},
	"AWS::CloudTrail::Trail":                    {Hardening, "nothing records calls"},
	"AWS::GuardDuty::Detector":                  {Hardening, "nothing looks for attacks"},
	"AWS::Config::ConfigRule":                   {Hardening, "nothing checks it"},
	"AWS::Backup::BackupPlan":                   {Hardening, "nothing is backed up"},
	"AWS::Backup::BackupSelection":              {Hardening, "nothing is backed up"},
	"AWS::SecretsManager::RotationSchedule":     {Hardening, "the secret stays the same"},
}

// urls are the types whose replacement gives the service another URL.
var urls = []string{"AWS::ApiGatewayV2::Api", "AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::DomainName", "AWS::CloudFront::Distribution", "AWS::Lambda::Url"}
