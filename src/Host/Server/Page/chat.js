// Chat over the server's own API. The conversation is kept in this browser and nowhere else.
import { $, el } from './dom.js';
import { call, events, messageOf } from './http.js';

const STORE = 'layerstream.conversation';
let messages = [], running = null;

export function start() {
  try { messages = JSON.parse(localStorage.getItem(STORE) ?? '[]'); } catch { messages = []; }
  messages.forEach(m => show(m));
  $('ask').addEventListener('submit', e => { e.preventDefault(); ask($('question').value.trim()); });
  $('question').addEventListener('keydown', e => {
    if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) { e.preventDefault(); $('ask').requestSubmit(); }
  });
  $('stop').addEventListener('click', () => running?.abort());
  $('again').addEventListener('click', regenerate);
  $('clear').addEventListener('click', () => { running?.abort(); messages = []; keep(); $('conversation').replaceChildren(); $('chat-rate').textContent = ''; buttons(); });
  buttons();
}

const keep = () => { try { localStorage.setItem(STORE, JSON.stringify(messages)); } catch { /* a full store loses the page's copy, not the answer */ } };

function buttons() {
  $('send').disabled = running !== null;
  $('stop').disabled = running === null;
  $('again').disabled = running !== null || messages.at(-1)?.role !== 'assistant';
}

function show(message) {
  const body = el('span', {}, message.content ?? ''), thought = el('details', { hidden: !message.reasoning_content }, el('summary', {}, 'Thought'), el('span', {}, message.reasoning_content ?? ''));
  const calls = el('span', {}, ...(message.tool_calls ?? []).map(c => el('span', { class: 'hint' }, `calls ${c.function.name}(${c.function.arguments})`)));
  const item = el('li', { class: message.role }, el('span', { class: 'who' }, message.role === 'user' ? 'you' : 'model'), thought, body, calls);
  $('conversation').append(item);
  return { item, body, thought: thought.lastChild, thoughtBox: thought, calls };
}

async function ask(text) {
  if (!text || running) return;
  $('question').value = '';
  messages.push({ role: 'user', content: text });
  show(messages.at(-1));
  keep();
  await answer();
}

async function regenerate() {
  if (messages.at(-1)?.role !== 'assistant' || running) return;
  messages.pop();
  $('conversation').lastElementChild.remove();
  await answer();
}

function number(id) {
  const text = $(id).value.trim();
  return text === '' ? undefined : Number(text);
}

async function answer() {
  running = new AbortController();
  buttons();
  const reply = { role: 'assistant', content: '' }, view = show(reply), began = performance.now();
  const system = $('system').value.trim();
  const body = {
    model: $('chat-model').value || 'default', stream: true, return_progress: true,
    messages: [...(system ? [{ role: 'system', content: system }] : []), ...messages.map(({ role, content, tool_calls }) => ({ role, content, ...(tool_calls ? { tool_calls } : {}) }))],
    temperature: number('temperature'), top_p: number('top-p'), top_k: number('top-k'), min_p: number('min-p'),
    repeat_penalty: number('repeat-penalty'), seed: number('seed'), max_tokens: number('max-tokens'),
    reasoning_effort: $('effort').value || undefined,
  };
  let pieces = 0, firstAt = 0;
  try {
    const response = await call('/v1/chat/completions', { method: 'POST', body: JSON.stringify(body), signal: running.signal });
    if (!response.ok) throw new Error(await messageOf(response));
    for await (const data of events(response)) {
      if (data === '[DONE]') break;
      const part = JSON.parse(data);
      if (part.error) throw new Error(part.error.message);
      if (part.prompt_progress) $('chat-rate').textContent = `prompt: ${part.prompt_progress.processed} of ${part.prompt_progress.total} tokens`;
      const delta = part.choices?.[0]?.delta;
      if (!delta) continue;
      if (delta.content || delta.reasoning_content) {
        firstAt ||= performance.now();
        pieces++;
        reply.content += delta.content ?? '';
        reply.reasoning_content = (reply.reasoning_content ?? '') + (delta.reasoning_content ?? '');
        view.body.textContent = reply.content;
        view.thought.textContent = reply.reasoning_content;
        view.thoughtBox.hidden = !reply.reasoning_content;
        $('chat-rate').textContent = `first after ${((firstAt - began) / 1000).toFixed(1)} s, ${(pieces / Math.max(0.001, (performance.now() - firstAt) / 1000)).toFixed(1)} pieces a second`;
      }
      for (const c of delta.tool_calls ?? []) {
        reply.tool_calls ??= [];
        const known = reply.tool_calls[c.index] ??= { id: c.id, type: 'function', function: { name: '', arguments: '' } };
        known.function.name += c.function?.name ?? '';
        known.function.arguments += c.function?.arguments ?? '';
        view.calls.replaceChildren(...reply.tool_calls.map(t => el('span', { class: 'hint' }, `calls ${t.function.name}(${t.function.arguments})`)));
      }
    }
  } catch (e) {
    if (e.name !== 'AbortError') {
      view.item.classList.add('failed');
      view.item.append(el('span', { class: 'hint' }, `failed: ${e.message}`));
    }
  } finally {
    running = null;
    if (reply.content || reply.tool_calls) messages.push(reply); else view.item.remove();
    keep();
    buttons();
  }
}

export function showModels(list) {
  const select = $('chat-model'), chosen = select.value;
  const ids = list.map(m => m.id);
  if ([...select.options].map(o => o.value).join('\n') === ids.join('\n')) return;
  select.replaceChildren(...ids.map(id => el('option', { value: id }, id)));
  const first = ids.includes(chosen) ? chosen : list.find(m => m.state === 'loaded')?.id;
  if (first) select.value = first;
}
