package constructs

import "github.com/aws/aws-cdk-go/awscdk/v2"

// retained is the removal policy of what holds data: it outlives its stack, but
// for one whose creation failed. That would leave an empty orphan behind, whose
// name or protection may stand in the next attempt's way.
const retained = awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE
