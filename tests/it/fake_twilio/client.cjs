// Drives the fake with Twilio's own library for Node: client.cjs BASE SID TOKEN
const assert = require("node:assert/strict")
const http = require("node:http")
const { once } = require("node:events")
const twilio = require("twilio")

const [base, sid, token] = process.argv.slice(2)
const [line, phone] = ["+15005550006", "+14155550101"]

const connect = secret => {
  const client = twilio(sid, secret)
  client.api.baseUrl = base
  return client
}

const refusal = call => call.then(() => null, error => [error.status, error.code])

const main = async () => {
  const client = connect(token)
  assert.equal((await client.api.v2010.accounts(sid).fetch()).status, "active")

  const sent = await client.messages.create({ to: phone, from: line, body: "grüße & <tags>" })
  assert.deepEqual([sent.direction, sent.numSegments], ["outbound-api", "1"])
  assert.equal((await client.messages(sent.sid).fetch()).body, "grüße & <tags>")

  const texts = [0, 1, 2, 3, 4].map(number => `text ${number}`)
  for (const body of texts) await client.messages.create({ to: "+14155550102", from: line, body })
  const listed = await client.messages.list({ to: "+14155550102", pageSize: 2 })
  assert.deepEqual(listed.map(message => message.body), texts.toReversed())
  const tomorrow = new Date(Date.now() + 86_400_000)
  assert.deepEqual(await client.messages.list({ dateSentAfter: tomorrow }), [])

  assert.equal((await client.messages(sent.sid).update({ body: "" })).body, "")
  assert.equal(await client.messages(sent.sid).remove(), true)
  assert.deepEqual(await refusal(client.messages(sent.sid).fetch()), [404, 20404])
  assert.deepEqual(await refusal(connect("wrong").messages(sent.sid).fetch()), [401, 20003])
  const blocked = client.messages.create({ to: "+15005550004", from: line, body: "hi" })
  assert.deepEqual(await refusal(blocked), [400, 21610])

  const calls = []
  const server = http.createServer(async (request, response) => {
    let body = ""
    for await (const part of request) body += part
    calls.push([Object.fromEntries(new URLSearchParams(body)), request.headers["x-twilio-signature"]])
    const answer = new twilio.twiml.MessagingResponse()
    answer.message("Hello back")
    response.writeHead(200, { "Content-Type": "text/xml" }).end(answer.toString())
  })
  await once(server.listen(0, "127.0.0.1"), "listening")
  const webhook = `http://127.0.0.1:${server.address().port}/sms?a=it%27s`
  const [number] = await client.incomingPhoneNumbers.list({ phoneNumber: line })
  const settings = { smsUrl: `${webhook}#rc=2&rp=all` }
  const updated = await client.incomingPhoneNumbers(number.sid).update(settings)
  assert.equal(updated.smsUrl, `${webhook}#rc=2&rp=all`)
  const text = JSON.stringify({ from: phone, body: "héllo + you" })
  const headers = { "Content-Type": "application/json" }
  const outcome = await fetch(`${base}/fake/inbound`, { method: "POST", body: text, headers })
  assert.deepEqual((await outcome.json()).texts, ["Hello back"])
  const [[parameters, signature]] = calls
  assert.equal(parameters.Body, "héllo + you")
  assert(twilio.validateRequest(token, signature, webhook, parameters))
  const [received] = await client.messages.list({ to: line })
  assert.deepEqual([received.direction, received.body], ["inbound", "héllo + you"])
}

const fail = error => {
  console.error(error)
  process.exit(1)
}

// The server of the webhook would keep the process alive.
main().then(() => process.exit(0), fail)
