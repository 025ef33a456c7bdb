"""Counts a person's messages, and reminds them: `in 5m: tea`. Run it with the topic of topics.toml:
WEBHOOK_SECRET=whsec_... python3 app.py 8000"""

import base64, hashlib, hmac, json, os, re, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))


def is_genuine(headers, body):
    at = headers.get("webhook-timestamp", "")
    signed = f"{headers.get('webhook-id')}.{at}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest())
    given = headers.get("webhook-signature", "").encode().split()
    is_recent = at.isdigit() and abs(time.time() - int(at)) < 300
    return is_recent and any(hmac.compare_digest(expected, one) for one in given)


def answer(event):
    if event["type"] == "timer":
        return {"replies": [f"Remember: {event['timer']['data']}"]}
    if event["type"] != "message":
        return {}
    if found := re.fullmatch(r"in (\d+[smh]): (.+)", event["message"]["text"]):
        timer = {"after": found[1], "name": "reminder", "data": found[2]}
        return {"replies": [f"I remind you in {found[1]}."], "timers": [timer]}
    count = (event["state"] or 0) + 1
    return {"replies": [f"That was message {count}."], "state": count}


class App(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        genuine = is_genuine(self.headers, body)
        self.send_response(200 if genuine else 401)
        self.end_headers()
        if genuine:
            self.wfile.write(json.dumps(answer(json.loads(body))).encode())


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), App).serve_forever()
