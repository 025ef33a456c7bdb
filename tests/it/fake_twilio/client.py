"""Drives the fake with Twilio's own library for Python: client.py BASE SID TOKEN"""

import json
import sys
import threading
import urllib.request
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl

from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

base, sid, token = sys.argv[1:]
line, phone = "+15005550006", "+14155550101"
client = Client(sid, token)
client.api.base_url = base

account = client.api.v2010.accounts(sid).fetch()
assert account.status == "active", account.status

sent = client.messages.create(to=phone, from_=line, body="grüße & <tags>")
assert (sent.direction, sent.num_segments) == ("outbound-api", "1"), sent
assert client.messages(sent.sid).fetch().body == "grüße & <tags>"

texts = [f"text {number}" for number in range(5)]
for text in texts:
    client.messages.create(to="+14155550102", from_=line, body=text)
listed = client.messages.list(to="+14155550102", page_size=2)
assert [message.body for message in listed] == texts[::-1], listed
soon = datetime.now(timezone.utc) + timedelta(days=1)
assert client.messages.list(date_sent_after=soon) == []

assert client.messages(sent.sid).update(body="").body == ""
assert client.messages(sent.sid).delete()


def refusal(call):
    try:
        call()
    except TwilioRestException as error:
        return (error.status, error.code)


stranger = Client(sid, "wrong")
stranger.api.base_url = base
assert refusal(client.messages(sent.sid).fetch) == (404, 20404)
assert refusal(stranger.messages(sent.sid).fetch) == (401, 20003)
blocked = refusal(lambda: client.messages.create(to="+15005550004", from_=line, body="hi"))
assert blocked == (400, 21610), blocked

calls = []


class Webhook(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        calls.append((dict(parse_qsl(body, True)), self.headers["X-Twilio-Signature"]))
        answer = b"<Response><Message>Hello back</Message></Response>"
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Webhook)
threading.Thread(target=server.serve_forever, daemon=True).start()
webhook = f"http://127.0.0.1:{server.server_port}/sms?a=it%27s"
[number] = client.incoming_phone_numbers.list(phone_number=line)
assert number.update(sms_url=webhook + "#rc=2&rp=all").sms_url == webhook + "#rc=2&rp=all"
text = json.dumps({"from": phone, "body": "héllo + you"}).encode()
headers = {"Content-Type": "application/json"}
request = urllib.request.Request(base + "/fake/inbound", text, headers)
outcome = json.load(urllib.request.urlopen(request))
assert outcome["texts"] == ["Hello back"], outcome
[(parameters, signature)] = calls
assert parameters["Body"] == "héllo + you", parameters
assert RequestValidator(token).validate(webhook, parameters, signature)
[received] = client.messages.list(to=line)
assert (received.direction, received.body) == ("inbound", "héllo + you"), received
