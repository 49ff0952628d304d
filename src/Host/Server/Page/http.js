// Requests to this server. The key is asked for once and kept in memory only.
let key = '';

function askForKey() {
  const dialog = document.getElementById('key-dialog'), input = document.getElementById('key');
  return new Promise(resolve => {
    dialog.addEventListener('close', () => { key = input.value; input.value = ''; resolve(); }, { once: true });
    if (!dialog.open) dialog.showModal();
  });
}

let asking = null;

/** fetch with the key; asks for one after a 401. Throws an Error with the server's message for any other failure. */
export async function call(path, options = {}) {
  for (let attempt = 0; ; attempt++) {
    const headers = { ...options.headers, ...(key ? { Authorization: `Bearer ${key}` } : {}), ...(options.body ? { 'Content-Type': 'application/json' } : {}) };
    const response = await fetch(path, { ...options, headers });
    if (response.status === 401 && attempt < 3) {
      asking ??= askForKey().finally(() => { asking = null; });
      await asking;
      continue;
    }
    if (!response.ok && response.status !== 503) throw new Error(await messageOf(response));
    return response;
  }
}

export async function json(path) {
  const response = await call(path);
  if (!response.ok) throw new Error(await messageOf(response));
  return response.json();
}

export async function messageOf(response) {
  try { return (await response.json()).error.message; } catch { return `HTTP ${response.status}`; }
}

/** The data of every server-sent event of a response; ends with the stream. */
export async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const parts = (rest + value).split('\n\n');
      rest = parts.pop();
      for (const part of parts) {
        const data = part.split('\n').filter(l => l.startsWith('data:')).map(l => l.slice(5).trimStart()).join('\n');
        if (data) yield data;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
