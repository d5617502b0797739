"""S3."""

from xml.etree.ElementTree import Element, SubElement, tostring

from ministack.services import s3
from ministack.services.cloudformation import provisioners

# Properties of a lifecycle rule whose value the API has below another name.
DAYS = {"ExpirationInDays": ("Expiration", "Days")}


def element(name, value):
    """A value of a template as S3's XML."""
    root = Element(name)
    if isinstance(value, dict):
        root.extend(element(key, it) for key, it in value.items())
    else:
        root.text = str(value).lower() if isinstance(value, bool) else str(value)
    return root


def lifecycle_xml(configuration):
    """A template's LifecycleConfiguration as PutBucketLifecycleConfiguration takes it."""
    root = Element("LifecycleConfiguration")
    for rule in configuration["Rules"]:
        made = SubElement(root, "Rule")
        made.append(element("Filter", {"Prefix": rule.get("Prefix", "")}))
        for key, value in rule.items():
            if key in DAYS:
                outer, inner = DAYS[key]
                made.append(element(outer, {inner: value}))
            elif key not in ("Id", "Prefix"):
                made.append(element(key, value))
        if "Id" in rule:
            made.append(element("ID", rule["Id"]))
    return tostring(root)


def logging_xml(configuration):
    """A template's LoggingConfiguration as PutBucketLogging takes it."""
    root = Element("BucketLoggingStatus", xmlns=s3.S3_NS)
    enabled = {
        "TargetBucket": configuration["DestinationBucketName"],
        "TargetPrefix": configuration.get("LogFilePrefix", ""),
    }
    root.append(element("LoggingEnabled", enabled))
    return tostring(root)


def encryption_xml(configuration):
    """A template's BucketEncryption as PutBucketEncryption takes it."""
    root = Element("ServerSideEncryptionConfiguration", xmlns=s3.S3_NS)
    for rule in configuration["ServerSideEncryptionConfiguration"]:
        made = {"ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"]}
        root.append(element("Rule", {**made, "BucketKeyEnabled": rule.get("BucketKeyEnabled", False)}))
    return tostring(root)


def ownership_xml(configuration):
    """A template's OwnershipControls as PutBucketOwnershipControls takes it."""
    root = Element("OwnershipControls", xmlns=s3.S3_NS)
    root.extend(element("Rule", rule) for rule in configuration["Rules"])
    return tostring(root)


# How a property of a bucket is put, and taken away.
CONFIGURATIONS = {
    "BucketEncryption": (encryption_xml, s3._put_bucket_encryption, s3._delete_bucket_encryption),
    "LifecycleConfiguration": (lifecycle_xml, s3._put_bucket_lifecycle, s3._delete_bucket_lifecycle),
    "LoggingConfiguration": (
        logging_xml,
        s3._put_bucket_logging,
        lambda name: s3._bucket_logging_config.pop(name, None),
    ),
    "OwnershipControls": (ownership_xml, s3._put_bucket_ownership_controls, lambda name: None),
}


def mend_bucket():
    """A bucket reads back with its encryption, lifecycle, access log, ownership and tags.

    Source: the template reference, AWS::S3::Bucket. ministack drops the properties, and
    keeps a bucket versioned whose template suspends it.
    """
    apply = provisioners._s3_apply_configurations

    def apply_all(name, props, old_props=None):
        apply(name, props, old_props)
        for key, (to_xml, put, take_away) in CONFIGURATIONS.items():
            if key not in props:
                take_away(name)
                continue
            status, _, body = put(name, to_xml(props[key]))
            if status >= 400:
                raise ValueError(f"AWS::S3::Bucket {key}: {body!r}")
        s3._bucket_tags[name] = {it["Key"]: it["Value"] for it in props.get("Tags", [])}
        if props.get("VersioningConfiguration", {}).get("Status") == "Suspended":
            s3._bucket_versioning[name] = "Suspended"

    provisioners._s3_apply_configurations = apply_all


def mend_managed_key():
    """A write with aws:kms that names no key has the account's own key for S3.

    Source: the user guide of S3, server-side encryption with KMS keys. ministack refuses
    it; the CDK CLI uploads so to its bucket.
    """
    resolve = s3._resolve_sse_write_headers

    def with_own_key(headers, bucket):
        if headers.get("x-amz-server-side-encryption") == "aws:kms":
            headers = {"x-amz-server-side-encryption-aws-kms-key-id": "alias/aws/s3", **headers}
        return resolve(headers, bucket)

    s3._resolve_sse_write_headers = with_own_key
