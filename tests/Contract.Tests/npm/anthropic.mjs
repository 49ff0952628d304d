import Anthropic from "@anthropic-ai/sdk";
import { address, assert, check, leaves, longQuestion, model, personQuestion, question, rejected, weather, weatherSchema } from "./harness.mjs";

const client = new Anthropic({ baseURL: address, apiKey: "none" });
const hello = { model, max_tokens: 8, temperature: 0, messages: [{ role: "user", content: "Say hello" }] };
const tools = [{ name: "get_weather", description: "Weather", input_schema: weatherSchema }];
const textOf = message => message.content.filter(block => block.type === "text").map(block => block.text).join("");

await check("chat", async () => {
  const whole = await client.messages.create(hello);
  assert.ok(textOf(whole).length > 0);
  assert.ok(whole.usage.output_tokens <= 8);
  assert.ok((await client.messages.countTokens({ model, messages: hello.messages })).input_tokens > 0);
});
await check("stream", async () => {
  const whole = await client.messages.create(hello);
  const streamed = await client.messages.stream(hello).finalMessage();
  assert.equal(textOf(streamed), textOf(whole));
  assert.equal(streamed.stop_reason, whole.stop_reason);
});
for (const streams of [false, true]) {
  await check(streams ? "tools-stream" : "tools", async () => {
    const body = { model, tools, max_tokens: 60, temperature: 0, messages: [{ role: "user", content: question }] };
    const ask = () => (streams ? client.messages.stream(body).finalMessage() : client.messages.create(body));
    const first = await ask();
    assert.equal(first.stop_reason, "tool_use");
    const call = first.content.find(block => block.type === "tool_use");
    assert.deepEqual(call.input, { city: "Paris" });
    body.messages.push({ role: "assistant", content: first.content },
      { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: weather }] });
    assert.ok(textOf(await ask()).includes(weather));
  });
}
await check("structured", async () => {
  const schema = { type: "object", properties: { name: { type: "string" }, age: { type: "integer" } }, required: ["name", "age"],
    additionalProperties: false };
  const reply = await client.messages.create({ ...hello, max_tokens: 100, messages: [{ role: "user", content: personQuestion }],
    output_config: { format: { type: "json_schema", schema } } });
  assert.equal(typeof JSON.parse(textOf(reply)).name, "string");
});
await check("error", async () => {
  const unknown = await rejected(() => client.messages.create({ ...hello, model: "missing" }), model);
  assert.equal(unknown.status, 404);
  await rejected(() => client.messages.create({ ...hello, messages: [{ role: "user", content: "word ".repeat(20000) }] }),
    "maximum context length");
});
await check("cancel", () => leaves(async controller => {
  const stream = client.messages.stream(
    { model, max_tokens: 4000, messages: [{ role: "user", content: longQuestion }] }, { signal: controller.signal });
  stream.on("text", () => controller.abort());
  await stream.finalMessage();
}));
await check("list", async () => {
  const ids = [];
  for await (const item of client.models.list()) ids.push(item.id);
  assert.deepEqual(ids, [model]);
  assert.equal((await client.models.retrieve(model)).id, model);
});
