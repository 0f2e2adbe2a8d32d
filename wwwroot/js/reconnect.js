// A blip shows nothing; after 2 s a small bar; a restarted client reloads the same address. Reading is never blocked.
const notice = document.getElementById('components-reconnect-modal');
const text = document.getElementById('reconnect-text');
let timer = 0;
let lostAt = 0;

const clock = () => new Date().toLocaleTimeString('en-GB');
const { reconnecting, linkLost, notAnswering } = notice.dataset; // in the page's language

async function isAnswering() {
  try {
    return (await fetch('health', { cache: 'no-store', signal: AbortSignal.timeout(2000) })).status < 600;
  } catch {
    return false;
  }
}

async function step() {
  const seconds = (Date.now() - lostAt) / 1000;
  if (seconds < 2) return;
  notice.dataset.level = seconds < 10 ? '1' : '2';
  document.documentElement.classList.add('stale');
  if (seconds < 10) {
    text.textContent = reconnecting.replace('{0}', notice.dataset.asOf);
    return;
  }

  text.textContent = (await isAnswering())
    ? linkLost
    : notAnswering;
}

function lost() {
  if (lostAt) return;
  lostAt = Date.now();
  notice.dataset.asOf = clock();
  timer = setInterval(step, 1000);
}

function found() {
  clearInterval(timer);
  lostAt = 0;
  delete notice.dataset.level;
  document.documentElement.classList.remove('stale');
}

async function retry() {
  if (!(await isAnswering())) return;
  const isBack = await Blazor.reconnect().catch(() => false);
  if (!isBack) location.reload();
}

notice.addEventListener('components-reconnect-state-changed', event => {
  const state = event.detail?.state;
  if (state === 'show' || state === 'retrying') lost();
  else if (state === 'hide') found();
  else if (state === 'failed') lost();
  // The server answers but does not know this circuit: the process is a new one. Everything worth keeping is in the address.
  else if (state === 'rejected' || state === 'resume-failed') location.reload();
});
document.getElementById('reconnect-now').addEventListener('click', retry);
document.addEventListener('visibilitychange', () => { if (!document.hidden && lostAt) retry(); });
window.addEventListener('online', () => { if (lostAt) retry(); });
