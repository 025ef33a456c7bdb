"""Queue of the relay on RQ."""

import os

from redis import Redis
from rq import Queue, Retry

from relay import relay

queue = Queue("texts", connection=Redis.from_url(os.environ["REDIS_URL"]))


def put(sender, text):
    queue.enqueue(relay, sender, text, result_ttl=0, retry=Retry(max=5))
