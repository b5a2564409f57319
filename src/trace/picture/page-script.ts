/**
 * What the page does when it may run script: the explanation of the line that is pointed at, or has the focus, shows
 * beside the picture. It moves elements that are there, and never makes any out of text.
 */
export const PAGE_SCRIPT = `'use strict';
(() => {
  const panel = document.getElementById('panel');
  const entries = Array.from(document.querySelectorAll('.picture a[id]'));
  const order = new Map();
  const key = (entry) => entry.id.slice(1).split('-').map(Number);
  entries.sort((a, b) => key(a)[0] - key(b)[0] || key(a)[1] - key(b)[1]);
  const answered = new Map();
  entries.forEach((entry, index) => {
    order.set(entry, index);
    entry.setAttribute('tabindex', index === 0 ? '0' : '-1');
    if (entry.dataset.answers) answered.set('p' + entry.dataset.answers, entry.id);
  });
  const hint = panel.firstElementChild;
  let marked = [];
  let kept;
  let home = entries[0];

  function partner(entry) {
    const id = entry.dataset.answers ? 'p' + entry.dataset.answers : answered.get(entry.id);
    return id ? document.getElementById(id) : null;
  }

  function show(entry) {
    for (const each of marked) each.classList.remove('on', 'with', 'kept');
    marked = [];
    if (!entry) {
      panel.replaceChildren(hint);
      return;
    }
    const item = document.getElementById('l' + entry.id.slice(1));
    const copy = document.createElement('div');
    copy.className = item.className;
    for (const child of item.childNodes) copy.append(child.cloneNode(true));
    panel.replaceChildren(copy);
    panel.scrollTop = 0;
    entry.classList.add('on');
    if (entry === kept) entry.classList.add('kept');
    marked.push(entry);
    const other = partner(entry);
    if (other) {
      other.classList.add('with');
      marked.push(other);
    }
  }

  function keep(entry) {
    kept = kept === entry ? undefined : entry;
    show(entry);
  }

  function go(entry) {
    if (!entry) return;
    home.setAttribute('tabindex', '-1');
    home = entry;
    home.setAttribute('tabindex', '0');
    home.focus({ preventScroll: true });
    const box = home.getBoundingClientRect();
    const below = panel.getBoundingClientRect();
    const bottom = below.left > box.right ? innerHeight : Math.min(innerHeight, below.top);
    if (box.top < 20) scrollBy(0, box.top - 80);
    else if (box.bottom > bottom - 20) scrollBy(0, Math.min(box.top - 80, box.bottom - bottom + 80));
  }

  const entryOf = (event) => (event.target.closest ? event.target.closest('.picture a[id]') : null);
  document.addEventListener('pointerover', (event) => {
    if (event.pointerType === 'touch') return;
    const entry = entryOf(event);
    if (entry) show(entry);
    else if (kept && !event.target.closest('#panel')) show(kept);
  });
  document.addEventListener('focusin', (event) => {
    const entry = entryOf(event);
    if (entry) show(entry);
  });
  document.addEventListener('click', (event) => {
    const entry = entryOf(event);
    if (!entry) return;
    event.preventDefault();
    home.setAttribute('tabindex', '-1');
    home = entry;
    home.setAttribute('tabindex', '0');
    keep(entry);
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      kept = undefined;
      show(undefined);
      return;
    }
    const entry = entryOf(event);
    if (!entry || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = order.get(entry);
    const goal = {
      ArrowDown: () => entries[at + 1],
      ArrowUp: () => entries[at - 1],
      ArrowRight: () => partner(entry),
      ArrowLeft: () => partner(entry),
      Home: () => entries[0],
      End: () => entries[entries.length - 1],
      PageDown: () => entries[Math.min(entries.length - 1, at + 10)],
      PageUp: () => entries[Math.max(0, at - 10)],
    }[event.key];
    if (!goal) return;
    event.preventDefault();
    go(goal());
  });
})();
`;
