package stacks

import "benchlingwebhook/internal/policy"

// Acknowledged returns the violations of the policy that may stay in a stack of
// these settings, each with its reason.
func Acknowledged(s Settings) []policy.Acknowledgement {
	acknowledged := []policy.Acknowledgement{{
		Name:   "IAM1[ecr:GetAuthorizationToken]",
		Reason: "the action takes no resource; what may be pulled is named in the statement beside it",
	}}
	if s.Vpc == nil {
		acknowledged = append(acknowledged, policy.Acknowledgement{
			Name: "IAM1[s3:GetObject]",
			Reason: "an endpoint's policy gives nobody a right, it lets through what has one: " +
				"the image's layers lie in a bucket of ECR's, exports in one of Benchling's, whose names are theirs",
		})
	}
	return acknowledged
}
