// Who held a slot in which round, one lane a peer: earned solid, optimistic striped. Drawn anew only when a round came or another was chosen.
const [LANE, GAP, TOP] = [18, 8, 2];
const drawn = new WeakMap();

export function draw(canvas, page, rounds, selected, gaps, lanes) {
  let state = drawn.get(canvas);
  if (!state) {
    state = {};
    drawn.set(canvas, state);
    const redraw = () => paint(canvas, state);
    new ResizeObserver(redraw).observe(canvas);
    new MutationObserver(redraw).observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    canvas.addEventListener('click', event => {
      const place = Math.floor((event.offsetX - state.left) / ((canvas.clientWidth - state.left) / state.rounds));
      if (place >= 0 && place < state.rounds) state.page.invokeMethodAsync('OnPick', place).catch(() => { });
    });
  }
  Object.assign(state, { page, rounds, selected, gaps, lanes });
  canvas.style.height = `${TOP * 2 + Math.max(1, lanes.length) * (LANE + GAP)}px`;
  canvas.dataset.rounds = String(rounds);
  paint(canvas, state);
}

function paint(canvas, state) {
  const { rounds, selected, gaps, lanes } = state;
  const [width, height, ratio] = [canvas.clientWidth, canvas.clientHeight, devicePixelRatio || 1];
  if (!width || !height) return;
  [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  const context = canvas.getContext('2d');
  const style = getComputedStyle(canvas);
  const color = name => style.getPropertyValue(name).trim();
  const left = state.left = width < 600 ? 104 : 170;
  const step = (width - left) / rounds;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = `12px ${style.fontFamily}`;
  context.textBaseline = 'middle';
  lanes.forEach((lane, row) => {
    const y = TOP + row * (LANE + GAP);
    context.fillStyle = color('--text');
    context.save();
    context.beginPath();
    context.rect(0, y, left - 8, LANE);
    context.clip();
    context.fillText(lane.name, 0, y + LANE / 2);
    context.restore();
    context.fillStyle = color('--raised');
    context.fillRect(left, y, width - left, LANE);
    for (const [kind, from, length] of lane.runs) {
      const [x, wide] = [left + from * step, Math.max(1, length * step - (step > 3 ? 1 : 0))];
      if (kind === 1) {
        context.fillStyle = color('--up');
        context.fillRect(x, y, wide, LANE);
        continue;
      }
      context.save();
      context.beginPath();
      context.rect(x, y, wide, LANE);
      context.clip();
      context.strokeStyle = color('--primary');
      context.lineWidth = 3;
      for (let at = x - LANE; at < x + wide; at += 7) {
        context.beginPath();
        context.moveTo(at, y + LANE);
        context.lineTo(at + LANE, y);
        context.stroke();
      }
      context.lineWidth = 1;
      context.strokeRect(x + 0.5, y + 0.5, wide - 1, LANE - 1);
      context.restore();
    }
  });
  context.strokeStyle = color('--text-3');
  context.setLineDash([2, 3]);
  for (const gap of gaps) {
    if (gap === 0) continue;
    context.beginPath();
    context.moveTo(left + gap * step, 0);
    context.lineTo(left + gap * step, height);
    context.stroke();
  }
  context.setLineDash([]);
  context.strokeStyle = color('--text');
  context.lineWidth = 2;
  context.strokeRect(left + selected * step + 1, 1, Math.max(4, step) - 2, height - 2);
}
