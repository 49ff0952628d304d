import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";
import { address, assert, check, leaves, longQuestion, model, personQuestion, question, rejected, weather, weatherSchema } from "./harness.mjs";

const client = new OpenAI({ baseURL: `${address}/v1`, apiKey: "none" });
const hello = { model, messages: [{ role: "user", content: "Say hello" }], max_tokens: 8, temperature: 0 };
const Person = z.object({ name: z.string(), age: z.number().int() });

await check("chat", async () => {
  const whole = await client.chat.completions.create({ ...hello, stop: null, seed: null });
  assert.ok(whole.choices[0].message.content.length > 0);
  assert.ok(whole.usage.completion_tokens <= 8);
});
await check("stream", async () => {
  const whole = await client.chat.completions.create(hello);
  const stream = await client.chat.completions.create({ ...hello, stream: true, stream_options: { include_usage: true } });
  let text = "", usage = null;
  for await (const piece of stream) {
    text += piece.choices[0]?.delta?.content ?? "";
    usage = piece.usage ?? usage;
  }
  assert.equal(text, whole.choices[0].message.content);
  assert.equal(usage.completion_tokens, whole.usage.completion_tokens);
});
for (const stream of [false, true]) {
  await check(stream ? "tools-stream" : "tools", async () => {
    const cities = [];
    const runner = client.chat.completions.runTools({
      model, stream, max_tokens: 60, temperature: 0, messages: [{ role: "user", content: question }],
      tools: [{ type: "function", function: {
        name: "get_weather", description: "Weather", parameters: weatherSchema, parse: JSON.parse,
        function: ({ city }) => { cities.push(city); return weather; } } }],
    });
    assert.ok((await runner.finalContent()).includes(weather));
    assert.deepEqual(cities, ["Paris"]);
  });
}
await check("structured", async () => {
  const reply = await client.chat.completions.parse({
    model, max_tokens: 100, temperature: 0, messages: [{ role: "user", content: personQuestion }],
    response_format: zodResponseFormat(Person, "person"),
  });
  assert.equal(typeof reply.choices[0].message.parsed.name, "string");
});
await check("error", async () => {
  const unknown = await rejected(() => client.chat.completions.create({ ...hello, model: "missing" }), model);
  assert.equal(unknown.status, 404);
  const long = { ...hello, messages: [{ role: "user", content: "word ".repeat(20000) }] };
  const tooLong = await rejected(() => client.chat.completions.create(long), "maximum context length");
  assert.equal(tooLong.code, "context_length_exceeded");
});
await check("cancel", () => leaves(async controller => {
  const stream = await client.chat.completions.create(
    { model, stream: true, max_tokens: 4000, messages: [{ role: "user", content: longQuestion }] }, { signal: controller.signal });
  for await (const piece of stream) if (piece.choices[0]?.delta?.content) controller.abort();
}));
await check("list", async () => {
  assert.deepEqual((await client.models.list()).data.map(m => m.id), [model]);
  assert.equal((await client.models.retrieve(model)).id, model);
});
await check("responses", async () => {
  const reply = await client.responses.create({ model, input: "Say hello", max_output_tokens: 8, temperature: 0 });
  const stream = client.responses.stream({ model, input: "Say hello", max_output_tokens: 8, temperature: 0 });
  assert.ok(reply.output_text.length > 0);
  assert.equal((await stream.finalResponse()).output_text, reply.output_text);
});
