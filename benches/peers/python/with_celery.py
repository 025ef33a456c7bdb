"""Queue of the relay on Celery."""

import os

from celery import Celery

from relay import relay

app = Celery("texts", broker=os.environ["REDIS_URL"])
app.conf.update(
    task_acks_late=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=64,
)
task = app.task(relay, autoretry_for=(Exception,), max_retries=5, retry_backoff=True)
put = task.delay
