// <piece-bar data-done="0..1000" data-pieces="40 hex digits">: a progress bar that shows where the pieces are. Without pieces a plain bar.
const ratio = () => Math.min(3, devicePixelRatio || 1);
const all = new Set();

class PieceBar extends HTMLElement {
  static observedAttributes = ['data-done', 'data-pieces', 'class'];
  #canvas = null;
  #isWaiting = false;

  connectedCallback() {
    all.add(this);
    sizes.observe(this);
    this.later();
  }

  disconnectedCallback() {
    all.delete(this);
    sizes.unobserve(this);
  }

  attributeChangedCallback() {
    this.later();
  }

  later() {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    requestAnimationFrame(() => {
      this.#isWaiting = false;
      if (this.isConnected) this.draw();
    });
  }

  draw() {
    const canvas = this.#canvas ??= this.appendChild(document.createElement('canvas'));
    const style = getComputedStyle(this);
    const [width, height] = [Math.round(this.clientWidth * ratio()), Math.round(this.clientHeight * ratio())];
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext('2d');
    const color = style.getPropertyValue('--bar').trim() || '#0B5FB5';
    context.clearRect(0, 0, width, height);
    const parts = this.dataset.pieces;
    context.fillStyle = color;
    if (!parts) {
      context.fillRect(0, 0, width * Number(this.dataset.done ?? 0) / 1000, height);
      return;
    }

    // Above, where the pieces are; below, how much it is in all: the figure stays readable whatever the order of pieces.
    const split = Math.max(1, Math.round(height * 0.6));
    for (let i = 0; i < parts.length; i++) {
      const share = parseInt(parts[i], 16) / 15;
      if (!share) continue;
      context.globalAlpha = 0.25 + 0.75 * share;
      const [from, to] = [Math.round(width * i / parts.length), Math.round(width * (i + 1) / parts.length)];
      context.fillRect(from, 0, to - from, split);
    }

    context.globalAlpha = 1;
    context.fillRect(0, split, width * Number(this.dataset.done ?? 0) / 1000, height - split);
  }
}

const sizes = new ResizeObserver(entries => entries.forEach(entry => entry.target.later()));
customElements.define('piece-bar', PieceBar);
document.addEventListener('themechange', () => all.forEach(bar => bar.later()));
