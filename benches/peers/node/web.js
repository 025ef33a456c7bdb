// Web process of the relay on fastify and BullMQ: checks the signature of a text, and queues it.
import { createHmac, timingSafeEqual } from "node:crypto";
import formbody from "@fastify/formbody";
import { Queue } from "bullmq";
import fastify from "fastify";

const { PORT, PUBLIC_URL, REDIS_URL, TWILIO_AUTH_TOKEN } = process.env;

const texts = new Queue("texts", {
  connection: { url: REDIS_URL },
  defaultJobOptions: {
    attempts: 5,
    backoff: { type: "exponential", delay: 1000 },
    removeOnComplete: true,
  },
});

function isSigned({ url, headers, body }) {
  const names = Object.keys(body).sort();
  const signed = PUBLIC_URL + url + names.map((name) => name + body[name]).join("");
  const wanted = createHmac("sha1", TWILIO_AUTH_TOKEN).update(signed).digest();
  const given = Buffer.from(headers["x-twilio-signature"] ?? "", "base64");
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

const web = fastify();
web.register(formbody);
web.post("/queue/roulette", async (request, reply) => {
  if (!isSigned(request)) {
    return reply.code(403).send();
  }
  const { From: from, Body: body } = request.body;
  await texts.add("relay", { from, body });
  return reply.type("text/xml").send("<Response/>");
});
await web.listen({ host: "127.0.0.1", port: Number(PORT) });
