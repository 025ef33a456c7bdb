// Worker of the relay on BullMQ: sends each text to its sender's partner.
import { Worker } from "bullmq";
import { Redis } from "ioredis";
import { Pool } from "undici";

const {
  REDIS_URL,
  TWILIO_ACCOUNT_SID,
  TWILIO_API_BASE,
  TWILIO_AUTH_TOKEN,
  TWILIO_FROM_NUMBER,
} = process.env;
const CONCURRENCY = 64;

const redis = new Redis(REDIS_URL);
const provider = new Pool(TWILIO_API_BASE, { connections: CONCURRENCY });
const credentials = Buffer.from(`${TWILIO_ACCOUNT_SID}:${TWILIO_AUTH_TOKEN}`).toString("base64");
const call = {
  method: "POST",
  path: `/2010-04-01/Accounts/${TWILIO_ACCOUNT_SID}/Messages.json`,
  headers: {
    authorization: `Basic ${credentials}`,
    "content-type": "application/x-www-form-urlencoded",
  },
};

async function relay({ data: { from, body } }) {
  const To = await redis.get(`partner:${from}`);
  const message = { To, From: TWILIO_FROM_NUMBER, Body: `Stranger: ${body}` };
  const response = await provider.request({
    ...call,
    body: new URLSearchParams(message).toString(),
  });
  await response.body.dump();
  if (response.statusCode !== 201) {
    throw new Error(`the provider answered ${response.statusCode}`);
  }
}

new Worker("texts", relay, { connection: { url: REDIS_URL }, concurrency: CONCURRENCY });
