//! Doors of the server, each with bad requests. One flaw is in each from the beginning, so that nothing
//! that is spoiled besides makes it good: a sender, a signature, a secret or a field is missing.

use super::request::{Pairs, Request, encoded, hostile, pick, spoil, spoil_text};
use super::{ADMIN_TOKEN, API_TOKEN, SECRET};
use crate::support::twilio::{Random, sign};
use crate::support::{Deployment, LINE};

/// Maker of bad requests.
pub(super) type Door = fn(&Deployment, &mut Random) -> Request;

pub(super) const DOORS: [(&str, Door); 12] = [
    ("twilio, not signed", twilio_unsigned),
    ("twilio, signed", twilio_signed),
    ("twilio, report", twilio_report),
    ("kannel", kannel),
    ("http gateway", gateway),
    ("vonage", vonage),
    ("telnyx", telnyx),
    ("junebug", junebug),
    ("api", api),
    ("admin", admin),
    ("websocket", websocket),
    ("pages", pages),
];

/// Auth token and account of every deployment.
const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const ACCOUNT: &str = "AC0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Pairs {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn text(random: &mut Random) -> Pairs {
    let sid = format!("SM{:032x}", random.next());
    pairs([
        ("MessageSid", &sid),
        ("SmsSid", &sid),
        ("AccountSid", ACCOUNT),
        ("From", "+14155550101"),
        ("To", LINE),
        ("Body", "a text from an attacker"),
        ("NumMedia", "0"),
        ("ApiVersion", "2010-04-01"),
    ])
}

fn twilio_unsigned(deployment: &Deployment, random: &mut Random) -> Request {
    let mut form = text(random);
    let path = ["/queue/roulette", "/queue/roulette?a=b"][pick(random, 2)];
    let token = ["", "ffffffffffffffffffffffffffffffff"][pick(random, 2)];
    let signature = sign(token, &deployment.url(path), &form);
    spoil(&mut form, random);
    let request = Request::new("POST", path).form(&form);
    match random.below(3) {
        0 => request,
        1 => request.header("X-Twilio-Signature", &signature),
        _ => request.header("X-Twilio-Signature", &hostile(random).replace(['\r', '\n', '\0'], "")),
    }
}

/// Signed as the account signs, without a sender or an id, or with two of one.
fn twilio_signed(deployment: &Deployment, random: &mut Random) -> Request {
    let mut form = text(random);
    spoil(&mut form, random);
    match random.below(3) {
        0 => form.retain(|(name, _)| name != "From"),
        1 => form.retain(|(name, _)| !name.ends_with("Sid") || name == "AccountSid"),
        _ => form.extend(pairs([("From", "+14155550102"), ("From", "+14155550103")])),
    }
    signed("/queue/roulette", deployment, &form)
}

/// Report of a message that was never sent.
fn twilio_report(deployment: &Deployment, random: &mut Random) -> Request {
    let mut form = text(random);
    form.extend(pairs([("MessageStatus", hostile(random)), ("ErrorCode", hostile(random))]));
    spoil(&mut form, random);
    // Without its status it would be a text.
    form.retain(|(name, _)| name != "Body");
    let path = ["/status/roulette", "/status/roulette?ref=x", "/status/none"][pick(random, 3)];
    match random.below(2) {
        0 => Request::new("POST", path).form(&form),
        _ => signed(path, deployment, &form),
    }
}

fn signed(path: &str, deployment: &Deployment, form: &Pairs) -> Request {
    let signature = sign(TOKEN, &deployment.url(path), form);
    Request::new("POST", path).form(form).header("X-Twilio-Signature", &signature)
}

fn kannel(_: &Deployment, random: &mut Random) -> Request {
    let mut query = pairs([("text", "x"), ("charset", "UTF-8"), ("coding", "0"), ("to", "1234")]);
    query.push(("charset".to_owned(), hostile(random).to_owned()));
    spoil(&mut query, random);
    query.retain(|(name, _)| name != "id" && name != "identity");
    Request::new("GET", "/queue/kannel").query(&query)
}

fn gateway(_: &Deployment, random: &mut Random) -> Request {
    let mut query = pairs([("text", "x"), ("secret", SECRET)]);
    if random.below(2) == 0 {
        query = pairs([("text", "x"), ("identity", "+14155550101"), ("secret", hostile(random))]);
    }
    spoil(&mut query, random);
    query.retain(|(name, value)| name != "identity" || value.is_empty());
    match random.below(3) {
        0 => Request::new("GET", "/queue/gateway").query(&query),
        1 => Request::new("POST", "/queue/gateway").form(&query),
        _ => Request::new("POST", &format!("/queue/gateway?{}", encoded(&query))).json("{"),
    }
}

