package preflight

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/acm/types"
)

// checkCertificate asks whether the domain's certificate is issued and covers its name.
// Its region is checkRegion's.
func (i *inspection) checkCertificate(ctx context.Context) {
	domain := i.settings.Domain
	if domain == nil {
		return
	}
	place := i.setting("domain.certificateArn")
	const another = "name a certificate of AWS Certificate Manager's for it, in this account and region"
	if owner := accountOf(domain.CertificateArn); owner != i.account {
		i.refuse(place, "it is of account "+owner+", and the stack goes to "+i.account, another)
		return
	}
	got, err := i.Named.DescribeCertificate(ctx, &acm.DescribeCertificateInput{CertificateArn: aws.String(domain.CertificateArn)})
	if hasCode(err, "ResourceNotFoundException") {
		i.refuse(place, "there is no such certificate", another)
		return
	}
	if err != nil {
		i.refuseCall("acm:DescribeCertificate", err)
		return
	}
	certificate := got.Certificate
	names := append([]string{aws.ToString(certificate.DomainName)}, certificate.SubjectAlternativeNames...)
	switch {
	case certificate.Status == types.CertificateStatusPendingValidation:
		i.refuse(place, "it is not validated yet", "make the DNS records that `aws acm describe-certificate` shows, and wait until it is issued")
	case certificate.Status != types.CertificateStatusIssued:
		i.refuse(place, "it is "+string(certificate.Status), another)
	case !slices.ContainsFunc(names, func(name string) bool { return covers(name, domain.Name) }):
		i.refuse(place, "it covers "+strings.Join(slices.Compact(names), ", ")+", and not "+domain.Name, another)
	default:
		i.pass("certificate: issued, and covers %s", domain.Name)
	}
}

// covers says whether a certificate's name is that of a host: a wildcard stands for one
// label.
//
// Source: AWS Certificate Manager User Guide, certificate characteristics.
func covers(name, host string) bool {
	if strings.EqualFold(name, host) {
		return true
	}
	parent, isWildcard := strings.CutPrefix(name, "*.")
	_, rest, _ := strings.Cut(host, ".")
	return isWildcard && strings.EqualFold(parent, rest)
}

// accountOf returns the account in an ARN; "" where there is none.
func accountOf(text string) string {
	parsed, err := arn.Parse(text)
	if err != nil {
		return ""
	}
	return parsed.AccountID
}
