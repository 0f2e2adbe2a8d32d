// Starts the circuit with our own retry curve and notice; the page stays readable while the link is away.
import './copy.js';
import './countdown.js';
import './piecebar.js';
import './reconnect.js';
import './upload.js';

// With a <base> an in-page link would leave for the root; the skip link moves focus instead.
document.addEventListener('click', event => {
  if (!event.target.closest?.('.skip')) return;
  event.preventDefault();
  document.getElementById('content')?.focus();
});

// Single letters act only outside fields and dialogs: "a" adds, "/" searches.
document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.('input, textarea, select, [role=dialog], .mud-dialog')) return;
  const target = event.key === '/' ? document.getElementById('search') : event.key === 'a' ? document.getElementById('add-button') : null;
  if (!target) return;
  event.preventDefault();
  event.key === '/' ? target.focus() : target.click();
});

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
