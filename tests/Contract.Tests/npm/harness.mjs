// Every script is called as: node SCRIPT.mjs ADDRESS MODEL, and says "ok NAME" or "FAILED NAME: why" for each of its checks.
import assert from "node:assert/strict";

export const [, , address, model] = process.argv;
export const question = "What is the weather in Paris?";
export const longQuestion = "Tell a long story of the sea.";
export const weather = "22 C in Paris";
export const personQuestion = 'Describe a person as JSON, for example {"name": "Ann", "age": 30}.';
export const weatherSchema = { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false };

export async function check(name, body) {
  try {
    await body();
    console.log(`ok ${name}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`FAILED ${name}: ${String(error?.stack ?? error).split("\n").slice(0, 6).join(" | ")}`);
  }
}

export async function rejected(body, ...words) {
  const error = await body().then(() => null, e => e);
  assert.ok(error, "no error was raised");
  const text = `${error.message} ${error.responseBody ?? ""}`;
  words.forEach(word => assert.ok(text.includes(word), `"${word}" is not in: ${text}`));
  return error;
}

async function metrics() {
  const text = await (await fetch(`${address}/metrics`)).text();
  return Number(/^layerstream_requests_total\{outcome="cancelled"\} (\d+)/m.exec(text)?.[1] ?? 0);
}

// A client that leaves in the middle: its request ends as cancelled, and the engine is free again.
export async function leaves(body) {
  const before = await metrics();
  const controller = new AbortController();
  await body(controller).catch(() => {});
  controller.abort();
  for (let turn = 0; turn < 600 && (await metrics()) === before; turn++) await new Promise(next => setTimeout(next, 50));
  assert.equal(await metrics(), before + 1);
}

export { assert };
