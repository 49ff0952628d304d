import { Agent, OpenAIChatCompletionsModel, OpenAIResponsesModel, run, setTracingDisabled, tool } from "@openai/agents";
import OpenAI from "openai";
import { z } from "zod";
import { address, assert, check, leaves, longQuestion, model, personQuestion, question, rejected, weather } from "./harness.mjs";

setTracingDisabled(true);
const client = new OpenAI({ baseURL: `${address}/v1`, apiKey: "none", maxRetries: 0 });

for (const [suffix, Model] of [["", OpenAIResponsesModel], ["-chat", OpenAIChatCompletionsModel]]) {
  const of = (maxTokens, more) => new Agent({ name: "A", model: new Model(client, model), modelSettings: { maxTokens, temperature: 0 }, ...more });
  await check(`chat${suffix}`, async () => assert.ok((await run(of(200), "Say hello")).finalOutput.length > 0));
  await check(`stream${suffix}`, async () => {
    const whole = await run(of(200), "Say hello");
    const stream = await run(of(200), "Say hello", { stream: true });
    let text = "";
    for await (const piece of stream.toTextStream()) text += piece;
    await stream.completed;
    assert.equal(text, whole.finalOutput);
  });
  for (const stream of [false, true]) {
    await check(`tools${stream ? "-stream" : ""}${suffix}`, async () => {
      const cities = [];
      const get_weather = tool({ name: "get_weather", description: "Weather", parameters: z.object({ city: z.string() }),
        execute: ({ city }) => { cities.push(city); return weather; } });
      const result = await run(of(60, { tools: [get_weather] }), question, { stream });
      if (stream) await result.completed;
      assert.ok(result.finalOutput.includes(weather), result.finalOutput);
      assert.deepEqual(cities, ["Paris"]);
    });
  }
  await check(`structured${suffix}`, async () => {
    const outputType = z.object({ name: z.string(), age: z.number().int() });
    assert.equal(typeof (await run(of(100, { outputType }), personQuestion)).finalOutput.name, "string");
  });
  await check(`error${suffix}`, () => rejected(() => run(of(8, { model: new Model(client, "missing") }), "Hi"), model));
  await check(`cancel${suffix}`, () => leaves(async controller => {
    const stream = await run(of(4000), longQuestion, { stream: true, signal: controller.signal });
    for await (const piece of stream.toTextStream()) if (piece) controller.abort();
  }));
}
