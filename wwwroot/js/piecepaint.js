// How pieces are drawn: pixels of one image, so that a hundred thousand cells are a loop and not a hundred thousand calls.
// States: 0 missing, 1 partly here, 2 asked for, 3 verified, 4 not wanted, 5 failed its check. A cell may stand for several pieces: its area is split by their shares.
const ORDER = [3, 1, 2, 0, 4, 5];
const RAIL = 148;
const EDGE = 4; // so that the cursor's frame is whole at the edges
const TICKS = 8;

const hex = text => {
  const digits = text.trim().slice(1);
  const full = digits.length === 3 ? [...digits].map(digit => digit + digit).join('') : digits;
  return [0, 2, 4].map(at => parseInt(full.slice(at, at + 2), 16) || 0);
};
const pack = ([red, green, blue]) => (255 << 24 | blue << 16 | green << 8 | red) >>> 0;
const mix = (one, other, share) => one.map((value, at) => Math.round(value * (1 - share) + other[at] * share));

/** Colours of the theme now, as pixels. */
export function palette(element) {
  const style = getComputedStyle(element);
  const of = name => hex(style.getPropertyValue(name));
  const [surface, missing, have, skip, line] = ['--surface', '--p-missing', '--p-have', '--p-skip', '--line'].map(of);
  const states = [missing, of('--p-partial'), of('--p-asked'), have, skip, of('--error')];
  return {
    surface: pack(surface),
    line: pack(line),
    states: states.map(pack),
    pale: states.map(color => pack(mix(color, surface, .5))),
    copies: [0, 1, 2, 3, 4, 5].map(level => pack(mix(missing, have, .25 + .15 * level))),
    text: style.getPropertyValue('--text').trim(),
    muted: style.getPropertyValue('--text-2').trim(),
    paper: style.getPropertyValue('--surface').trim(),
    error: style.getPropertyValue('--error').trim(),
    accent: style.getPropertyValue('--primary').trim(),
    font: style.fontFamily,
  };
}

/** Where cells lie, in device pixels: the largest cell that keeps the map low, one piece each as long as it fits, then several. */
export function layout(width, ratio, count, hasRail) {
  const rail = hasRail && width >= 700 ? Math.round(RAIL * ratio) : 0;
  const edge = Math.round(EDGE * ratio);
  const room = Math.round(width * ratio) - rail - edge - Math.round(TICKS * ratio);
  let [css, perCell] = [24, 1];
  const rows = (cell, pieces) => Math.ceil(Math.ceil(count / pieces) / Math.max(1, Math.floor(room / Math.round(cell * ratio))));
  while (css > 3 && rows(css, 1) * css > (css > 6 ? 320 : 620)) css--;
  if (css === 3 && rows(3, 1) * 3 > 960) {
    css = 6;
    perCell = Math.max(2, Math.ceil(count / (Math.max(1, Math.floor(room / Math.round(6 * ratio))) * 150)));
  }
  const step = Math.max(2, Math.round(css * ratio));
  const gap = Math.max(1, Math.round((css > 3 ? 1 : .75) * ratio));
  const columns = Math.max(1, Math.floor(room / step));
  const cells = Math.ceil(count / perCell);
  const high = Math.max(1, Math.ceil(cells / columns)) * step + 2 * edge;
  return { rail, left: rail + edge, top: edge, step, size: step - gap, columns, perCell, cells, high, width: Math.round(width * ratio), ratio };
}

export const at = (view, cell) => [view.left + (cell % view.columns) * view.step, view.top + Math.floor(cell / view.columns) * view.step];

function fill(image, x, y, wide, high, color) {
  for (let row = y; row < y + high; row++) {
    const from = row * image.width + x;
    for (let place = from; place < from + wide; place++) image.pixels[place] = color;
  }
}

function single(image, x, y, size, state, colors) {
  fill(image, x, y, size, size, colors[state === 1 || state === 2 ? 0 : state]);
  if (state === 1) fill(image, x, y + (size >> 1), size, size - (size >> 1), colors[1]);
  else if (state === 2) fill(image, x, y, size, Math.max(1, Math.round(size / 3)), colors[2]);
  else if (state === 4) for (let row = 0; row < size; row++) for (let column = 0; column < size; column++) if (((row + column) & 3) === 0) image.pixels[(y + row) * image.width + x + column] = image.line;
}

// From the bottom up, never less than a row: one missing piece among many verified ones stays visible.
function shared(image, x, y, size, values, first, last, colors) {
  const counts = [0, 0, 0, 0, 0, 0];
  for (let piece = first; piece < last; piece++) counts[values[piece]]++;
  const all = size * size;
  const parts = ORDER.map(state => counts[state] && Math.max(size, Math.round(all * counts[state] / (last - first))));
  const largest = parts.indexOf(Math.max(...parts));
  parts[largest] += all - parts.reduce((sum, part) => sum + part, 0);
  let drawn = 0;
  ORDER.forEach((state, place) => {
    for (let end = drawn + parts[place]; drawn < end && drawn < all; drawn++) image.pixels[(y + size - 1 - Math.floor(drawn / size)) * image.width + x + drawn % size] = colors[state];
  });
}

