// The piece map: one canvas. The states come once by HTTP, half a byte a piece, then only what changed; a gap in the sequence asks anew.
import { palette, layout, at, paintState, paintCopies, paintStrip, paintOver } from './piecepaint.js';

const CALM = 120; // ms between two questions about the cell under the pointer
const REFRESH = 5000; // ms between two looks at copies, or at what a peer has
// What a peer has (1 we have it, 2 it has it, 4 we want it) drawn with the marks of states: both, only we, only it, not wanted.
const WHO = [0, 1, 4, 3, 0, 1, 2, 3];

/** Half bytes, the upper one first. */
export function unpack(bytes, count) {
  const values = new Uint8Array(count);
  for (let i = 0; i < count; i++) values[i] = i & 1 ? bytes[i >> 1] & 15 : bytes[i >> 1] >> 4;
  return values;
}

async function ask(url) {
  const answer = await fetch(url).catch(() => null);
  if (!answer?.ok) return null;
  const values = unpack(new Uint8Array(await answer.arrayBuffer()), Number(answer.headers.get('P2P-Pieces')));
  return { values, version: Number(answer.headers.get('P2P-Version')) };
}

/** A bar of the whole torrent; it is told all states once, then changes. */
export function strip(canvas) {
  let states = new Uint8Array(0);
  const map = surface(canvas, (context, width, ratio) => {
    const high = Math.round(16 * ratio);
    canvas.style.height = '16px';
    [canvas.width, canvas.height] = [Math.round(width * ratio), high];
    const paint = palette(canvas);
    const data = context.createImageData(canvas.width, high);
    paintStrip({ width: canvas.width, pixels: new Uint32Array(data.data.buffer), line: paint.line }, high, states, paint);
    context.putImageData(data, 0, 0);
  });
  return {
    full(values) {
      states = values;
      map.later();
    },
    patch(changes) {
      apply(states, changes, () => { });
      map.later();
    },
    stop: map.stop,
  };
}

function apply(states, changes, touch) {
  for (let place = 0; place < changes.length; place += 4) {
    const piece = changes[place] << 16 | changes[place + 1] << 8 | changes[place + 2];
    const before = states[piece];
    states[piece] = changes[place + 3];
    touch(piece, before, states[piece]);
  }
}

// Draws in the next frame, and again when the size or the theme changes.
function surface(canvas, draw) {
  let frame = 0;
  const context = canvas.getContext('2d');
  const later = () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      const width = canvas.parentElement?.clientWidth ?? 0;
      if (width > 0 && canvas.isConnected) draw(context, Math.max(60, canvas.clientWidth || width), Math.min(2, devicePixelRatio || 1));
    });
  };
  let seen = 0;
  const size = new ResizeObserver(() => {
    if (seen !== (seen = canvas.clientWidth)) later();
  });
  size.observe(canvas);
  const theme = () => later();
  document.addEventListener('themechange', theme);
  return {
    later,
    stop() {
      size.disconnect();
      document.removeEventListener('themechange', theme);
      cancelAnimationFrame(frame);
    },
  };
}

