// Small pieces of a page: text is always text, never markup.

export const $ = id => document.getElementById(id);

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === 'class') node.className = value; else if (name in node) node[name] = value; else node.setAttribute(name, value);
  }
  node.append(...children.filter(c => c !== null && c !== undefined));
  return node;
}

/** A table: heads, then rows of cells; numbers are set to the right. */
export function table(heads, rows) {
  const right = rows[0]?.map(c => typeof c === 'number' || /^[−+\d]/.test(String(c))) ?? [];
  const cell = (tag, c, i) => el(tag, { class: right[i] ? 'n' : '' }, c instanceof Node ? c : String(c));
  return el('table', {}, el('thead', {}, el('tr', {}, ...heads.map((h, i) => cell('th', h, i)))), el('tbody', {}, ...rows.map(r => el('tr', {}, ...r.map((c, i) => cell('td', c, i))))));
}

export function bar(share, label) {
  const fill = el('span');
  fill.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return el('span', { class: 'bar', role: 'img', 'aria-label': label }, fill);
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export function size(bytes) {
  let unit = 0;
  while (Math.abs(bytes) >= 1024 && unit < UNITS.length - 1) { bytes /= 1024; unit++; }
  return `${bytes.toFixed(unit === 0 || bytes >= 100 ? 0 : bytes >= 10 ? 1 : 2)} ${UNITS[unit]}`;
}

export const percent = share => `${Math.round(share * 100)} %`;
