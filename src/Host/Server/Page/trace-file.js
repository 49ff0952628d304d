// Reads a .lstrace file (layout: docs/traces.md) into typed arrays, and takes live events in the same shape.

export const KIND = { submit: 1, load: 2, compute: 3, wait: 4, evict: 5, request: 6, token: 7, prompt: 8, sample: 9 };
export const KIND_NAMES = ['', 'submitted', 'read', 'compute', 'wait', 'evict', 'request', 'token', 'prompt pass', 'sampling'];
export const REASONS = ['none', 'prefetch late', 'demand', 'no free slot', 'cpu', 'gc pause', 'client', 'scheduler'];

const EVENT_BYTES = 40;
const MOST_HEADER_BYTES = 64 << 20;

/** Events as columns; times are milliseconds since the first event. */
export class Events {
  constructor(capacity) {
    this.count = 0;
    this.start = new Float64Array(capacity);
    this.end = new Float64Array(capacity);
    this.tile = new Int32Array(capacity);
    this.pass = new Int32Array(capacity);
    this.lane = new Int32Array(capacity);
    this.bytes = new Float64Array(capacity);
    this.kind = new Uint8Array(capacity);
    this.reason = new Uint8Array(capacity);
    this.predicted = new Uint8Array(capacity);
    this.rows = new Uint16Array(capacity);
    this.sequence = new Uint16Array(capacity);
  }

  get capacity() { return this.start.length; }

  add(start, end, tile, pass, lane, bytes, kind, reason, predicted, rows = 0, sequence = 0) {
    const i = this.count++;
    this.start[i] = start;
    this.end[i] = Math.max(start, end);
    this.tile[i] = tile;
    this.pass[i] = pass;
    this.lane[i] = lane;
    this.bytes[i] = bytes;
    this.kind[i] = kind;
    this.reason[i] = reason;
    this.predicted[i] = predicted;
    this.rows[i] = rows;
    this.sequence[i] = sequence;
  }

  /** The newest events only, in a buffer of the same size: what a live view keeps. */
  keepNewest(keep) {
    const first = Math.max(0, this.count - keep);
    for (const column of [this.start, this.end, this.tile, this.pass, this.lane, this.bytes, this.kind, this.reason, this.predicted, this.rows, this.sequence]) {
      column.copyWithin(0, first, this.count);
    }
    this.count -= first;
  }
}

/** A trace: names, rates and events. Throws an Error that says what is wrong with a file. */
export function parseTrace(buffer) {
  const view = new DataView(buffer);
  const need = (holds, text) => { if (!holds) throw new Error(text); };
  need(buffer.byteLength >= 20 && view.getUint32(0, false) === 0x4c535452, 'This is not a LayerStream trace.');
  const version = view.getUint32(4, true);
  need(version >= 1 && version <= 3, `Version ${version} of the trace format is not known here.`);
  const headerBytes = view.getUint32(8, true);
  need(headerBytes <= MOST_HEADER_BYTES && 20 + headerBytes <= buffer.byteLength, 'The file ends within its header.');
  const header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array(buffer, 12, headerBytes)));
  const at = 12 + headerBytes;
  const count = Number(view.getBigUint64(at, true));
  need(at + 8 + count * EVENT_BYTES === buffer.byteLength, 'The file holds fewer events than it claims.');
  const scale = 1000 / header.ticksPerSecond;
  let origin = Infinity;
  const ticks = i => Number(view.getBigInt64(at + 8 + i * EVENT_BYTES, true));
  for (let i = 0; i < count; i++) origin = Math.min(origin, ticks(i));
  const events = new Events(count);
  for (let i = 0; i < count; i++) {
    const o = at + 8 + i * EVENT_BYTES;
    events.add((ticks(i) - origin) * scale, (Number(view.getBigInt64(o + 8, true)) - origin) * scale, view.getInt32(o + 16, true), view.getInt32(o + 20, true),
      view.getInt32(o + 24, true), view.getInt32(o + 28, true), view.getUint8(o + 32), view.getUint8(o + 33), view.getUint8(o + 34), view.getUint16(o + 36, true), view.getUint16(o + 38, true));
  }
  return {
    model: header.model, depth: header.depth, budgetBytes: header.budgetBytes, deviceRate: header.deviceBytesPerSecond, dropped: header.dropped,
    firstExpertTile: header.firstExpertTile ?? -1, tileNames: header.tileNames, tileLayers: header.tileLayers, events,
  };
}

/** Name of a tile for people. */
export const tileName = (trace, tile) => tile < 0 ? '' : trace.tileNames[tile] ?? `tile ${tile}`;

/** Milliseconds per pass by stage, over the decode passes (or the prompt passes where there are none), and the tokens that a pass made:
 * one for each sequence, more where guesses held. */
