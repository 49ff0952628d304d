// What of each layer is in memory when compute comes for it: of its matrices by bytes, of its experts by what passes demanded.
import { $, el, percent, size, table } from './dom.js';

let shown = '';

/** Shares of a layer: of its matrices, and of the experts that were demanded; null = it has none, or none was demanded. */
export function shares(layer) {
  const lookups = layer.expert_hits + layer.expert_misses;
  return { dense: layer.dense_bytes ? layer.held_bytes / layer.dense_bytes : null, experts: lookups ? layer.expert_hits / lookups : null };
}

/** Shows the layers of a status. */
export function show(layers) {
  const key = JSON.stringify(layers);
  if (key === shown) return;
  shown = key;
  const names = layers.map(l => l.layer < 0 ? 'outside' : String(l.layer)), all = layers.map(shares);
  const column = (share, kind, name) => {
    const fill = el('span', { class: kind });
    fill.style.height = `${(share ?? 0) * 100}%`;
    return el('span', { class: 'column', title: `${name}: ${percent(share)}` }, fill);
  };
  const isOpen = $('hits').querySelector('details')?.open ?? false;
  const hasExperts = all.some(s => s.experts !== null);
  const chart = kind => el('div', { class: 'columns', role: 'img', 'aria-label': `${kind === 'dense' ? 'Matrices' : 'Experts'} `
    + `found in memory, by layer: ${percent(least(all, kind))} at least, ${percent(most(all, kind))} at most` },
    ...all.flatMap((s, i) => s[kind] === null ? [] : [column(s[kind], kind, `layer ${names[i]}`)]));
  $('hits').replaceChildren(
    el('p', { class: 'hint' }, `Matrices, by bytes: ${percent(total(layers, 'held_bytes') / Math.max(1, total(layers, 'dense_bytes')))}`
      + ' stay in memory'), chart('dense'),
    ...(hasExperts ? [el('p', { class: 'hint' }, `Experts demanded: ${percent(total(layers, 'expert_hits')
      / (total(layers, 'expert_hits') + total(layers, 'expert_misses')))} were in memory`), chart('experts')] : []),
    el('details', { open: isOpen }, el('summary', {}, 'Each layer'), table(['layer', 'matrices', 'in memory', ...(hasExperts ? ['experts found'] : [])],
      layers.map((l, i) => [names[i], size(l.dense_bytes), all[i].dense === null ? '–' : percent(all[i].dense),
        ...(hasExperts ? [all[i].experts === null ? '–' : percent(all[i].experts)] : [])]))));
}

const total = (layers, name) => layers.reduce((sum, l) => sum + l[name], 0);
const least = (all, kind) => Math.min(...all.map(s => s[kind]).filter(s => s !== null));
const most = (all, kind) => Math.max(...all.map(s => s[kind]).filter(s => s !== null));
