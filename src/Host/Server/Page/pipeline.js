// The pipeline: live lanes of this server, a recorded trace, or two of them beside each other.
import { $, bar, el, percent, size, table } from './dom.js';
import { call, events } from './http.js';
import { LaneView } from './lanes.js';
import { Events, expertUses, parseTrace, slowLayers, slowRequests, stageTimes } from './trace-file.js';

const LIVE_EVENTS = 60_000, LIVE_WINDOW_MS = 4000, FIGURES_EVERY_MS = 500;
const LAYERS_SHOWN = 8, REQUESTS_SHOWN = 6;

let first, second, live = null, lastFigures = 0, lastStatus = null, uses = null, deviceRate = 0;

function describe(text, x, y) {
  const tip = $('tip');
  tip.hidden = !text;
  tip.textContent = text;
  if (!text) return;
  tip.style.left = `${Math.min(x + 14, innerWidth - tip.offsetWidth - 8)}px`;
  tip.style.top = `${y + 16}px`;
  if (document.activeElement?.tagName === 'CANVAS') $('told').textContent = text;
}

export function start() {
  first = new LaneView($('lanes'), describe);
  second = new LaneView($('lanes-second'), describe);
  first.onrange = (from, to) => second.setRange(from, to, false);
  second.onrange = (from, to) => first.setRange(from, to, false);
  $('live').addEventListener('click', () => live ? stopLive() : startLive());
  $('fit').addEventListener('click', () => first.fit());
  $('zoom-in').addEventListener('click', () => first.zoom(0.5));
  $('zoom-out').addEventListener('click', () => first.zoom(2));
  $('heat').addEventListener('pointermove', heatTip);
  $('heat').addEventListener('pointerleave', () => describe('', 0, 0));
  $('snapshot').addEventListener('click', () => takeTrace().catch(e => say(e.message)));
  $('open').addEventListener('change', e => open([...e.target.files]));
  document.addEventListener('dragover', e => e.preventDefault());
  document.addEventListener('drop', e => { e.preventDefault(); open([...e.dataTransfer.files]); });
  const url = new URLSearchParams(location.search).get('trace');
  if (url) openUrl(url).catch(e => say(e.message)); else startLive();
}

const say = text => { $('verdict').textContent = text; };

async function open(files) {
  try {
    const traces = [];
    for (const file of files.slice(0, 2)) traces.push({ name: file.name, trace: parseTrace(await file.arrayBuffer()) });
    if (traces.length) showFiles(traces);
  } catch (e) {
    say(`The trace cannot be shown. ${e.message}`);
  }
}

// Only files of this server: the policy of the page allows no other origin.
async function openUrl(url) {
  const response = await call(new URL(url, location.href).pathname + new URL(url, location.href).search);
  showFiles([{ name: url, trace: parseTrace(await response.arrayBuffer()) }]);
}

async function takeTrace() {
  const response = await call('/v1/layerstream/trace?format=lstr');
  showFiles([{ name: 'this server, now', trace: parseTrace(await response.arrayBuffer()) }]);
}

/** One trace, or two as a difference. */
export function showFiles(traces) {
  stopLive();
  const [a, b] = traces;
  $('second').hidden = !b;
  $('lanes-title').textContent = title(a);
  if (b) {
    $('second-title').textContent = title(b);
    second.show(b.trace);
  }
  first.show(a.trace);
  figures(a.trace, b?.trace);
}

const title = t => `${t.name}: ${t.trace.model}, depth ${t.trace.depth}, budget ${size(t.trace.budgetBytes)}${t.trace.dropped ? `, ${t.trace.dropped} older events overwritten` : ''}`;