/** The map with its cursor; `page` is asked for the words of a cell. */
export function map(canvas, line, page) {
  let [states, version] = [new Uint8Array(0), -1];
  let [layer, layerUrl, extra, files] = ['state', null, new Uint8Array(0), null];
  let [view, image, data, paint, isWhole] = [null, null, null, null, true];
  let [cursor, piece, asked, timer, isPointed] = [-1, -1, 0, 0, false];
  const dirty = new Set();
  const rings = new Map();
  const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;

  const paintCell = cell => {
    if (layer === 'copies') return paintCopies(image, view, cell, extra, paint);
    if (layer === 'who') return paintState(image, view, cell, extra, paint.states);
    paintState(image, view, cell, states, layer === 'files' && fileOf(cell * view.perCell) & 1 ? paint.pale : paint.states);
  };

  // Files lie in the order of their pieces.
  const fileOf = first => {
    let [low, high] = [0, files.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (files[middle].first <= first) low = middle;
      else high = middle - 1;
    }
    return low;
  };

  const drawing = surface(canvas, (context, width, ratio) => {
    if (isWhole || !view || view.shown !== width || view.ratio !== ratio || view.theme !== document.documentElement.dataset.theme) {
      view = { ...layout(width, ratio, states.length, layer === 'files'), shown: width, theme: document.documentElement.dataset.theme };
      const high = view.high;
      canvas.style.height = `${high / ratio}px`;
      [canvas.width, canvas.height] = [view.width, high];
      paint = palette(canvas);
      data = context.createImageData(view.width, high);
      image = { width: view.width, pixels: new Uint32Array(data.data.buffer), line: paint.line };
      image.pixels.fill(paint.surface);
      for (let cell = 0; cell < view.cells; cell++) paintCell(cell);
      isWhole = false;
      if (piece >= 0) cursor = Math.floor(piece / view.perCell);
    } else {
      for (const cell of dirty) paintCell(cell);
    }
    dirty.clear();
    context.putImageData(data, 0, 0);
    const failed = new Set();
    if (layer !== 'copies' && layer !== 'who') for (let place = states.indexOf(5); place >= 0; place = states.indexOf(5, place + 1)) failed.add(Math.floor(place / view.perCell));
    paintOver(context, view, paint, { failed, rings: rings.keys(), files: layer === 'files' ? files : null, cursor });
    Object.assign(canvas.dataset, { version, layer, step: view.step, size: view.size, left: view.left, top: view.top, columns: view.columns, perCell: view.perCell, cells: view.cells, failed: failed.size });
  });

  const whole = () => {
    isWhole = true;
    drawing.later();
  };

  // The words of a cell are the server's: it knows who supplies a piece and which files it belongs to.
  const tell = async () => {
    asked = 0;
    if (piece < 0 || !view || !page) return;
    const first = cursor * view.perCell;
    const words = await page.invokeMethodAsync('OnCursor', view.perCell === 1 ? piece : first, Math.min(states.length, first + view.perCell) - 1).catch(() => null);
    if (words !== null) line.textContent = words;
  };
  const move = (next, isNow) => {
    if (!view || next < 0 || next >= view.cells || next === cursor) return;
    cursor = next;
    piece = cursor * view.perCell;
    drawing.later();
    if (isNow) {
      clearTimeout(asked);
      tell();
    } else {
      asked ||= setTimeout(tell, CALM);
    }
  };
  const pointed = event => {
    if (!view) return;
    const x = Math.floor((event.offsetX * view.ratio - view.left) / view.step);
    if (x >= 0 && x < view.columns) move(Math.floor((event.offsetY * view.ratio - view.top) / view.step) * view.columns + x, event.type === 'pointerdown');
  };
  const pressed = event => {
    if (!view) return;
    const from = Math.max(0, cursor);
    const next = { ArrowRight: from + 1, ArrowLeft: from - 1, ArrowDown: from + view.columns, ArrowUp: from - view.columns, Home: 0, End: view.cells - 1, PageDown: from + 10 * view.columns, PageUp: from - 10 * view.columns }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    move(Math.min(view.cells - 1, Math.max(0, next)), true);
  };
  canvas.addEventListener('pointermove', pointed);
  canvas.addEventListener('pointerdown', pointed);
  canvas.addEventListener('keydown', pressed);

  const look = async () => {
    if (!layerUrl || document.hidden) return;
    const [name, answer] = [layer, await ask(layerUrl)];
    if (!answer || name !== layer) return;
    extra = layer === 'who' ? answer.values.map(value => WHO[value & 7]) : answer.values;
    if (extra.length === states.length) whole();
  };

  return {
    async load(url) {
      const answer = await ask(url);
      if (!answer) return -1;
      ({ values: states, version } = answer);
      whole();
      return version;
    },
    // False says that a beat was missed: the sender then has the whole map fetched again.
    patch(from, to, changes) {
      if (from !== version) return false;
      version = to;
      let isTold = false;
      apply(states, changes, (changed, before, after) => {
        if (!view) return;
        const cell = Math.floor(changed / view.perCell);
        dirty.add(cell);
        isTold ||= cell === cursor;
        if (after === 3 && before !== 3 && !isCalm && layer === 'state') {
          rings.set(cell, 0);
          setTimeout(() => {
            rings.delete(cell);
            if (!rings.size) drawing.later();
          }, 2000);
        }
      });
      drawing.later();
      if (isTold) asked ||= setTimeout(tell, CALM);
      return true;
    },
    layer(name, url, list) {
      [layer, layerUrl, files] = [name, url, list ?? []];
      extra = new Uint8Array(states.length);
      clearInterval(timer);
      timer = url ? setInterval(look, REFRESH) : 0;
      whole();
      return look();
    },
    go(next) {
      if (!view || next < 0 || next >= states.length) return;
      piece = next;
      cursor = Math.floor(next / view.perCell);
      drawing.later();
      canvas.scrollIntoView({ block: 'nearest' });
      return tell();
    },
    stop() {
      clearInterval(timer);
      clearTimeout(asked);
      drawing.stop();
    },
  };
}
