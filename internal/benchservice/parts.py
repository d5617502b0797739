"""The CPU that parts of the web service's work on a signed event take, in ms an event.

It runs in the service's directory, with the settings of a task, and reads a signed webhook,
its headers and its body, from standard input as JSON.
"""

import json
import os
import sys
import time

from src.queues.event import Event
from src.runtime.settings import read_settings
from src.webhook.batch_sender import BATCH_MESSAGES
from src.webhook.intake import queue_client
from src.webhook.keys import fetch_keys
from src.webhook.verification import read_headers, verify_webhook

# The first of each are as they are in a process that has just started.
WARM, RUNS = 20, 300


def cpu(work, times=RUNS, warm=WARM):
    """Return the CPU of a piece of work in ms, of the thread that does it."""
    for number in range(warm):
        work(number)
    began = time.thread_time()
    for number in range(warm, warm + times):
        work(number)
    return (time.thread_time() - began) / times * 1000


def main():
    """Print the parts as JSON."""
    webhook = json.load(sys.stdin)
    headers, body = webhook["headers"], webhook["body"].encode()
    settings = read_settings(os.environ)
    app = settings.secret.app_definition_id
    keys = fetch_keys(app, settings.secret.jwks_url)
    client = queue_client(settings.region)

    def verify(_):
        verify_webhook(body, read_headers(headers, time.time()), keys, app)

    def read_and_write(_=0):
        payload = json.loads(body)
        return Event(headers["webhook-id"], time.time(), "etr_1", payload).to_message()

    message = read_and_write()

    def send(call):
        entries = [
            {
                "Id": str(number),
                "MessageBody": message,
                "MessageGroupId": f"{call}-{number}",
                "MessageDeduplicationId": f"{call}-{number}",
            }
            for number in range(BATCH_MESSAGES)
        ]
        client.send_message_batch(QueueUrl=settings.intake_queue_url, Entries=entries)

    parts = {
        "verification_ms": cpu(verify),
        "json_ms": cpu(read_and_write),
        "sqs_ms": cpu(send, RUNS // BATCH_MESSAGES, 2) / BATCH_MESSAGES,
    }
    print(json.dumps(parts))


if __name__ == "__main__":
    main()
