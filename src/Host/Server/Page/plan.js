// The curve of predicted speed against the memory budget, and what a budget buys.
import { $, size, table } from './dom.js';
import { json } from './http.js';

let curve = null;
const kneeIndex = () => curve.curve.findIndex(p => p.budget_bytes === curve.knee_budget_bytes);

export function start() {
  $('plan-budget').addEventListener('input', showPoint);
  new ResizeObserver(draw).observe($('plan-curve'));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
}

export async function open() {
  if (curve) return;
  $('plan-sentence').textContent = 'Predicting …';
  try {
    curve = await json('/v1/layerstream/plan');
  } catch (e) {
    $('plan-sentence').textContent = e.message;
    return;
  }
  $('plan-sentence').textContent = curve.summary;
  const slider = $('plan-budget'), now = curve.curve.findIndex(p => p.budget_bytes >= curve.budget_bytes);
  slider.max = curve.curve.length - 1;
  slider.value = Math.max(0, now);
  showPoint();
  draw();
}

function showPoint() {
  const point = curve?.curve[$('plan-budget').value];
  if (!point) return;
  $('plan-value').textContent = `${size(point.budget_bytes)}: ${point.predicted_tokens_per_second.toFixed(2)} tokens a second, ${size(point.read_bytes_per_token)} read per token`;
  $('plan-table').replaceChildren(table(['budget', 'tokens/s', 'read per token', 'bound by', ''],
    curve.curve.map((p, i) => [size(p.budget_bytes), p.predicted_tokens_per_second.toFixed(2), size(p.read_bytes_per_token), p.limited_by.replace('_', ' '), i === kneeIndex() ? 'knee: more buys little' : p === point ? '◀' : ''])));
  draw();
}

function draw() {
  const canvas = $('plan-curve'), width = canvas.clientWidth, height = canvas.clientHeight, ratio = devicePixelRatio || 1;
  if (!curve || !width) return;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const g = canvas.getContext('2d'), style = getComputedStyle(canvas), of = n => style.getPropertyValue(n).trim();
  g.scale(ratio, ratio);
  const points = curve.curve, least = Math.log(points[0].budget_bytes), span = Math.log(points.at(-1).budget_bytes) - least || 1, top = Math.max(...points.map(p => p.predicted_tokens_per_second)) * 1.1;
  const x = p => 50 + (Math.log(p.budget_bytes) - least) / span * (width - 70), y = p => height - 24 - p.predicted_tokens_per_second / top * (height - 40);
  g.font = '12px system-ui, sans-serif';
  g.fillStyle = of('--faint');
  g.strokeStyle = of('--line');
  for (let k = 0; k <= 4; k++) {
    const v = top * k / 4, py = height - 24 - k / 4 * (height - 40);
    g.beginPath(); g.moveTo(50, py); g.lineTo(width - 20, py); g.stroke();
    g.fillText(v.toFixed(v < 10 ? 1 : 0), 8, py + 4);
  }
  let free = Infinity; // labels from the right: one that would cover its neighbour is left out
  for (const p of [points.at(-1), points[kneeIndex()], points[0]]) {
    const left = Math.min(x(p), width - 70);
    if (left + 70 > free) continue;
    g.fillText(size(p.budget_bytes), left, height - 6);
    free = left;
  }
  g.strokeStyle = of('--accent');
  g.lineWidth = 2;
  g.beginPath();
  points.forEach((p, i) => i ? g.lineTo(x(p), y(p)) : g.moveTo(x(p), y(p)));
  g.stroke();
  const mark = (p, color, r) => { g.fillStyle = color; g.beginPath(); g.arc(x(p), y(p), r, 0, 7); g.fill(); };
  mark(points[kneeIndex()], of('--wait'), 6);
  mark(points[$('plan-budget').value], of('--accent'), 5);
  canvas.setAttribute('aria-label', `Predicted tokens per second from ${size(points[0].budget_bytes)} to ${size(points.at(-1).budget_bytes)}; the knee is at ${size(points[kneeIndex()].budget_bytes)}. The table below holds the figures.`);
}