/** One cell by states; pale when its file is every second one. */
export function paintState(image, view, cell, values, colors) {
  const [x, y] = at(view, cell);
  const first = cell * view.perCell;
  const last = Math.min(values.length, first + view.perCell);
  last - first === 1 ? single(image, x, y, view.size, values[first], colors) : shared(image, x, y, view.size, values, first, last, colors);
}

/** One cell by copies among peers, in six steps that differ in height as well; the least of its pieces tells. */
export function paintCopies(image, view, cell, levels, paint) {
  const [x, y] = at(view, cell);
  let least = 5;
  for (let piece = cell * view.perCell; piece < Math.min(levels.length, (cell + 1) * view.perCell); piece++) least = Math.min(least, levels[piece]);
  const size = view.size;
  if (least === 0) {
    const border = Math.max(1, Math.round(size / 6));
    fill(image, x, y, size, size, paint.states[5]);
    if (size > 2) fill(image, x + border, y + border, size - 2 * border, size - 2 * border, paint.surface);
    return;
  }
  const high = Math.max(1, Math.round(size * least / 5));
  fill(image, x, y, size, size - high, paint.states[0]);
  fill(image, x, y + size - high, size, high, paint.copies[least]);
}

/** A bar of one row: each column of pixels is split by the shares of its pieces. */
export function paintStrip(image, high, values, paint) {
  const wide = image.width;
  fill(image, 0, 0, wide, high, paint.states[0]);
  if (!values.length) return;
  const cells = Math.min(values.length, wide);
  for (let cell = 0; cell < cells; cell++) {
    const [from, to] = [Math.floor(cell * wide / cells), Math.floor((cell + 1) * wide / cells)];
    const [first, last] = [Math.floor(cell * values.length / cells), Math.floor((cell + 1) * values.length / cells)];
    const counts = [0, 0, 0, 0, 0, 0];
    for (let piece = first; piece < last; piece++) counts[values[piece]]++;
    const gap = to - from > 5 ? 1 : 0;
    if (gap) fill(image, to - 1, 0, 1, high, paint.surface);
    let bottom = high;
    for (const state of ORDER) {
      if (!counts[state]) continue;
      const part = Math.min(bottom, Math.max(1, Math.round(high * counts[state] / (last - first))));
      fill(image, from, bottom - part, to - from - gap, part, paint.states[state === 2 ? 0 : state]);
      bottom -= part;
    }
    if (counts[2]) fill(image, from, 0, to - from - gap, Math.max(2, Math.round(high / 3)), paint.states[2]);
  }
}

/** What lies over the image: crosses on failed pieces and their ticks, rings, file names, the cursor. */
export function paintOver(context, view, paint, { failed, rings, files, cursor }) {
  const { ratio, size } = view;
  context.lineWidth = Math.max(1, ratio);
  for (const cell of rings) {
    const [x, y] = at(view, cell);
    context.strokeStyle = paint.text;
    context.strokeRect(x - .5, y - .5, size + 1, size + 1);
  }
  if (files) paintFiles(context, view, paint, files);
  const arm = Math.max(3 * ratio, size / 2 - ratio);
  for (const cell of failed) {
    const [x, y] = at(view, cell).map(place => place + size / 2);
    for (const [color, wide] of [[paint.paper, 4], [paint.error, 1.5]]) {
      context.strokeStyle = color;
      context.lineWidth = wide * ratio;
      context.beginPath();
      context.moveTo(x - arm, y - arm);
      context.lineTo(x + arm, y + arm);
      context.moveTo(x + arm, y - arm);
      context.lineTo(x - arm, y + arm);
      context.stroke();
    }
    context.fillStyle = paint.error;
    context.fillRect(view.width - 5 * ratio, at(view, cell)[1], 5 * ratio, Math.max(2 * ratio, size));
  }
  if (cursor >= 0 && cursor < view.cells) {
    const [x, y] = at(view, cursor);
    const grown = Math.max(2, ratio * 2);
    context.lineWidth = ratio * 4;
    context.strokeStyle = paint.paper;
    context.strokeRect(x - grown, y - grown, size + 2 * grown, size + 2 * grown);
    context.lineWidth = ratio * 2;
    context.strokeStyle = paint.text;
    context.strokeRect(x - grown, y - grown, size + 2 * grown, size + 2 * grown);
  }
}

function paintFiles(context, view, paint, files) {
  const { ratio, size, step, rail, perCell } = view;
  context.font = `${12 * ratio}px ${paint.font}`;
  context.textBaseline = 'top';
  let free = 0;
  files.forEach(({ name, first }, place) => {
    const cell = Math.floor(first / perCell);
    const [x, y] = at(view, cell);
    context.fillStyle = paint.text;
    if (place > 0) context.fillRect(x - Math.max(1, step - size), y, Math.max(1, step - size), size);
    if (!rail || y < free) return;
    free = y + 15 * ratio;
    context.fillRect(rail - 8 * ratio, y, 6 * ratio, Math.max(1, ratio));
    let text = name;
    while (text.length > 3 && context.measureText(text).width > rail - 16 * ratio) text = `${text.slice(0, -2)}…`.replace(/…+$/, '…');
    context.fillStyle = paint.muted;
    context.fillText(text, 0, y);
  });
}
