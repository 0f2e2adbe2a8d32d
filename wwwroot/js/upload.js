// Uploads by HTTP, so the circuit never carries a file: choose or drop -> inspect -> the page shows a look inside -> add by id.
const overlay = document.getElementById('drop-target');
let page = null;
let depth = 0;

const hasFiles = event => event.dataTransfer?.types.includes('Files') ?? false;

async function answer(response) {
  const body = await response.json().catch(() => null);
  if (response.ok) return { ok: true, body };
  return { ok: false, error: body?.detail ?? body?.title ?? `The server answered ${response.status}.` };
}

async function send(url, options) {
  try {
    return await answer(await fetch(url, options));
  } catch {
    return { ok: false, error: 'The client did not answer. Try again when the page is connected.' };
  }
}

async function inspect(files) {
  const list = [...files].slice(0, 200);
  for (const file of list) {
    const form = new FormData();
    form.append('torrent', file, file.name);
    const result = await send('api/v1/torrents/inspect', { method: 'POST', body: form });
    // As a stream: a torrent with many files makes an answer larger than one message of the circuit may be.
    await page?.invokeMethodAsync('OnInspected', file.name, DotNet.createJSStreamReference(new TextEncoder().encode(JSON.stringify(result))));
  }
}

export function start(reference) {
  page = reference;
}

export function choose() {
  const input = document.getElementById('torrent-file');
  input.value = '';
  input.click();
}

export async function add(fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return JSON.stringify(await send('api/v1/torrents', { method: 'POST', body: form }));
}

export function stop() {
  page = null;
}

document.getElementById('torrent-file').addEventListener('change', event => inspect(event.target.files));
document.addEventListener('dragenter', event => {
  if (!hasFiles(event)) return;
  depth++;
  overlay.classList.add('on');
});
document.addEventListener('dragleave', event => {
  if (hasFiles(event) && --depth <= 0) {
    depth = 0;
    overlay.classList.remove('on');
  }
});
document.addEventListener('dragover', event => {
  if (hasFiles(event)) event.preventDefault();
});
document.addEventListener('drop', event => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  depth = 0;
  overlay.classList.remove('on');
  inspect(event.dataTransfer.files);
});