fn vonage(_: &Deployment, random: &mut Random) -> Request {
    let body = r#"{"message_uuid":"a","from":"14155550101","to":"15005550006","text":"x"}"#;
    let parts = ["eyJhbGciOiJub25lIn0", "eyJhbGciOiJIUzI1NiJ9", "e30", "", "AAAA", "%"];
    let mut part = || parts[pick(random, parts.len())];
    let token = format!("Bearer {}.{}.{}", part(), part(), part());
    let mut request = Request::new("POST", "/queue/vonage").json(body);
    request.body = spoil_text(body, random);
    request.header("Authorization", &token)
}

fn telnyx(_: &Deployment, random: &mut Random) -> Request {
    let body = r#"{"data":{"event_type":"message.received","payload":{"id":"a","text":"x"}}}"#;
    let mut request = Request::new("POST", "/queue/telnyx").json(body);
    request.body = spoil_text(body, random);
    let time = ["0", "9999999999", "-1", "now", "18446744073709551616"][pick(random, 5)];
    let signature = ["", "AAAA", "%%%", &"A".repeat(88)][pick(random, 4)].to_owned();
    request.header("telnyx-timestamp", time).header("telnyx-signature-ed25519", &signature)
}

/// JSON with the right token, and without a sender.
fn junebug(_: &Deployment, random: &mut Random) -> Request {
    let body = r#"{"message_id":"a","content":"x","to":"1234","channel_data":{"a":[1,2]}}"#;
    let mut request = Request::new("POST", "/queue/junebug").json(body);
    request.body = spoil_text(body, random);
    request.header("Authorization", &format!("Bearer {SECRET}"))
}

/// Calls of the HTTP API with the right token, and without a recipient or a topic.
fn api(_: &Deployment, random: &mut Random) -> Request {
    let body = r#"{"topic":"gateway","text":"x","at":"2030-01-01T00:00:00Z","media":[]}"#;
    let posts = ["/api/messages", "/api/batches", "/api/topics/gateway/inbound"];
    let ids = ["", "gateway.0.0123456789abcdef0123456789abcdef", "x", "..", "%00", "a.b.c"];
    let post = Request::new("POST", posts[pick(random, posts.len())]).json(body);
    let id = format!("/api/messages/{}", ids[pick(random, ids.len())]);
    let request = match random.below(4) {
        0 => Request::new("GET", &id),
        1 => Request::new("DELETE", &id),
        _ => Request { body: spoil_text(body, random), ..post },
    };
    request.header("Authorization", &format!("Bearer {API_TOKEN}"))
}

/// Calls of the admin API with the right token, and without the field that each needs.
fn admin(_: &Deployment, random: &mut Random) -> Request {
    let posts = ["pauses", "pauses/resume", "dead/replay", "dead/drop", "bans", "optouts", "trace"];
    let gets = ["audit", "history", "overview", "stuck", "dead", "lines", "reports", "config"];
    let body = r#"{"topic_name":"gateway","since":"1h","letters":[{}],"reason":null}"#;
    let post = format!("/admin/api/{}", posts[pick(random, posts.len())]);
    let get = format!("/admin/api/{}", gets[pick(random, gets.len())]);
    let mut query = pairs([("topic", hostile(random)), ("before", hostile(random))]);
    spoil(&mut query, random);
    let request = match random.below(2) {
        0 => Request { body: spoil_text(body, random), ..Request::new("POST", &post).json(body) },
        _ => Request::new("GET", &get).query(&query),
    };
    request.header("Authorization", &format!("Bearer {ADMIN_TOKEN}"))
}

/// Upgrades that lack a part, and frames before a hello.
fn websocket(_: &Deployment, random: &mut Random) -> Request {
    let key = ["dGhlIHNhbXBsZSBub25jZQ==", "", "AAAA"][pick(random, 3)];
    let version = ["13", "12", "", "99999999999"][pick(random, 4)];
    let mut request = Request::new("GET", "/ws/sockets")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Key", key)
        .header("Sec-WebSocket-Version", version);
    if random.below(2) == 0 {
        request = request.header("Origin", "https://attacker.example");
    }
    let kinds = [0x81, 0x82, 0x88, 0x8f, 0xf1, 0x01, 0x80];
    request.body = vec![kinds[pick(random, kinds.len())], 0x80 | 0x05, 1, 2, 3, 4];
    request.body.extend(spoil_text("hello", random));
    request
}

fn pages(_: &Deployment, random: &mut Random) -> Request {
    let paths = [
        "/",
        "/healthz",
        "/readyz",
        "/metrics",
        "/admin",
        "/admin/assets/",
        "/media/",
        "/tester",
        "/fake/seen",
        "/.env",
        "/backend/",
        "/queue/",
        "/ws/",
        "/api/openapi.json",
        "/favicon.ico",
    ];
    let mut query = pairs([("a", hostile(random))]);
    spoil(&mut query, random);
    let path =
        format!("{}{}", paths[pick(random, paths.len())], encoded(&pairs([("", hostile(random))])));
    let method = ["GET", "POST", "PUT"][pick(random, 3)];
    Request::new(method, &path).query(&query)
}
