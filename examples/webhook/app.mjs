// Counts a person's messages, and reminds them: `in 5m: tea`. Run it with the topic of topics.toml:
// WEBHOOK_SECRET=whsec_... node app.mjs 8000

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const key = Buffer.from(process.env.WEBHOOK_SECRET.replace(/^whsec_/, ""), "base64");

function isGenuine(headers, body) {
  const at = headers["webhook-timestamp"];
  const signed = createHmac("sha256", key).update(`${headers["webhook-id"]}.${at}.`).update(body);
  const expected = Buffer.from(`v1,${signed.digest("base64")}`);
  const given = (headers["webhook-signature"] ?? "").split(" ").map((one) => Buffer.from(one));
  const isSame = (one) => one.length === expected.length && timingSafeEqual(one, expected);
  return Math.abs(Date.now() / 1000 - at) < 300 && given.some(isSame);
}

function answer({ type, message, timer, state }) {
  if (type === "timer") return { replies: [`Remember: ${timer.data}`] };
  if (type !== "message") return {};
  const [, after, data] = message.text.match(/^in (\d+[smh]): (.+)$/) ?? [];
  if (after) {
    return { replies: [`I remind you in ${after}.`], timers: [{ after, name: "reminder", data }] };
  }
  const count = (state ?? 0) + 1;
  return { replies: [`That was message ${count}.`], state: count };
}

createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray());
  const genuine = isGenuine(request.headers, body);
  response.writeHead(genuine ? 200 : 401);
  response.end(genuine ? JSON.stringify(answer(JSON.parse(body))) : "");
}).listen(Number(process.argv[2]), "127.0.0.1");