function figures(trace, other) {
  const times = other ? perToken(stageTimes(trace)) : stageTimes(trace), compared = other ? perToken(stageTimes(other)) : null;
  if (!times.passes) { say('No complete pass yet.'); return; }
  const stages = [...new Set([...times.stages.keys(), ...(compared?.stages.keys() ?? [])])].sort((x, y) => (times.stages.get(y) ?? 0) - (times.stages.get(x) ?? 0));
  const per = times.tokens === 1 ? 'token' : 'pass';
  if (compared) {
    const change = compared.wallMs - times.wallMs;
    const top = [...stages].sort((x, y) => delta(y) / change - delta(x) / change)[0];
    function delta(s) { return (compared.stages.get(s) ?? 0) - (times.stages.get(s) ?? 0); }
    say(Math.abs(change) < 0.02 * times.wallMs ? 'No stage changed much between the two.'
      : `A token takes ${compared.wallMs.toFixed(1)} ms instead of ${times.wallMs.toFixed(1)} ms: ${top} is ${percent(delta(top) / change)} of the change.`);
    $('stages').replaceChildren(table(['ms per token', 'first', 'second', 'change'], [...stages.map(s => [s, (times.stages.get(s) ?? 0).toFixed(2), (compared.stages.get(s) ?? 0).toFixed(2), signed(delta(s))]),
      ['whole', times.wallMs.toFixed(2), compared.wallMs.toFixed(2), signed(change)]]));
  } else {
    const disk = [...times.stages].filter(([s]) => s === 'wait: prefetch late' || s === 'wait: demand').reduce((a, [, ms]) => a + ms, 0), compute = times.stages.get('compute') ?? 0;
    const [other, otherMs] = [...times.stages].filter(([s]) => s.startsWith('wait: ') && !['wait: prefetch late', 'wait: demand'].includes(s)).reduce((a, b) => b[1] > a[1] ? b : a, ['', 0]);
    const bound = otherMs > Math.max(disk, compute) ? `Another wait (${other.slice(6)}, ${otherMs.toFixed(1)} ms)` : disk > 0.02 * times.wallMs && disk > 0.3 * compute ? 'The disk' : 'Arithmetic';
    const unit = per === 'token' ? per : `${per}, which makes ${times.tokens.toFixed(1)} tokens`;
    say(`${(1000 * times.tokens / times.wallMs).toFixed(2)} tokens a second: ${compute.toFixed(1)} ms compute and ${disk.toFixed(1)} ms waiting for the disk of ${times.wallMs.toFixed(1)} ms a ${unit}. ${bound} sets the pace.`);
    $('stages').replaceChildren(table(['stage', `ms per ${per}`, 'share', ''], stages.map(s => [s, times.stages.get(s).toFixed(2), percent(times.stages.get(s) / times.wallMs), bar(times.stages.get(s) / times.wallMs, percent(times.stages.get(s) / times.wallMs))])),
      el('p', { class: 'hint' }, `${size(times.bytes)} read per pass, over ${times.passes} passes`));
  }
  speed(compared ? null : times, trace.deviceRate || (live ? deviceRate : 0));
  const layers = slowLayers(trace, times.passes).slice(0, LAYERS_SHOWN);
  $('layers').replaceChildren(layers.length ? table(['layer', `ms per ${per}`, 'mostly for'], layers.map(l => [l.layer < 0 ? '–' : l.layer, l.ms.toFixed(2), l.tile])) : el('p', {}, 'Nothing was waited for.'));
  const slow = slowRequests(trace).slice(0, REQUESTS_SHOWN), seconds = ms => ms === undefined ? '–' : (ms / 1000).toFixed(2);
  $('slow').replaceChildren(...(slow.length ? [el('h3', {}, 'Longest'), table(['s', 'queue', 'prompt', 'answer', 'tokens', 'seq.'],
    slow.map(r => [seconds(r.ms), seconds(r.queueMs), seconds(r.promptMs), seconds(r.answerMs), r.tokens, r.sequence || '–']))] : []));
  heat(expertUses(trace));
}

// Two traces are compared by the token: sequences and guesses that hold share passes.
const perToken = times => ({ ...times, wallMs: times.wallMs / times.tokens, stages: new Map([...times.stages].map(([k, v]) => [k, v / times.tokens])) });

const signed = ms => `${ms < 0 ? '−' : '+'}${Math.abs(ms).toFixed(2)}`;

/** The speed against what disk and arithmetic allow: whichever of the two is slower alone. A disk has at least the rate these passes had. */
function speed(times, measured) {
  $('speed').hidden = !times;
  if (!times) return;
  const rate = measured > 0 ? Math.max(measured, times.bytes / times.wallMs * 1000) : 0;
  const computeMs = (times.stages.get('compute') ?? 0) + (times.stages.get('sampling') ?? 0), diskMs = rate > 0 ? times.bytes / rate * 1000 : 0;
  const leastMs = Math.max(computeMs, diskMs, 0.001), now = 1000 * times.tokens / times.wallMs, limit = 1000 * times.tokens / leastMs;
  const why = diskMs > computeMs ? `the disk: ${size(times.bytes)} a pass at ${(rate / 1e9).toFixed(2)} GB/s` : `arithmetic: ${computeMs.toFixed(1)} ms a pass`;
  const words = `${now.toFixed(2)} of at most ${limit.toFixed(2)} tokens a second (the limit is ${why})`;
  $('speed').replaceChildren(el('span', {}, words), bar(now / limit, words));
}

function heatTip(event) {
  if (!uses) return;
  const box = $('heat').getBoundingClientRect();
  const row = uses.rows[Math.floor((event.clientY - box.top) / box.height * uses.rows.length)], expert = Math.floor((event.clientX - box.left) / box.width * uses.experts);
  if (row) describe(`layer ${row[0]} · expert ${expert} · used ${row[1].get(expert) ?? 0} times`, event.clientX, event.clientY);
}

