// Uploads by HTTP, so the circuit never carries a file: choose or drop -> inspect -> the page shows a look inside -> add by id.
const overlay = document.getElementById('drop-target');
// What people do before the circuit is there, or while it comes back, waits for it.
const waiting = [];
const MaxFiles = 200; // of one drop; the server keeps as many uploads
const Few = 3; // so many are shown one after the other, more as a list
const Ahead = 4; // so many are on their way at once; they are told in order
const MaxBytes = 64 << 20; // of one file, as the server allows
let page = null;
let depth = 0;

async function tell(say) {
  if (page) await say(page);
  else if (waiting.length < 2 * MaxFiles) waiting.push(say);
}

const hasFiles = event => event.dataTransfer?.types.includes('Files') ?? false;

async function answer(response) {
  const body = await response.json().catch(() => null);
  if (response.ok) return { ok: true, body };
  return { ok: false, error: body?.detail ?? body?.title ?? `The server answered ${response.status}.`, code: body?.code };
}

async function send(url, options) {
  try {
    return await answer(await fetch(url, options));
  } catch {
    return { ok: false, code: 'silent' }; // The page has the words, in its language.
  }
}

// What can be told without sending anything.
function look(file) {
  if (file.size === 0) return { ok: false, code: 'upload.empty' };
  if (file.size > MaxBytes) return { ok: false, code: 'upload.too_large' };
  const form = new FormData();
  form.append('torrent', file, file.name);
  return send('api/v1/torrents/inspect', { method: 'POST', body: form });
}

export async function inspect(files) {
  const list = [...files].slice(0, MaxFiles);
  const isMany = files.length > Few;
  const refused = files.length - list.length;
  if (isMany) await tell(page => page.invokeMethodAsync('OnMany', list.length, refused));
  const looks = [];
  for (const [i, file] of list.entries()) {
    while (looks.length < Math.min(i + Ahead, list.length)) looks.push(look(list[looks.length]));
    const result = await looks[i];
    looks[i] = null; // A long list of files is told once and then let go.
    // As a stream: a torrent with many files makes an answer larger than one message of the circuit may be.
    await tell(page => page.invokeMethodAsync('OnInspected', file.name, isMany, DotNet.createJSStreamReference(new TextEncoder().encode(JSON.stringify(result)))));
  }
}

export async function start(reference) {
  page = reference;
  for (const say of waiting.splice(0)) await tell(say);
}

export async function add(fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return JSON.stringify(await send('api/v1/torrents', { method: 'POST', body: form }));
}

export function stop() {
  page = null;
}

// Sends one file into the shared folder; by XMLHttpRequest, which tells how far it is.
export function share(file, onProgress) {
  return new Promise(done => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append('file', file, file.name);
    request.upload.onprogress = event => onProgress(event.loaded, event.total);
    request.onload = async () => done(await answer(new Response(request.responseText, { status: request.status })));
    request.onerror = () => done({ ok: false, code: 'silent' });
    request.open('POST', 'api/v1/shared');
    request.send(form);
  });
}

// In the click itself: a browser opens its file dialog only for a fresh gesture.
document.addEventListener('click', event => {
  if (!event.target.closest?.('[data-choose-files]')) return;
  const input = document.getElementById('torrent-file');
  input.value = '';
  input.click();
});

const isLink = text => /^(magnet:\?\S+|[0-9a-f]{40}|[a-z2-7]{32})$/i.test(text) && text.length <= 8192;

// A link pasted outside of any field opens the dialog; inside of one it belongs to the field.
document.addEventListener('paste', event => {
  if (event.target.closest?.('input, textarea, select, [contenteditable], [role=dialog], .mud-dialog')) return;
  const text = event.clipboardData?.getData('text/plain').trim() ?? '';
  if (event.clipboardData?.files.length) {
    event.preventDefault();
    inspect(event.clipboardData.files);
  } else if (isLink(text)) {
    event.preventDefault();
    tell(page => page.invokeMethodAsync('OnPasted', text));
  }
});

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
