import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateObject, generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";
import { address, assert, check, leaves, longQuestion, model, personQuestion, question, rejected, weather } from "./harness.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false;
const baseURL = `${address}/v1`;
const openai = createOpenAI({ baseURL, apiKey: "none" });
const compatible = createOpenAICompatible({ name: "layerstream", baseURL, supportsStructuredOutputs: true, includeUsage: true });
const anthropic = createAnthropic({ baseURL, apiKey: "none" });
const providers = {
  compatible: name => compatible(name), chat: name => openai.chat(name), responses: name => openai(name), anthropic: name => anthropic(name),
};
const Person = z.object({ name: z.string(), age: z.number().int() });

for (const [name, of] of Object.entries(providers)) {
  const asked = { model: of(model), prompt: "Say hello", maxOutputTokens: 8, temperature: 0, maxRetries: 0 };
  const suffix = name === "compatible" ? "" : `-${name}`;
  await check(`chat${suffix}`, async () => {
    const whole = await generateText(asked);
    assert.ok(whole.text.length > 0);
    assert.ok(whole.usage.outputTokens <= 8);
  });
  await check(`stream${suffix}`, async () => {
    const whole = await generateText(asked);
    assert.equal(await streamText(asked).text, whole.text);
  });
  await check(`tools${suffix}`, async () => {
    const cities = [];
    const get_weather = tool({ description: "Weather", inputSchema: z.object({ city: z.string() }),
      execute: ({ city }) => { cities.push(city); return weather; } });
    const runs = name === "compatible" ? [generateText, streamText] : [streamText];
    for (const run of runs) {
      const reply = await run({ ...asked, prompt: question, maxOutputTokens: 60, tools: { get_weather }, stopWhen: stepCountIs(3) });
      assert.ok((await reply.text).includes(weather), await reply.text);
    }
    assert.deepEqual(cities, runs.map(() => "Paris"));
  });
  if (name !== "anthropic") { // there an answer is a call of a tool that a model must choose to fill
    await check(`structured${suffix}`, async () => {
      const { object } = await generateObject({ ...asked, prompt: personQuestion, maxOutputTokens: 100, schema: Person });
      assert.equal(typeof object.name, "string");
    });
  }
  await check(`error${suffix}`, async () => {
    const unknown = await rejected(() => generateText({ ...asked, model: of("missing") }), model);
    assert.equal(unknown.statusCode, 404);
  });
  await check(`cancel${suffix}`, () => leaves(async controller => {
    const stream = streamText({ ...asked, prompt: longQuestion, maxOutputTokens: 4000, abortSignal: controller.signal });
    for await (const piece of stream.textStream) if (piece) controller.abort();
  }));
}
