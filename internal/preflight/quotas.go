package preflight

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
)

// quota is one of Service Quotas, how much of it is used, and how much the stack adds.
//
// Source of the codes: Service Quotas' lists of AWS Fargate, Amazon VPC and Amazon EC2.
type quota struct {
	name, service, code string
	needed              float64
	used                func(*inspection, context.Context) (float64, error)
}

// usageWindow is how far back the newest figure of the metric of usage may be.
const usageWindow = 15 * time.Minute

// rolloutFactor is how many times its tasks a service has while new ones replace them:
// its maximumPercent is 200.
const rolloutFactor = 2

const unitsPerVCPU = 1024

// quotas returns those that a first deployment uses up.
func (i *inspection) quotas() []quota {
	s := i.settings
	atRest := float64(s.Size.CPU*s.Size.Desired+s.WorkerSize.CPU*s.WorkerSize.Desired) / unitsPerVCPU
	atMost := float64(s.Size.CPU*s.MaxCount+s.WorkerSize.CPU*s.WorkerMaxCount) / unitsPerVCPU
	all := []quota{{"Fargate On-Demand vCPU resource count", "fargate", "L-3032A538", max(atRest*rolloutFactor, atMost), (*inspection).usedVCPUs}}
	if s.Vpc != nil {
		return all
	}
	return append(all,
		quota{"VPCs per Region", "vpc", "L-F678F1CE", 1, (*inspection).usedVpcs},
		quota{"EC2-VPC Elastic IPs", "ec2", "L-0263D0A3", float64(s.NatGateways), (*inspection).usedAddresses},
		quota{"NAT gateways per Availability Zone", "vpc", "L-FE5A380F", 1, (*inspection).usedNatGateways})
}

// checkQuotas compares quotas with what is used and what a first deployment adds: what a
// deployed stack has is among what is used. Quotas that can't be read are noted.
func (i *inspection) checkQuotas(ctx context.Context) {
	if !i.report.First {
		return
	}
	for _, q := range i.quotas() {
		got, err := i.Named.GetServiceQuota(ctx, &servicequotas.GetServiceQuotaInput{ServiceCode: aws.String(q.service), QuotaCode: aws.String(q.code)})
		if err != nil || got.Quota == nil || got.Quota.Value == nil {
			// The others would say the same, after the SDK's retries each.
			i.note("quotas: not checked from %q on, since servicequotas:GetServiceQuota says %s", q.name, reasonOrNone(err))
			return
		}
		used, err := q.used(i, ctx)
		if err != nil {
			i.note("quota %q: not checked, since its use can't be read: %s", q.name, reason(err))
			continue
		}
		limit := *got.Quota.Value
		if used+q.needed > limit {
			i.refuse(fmt.Sprintf("quota %q", q.name), fmt.Sprintf("%g of %g are used, and the stack needs up to %g more", used, limit, q.needed),
				fmt.Sprintf("ask for more with `aws service-quotas request-service-quota-increase --service-code %s --quota-code %s --desired-value %g`, or free some", q.service, q.code, used+q.needed))
			continue
		}
		i.pass("quota %q: %g of %g used, up to %g more needed", q.name, used, limit, q.needed)
	}
}

func reasonOrNone(err error) string {
	if err == nil {
		return "nothing"
	}
	return reason(err)
}

// usedVCPUs returns the vCPUs of the account's running tasks; 0 where it never ran any.
//
// Source: Amazon ECS Developer Guide, AWS Fargate usage metrics.
func (i *inspection) usedVCPUs(ctx context.Context) (float64, error) {
	dimension := func(name, value string) cwtypes.Dimension {
		return cwtypes.Dimension{Name: aws.String(name), Value: aws.String(value)}
	}
	now := time.Now()
	got, err := i.Named.GetMetricStatistics(ctx, &cloudwatch.GetMetricStatisticsInput{
		Namespace: aws.String("AWS/Usage"), MetricName: aws.String("ResourceCount"),
		Dimensions: []cwtypes.Dimension{dimension("Service", "Fargate"), dimension("Type", "Resource"), dimension("Resource", "vCPU"), dimension("Class", "Standard/OnDemand")},
		StartTime:  aws.Time(now.Add(-usageWindow)), EndTime: aws.Time(now), Period: aws.Int32(int32(usageWindow.Seconds())),
		Statistics: []cwtypes.Statistic{cwtypes.StatisticMaximum},
	})
	if err != nil {
		return 0, err
	}
	most := 0.0
	for _, point := range got.Datapoints {
		most = max(most, aws.ToFloat64(point.Maximum))
	}
	return most, nil
}

func (i *inspection) usedVpcs(ctx context.Context) (float64, error) {
	count := 0
	pages := ec2.NewDescribeVpcsPaginator(i.Named, &ec2.DescribeVpcsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, err
		}
		count += len(page.Vpcs)
	}
	return float64(count), nil
}

func (i *inspection) usedAddresses(ctx context.Context) (float64, error) {
	got, err := i.Named.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{})
	if err != nil {
		return 0, err
	}
	return float64(len(got.Addresses)), nil
}

// usedNatGateways returns those of the zone that has the most: CloudFormation may choose it.
//
// Source of the states: Amazon VPC User Guide, quotas.
func (i *inspection) usedNatGateways(ctx context.Context) (float64, error) {
	var subnets []string
	pages := ec2.NewDescribeNatGatewaysPaginator(i.Named, &ec2.DescribeNatGatewaysInput{
		Filter: []types.Filter{{Name: aws.String("state"), Values: []string{"pending", "available", "deleting"}}}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, err
		}
		for _, gateway := range page.NatGateways {
			subnets = append(subnets, aws.ToString(gateway.SubnetId))
		}
	}
	if len(subnets) == 0 {
		return 0, nil
	}
	described, err := i.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: []types.Filter{{Name: aws.String("subnet-id"), Values: subnets}}})
	if err != nil {
		return 0, err
	}
	zones, perZone, most := map[string]string{}, map[string]int{}, 0
	for _, subnet := range described.Subnets {
		zones[aws.ToString(subnet.SubnetId)] = aws.ToString(subnet.AvailabilityZone)
	}
	for _, subnet := range subnets {
		perZone[zones[subnet]]++
		most = max(most, perZone[zones[subnet]])
	}
	return float64(most), nil
}
