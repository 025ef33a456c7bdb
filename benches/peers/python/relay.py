"""Work of the relays in Python: sends a text to its sender's partner."""

import os
from urllib.parse import urlencode

from redis import Redis
from urllib3 import PoolManager
from urllib3.util import make_headers

ACCOUNT = os.environ["TWILIO_ACCOUNT_SID"]
LINE = os.environ["TWILIO_FROM_NUMBER"]
URL = f"{os.environ['TWILIO_API_BASE']}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded",
    **make_headers(basic_auth=f"{ACCOUNT}:{os.environ['TWILIO_AUTH_TOKEN']}"),
}

redis = Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
provider = PoolManager()


def relay(sender, text):
    message = {"To": redis.get(f"partner:{sender}"), "From": LINE, "Body": f"Stranger: {text}"}
    response = provider.request("POST", URL, body=urlencode(message), headers=HEADERS)
    if response.status != 201:
        raise RuntimeError(f"the provider answered {response.status}")
