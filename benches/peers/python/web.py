"""Web process of the relays in Python: checks the signature of a text, and queues it."""

import hmac
import os
from base64 import b64encode
from importlib import import_module
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

PUBLIC_URL = os.environ["PUBLIC_URL"]
TOKEN = os.environ["TWILIO_AUTH_TOKEN"].encode()

put = import_module(os.environ["QUEUE"]).put


def is_signed(request, form):
    url = PUBLIC_URL + request.url.path
    signed = url + "".join(name + form[name] for name in sorted(form))
    wanted = b64encode(hmac.digest(TOKEN, signed.encode(), "sha1")).decode()
    return hmac.compare_digest(request.headers.get("x-twilio-signature", ""), wanted)


async def receive(request):
    body = await request.body()
    form = dict(parse_qsl(body.decode(), keep_blank_values=True))
    if not is_signed(request, form):
        return Response(status_code=403)
    # A call of a Redis next door costs less than a thread that waits for it.
    put(form["From"], form["Body"])
    return Response("<Response/>", media_type="text/xml")


app = Starlette(routes=[Route("/queue/roulette", receive, methods=["POST"])])
