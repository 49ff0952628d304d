import { Ollama } from "ollama";
import { address, assert, check, leaves, longQuestion, model, personQuestion, question, rejected, weather, weatherSchema } from "./harness.mjs";

const client = new Ollama({ host: address });
const options = { num_predict: 8, temperature: 0 };
const messages = [{ role: "user", content: "Say hello" }];

await check("chat", async () => {
  const whole = await client.chat({ model, messages, options });
  assert.ok(whole.message.content.length > 0);
  assert.ok(whole.eval_count <= 8);
  assert.ok((await client.generate({ model, prompt: "Say hello", options })).response.length > 0);
});
await check("stream", async () => {
  const whole = await client.chat({ model, messages, options });
  let text = "", done = false;
  for await (const piece of await client.chat({ model, messages, options, stream: true })) {
    text += piece.message.content;
    done = piece.done;
  }
  assert.equal(text, whole.message.content);
  assert.ok(done);
});
await check("tools", async () => {
  const tools = [{ type: "function", function: { name: "get_weather", description: "Weather", parameters: weatherSchema } }];
  const history = [{ role: "user", content: question }];
  const ask = () => client.chat({ model, messages: history, tools, options: { ...options, num_predict: 60 } });
  const first = await ask();
  assert.deepEqual(first.message.tool_calls[0].function.arguments, { city: "Paris" });
  history.push(first.message, { role: "tool", tool_name: "get_weather", content: weather });
  assert.ok((await ask()).message.content.includes(weather));
});
await check("structured", async () => {
  const format = { type: "object", properties: { name: { type: "string" }, age: { type: "integer" } }, required: ["name", "age"] };
  const reply = await client.chat({ model, format, messages: [{ role: "user", content: personQuestion }],
    options: { ...options, num_predict: 100 } });
  assert.equal(typeof JSON.parse(reply.message.content).name, "string");
});
await check("error", async () => {
  const unknown = await rejected(() => client.chat({ model: "missing", messages }), model);
  assert.equal(unknown.status_code, 404);
});
await check("cancel", () => leaves(async () => {
  const stream = await client.chat({ model, stream: true, messages: [{ role: "user", content: longQuestion }] });
  for await (const piece of stream) if (piece.message.content) client.abort();
}));
await check("list", async () => {
  const { models } = await client.list();
  assert.equal(models.length, 1);
  assert.ok(models[0].name.startsWith(model));
  assert.equal((await client.show({ model: models[0].name })).details.format, "gguf");
  assert.equal((await client.ps()).models.length, 1);
  assert.ok((await client.version()).version.length > 0);
});
