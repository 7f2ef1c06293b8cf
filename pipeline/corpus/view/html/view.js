
'use strict';
document.documentElement.classList.add('js');
let shown = null, pinned = false;

const boxOf = block => document.querySelector(`[data-for="${block.id}"]`);
const blockOf = target => {
  const box = target.closest('.box');
  return box ? document.getElementById(box.dataset.for) : target.closest('.block');
};

function show(block) {
  if (block === shown) return;
  for (const each of shown ? [shown, boxOf(shown)] : []) each.classList.remove('on', 'pinned');
  shown = block;
  for (const each of block ? [block, boxOf(block)] : []) each.classList.add('on');
}

function pin(block) {
  pinned = Boolean(block);
  if (!block) return show(null);
  show(block);
  block.classList.add('pinned');
}

function mark(cell) {
  for (const each of document.querySelectorAll('.cell')) each.setAttribute('width', 0);
  if (!cell) return;
  const rect = cell.closest('.page').querySelector('.cell');
  const [x, y, width, height] = cell.dataset.box.split(' ');
  for (const [name, value] of Object.entries({x, y, width, height})) rect.setAttribute(name, value);
}

document.addEventListener('pointerover', event => {
  mark(event.target.closest('[data-box]'));
  const block = event.target.closest('.card') ? null : blockOf(event.target);
  if (block && !pinned) show(block);
});

document.addEventListener('click', event => {
  if (event.target.closest('.card, a, label, summary')) return;
  const block = blockOf(event.target);
  if (!block) return pin(null);
  if (pinned && block === shown && !getSelection().toString()) return pin(null);
  if (event.target.closest('.box')) block.scrollIntoView({block: 'nearest'});
  show(null);
  pin(block);
});

document.addEventListener('focusin', event => {
  if (event.target.matches('.block') && event.target.matches(':focus-visible')) {
    pin(null);
    show(event.target);
  }
});

document.addEventListener('keydown', event => {
  if (event.key === 'Escape') pin(null);
  if (event.key === 'Enter' && document.activeElement.matches('.block')) pin(document.activeElement);
  const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
  if (!step || !document.activeElement.matches('.block')) return;
  const blocks = [...document.querySelectorAll('.block')].filter(each => each.offsetParent);
  const next = blocks[blocks.indexOf(document.activeElement) + step];
  if (next) {
    event.preventDefault();
    next.focus();
  }
});

// what is folded up is on paper too
addEventListener('beforeprint', () => {
  for (const each of document.querySelectorAll('details')) each.open = true;
});