function heat(found) {
  uses = found;
  $('heat-card').hidden = !uses;
  if (!uses) return;
  const canvas = $('heat'), width = canvas.width = uses.experts, height = canvas.height = uses.rows.length;
  const g = canvas.getContext('2d'), image = g.createImageData(width, height);
  let most = 1;
  for (const [, row] of uses.rows) for (const n of row.values()) most = Math.max(most, n);
  uses.rows.forEach(([, row], y) => {
    for (let x = 0; x < width; x++) {
      const heatOf = Math.sqrt((row.get(x) ?? 0) / most), o = 4 * (y * width + x);
      image.data.set([30 + 225 * heatOf, 40 + 120 * heatOf, 120 - 90 * heatOf, 255], o);
    }
  });
  g.putImageData(image, 0, 0);
  canvas.style.imageRendering = 'pixelated';
  $('heat-note').textContent = `Layer ${uses.rows[0][0]} above, layer ${uses.rows.at(-1)[0]} below; expert 0 on the left, expert ${width - 1} on the right. Bright = used often, at most ${most} times.`;
  canvas.setAttribute('aria-label', `Uses of ${width} experts in ${height} layers; the most used was chosen ${most} times`);
}

async function startLive() {
  const control = new AbortController();
  live = control;
  $('live').setAttribute('aria-pressed', 'true');
  $('second').hidden = true;
  const trace = { model: '', depth: 0, budgetBytes: 0, deviceRate: 0, dropped: 0, firstExpertTile: -1, tileNames: [], tileLayers: [], isPartial: true, events: new Events(LIVE_EVENTS * 2) };
  try {
    while (live === control) {
      const response = await call('/v1/layerstream/trace/live', { signal: control.signal });
      if (!response.ok) { await new Promise(r => setTimeout(r, 1000)); continue; }
      for await (const data of events(response)) {
        if (live !== control) break;
        takeLive(trace, JSON.parse(data));
      }
      await new Promise(r => setTimeout(r, 1000));
    }
  } catch (e) {
    if (live === control) { stopLive(); say(`The live trace ended: ${e.message}`); }
  }
}

function stopLive() {
  live?.abort();
  live = null;
  $('live').setAttribute('aria-pressed', 'false');
}

function takeLive(trace, message) {
  if (message.tile_names) {
    Object.assign(trace, { model: message.model, tileNames: message.tile_names, tileLayers: message.tile_layers, firstExpertTile: message.first_expert_tile });
    $('lanes-title').textContent = `live: ${message.model}`;
  }
  if (!message.events?.length) return;
  const e = trace.events;
  if (e.count + message.events.length > e.capacity) e.keepNewest(LIVE_EVENTS);
  trace.originUs ??= message.events[0][1];
  const ms = us => (us - trace.originUs) / 1000;
  for (const [kind, start, end, tile, pass, lane, bytes, reason, predicted, rows, sequence] of message.events.slice(-LIVE_EVENTS)) e.add(ms(start), ms(end), tile, pass, lane, bytes, kind, reason, predicted, rows, sequence);
  trace.dropped += message.skipped;
  const newest = e.end[e.count - 1];
  first.show(trace, true);
  first.setRange(newest - LIVE_WINDOW_MS, newest);
  const now = performance.now();
  if (now - lastFigures > FIGURES_EVERY_MS) { lastFigures = now; figures(trace); }
}

/** The cards that come from the status: budget by account, ring, requests. */
export function showStatus(status) {
  const accounts = Object.entries(status.plan.accounts), budget = status.plan.budget_bytes;
  $('budget').replaceChildren(table(['account', 'size', ''], [...accounts.map(([name, bytes]) => [name, size(bytes), bar(bytes / budget, percent(bytes / budget))]), ['free', size(budget - status.plan.planned_bytes), '']]),
    el('p', { class: 'hint' }, `budget ${size(budget)}; resident now ${size(status.memory.resident_bytes)}, at most ${size(status.memory.resident_peak_bytes)}`));
  deviceRate = status.engine.device_bytes_per_second;
  const engine = status.engine, rows = [['prefetch depth', engine.prefetch_depth], ['free slots', `${engine.free_slots} of ${engine.total_slots}`], ['reads in flight', engine.reads_in_flight], ['read so far', size(engine.bytes_read)]];
  if (lastStatus && engine.bytes_read > lastStatus.bytes) {
    const rate = (engine.bytes_read - lastStatus.bytes) / (performance.now() - lastStatus.at) * 1000;
    rows.push(['disk now', `${(rate / 1e9).toFixed(2)} GB/s of ${(engine.device_bytes_per_second / 1e9).toFixed(2)} measured`]);
  }
  lastStatus = { bytes: engine.bytes_read, at: performance.now() };
  const lookups = engine.expert_hits + engine.expert_misses;
  if (lookups) rows.push(['experts found in memory', percent(engine.expert_hits / lookups)]);
  const tuning = engine.tuning;
  $('ring').replaceChildren(table(['', ''], rows), ...(tuning ? [el('p', {}, `Depth: ${tuning.finding}`), ...(tuning.decisions.length
    ? [table(['pass', 'depth', 'reads', 'why'], tuning.decisions.slice(-6).map(d => [d.pass, d.prefetch_depth, d.reads_in_flight, d.reason]))] : [])] : []));
  const requests = status.requests;
  $('requests').replaceChildren(table(['', ''], [['running', requests.running], ['waiting', requests.waiting], ['may wait', requests.queue_limit], ['tokens so far', engine.tokens]]));
}

