// The page: tabs, the state of the server, and what each view is told of it.
import * as chat from './chat.js';
import { $, el, size, table } from './dom.js';
import { call, json, messageOf } from './http.js';
import * as layers from './layers.js';
import * as pipeline from './pipeline.js';
import * as plan from './plan.js';
import * as requests from './requests.js';

const VIEWS = ['pipeline', 'chat', 'models', 'plan'];
const POLL_MS = 1000;

function select(name, focus = false) {
  for (const view of VIEWS) {
    const tab = $(`tab-${view}`), chosen = view === name;
    tab.setAttribute('aria-selected', chosen);
    tab.tabIndex = chosen ? 0 : -1;
    $(`view-${view}`).hidden = !chosen;
    if (chosen && focus) tab.focus();
  }
  if (location.hash !== `#${name}`) history.replaceState(null, '', `#${name}`);
  if (name === 'plan') plan.open();
}

function tabs() {
  VIEWS.forEach((view, i) => {
    $(`tab-${view}`).addEventListener('click', () => select(view));
    $(`tab-${view}`).addEventListener('keydown', e => {
      const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: VIEWS.length - 1 }[e.key];
      if (to === undefined) return;
      e.preventDefault();
      select(VIEWS[(to + VIEWS.length) % VIEWS.length], true);
    });
  });
  select(VIEWS.includes(location.hash.slice(1)) ? location.hash.slice(1) : 'pipeline');
}

let shown = '';

async function load(model) {
  $('models-told').textContent = `Loading ${model} …`;
  try {
    const answer = await call('/v1/layerstream/models/load', { method: 'POST', body: JSON.stringify({ model }) });
    $('models-told').textContent = answer.ok ? `${model} is loaded.` : await messageOf(answer);
  } catch (e) {
    $('models-told').textContent = e.message;
  }
}

function planText(plan) {
  if (!plan) return '';
  const rate = plan.predicted_tokens_per_second ? `, ${plan.predicted_tokens_per_second.toFixed(2)} tokens/s` : '';
  return plan.fits ? (plan.resident ? 'stays in memory' : 'streamed') + rate : `needs ${size(plan.smallest_budget_bytes)}`;
}

function stateCell(m) {
  if (m.state !== 'available' || m.plan?.fits === false) return m.progress ? `${m.state}: ${m.progress.stage}` : m.state ?? 'loaded';
  const button = el('button', { type: 'button' }, `Load ${m.id}`);
  button.addEventListener('click', () => load(m.id));
  return button;
}

function showModels(list) {
  chat.showModels(list);
  const text = JSON.stringify(list);
  if (text === shown) return; // what has the focus keeps it
  shown = text;
  $('models').replaceChildren(table(['model', 'context', 'memory', 'state'], list.map(m => [m.id, m.context_length ?? m.meta?.n_ctx ?? '', planText(m.plan), stateCell(m)])));
}

async function poll() {
  try {
    const health = await call('/health'), { status: word, reason } = await health.json();
    if (!health.ok) { $('state').textContent = word ?? 'not ready'; return; }
    showModels((await json('/v1/models')).data);
    if (word !== 'ok' || reason) { $('state').textContent = reason ?? word; return; }
    const status = await json('/v1/layerstream/status');
    $('state').textContent = `${status.model} · ${status.state} · ${size(status.plan.budget_bytes)} budget`;
    pipeline.showStatus(status);
    layers.show(status.engine.layers);
    await requests.refresh();
  } catch (e) {
    $('state').textContent = `no answer: ${e.message}`;
  } finally {
    setTimeout(poll, document.hidden ? 5 * POLL_MS : POLL_MS);
  }
}

tabs();
chat.start();
plan.start();
pipeline.start();
poll();
