// Counts down to server deadlines in the browser: no traffic between two rounds.
// <time data-deadline="unix ms" data-done="text"> shows digits; [data-ring="unix ms"][data-span="ms"] empties a ring.
const meta = document.querySelector('meta[name="server-now"]');
// The clock of the wall: the other one stands still while a notebook sleeps.
const skew = meta ? Number(meta.content) - Date.now() : 0;
const now = () => Date.now() + skew;

function words(milliseconds) {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${Math.floor(seconds / 3600)} h ${String(Math.floor(seconds / 60) % 60).padStart(2, '0')} min`;
}

function draw() {
  for (const element of document.querySelectorAll('[data-deadline]')) {
    const left = Number(element.dataset.deadline) - now();
    const text = left > 0 ? words(left) : element.dataset.done ?? 'now';
    if (element.textContent !== text) element.textContent = text;
  }

  for (const ring of document.querySelectorAll('[data-ring]')) {
    const share = Math.min(1, Math.max(0, (Number(ring.dataset.ring) - now()) / Number(ring.dataset.span)));
    ring.style.strokeDashoffset = String(100 - share * 100);
  }
}

new MutationObserver(draw).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-deadline', 'data-ring'] });
setInterval(draw, 250);
draw();
