import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI } from "@langchain/openai";
import { z } from "zod";
import { address, assert, check, leaves, longQuestion, model, personQuestion, question, rejected, weather } from "./harness.mjs";

const of = more => new ChatOpenAI({ model, apiKey: "none", temperature: 0, maxTokens: 60, maxRetries: 0,
  configuration: { baseURL: `${address}/v1` }, ...more });

await check("chat", async () => {
  const reply = await of({ maxTokens: 8 }).invoke("Say hello");
  assert.ok(reply.content.length > 0);
  assert.ok(reply.usage_metadata.output_tokens <= 8);
});
await check("stream", async () => {
  const chat = of({ maxTokens: 8 });
  let text = "";
  for await (const piece of await chat.stream("Say hello")) text += piece.content;
  assert.equal(text, (await chat.invoke("Say hello")).content);
});
for (const responses of [false, true]) {
  await check(responses ? "tools-responses" : "tools", async () => {
    const get_weather = tool(() => weather, { name: "get_weather", description: "Weather", schema: z.object({ city: z.string() }) });
    const chat = of({ useResponsesApi: responses }).bindTools([get_weather]);
    const history = [new HumanMessage(question)];
    const first = await chat.invoke(history);
    assert.deepEqual(first.tool_calls.map(call => call.args), [{ city: "Paris" }]);
    history.push(first, new ToolMessage({ content: await get_weather.invoke(first.tool_calls[0].args), tool_call_id: first.tool_calls[0].id }));
    assert.ok((await chat.invoke(history)).text.includes(weather));
  });
}
await check("structured", async () => {
  const person = await of({ maxTokens: 100 }).withStructuredOutput(z.object({ name: z.string(), age: z.number().int() })).invoke(personQuestion);
  assert.equal(typeof person.name, "string");
});
await check("error", () => rejected(() => of({ model: "missing" }).invoke("Hi"), model));
await check("cancel", () => leaves(async controller => {
  const stream = await of({ maxTokens: 4000 }).stream(longQuestion, { signal: controller.signal });
  for await (const piece of stream) if (piece.content) controller.abort();
}));
