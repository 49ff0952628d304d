// The page: tabs, the state of the server, and what each view is told of it.
import * as chat from './chat.js';
import { $, size, table } from './dom.js';
import { call, json } from './http.js';
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

function showModels(list) {
  chat.showModels(list);
  $('models').replaceChildren(table(['model', 'context', 'state'], list.map(m => [m.id, m.context_length ?? m.meta?.n_ctx ?? '', m.state ?? 'loaded'])));
}

async function poll() {
  try {
    const health = await call('/health'), word = (await health.json()).status;
    if (!health.ok) { $('state').textContent = word ?? 'not ready'; return; }
    const status = await json('/v1/layerstream/status');
    $('state').textContent = `${status.model} · ${status.state} · ${size(status.plan.budget_bytes)} budget`;
    pipeline.showStatus(status);
    layers.show(status.engine.layers);
    await requests.refresh();
    showModels((await json('/v1/models')).data);
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
