// Requests that wait or run, with their progress; each can be cancelled by whoever sent it with the same key.
import { $, bar, el } from './dom.js';
import { call, json } from './http.js';

const rows = new Map(); // by id: kept, so that a button that has the focus stays

/** Asks for the requests and shows them. */
export async function refresh() {
  const list = (await json('/v1/layerstream/requests')).data, ids = new Set(list.map(r => r.id));
  for (const [id, row] of rows) if (!ids.has(id)) { row.item.remove(); rows.delete(id); }
  for (const request of list) show(request);
  $('request-list').hidden = list.length === 0;
}

function show(request) {
  let row = rows.get(request.id);
  if (!row) rows.set(request.id, row = create(request));
  const [share, words] = progress(request);
  row.text.textContent = words;
  row.bar.replaceChildren(bar(share, words));
  $('request-list').append(...($('request-list').contains(row.item) ? [] : [row.item]));
}

function create(request) {
  const name = `${request.path} ${request.id.slice(0, 6)}`;
  const text = el('span', { class: 'words' }), place = el('span', { class: 'place' });
  const button = el('button', { type: 'button', 'aria-label': `Cancel the request ${name}` }, 'Cancel');
  button.addEventListener('click', () => cancel(request.id, button));
  return { item: el('li', {}, el('span', { class: 'name' }, name), text, place, button), text, bar: place };
}

/** How far a request is: a share of 1, and in words. */
export function progress(request) {
  const seconds = `${request.seconds.toFixed(request.seconds < 10 ? 1 : 0)} s`;
  switch (request.state) {
    case 'waiting': return [0, `waits for its turn, ${seconds}`];
    case 'reading': return [request.prompt_tokens_read / Math.max(1, request.prompt_tokens),
      `reads its prompt: ${request.prompt_tokens_read} of ${request.prompt_tokens} tokens, ${seconds}`];
    default: return [request.generated_tokens / Math.max(1, request.most_tokens),
      `writes: ${request.generated_tokens} of at most ${request.most_tokens} tokens, ${seconds}`];
  }
}

async function cancel(id, button) {
  button.disabled = true;
  try {
    await call(`/v1/layerstream/requests/${encodeURIComponent(id)}`, { method: 'DELETE' });
    $('told').textContent = 'The request was cancelled.';
  } catch (e) {
    button.disabled = false;
    $('told').textContent = `It was not cancelled: ${e.message}`;
  }
}
