package scale

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"benchlingwebhook/internal/cfn"
)

// Line is one row of a bill: so many units at a price.
type Line struct {
	// What is the row's name, the same in every environment.
	What string
	// Price is the name of a price in prices.json.
	Price string
	// Units are those of a month.
	Units float64
	// Setting are the settings that change the row; empty is none.
	Setting string
}

// Bill is what an environment costs.
type Bill struct {
	Lines []Line
	// Prices are what Lines name.
	Prices Prices
}

// Cost returns a line's dollars.
func (b Bill) Cost(l Line) float64 { return l.Units * b.Prices.Of(l.Price) }

// Sum returns the dollars of all lines.
func (b Bill) Sum() float64 {
	sum := 0.0
	for _, l := range b.Lines {
		sum += b.Cost(l)
	}
	return sum
}

// Row is what a bill says of one name, which may have several prices.
type Row struct {
	What, Setting string
	Cost          float64
}

// Rows returns the bill by names, in its order.
func (b Bill) Rows() []Row {
	var rows []Row
	for _, l := range b.Lines {
		i := slices.IndexFunc(rows, func(r Row) bool { return r.What == l.What })
		if i < 0 {
			i = len(rows)
			rows = append(rows, Row{What: l.What, Setting: l.Setting})
		}
		rows[i].Cost += b.Cost(l)
	}
	return rows
}

// Largest returns the so many rows that cost most.
func (b Bill) Largest(n int) []Row {
	rows := b.Rows()
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(b.Cost, a.Cost) })
	return rows[:min(n, len(rows))]
}

// free are the types of resources that cost nothing by themselves, and used those
// that cost by use alone.
var (
	free = []string{
		"AWS::ApiGatewayV2::Integration", "AWS::ApiGatewayV2::Route", "AWS::ApiGatewayV2::VpcLink", "AWS::ApplicationAutoScaling::ScalableTarget",
		"AWS::EC2::InternetGateway", "AWS::EC2::Route", "AWS::EC2::RouteTable", "AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupEgress",
		"AWS::EC2::SecurityGroupIngress", "AWS::EC2::Subnet", "AWS::EC2::SubnetRouteTableAssociation", "AWS::EC2::VPC", "AWS::EC2::VPCGatewayAttachment",
		"AWS::ECS::ClusterCapacityProviderAssociations", "AWS::ECS::Service", "AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::TargetGroup", "AWS::Events::Rule",
		"AWS::IAM::Policy", "AWS::IAM::Role", "AWS::Logs::QueryDefinition", "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy",
	}
	used = []string{"AWS::ApiGatewayV2::Api", "AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SNS::Subscription", "AWS::SNS::Topic", "AWS::SQS::Queue"}
)

// AtRest returns what a template's stack costs a month while no event comes. A
// resource of a type that nothing here knows the price of is an error: all at once.
func AtRest(template cfn.Template, prices Prices) (Bill, error) {
	var problems []error
	known := slices.Concat(free, used)
	for kind := range priced {
		known = append(known, kind)
	}
	for _, r := range template.All() {
		if !slices.Contains(known, r.Type) {
			problems = append(problems, fmt.Errorf("%s: no price for a resource of the type %s: add it to internal/scale", r.ID, r.Type))
		}
	}
	bill := Bill{Prices: prices}
	for _, count := range counts {
		lines, err := count(template)
		problems = append(problems, err)
		bill.Lines = append(bill.Lines, lines...)
	}
	bill.Lines = slices.DeleteFunc(bill.Lines, func(l Line) bool { return l.Units == 0 })
	return bill, errors.Join(problems...)
}
