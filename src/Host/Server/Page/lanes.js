// Lanes of a trace on a canvas: one per slot with its reads, then compute, eviction, passes. Zoom, pan, hover, keyboard.
import { KIND, KIND_NAMES, REASONS, tileName } from './trace-file.js';

const LANE_HEIGHT = 18, LANE_GAP = 4, AXIS_HEIGHT = 22, LABEL_WIDTH = 92;
const LEAST_MS = 0.001;

/** Groups of events by lane, each in order of time. */
export function buildLanes(trace) {
  const e = trace.events, byKey = new Map(), requests = [];
  const put = (key, order, name, i) => {
    let lane = byKey.get(key);
    if (!lane) byKey.set(key, lane = { key, order, name, items: [] });
    lane.items.push(i);
  };
  for (let i = 0; i < e.count; i++) {
    switch (e.kind[i]) {
      case KIND.load: {
        const expert = trace.firstExpertTile >= 0 && e.tile[i] >= trace.firstExpertTile;
        put(`${expert ? 'x' : 'r'}${e.lane[i]}`, (expert ? 2e6 : 1e6) + e.lane[i], e.lane[i] < 0 ? 'rows' : `${expert ? 'expert' : 'read'} slot ${e.lane[i]}`, i);
        break;
      }
      case KIND.compute: case KIND.wait: case KIND.sample: put('compute', 0, 'compute', i); break;
      case KIND.evict: put('evict', 5e6, 'eviction', i); break;
      case KIND.token: case KIND.prompt: put('passes', -1, 'passes', i); break;
      case KIND.request: requests.push(i); break;
      default: break;
    }
  }
  // A request lasts from its coming, so those that wait share time with the one that runs: each takes the first row that is free.
  requests.sort((a, b) => e.start[a] - e.start[b]);
  const rows = new Map();
  for (const i of requests) {
    const ends = rows.get(e.sequence[i]) ?? [], free = ends.findIndex(end => end <= e.start[i]), row = free < 0 ? ends.length : free;
    ends[row] = e.end[i];
    rows.set(e.sequence[i], ends);
    put(`q${e.sequence[i]}.${row}`, -1e6 + 1000 * e.sequence[i] + row, `sequence ${e.sequence[i] || '–'}`, i);
  }
  const lanes = [...byKey.values()].sort((a, b) => a.order - b.order);
  for (const lane of lanes) {
    lane.items.sort((a, b) => e.start[a] - e.start[b]);
    // Ends of overlapping reads are not in order; a running maximum lets a search find the first that may be seen.
    lane.reach = new Float64Array(lane.items.length);
    let reach = -Infinity;
    lane.items.forEach((i, k) => { reach = Math.max(reach, e.end[i]); lane.reach[k] = reach; });
  }
  return lanes;
}

function firstVisible(lane, from) {
  let low = 0, high = lane.reach.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lane.reach[middle] < from) low = middle + 1; else high = middle;
  }
  return low;
}

function firstStartingAt(lane, e, from, low) {
  let high = lane.items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (e.start[lane.items[middle]] < from) low = middle + 1; else high = middle;
  }
  return low;
}

