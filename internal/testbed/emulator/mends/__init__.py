"""What CloudFormation keeps of a template and ministack drops, a module a service."""

from mends import (
    apigatewayv2,
    applicationautoscaling,
    cloudformation,
    cloudwatch,
    dynamodb,
    ec2,
    ecs,
    elasticloadbalancingv2,
    iam,
    logs,
    s3,
    wafv2,
)


def apply():
    """Apply every mend of the package, once, before ministack starts."""
    apigatewayv2.mend_settings()
    apigatewayv2.mend_tls()
    apigatewayv2.mend_vpc_link()
    applicationautoscaling.mend_scaling()
    cloudformation.mend_names()
    cloudformation.mend_taken_names()
    cloudwatch.mend_alarm_metrics()
    cloudwatch.mend_composite_alarm()
    dynamodb.mend_table()
    dynamodb.mend_table_protection()
    ec2.mend_security_group_rules()
    ec2.mend_default_egress()
    ec2.mend_default_group()
    ec2.mend_nat_gateway()
    ec2.mend_endpoint_routes()
    ec2.mend_endpoint_groups()
    ecs.mend_service()
    ecs.mend_capacity()
    elasticloadbalancingv2.mend_attributes()
    elasticloadbalancingv2.mend_zones()
    elasticloadbalancingv2.mend_balancer_protection()
    iam.mend_service_linked_role()
    logs.mend_log_group_name()
    logs.mend_query_definition()
    s3.mend_bucket()
    s3.mend_managed_key()
    wafv2.mend_ip_set()
