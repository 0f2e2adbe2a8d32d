// A hidden tab is sent nothing; it catches up with one frame when it is shown again.
let frame = null;

export function start(reference) {
  frame = reference;
}

document.addEventListener('visibilitychange', async () => {
  const isHidden = document.hidden;
  try {
    await frame?.invokeMethodAsync('OnVisible', !isHidden);
    document.documentElement.dataset.hidden = String(isHidden); // the circuit knows
  } catch {
    // The circuit is away: the reconnect notice takes over, and a new circuit starts visible.
    frame = null;
  }
});