/** The view of one trace on one canvas. */
export class LaneView {
  constructor(canvas, describe) {
    this.canvas = canvas;
    this.describe = describe; // (text, x, y) for a hovered or chosen event; ('', …) for none
    this.trace = null;
    this.lanes = [];
    this.from = 0;
    this.to = 1;
    this.chosen = -1;
    this.pending = false;
    this.onrange = null; // a second view that follows
    canvas.tabIndex = 0;
    canvas.addEventListener('wheel', e => this.#wheel(e), { passive: false });
    canvas.addEventListener('pointerdown', e => this.#drag(e));
    canvas.addEventListener('pointermove', e => { if (!e.buttons) this.#hover(e); });
    canvas.addEventListener('pointerleave', () => this.describe('', 0, 0));
    canvas.addEventListener('keydown', e => this.#key(e));
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { this.colors = null; this.draw(); });
  }

  /** Shows a trace; keeps the range if `keep`. */
  show(trace, keep = false) {
    this.trace = trace;
    this.lanes = trace ? buildLanes(trace) : [];
    this.canvas.style.height = `${AXIS_HEIGHT + Math.max(1, this.lanes.length) * (LANE_HEIGHT + LANE_GAP)}px`;
    if (!keep) this.fit(); else this.draw();
  }

  get extent() {
    const e = this.trace?.events;
    if (!e?.count) return [0, 1];
    let first = Infinity, last = 0;
    for (let i = 0; i < e.count; i++) { first = Math.min(first, e.start[i]); last = Math.max(last, e.end[i]); }
    return [first, Math.max(first + LEAST_MS, last)];
  }

  fit() { this.setRange(...this.extent); }

  setRange(from, to, tell = true) {
    this.from = from;
    this.to = Math.max(from + LEAST_MS, to);
    if (tell && this.onrange) this.onrange(this.from, this.to);
    this.draw();
  }

  zoom(factor, at = (this.from + this.to) / 2) {
    const [first, last] = this.extent, span = Math.min((this.to - this.from) * factor, (last - first) * 1.1);
    const share = (at - this.from) / (this.to - this.from);
    this.setRange(at - span * share, at + span * (1 - share));
  }

  draw() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => { this.pending = false; this.#paint(); });
  }

  #palette() {
    if (this.colors) return this.colors;
    const style = getComputedStyle(this.canvas), of = name => style.getPropertyValue(name).trim();
    return this.colors = {
      text: of('--text'), faint: of('--faint'), line: of('--line'), back: of('--panel'), chosen: of('--text'),
      kinds: { 2: of('--read'), 3: of('--compute'), 4: of('--wait'), 5: of('--evict'), 6: of('--pass'), 7: of('--pass'), 8: of('--prompt'), 9: of('--sample') },
      predicted: of('--predicted'),
    };
  }

  #paint() {
    const ratio = devicePixelRatio || 1, width = this.canvas.clientWidth, height = this.canvas.clientHeight;
    if (!width || !height) return;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    const g = this.canvas.getContext('2d'), colors = this.#palette();
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.fillStyle = colors.back;
    g.fillRect(0, 0, width, height);
    g.font = '11px system-ui, sans-serif';
    g.textBaseline = 'middle';
    if (!this.trace) return;
    this.#axis(g, width, height, colors);
    this.lanes.forEach((lane, k) => this.#lane(g, lane, AXIS_HEIGHT + k * (LANE_HEIGHT + LANE_GAP), width, colors));
  }

  #axis(g, width, height, colors) {
    const span = this.to - this.from, raw = span / Math.max(2, (width - LABEL_WIDTH) / 110);
    const power = 10 ** Math.floor(Math.log10(raw)), step = [1, 2, 5, 10].map(m => m * power).find(s => s >= raw);
    const digits = Math.max(0, -Math.floor(Math.log10(step)));
    g.strokeStyle = colors.line;
    g.fillStyle = colors.faint;
    g.beginPath();
    for (let t = Math.ceil(this.from / step) * step; t <= this.to; t += step) {
      const x = this.#x(t, width);
      g.moveTo(x + 0.5, AXIS_HEIGHT - 4);
      g.lineTo(x + 0.5, height);
      g.fillText(`${t.toFixed(digits)} ms`, x + 3, 9);
    }
    g.stroke();
  }

  #x(t, width) { return LABEL_WIDTH + (t - this.from) / (this.to - this.from) * (width - LABEL_WIDTH); }

  #lane(g, lane, y, width, colors) {
    const e = this.trace.events, perPixel = (this.to - this.from) / (width - LABEL_WIDTH);
    g.fillStyle = colors.faint;
    g.fillText(lane.name, 4, y + LANE_HEIGHT / 2, LABEL_WIDTH - 8);
    for (let k = firstVisible(lane, this.from); k < lane.items.length;) {
      const i = lane.items[k];
      if (e.start[i] > this.to) break;
      const x = Math.max(LABEL_WIDTH, this.#x(e.start[i], width)), right = Math.min(width, this.#x(e.end[i], width)), wide = right - x;
      g.fillStyle = e.predicted[i] && e.kind[i] === KIND.load ? colors.predicted : colors.kinds[e.kind[i]];
      if (right >= LABEL_WIDTH) g.fillRect(x, y, Math.max(1, wide), LANE_HEIGHT);
      if (i === this.chosen && right >= LABEL_WIDTH) {
        g.strokeStyle = colors.chosen;
        g.lineWidth = 2;
        g.strokeRect(x, y + 1, Math.max(2, wide), LANE_HEIGHT - 2);
        g.lineWidth = 1;
      }
      if (wide > 46) {
        g.save();
        g.beginPath();
        g.rect(x, y, wide, LANE_HEIGHT);
        g.clip();
        g.fillStyle = colors.back;
        g.fillText(e.tile[i] >= 0 ? tileName(this.trace, e.tile[i]) : `${KIND_NAMES[e.kind[i]]} ${e.pass[i]}`, x + 4, y + LANE_HEIGHT / 2);
        g.restore();
      }
      // What follows within the same pixel cannot be seen: go on with the first event of the next.
      k = wide < 1 ? Math.max(k + 1, firstStartingAt(lane, e, e.start[i] + perPixel, k + 1)) : k + 1;
    }
  }

  #at(event) {
    const box = this.canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    const t = this.from + (x - LABEL_WIDTH) / (box.width - LABEL_WIDTH) * (this.to - this.from);
    return { t, lane: this.lanes[Math.floor((y - AXIS_HEIGHT) / (LANE_HEIGHT + LANE_GAP))], slack: (this.to - this.from) / box.width * 2 };
  }

  #hover(event) {
    const { t, lane, slack } = this.#at(event);
    if (!lane || !this.trace) { this.describe('', 0, 0); return; }
    const e = this.trace.events;
    for (let k = firstVisible(lane, t - slack); k < lane.items.length && e.start[lane.items[k]] <= t + slack; k++) {
      const i = lane.items[k];
      if (e.end[i] >= t - slack) { this.describe(this.text(i), event.clientX, event.clientY); return; }
    }
    this.describe('', 0, 0);
  }

