// Drawings of the peers tab: everybody as a wall of cells, and the pieces of one peer over ours.
const color = (element, name) => getComputedStyle(element).getPropertyValue(name).trim();

// A canvas that is drawn again when its size or the theme changes; answers how to draw it now and how to end it.
function painted(canvas, paint) {
  let frame = 0;
  const draw = () => {
    frame = 0;
    const ratio = Math.min(2, devicePixelRatio || 1);
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width || !canvas.isConnected) return;
    [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    const context = canvas.getContext('2d');
    context.scale(ratio, ratio);
    paint(context, width, height);
  };
  const later = () => { frame ||= requestAnimationFrame(draw); };
  const size = new ResizeObserver(later);
  size.observe(canvas);
  document.addEventListener('themechange', later);
  const end = () => {
    size.disconnect();
    document.removeEventListener('themechange', later);
    cancelAnimationFrame(frame);
  };
  return { later, end };
}

// One cell a peer. Fill from the bottom: what it has. Upper bar: it lets us; right bar: we let it, dashed when drawn by lot; cross: it snubs us.
export function wall(canvas, page) {
  const [cell, gap] = [20, 4];
  let cells = new Uint8Array(0);
  const columns = () => Math.max(1, Math.floor((canvas.clientWidth + gap) / (cell + gap)));
  const { later, end } = painted(canvas, context => {
    const [surface, have, down, up, line, error] = ['--p-missing', '--p-partial', '--down', '--up', '--control', '--error'].map(name => color(canvas, name));
    cells.forEach((value, index) => {
      const [x, y] = [(index % columns()) * (cell + gap), Math.floor(index / columns()) * (cell + gap)];
      context.fillStyle = surface;
      context.fillRect(x, y, cell, cell);
      context.fillStyle = have;
      const height = cell * (value >> 4) / 15;
      context.fillRect(x, y + cell - height, cell, height);
      context.strokeStyle = line;
      context.lineWidth = 1;
      context.strokeRect(x + .5, y + .5, cell - 1, cell - 1);
      if (value & 1) {
        context.fillStyle = down;
        context.fillRect(x, y, cell, 4);
      }
      if (value & 2) {
        context.fillStyle = up;
        for (let part = 0; part < cell; part += value & 4 ? 5 : cell) context.fillRect(x + cell - 4, y + part, 4, value & 4 ? 3 : cell);
      }
      if (value & 8) {
        context.strokeStyle = error;
        context.lineWidth = 2;
        context.beginPath();
        context.moveTo(x + 5, y + 7);
        context.lineTo(x + 13, y + 15);
        context.moveTo(x + 13, y + 7);
        context.lineTo(x + 5, y + 15);
        context.stroke();
      }
    });
    canvas.dataset.cells = String(cells.length);
  });
  const press = event => {
    const [column, row] = [Math.floor(event.offsetX / (cell + gap)), Math.floor(event.offsetY / (cell + gap))];
    if (column < columns()) page.invokeMethodAsync('OnCell', row * columns() + column).catch(() => { });
  };
  canvas.addEventListener('click', press);
  const fit = () => {
    const height = `${Math.ceil(cells.length / columns()) * (cell + gap)}px`;
    if (canvas.style.height !== height) canvas.style.height = height;
  };
  const width = new ResizeObserver(fit);
  width.observe(canvas);
  return {
    show(values) {
      cells = values;
      fit();
      later();
    },
    stop() {
      canvas.removeEventListener('click', press);
      width.disconnect();
      end();
    },
  };
}

// Above what the peer has, below what we have; what it has and we want is marked between. Asked again every 5 s while it is open.
export function strip(canvas, url) {
  let pieces = null;
  const { later, end } = painted(canvas, (context, width, height) => {
    context.clearRect(0, 0, width, height);
    if (!pieces) return;
    const [missing, theirs, ours, mark] = ['--p-missing', '--p-have', '--p-partial', '--p-asked'].map(name => color(canvas, name));
    const lane = (height - 6) / 2;
    context.fillStyle = missing;
    context.fillRect(0, 0, width, lane);
    context.fillRect(0, height - lane, width, lane);
    const parts = Math.min(Math.floor(width), pieces.length);
    for (let part = 0; part < parts; part++) {
      const [from, to] = [Math.floor(part * pieces.length / parts), Math.max(Math.floor((part + 1) * pieces.length / parts), Math.floor(part * pieces.length / parts) + 1)];
      let [they, we, lacking] = [0, 0, 0];
      for (let piece = from; piece < to; piece++) {
        const value = pieces[piece];
        they += value >> 1 & 1;
        we += value & 1;
        lacking += (value & 7) === 6 ? 1 : 0;
      }
      const [x, wide] = [part * width / parts, width / parts + .5];
      context.fillStyle = theirs;
      context.fillRect(x, lane * (1 - they / (to - from)), wide, lane * they / (to - from));
      context.fillStyle = ours;
      context.fillRect(x, height - lane * we / (to - from), wide, lane * we / (to - from));
      if (lacking) {
        context.fillStyle = mark;
        context.fillRect(x, lane + 1, wide, 4);
      }
    }
    canvas.dataset.pieces = String(pieces.length);
  });
  const load = async () => {
    if (document.hidden) return;
    const answer = await fetch(url).catch(() => null);
    if (!answer?.ok) return;
    pieces = unpack(new Uint8Array(await answer.arrayBuffer()), Number(answer.headers.get('P2P-Pieces')));
    later();
  };
  const timer = setInterval(load, 5000);
  load();
  return {
    stop() {
      clearInterval(timer);
      end();
    },
  };
}

/** Nibbles, the upper half of a byte first. */
export function unpack(bytes, count) {
  const values = new Uint8Array(count);
  for (let i = 0; i < count; i++) values[i] = i & 1 ? bytes[i >> 1] & 15 : bytes[i >> 1] >> 4;
  return values;
}

export function focus(id) {
  document.getElementById(id)?.focus();
}
