// The torrents' grid: one listener for each kind of event, whatever rows exist. Tells the page what was done to which row; knows nothing of torrents.
const KEYS = ['ArrowDown', 'ArrowUp', 'PageDown', 'PageUp', 'Home', 'End', 'Enter', ' ', 'Escape', 'Delete', 'p', 'l', 'F2', 'ContextMenu', 'F10', 'a'];
const LONG_PRESS = 500;

export function start(wrap, page) {
  const table = wrap.querySelector('table');
  const ends = new AbortController();
  const on = (target, type, listener, options = {}) => target.addEventListener(type, listener, { signal: ends.signal, ...options });
  let isHeld = false;
  let press = 0;

  const rowOf = element => element.closest?.('tr[data-hash]');
  const tell = (kind, row, event, x = 0, y = 0) =>
    page.invokeMethodAsync('OnGrid', kind, row?.dataset.hash ?? '', Boolean(event?.ctrlKey || event?.metaKey), Boolean(event?.shiftKey), x, y).catch(() => { });

  const hold = isHold => {
    if (isHold === isHeld) return;
    isHeld = isHold;
    tell(isHold ? 'hold' : 'release');
  };

  const menuAt = (row, event, box) => tell('menu', row, event, box ? box.left : event.clientX, box ? box.bottom : event.clientY);

  on(table, 'click', event => {
    const act = event.target.closest('[data-act]')?.dataset.act;
    const row = rowOf(event.target);
    if (act === 'all' || act === 'toggle') event.preventDefault(); // the page draws the tick, when the row is selected
    if (act === 'all') tell('all', null, event);
    else if (act === 'toggle') tell('toggle', row, event);
    else if (act === 'menu') menuAt(row, event, event.target.closest('button').getBoundingClientRect());
    else if (act) tell(act, row, event);
    else if (row && !event.target.closest('a, button, input, select') && !getSelection()?.toString()) tell('select', row, event);
  });
  on(table, 'dblclick', event => {
    const row = rowOf(event.target);
    if (row && !event.target.closest('a, button, input')) tell('open', row, event);
  });
  // Shift and click would mark the text between.
  on(table, 'mousedown', event => { if (event.shiftKey && rowOf(event.target)) event.preventDefault(); });
  on(table, 'contextmenu', event => {
    const row = rowOf(event.target);
    if (!row) return;
    event.preventDefault();
    menuAt(row, event);
  });
  on(table, 'pointerdown', event => {
    const grip = event.target.closest('.grip');
    if (grip) return resize(event, grip.dataset.column);
    if (event.pointerType === 'touch' && rowOf(event.target)) press = setTimeout(() => menuAt(rowOf(event.target), event), LONG_PRESS);
  });
  for (const type of ['pointerup', 'pointercancel', 'pointermove']) on(table, type, event => { if (type !== 'pointermove' || Math.abs(event.movementX) + Math.abs(event.movementY) > 4) clearTimeout(press); });

  const body = table.tBodies[0];
  on(body, 'pointerenter', event => { if (event.pointerType === 'mouse') hold(true); });
  on(body, 'pointerleave', () => { if (document.activeElement !== table) hold(false); });
  on(table, 'focusin', () => { if (table.matches(':focus-visible')) hold(true); });
  on(table, 'focusout', () => { if (!body.matches(':hover')) hold(false); });

  on(table, 'keydown', event => {
    const isAll = event.key === 'a' && (event.ctrlKey || event.metaKey);
    if (event.target !== table || event.altKey || !KEYS.includes(event.key) || (event.key === 'a' && !isAll)) return;
    if ((event.key === 'F10' && !event.shiftKey) || (['p', 'l'].includes(event.key) && (event.ctrlKey || event.metaKey || document.documentElement.dataset.shortcuts === 'off'))) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === 'ContextMenu' || event.key === 'F10') {
      const row = document.getElementById(table.getAttribute('aria-activedescendant') ?? '') ?? table.querySelector('tr[data-hash]');
      if (row) menuAt(row, event, row.getBoundingClientRect());
      return;
    }

    tell(`key:${event.key}`, null, event);
  });
  // The grid is the page's main thing: the first arrow goes to it from anywhere that has no use for arrows.
  on(document, 'keydown', event => {
    const isFree = document.activeElement === document.body || document.activeElement?.id === 'content' || document.activeElement?.tagName === 'H1';
    const isAll = event.key === 'a' && (event.ctrlKey || event.metaKey);
    if (!isFree || event.defaultPrevented || !(event.key === 'ArrowDown' || event.key === 'ArrowUp' || isAll)) return;
    event.preventDefault();
    table.focus({ preventScroll: true });
    tell(`key:${event.key}`, null, event);
  });

  function resize(event, column) {
    event.preventDefault();
    const col = table.querySelector(`col[data-column="${column}"]`);
    const head = event.target.closest('th');
    const [from, width] = [event.clientX, head.getBoundingClientRect().width];
    const size = now => Math.round(Math.min(900, Math.max(48, width + now.clientX - from)));
    const drag = now => { col.style.width = `${size(now)}px`; };
    document.addEventListener('pointermove', drag);
    document.addEventListener('pointerup', now => {
      document.removeEventListener('pointermove', drag);
      page.invokeMethodAsync('OnWidth', column, size(now)).catch(() => { });
    }, { once: true });
  }

  return {
    // By arithmetic and not by element: the row may not exist until it is scrolled to.
    reveal(place, height) {
      const top = body.getBoundingClientRect().top + scrollY + place * height;
      const head = 56 + (table.tHead?.offsetHeight ?? 0);
      const foot = document.querySelector('.status')?.offsetHeight || (document.querySelector('.side')?.offsetHeight ?? 0);
      if (top < scrollY + head) scrollTo({ top: top - head });
      else if (top + height > scrollY + innerHeight - foot) scrollTo({ top: top + height - innerHeight + foot });
    },
    focus: () => table.focus({ preventScroll: true }),
    stop: () => ends.abort(),
  };
}