export function stageTimes(trace) {
  const e = trace.events, passes = [];
  // Where older events are gone, a pass counts only if it began after the oldest that is left: of others the work is known in part.
  const known = e.count && (trace.dropped || trace.isPartial) ? Math.max(e.start[0], e.end[0]) : -Infinity;
  for (const kind of [KIND.token, KIND.prompt]) {
    for (let i = 0; i < e.count; i++) if (e.kind[i] === kind && e.end[i] > e.start[i] && e.start[i] >= known) passes.push(i);
    if (passes.length) break;
  }
  const stages = new Map(), add = (name, ms) => stages.set(name, (stages.get(name) ?? 0) + ms);
  passes.sort((a, b) => e.start[a] - e.start[b]);
  const work = [];
  for (let i = 0; i < e.count; i++) if (e.kind[i] === KIND.compute || e.kind[i] === KIND.wait || e.kind[i] === KIND.sample) work.push(i);
  work.sort((a, b) => e.start[a] - e.start[b]);
  let wall = 0, bytes = 0, drawn = 0, w = 0;
  for (const p of passes) {
    let spoken = e.start[p];
    wall += e.end[p] - e.start[p];
    while (w < work.length && e.end[work[w]] <= e.start[p]) w++;
    for (let k = w; k < work.length && e.start[work[k]] < e.end[p]; k++) {
      const i = work[k], ms = Math.min(e.end[i], e.end[p]) - Math.max(e.start[i], spoken);
      if (e.kind[i] === KIND.sample && e.pass[i] === e.pass[p]) drawn += e.rows[i];
      if (ms <= 0) continue;
      spoken = Math.min(e.end[i], e.end[p]);
      add(e.kind[i] === KIND.compute ? 'compute' : e.kind[i] === KIND.sample ? 'sampling' : `wait: ${REASONS[e.reason[i]]}`, ms);
    }
  }
  const ranges = passes.map(p => [e.start[p], e.end[p]]);
  let r = 0;
  const loads = [];
  for (let i = 0; i < e.count; i++) if (e.kind[i] === KIND.load && e.end[i] > e.start[i]) loads.push(i);
  loads.sort((a, b) => e.start[a] - e.start[b]);
  for (const i of loads) {
    while (r < ranges.length && ranges[r][1] <= e.start[i]) r++;
    for (let k = r; k < ranges.length && ranges[k][0] < e.end[i]; k++) {
      bytes += e.bytes[i] * (Math.min(e.end[i], ranges[k][1]) - Math.max(e.start[i], ranges[k][0])) / (e.end[i] - e.start[i]);
    }
  }
  const n = Math.max(1, passes.length), attributed = [...stages.values()].reduce((a, b) => a + b, 0);
  if (passes.length) stages.set('not attributed', Math.max(0, wall - attributed));
  return { passes: passes.length, tokens: (drawn || passes.length) / n, wallMs: wall / n, bytes: bytes / n, stages: new Map([...stages].map(([k, v]) => [k, v / n])) };
}

/** Waits per layer, longest first: [layer, ms per pass, name of the tile waited for most]. */
export function slowLayers(trace, passes) {
  const e = trace.events, layers = new Map();
  for (let i = 0; i < e.count; i++) {
    if (e.kind[i] !== KIND.wait || e.tile[i] < 0) continue;
    const layer = trace.tileLayers[e.tile[i]] ?? -1, ms = e.end[i] - e.start[i];
    const row = layers.get(layer) ?? { ms: 0, tiles: new Map() };
    row.ms += ms;
    row.tiles.set(e.tile[i], (row.tiles.get(e.tile[i]) ?? 0) + ms);
    layers.set(layer, row);
  }
  return [...layers].map(([layer, row]) => {
    const top = [...row.tiles].sort((a, b) => b[1] - a[1])[0][0];
    return { layer, ms: row.ms / Math.max(1, passes), tile: tileName(trace, top) };
  }).sort((a, b) => b.ms - a.ms);
}

/** Requests, longest first: sequence, tokens, and milliseconds in all, before the first pass, of prompt passes, and of what came then. */
export function slowRequests(trace) {
  const e = trace.events, passes = [], found = [];
  for (let i = 0; i < e.count; i++) {
    if (e.kind[i] === KIND.token || e.kind[i] === KIND.prompt) passes.push(i);
    if (e.kind[i] === KIND.request) found.push(i);
  }
  passes.sort((a, b) => e.start[a] - e.start[b]);
  return found.map(i => {
    const own = passes.filter(p => e.pass[p] >= e.pass[i] && e.end[p] <= e.end[i] + 0.01);
    if (!own.length || e.pass[own[0]] !== e.pass[i]) return { sequence: e.sequence[i], tokens: e.rows[i], ms: e.end[i] - e.start[i] }; // the first are overwritten
    const begin = own.length ? Math.max(e.start[i], e.start[own[0]]) : e.end[i];
    const firstToken = own.find(p => e.kind[p] === KIND.token), read = firstToken === undefined ? e.end[i] : Math.max(begin, e.start[firstToken]);
    return { sequence: e.sequence[i], tokens: e.rows[i], ms: e.end[i] - e.start[i], queueMs: begin - e.start[i], promptMs: read - begin, answerMs: e.end[i] - read };
  }).sort((a, b) => b.ms - a.ms);
}

/** Uses of every expert: a matrix of counts, layer × expert; null for a model without. */
export function expertUses(trace) {
  if (trace.firstExpertTile < 0) return null;
  const e = trace.events, rows = new Map();
  let experts = 0;
  for (let i = 0; i < e.count; i++) {
    if (e.kind[i] !== KIND.compute || e.tile[i] < trace.firstExpertTile) continue;
    const layer = trace.tileLayers[e.tile[i]], number = Number(/expert (\d+)/.exec(tileName(trace, e.tile[i]))?.[1] ?? 0);
    if (!rows.has(layer)) rows.set(layer, new Map());
    rows.get(layer).set(number, (rows.get(layer).get(number) ?? 0) + 1);
    experts = Math.max(experts, number + 1);
  }
  return rows.size ? { rows: [...rows].sort((a, b) => a[0] - b[0]), experts } : null;
}
