"""CloudWatch."""

from ministack.services import cloudwatch
from ministack.services.cloudformation import provisioners

# What an alarm on an expression doesn't have of its own.
OF_ONE_METRIC = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Dimensions", "Period", "Unit")


class Alarm(dict):
    """An alarm as ministack keeps it, for its evaluation, with the queries of a template."""

    queries = None

    def described(self):
        """The alarm as DescribeAlarms returns it."""
        if self.queries is not None:
            return {key: it for key, it in self.items() if key not in OF_ONE_METRIC} | {"Metrics": self.queries}
        if self.get("ExtendedStatistic"):
            return {key: it for key, it in self.items() if key != "Statistic"}
        return dict(self)


def mend_alarm_metrics():
    """An alarm on metric math is accepted, and reads back with its queries.

    Source: the API reference of CloudWatch, PutMetricAlarm: an alarm has a metric or the
    array Metrics, and a statistic or a percentile; never both. ministack refuses the array.
    It evaluates such an alarm by the first metric of its expression, which no rehearsal
    depends on, and describes a percentile's alarm with a statistic, too.
    """
    record = provisioners._cw_metric_alarm_record
    describe = cloudwatch._cbor_alarm
    to_json = cloudwatch._json_ok

    def with_queries(name, props):
        queries = props.get("Metrics")
        if queries:
            first = next(query["MetricStat"] for query in queries if "MetricStat" in query)
            props = {**props, **first["Metric"], "Period": first["Period"], "Metrics": None}
        alarm = Alarm(record(name, props))
        alarm.queries = queries or None
        return alarm

    def described(alarm):
        return describe(alarm.described() if isinstance(alarm, Alarm) else alarm)

    def described_in_json(result):
        if "MetricAlarms" in result:
            alarms = [it.described() if isinstance(it, Alarm) else it for it in result["MetricAlarms"]]
            result = {**result, "MetricAlarms": alarms}
        return to_json(result)

    provisioners._cw_metric_alarm_record = with_queries
    cloudwatch._cbor_alarm = described
    cloudwatch._json_ok = described_in_json


def mend_composite_alarm():
    """A template can have a composite alarm, whose Ref is its name.

    Source: the template reference, AWS::CloudWatch::CompositeAlarm. ministack has such
    alarms, and refuses a template with the type.
    """

    def put(name, props):
        status, _, body = cloudwatch._put_composite_alarm({}, {**props, "AlarmName": name}, False, True)
        if status >= 400:
            raise ValueError(f"AWS::CloudWatch::CompositeAlarm {name}: {body!r}")
        return name, {"Arn": cloudwatch._composite_alarms[name]["AlarmArn"]}

    def create(logical_id, props, stack_name):
        return put(props.get("AlarmName") or provisioners._physical_name(stack_name, logical_id, max_len=255), props)

    provisioners._RESOURCE_HANDLERS["AWS::CloudWatch::CompositeAlarm"] = {
        "create": create,
        "update": lambda physical_id, old, new, stack_name: put(physical_id, new),
        "delete": lambda physical_id, props: cloudwatch._delete_alarms({}, {"AlarmNames": [physical_id]}, False, True),
    }
