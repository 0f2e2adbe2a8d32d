// Starts the circuit with our own retry curve and notice; the page stays readable while the link is away.
import './copy.js';
import './countdown.js';
import './piecebar.js';
import './reconnect.js';
import { inspect } from './upload.js';

// With a <base> an in-page link would leave for the root; the skip link moves focus instead.
document.addEventListener('click', event => {
  if (!event.target.closest?.('.skip')) return;
  event.preventDefault();
  document.getElementById('content')?.focus();
});

// Single letters act only outside fields, dialogs and menus, and not when they are switched off.
const PAGES = { t: './', c: 'create', i: 'insights', e: 'events', s: 'settings', h: 'help' };
let isGoing = 0;

function targetOf(key) {
  const isAfterG = Date.now() - isGoing < 1500;
  isGoing = key === 'g' ? Date.now() : 0;
  if (isAfterG && PAGES[key]) return document.querySelector(`.side a[href="${PAGES[key]}"]`);
  if (key === '?') return document.querySelector('.side a[href="help"]');
  if (key === 'a') return document.getElementById('add-button');
  if (key === 'e') return document.getElementById('explain');
  if (/^[1-9]$/.test(key)) return document.querySelectorAll('nav.tabs a')[Number(key) - 1];
  return null;
}

document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || document.documentElement.dataset.shortcuts === 'off') return;
  if (event.target.closest?.('input, textarea, select, [contenteditable], [role=dialog], [role=menu], .mud-dialog') || document.querySelector('[role=dialog]')) return;
  const search = event.key === '/' ? document.getElementById('search') : null;
  const target = search ?? targetOf(event.key);
  if (!target) return;
  event.preventDefault();
  if (search) target.focus();
  else target.click();
});

// The installed page is given files that were opened with it.
window.launchQueue?.setConsumer(async launch => inspect(await Promise.all(launch.files.map(handle => handle.getFile()))));

Blazor.start({
  circuit: {
    // The server pings every 5 s, so 15 s of silence is a dead link; our own pings keep an idle page alive.
    configureSignalR: builder => builder.withServerTimeout(15000).withKeepAliveInterval(5000),
    reconnectionOptions: {
      maxRetries: 100000,
      retryIntervalMilliseconds: attempts => Math.min(5000, attempts * 1000),
    },
  },
});
