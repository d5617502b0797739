package stacks

import "benchlingwebhook/internal/policy"

// Acknowledged are the violations of the policy that may stay, each with its
// reason.
var Acknowledged = []policy.Acknowledgement{
	{
		Name:   "IAM1[ecr:GetAuthorizationToken]",
		Reason: "the action takes no resource; what may be pulled is named in the statement beside it",
	},
}