  /** One event in words: what, which tensor, how long, how many bytes at which rate, why. */
  text(i) {
    const e = this.trace.events, ms = e.end[i] - e.start[i], words = [KIND_NAMES[e.kind[i]]];
    if (e.tile[i] >= 0) words.push(tileName(this.trace, e.tile[i]));
    words.push(`${ms.toFixed(ms < 1 ? 3 : 2)} ms`);
    if (e.bytes[i] > 0) words.push(`${(e.bytes[i] / 1048576).toFixed(2)} MiB${ms > 0 ? ` at ${(e.bytes[i] / ms / 1e6).toFixed(2)} GB/s` : ''}`);
    if (e.kind[i] === KIND.wait) words.push(`because: ${REASONS[e.reason[i]]}`);
    if (e.predicted[i]) words.push(e.kind[i] === KIND.evict ? 'predicted in vain' : 'predicted');
    if (e.rows[i] > 0) words.push(e.kind[i] === KIND.request ? `${e.rows[i]} tokens` : `${e.rows[i]} ${e.rows[i] > 1 ? 'rows' : 'row'}`);
    if (e.sequence[i] > 0) words.push(`sequence ${e.sequence[i]}`);
    if (e.pass[i] >= 0) words.push(e.kind[i] === KIND.request ? `from pass ${e.pass[i]} on` : `pass ${e.pass[i]}`);
    return words.join(' · ');
  }

  #wheel(event) {
    event.preventDefault();
    if (event.ctrlKey || Math.abs(event.deltaY) >= Math.abs(event.deltaX)) {
      this.zoom(Math.exp(event.deltaY * 0.002), this.#at(event).t);
    } else {
      this.#pan(event.deltaX / this.canvas.clientWidth);
    }
  }

  #pan(share) {
    const by = (this.to - this.from) * share;
    this.setRange(this.from + by, this.to + by);
  }

  #drag(event) {
    const start = { x: event.clientX, from: this.from, to: this.to };
    this.canvas.setPointerCapture(event.pointerId);
    const move = m => {
      const by = (start.x - m.clientX) / this.canvas.clientWidth * (start.to - start.from);
      this.setRange(start.from + by, start.to + by);
    };
    const up = () => { this.canvas.removeEventListener('pointermove', move); this.canvas.removeEventListener('pointerup', up); };
    this.canvas.addEventListener('pointermove', move);
    this.canvas.addEventListener('pointerup', up);
  }

  #key(event) {
    const action = {
      ArrowLeft: () => this.#pan(-0.2), ArrowRight: () => this.#pan(0.2), '+': () => this.zoom(0.6), '=': () => this.zoom(0.6), '-': () => this.zoom(1 / 0.6),
      Home: () => this.fit(), '0': () => this.fit(), n: () => this.#step(1), p: () => this.#step(-1),
    }[event.key];
    if (!action || event.altKey || event.metaKey || (event.ctrlKey && event.key !== '0')) return;
    event.preventDefault();
    action();
  }

  // The next or last event of the compute lane within reach of the keyboard: chosen, told, and brought into view.
  #step(by) {
    const lane = this.lanes.find(l => l.key === 'compute') ?? this.lanes[0];
    if (!lane) return;
    const e = this.trace.events, at = lane.items.indexOf(this.chosen);
    const next = at < 0 ? firstVisible(lane, this.from) : Math.min(lane.items.length - 1, Math.max(0, at + by));
    this.chosen = lane.items[next];
    const middle = (e.start[this.chosen] + e.end[this.chosen]) / 2;
    if (middle < this.from || middle > this.to) { const half = (this.to - this.from) / 2; this.setRange(middle - half, middle + half); } else this.draw();
    const box = this.canvas.getBoundingClientRect();
    this.describe(this.text(this.chosen), box.left + this.#x(middle, box.width), box.top + AXIS_HEIGHT);
  }
}
