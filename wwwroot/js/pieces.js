// The piece map: one canvas, one byte per piece, only changed cells are drawn again. No DOM node per piece.
// States: 0 missing, 1 partial, 2 requested, 3 have, 4 not wanted.
const maps = new WeakMap();

class PieceMap {
  constructor(canvas, line, isStrip) {
    this.canvas = canvas;
    this.isStrip = isStrip;
    this.line = line;
    this.states = new Uint8Array(0);
    this.copies = new Uint8Array(0);
    this.layer = 'state';
    this.cursor = -1;
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(canvas.parentElement);
    this.onTheme = () => this.draw();
    document.addEventListener('themechange', this.onTheme);
    canvas.addEventListener('pointermove', event => this.point(event));
    canvas.addEventListener('keydown', event => this.key(event));
  }

  measure() {
    const width = Math.max(60, this.canvas.parentElement.clientWidth);
    const count = Math.max(1, this.states.length);
    // Largest cell that keeps the map low; a cell stands for several pieces when even the smallest would not fit.
    const [largest, smallest, good, most] = this.isStrip ? [10, 5, 40, 40] : [16, 3, 480, 900];
    let cell = largest;
    while (cell > smallest && Math.ceil(count / Math.floor(width / cell)) * cell > good) cell--;
    this.columns = Math.max(1, Math.floor(width / cell));
    if (this.isStrip && count * 3 <= width) {
      this.columns = count;
      cell = 12;
    }
    const rowsAllowed = Math.max(1, Math.floor(most / cell));
    this.perCell = Math.max(1, Math.ceil(count / (this.columns * rowsAllowed)));
    this.cells = Math.ceil(count / this.perCell);
    this.cell = cell;
    // One row that does not fill the width is stretched: a strip reads as a bar.
    this.cellWidth = this.cells <= this.columns && this.isStrip ? width / this.cells : cell;
    if (this.cells <= this.columns && !this.isStrip) this.cellWidth = Math.min(32, width / this.cells);
    this.rows = Math.ceil(this.cells / this.columns);
    const ratio = window.devicePixelRatio || 1;
    this.canvas.style.height = `${this.rows * cell}px`;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(this.rows * cell * ratio);
    this.context = this.canvas.getContext('2d');
    this.context.scale(ratio, ratio);
    const style = getComputedStyle(document.documentElement);
    this.colours = ['--p-missing', '--p-partial', '--p-asked', '--p-have', '--p-skip', '--error', '--surface'].map(name => style.getPropertyValue(name).trim());
  }

  draw() {
    if (!this.canvas.isConnected) return;
    this.measure();
    for (let index = 0; index < this.cells; index++) this.paint(index);
  }

  paint(index) {
    const size = this.cell > 4 ? this.cell - 1 : this.cell - .5;
    const gap = this.cell - size;
    const wide = this.cellWidth - gap;
    const x = (index % this.columns) * this.cellWidth;
    const y = Math.floor(index / this.columns) * this.cell;
    const context = this.context;
    context.fillStyle = this.colours[6];
    context.fillRect(x, y, this.cellWidth, this.cell);
    const first = index * this.perCell;
    const last = Math.min(this.states.length, first + this.perCell);
    if (this.layer === 'copies') {
      let least = 255;
      for (let piece = first; piece < last; piece++) least = Math.min(least, this.copies[piece] ?? 0);
      if (least === 0) {
        context.strokeStyle = this.colours[5];
        context.strokeRect(x + .5, y + .5, Math.max(1, wide - 1), Math.max(1, size - 1));
        return;
      }
      context.globalAlpha = Math.min(1, .18 + .14 * Math.min(6, least));
      context.fillStyle = this.colours[3];
      context.fillRect(x, y, wide, size);
      context.globalAlpha = 1;
      return;
    }

    // Shares, never "the dominant one wins": a single missing piece stays visible.
    const shares = [0, 0, 0, 0, 0];
    for (let piece = first; piece < last; piece++) shares[this.states[piece]]++;
    let bottom = y + size;
    for (const state of [3, 1, 2, 0, 4]) {
      if (shares[state] === 0) continue;
      const height = Math.max(1, size * shares[state] / (last - first));
      context.fillStyle = this.colours[state === 2 ? 0 : state];
      context.fillRect(x, Math.max(y, bottom - height), wide, Math.min(height, bottom - y));
      bottom -= height;
    }
    if (shares[2] > 0) {
      context.fillStyle = this.colours[2];
      context.fillRect(x, y, wide, Math.max(1.5, size / 3));
    }
  }

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    this.tell(Math.floor((event.clientY - box.top) / this.cell) * this.columns + Math.floor((event.clientX - box.left) / this.cellWidth));
  }

  key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.columns, ArrowUp: -this.columns }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    this.tell(Math.min(this.cells - 1, Math.max(0, this.cursor + step)));
    this.draw();
    this.context.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue('--text');
    this.context.lineWidth = 2;
    this.context.strokeRect((this.cursor % this.columns) * this.cellWidth, Math.floor(this.cursor / this.columns) * this.cell, this.cellWidth - 1, this.cell - 1);
  }

  tell(index) {
    if (index < 0 || index >= this.cells) return;
    this.cursor = index;
    const first = index * this.perCell;
    const last = Math.min(this.states.length, first + this.perCell) - 1;
    const names = ['missing', 'partly here', 'being asked for', 'verified', 'not wanted'];
    const copies = this.copies[first] ?? 0;
    this.line.textContent = first === last
      ? `Piece ${first.toLocaleString('en')}: ${names[this.states[first]]}, ${copies === 255 ? '255 or more' : copies} ${copies === 1 ? 'copy' : 'copies'} among your peers`
      : `Pieces ${first.toLocaleString('en')} to ${last.toLocaleString('en')}: ${this.states.subarray(first, last + 1).filter(state => state === 3).length} of ${last - first + 1} verified`;
  }
}

export function create(canvas, line, isStrip) {
  maps.set(canvas, new PieceMap(canvas, line, isStrip));
}

export function full(canvas, states, copies) {
  const map = maps.get(canvas);
  if (!map) return;
  map.states = states;
  if (copies) map.copies = copies;
  map.draw();
}

export function patch(canvas, changes, copies) {
  const map = maps.get(canvas);
  if (!map?.context) return;
  const touched = new Set();
  for (let at = 0; at < changes.length; at += 4) {
    const piece = (changes[at] << 16) | (changes[at + 1] << 8) | changes[at + 2];
    map.states[piece] = changes[at + 3];
    touched.add(Math.floor(piece / map.perCell));
  }
  if (copies) {
    map.copies = copies;
    if (map.layer === 'copies') return map.draw();
  }
  if (map.layer === 'state') for (const index of touched) map.paint(index);
}

export function layer(canvas, name) {
  const map = maps.get(canvas);
  if (!map) return;
  map.layer = name;
  map.draw();
}

export function dispose(canvas) {
  const map = maps.get(canvas);
  if (!map) return;
  map.observer.disconnect();
  document.removeEventListener('themechange', map.onTheme);
  maps.delete(canvas);
}
