"""Call AWS by botocore and print what it makes of each response, as JSON, a line each.

The endpoint is the argument; the calls come as JSON, a line each: service, operation,
arguments. Each is tried twice in botocore's standard mode if botocore takes its error as transient.
"""

import base64
import json
import sys
import time

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

CONFIG = Config(
    parameter_validation=False,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 2},
    s3={"addressing_style": "path"},
)


def outcome_of(client, operation, arguments):
    """What a caller sees of a call."""
    try:
        response = client._make_api_call(operation, arguments)
        if "Body" in response:
            response["Body"].read()
        failed = {it["Id"]: it["Code"] for it in response.get("Failed", ())}
        return {"error": "", "code": "", "failed": failed}
    except ClientError as error:
        metadata = error.response["ResponseMetadata"]
        return {
            "error": type(error).__name__,
            "code": error.response["Error"]["Code"],
            "status": metadata["HTTPStatusCode"],
            "retried": metadata["RetryAttempts"] > 0,
        }
    except BotoCoreError as error:
        return {"error": type(error).__name__, "code": ""}


def main():
    """Make the calls one after the other."""
    # The pauses between attempts are botocore's own, and not what is tested.
    time.sleep = lambda seconds: None
    session, clients = botocore.session.get_session(), {}
    for line in sys.stdin:
        call = json.loads(line)
        service = call["service"]
        if service not in clients:
            clients[service] = session.create_client(
                service,
                region_name="us-east-1",
                endpoint_url=sys.argv[1],
                aws_access_key_id="KEY",
                aws_secret_access_key="not-a-secret",
                config=CONFIG,
            )
        arguments = call["arguments"]
        if service == "s3" and "Body" in arguments:
            arguments["Body"] = base64.b64decode(arguments["Body"])
        print(json.dumps(outcome_of(clients[service], call["operation"], arguments)), flush=True)


main()
