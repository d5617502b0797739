package scale

import "fmt"

// Monthly returns what settings cost a month in dollars, by the names that the
// settings' page has for them.
func Monthly() (map[string]string, error) {
	p, err := ReadPrices(nil)
	if err != nil {
		return nil, err
	}
	hourly := func(names ...string) string {
		sum := 0.0
		for _, name := range names {
			sum += p.Of(name)
		}
		return dollars(sum * hoursInMonth)
	}
	return map[string]string{
		"vcpu":                hourly("fargate-x86-vcpu"),
		"vcpu-arm":            hourly("fargate-arm-vcpu"),
		"gb":                  hourly("fargate-x86-gb"),
		"gb-arm":              hourly("fargate-arm-gb"),
		"dashboard":           dollars(p.Of("dashboard")),
		"nat-gateway":         hourly("nat-hour", "public-ipv4"),
		"nat-gb":              fmt.Sprint(p.Of("nat-gb")),
		"interface-endpoints": dollars(endpointServices * endpointZones * p.Of("interface-endpoint") * hoursInMonth),
		"spot":                spotDiscount,
		"container-insights":  dollars((insightsOfCluster + 2*(insightsOfService+insightsOfFamily)) * p.Of("metric")),
	}, nil
}

// spotDiscount is what AWS says that Fargate Spot saves. Its price varies by supply and
// demand, in each region and over time, so that no bill can be computed beforehand.
//
// Source: https://aws.amazon.com/fargate/pricing/, Fargate Spot pricing for Amazon ECS.
const spotDiscount = "up to 70 %"

// The interface endpoints of a new VPC: one for each of ECR's two, logs, Secrets
// Manager and SQS, in each zone.
const endpointServices, endpointZones = 5, 2
