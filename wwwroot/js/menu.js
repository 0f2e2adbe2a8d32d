// An open menu: inside the window, arrow keys, Home and End, first letters; Esc, Tab or a click elsewhere closes it.
let ends = null;

export function open(menu, page) {
  close();
  ends = new AbortController();
  const { signal } = ends;
  const items = () => [...menu.querySelectorAll('[role=menuitem]')];
  const go = index => items().at(index % items().length)?.focus();
  const leave = () => page.invokeMethodAsync('OnClose').catch(() => { });
  const box = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(8, Math.min(box.left, innerWidth - box.width - 8))}px`;
  menu.style.top = `${Math.max(8, box.top + box.height > innerHeight - 8 ? innerHeight - box.height - 8 : box.top)}px`;
  menu.classList.add('placed');
  go(0);

  menu.addEventListener('keydown', event => {
    const at = items().indexOf(document.activeElement);
    const moves = { ArrowDown: () => go(at + 1), ArrowUp: () => go(at - 1), Home: () => go(0), End: () => go(-1), Escape: leave, Tab: leave };
    const letter = event.key.length === 1 && items().find(item => item.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase()));
    if (moves[event.key]) moves[event.key]();
    else if (letter && event.key !== ' ') letter.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, { signal });
  document.addEventListener('pointerdown', event => { if (!menu.contains(event.target)) leave(); }, { signal });
  window.addEventListener('resize', leave, { signal });
  window.addEventListener('scroll', leave, { signal, passive: true });
}

export function close() {
  ends?.abort();
  ends = null;
}
