import { TICK_STEPS } from '../tick-steps.ts';

/**
 * What the page can do with scripts: zoom and pan, copy a packet's filter, show only one connection or one finding, dark or light. All
 * that is to be read is there without it. It makes elements and sets attributes and text, never HTML: Trusted Types are required.
 */
export const SCRIPT: string = `
(() => {
'use strict';
const SVG = 'http://www.w3.org/2000/svg';
const STEPS = ${JSON.stringify(TICK_STEPS)};
const TICKS = 8, ZOOM = 1.5, MOVE = 0.2, NARROWEST = 1e-6, LETTER_PIXELS = 9, TICK_PLACE_MAX = 0.95;
const root = document.documentElement;
const all = (what, within = document) => Array.from(within.querySelectorAll(what));
const byId = (id) => document.getElementById(id);
const say = (text) => { byId('said').textContent = text; };
root.classList.add('js');
byId('bar').hidden = false;

// Copying.
const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    say('Copied: ' + text);
  } catch {
    const field = document.createElement('textarea');
    field.value = text;
    document.body.append(field);
    field.select();
    say((document.execCommand('copy') ? 'Copied: ' : 'Not copied: ') + text);
    field.remove();
  }
};
for (const code of all('code.copy')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  button.textContent = code.textContent;
  button.dataset.f = code.dataset.f;
  button.title = 'Copy for Wireshark: ' + code.dataset.f;
  if (code.dataset.f === code.textContent) button.title = 'Copy';
  code.replaceWith(button);
}
document.addEventListener('click', (event) => {
  const from = event.target.closest('[data-f]');
  if (from === null || dragged) return;
  const focused = document.activeElement;
  void copy(from.dataset.f).then(() => focused && focused.focus && focused.focus({ preventScroll: true }));
});

// A piece of evidence and its mark point at one another.
const point = (filter, on) => {
  for (const mark of all('svg.m')) mark.classList.toggle('on', on && mark.dataset.f === filter);
  for (const row of all('tr[data-p]')) {
    const button = row.querySelector('[data-f]');
    row.classList.toggle('on', on && button !== null && button.dataset.f === filter);
  }
};
for (const name of ['pointerover', 'focusin']) document.addEventListener(name, (event) => {
  const at = event.target.closest('tr[data-p], svg.m');
  if (at === null) return;
  const from = at.matches('tr') ? at.querySelector('[data-f]') : at;
  point(from.dataset.f, true);
  const title = at.querySelector('title');
  if (title !== null) say(title.textContent);
});
for (const name of ['pointerout', 'focusout']) document.addEventListener(name, () => point('', false));

// What is shown: of one connection, of one finding.
const connection = byId('connection');
let finding = null;
const show = () => {
  const id = connection.value;
  const isAbout = (part) => id === '' || part.dataset.c.split(' ').includes(id);
  const keys = finding === null ? null : new Set(finding.dataset.k.split(' '));
  for (const row of all('tr[data-c]')) row.hidden = !isAbout(row) || (keys !== null && 'p' in row.dataset && !keys.has(row.dataset.p));
  for (const part of all('section[data-c], article[data-c]')) part.hidden = !isAbout(part) && part !== finding;
  for (const lane of all('.lane')) lane.classList.toggle('off', !isAbout(lane));
  for (const button of all('button.only')) button.setAttribute('aria-pressed', String(button.closest('article') === finding));
  byId('everything').hidden = id === '' && finding === null;
  say(finding !== null ? 'Evidence of one finding only' : id === '' ? '' : 'Only ' + id);
};
const ids = new Set(all('.lane, tr[data-c], article[data-c]').flatMap((part) => part.dataset.c.split(' ')));
for (const id of [...ids].filter((id) => id !== '').slice(0, 300)) connection.append(new Option(id, id));
connection.addEventListener('change', show);
for (const article of all('article.finding')) {
  if (article.dataset.k === '' || !article.dataset.k.split(' ').some((key) => all('tr[data-p]').some((row) => row.dataset.p === key))) continue;
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'only';
  button.textContent = 'show only its evidence';
  button.setAttribute('aria-pressed', 'false');
  button.addEventListener('click', () => { finding = finding === article ? null : article; show(); });
  article.append(button);
}
const everything = () => { finding = null; connection.value = ''; show(); };
byId('everything').addEventListener('click', everything);

// Light and dark.
const isDark = () => (root.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
byId('theme').addEventListener('click', () => { root.dataset.theme = isDark() ? 'light' : 'dark'; });

// Zooming: every mark and bar knows its place, 0 to 1 of what was seen at first.
const views = new Map();
const label = (seconds, step) => {
  if (step < 1) return seconds.toFixed(step < 0.01 ? 3 : step < 0.1 ? 2 : 1) + ' s';
  const whole = Math.round(seconds), two = (value) => String(value).padStart(2, '0'), minutes = Math.floor(whole / 60) % 60;
  return (whole < 3600 ? minutes : Math.floor(whole / 3600) + ':' + two(minutes)) + ':' + two(whole % 60);
};
const lay = (plot) => {
  const { from, to } = views.get(plot), svg = plot.querySelector('svg.lanes'), apart = LETTER_PIXELS / svg.getBoundingClientRect().width;
  const at = (place) => Math.min(Math.max((place - from) / (to - from), -100), 100);
  for (const part of all('[data-a]', svg)) {
    const left = at(+part.dataset.a);
    part.setAttribute('x', left * 100 + '%');
    if ('b' in part.dataset) part.setAttribute('width', Math.max(0, at(+part.dataset.b) - left) * 100 + '%');
  }
  for (const lane of all('.lane', svg)) {
    const taken = [];
    for (const mark of all('svg.m', lane).sort((a, b) => a.dataset.r - b.dataset.r)) {
      const place = at(+mark.dataset.a), isFree = taken.every((other) => Math.abs(other - place) >= apart);
      if (isFree) taken.push(place);
      mark.querySelector('text').setAttribute('class', isFree ? '' : 'over');
    }
  }
  const first = +svg.dataset.from, span = +svg.dataset.to - first, a = first + from * span, b = first + to * span;
  const step = STEPS.find((candidate) => candidate >= (b - a) / TICKS) ?? (b - a) / TICKS;
  const ticks = [];
  for (let n = Math.ceil(a / step - 1e-9); n * step <= a + (b - a) * TICK_PLACE_MAX && ticks.length <= TICKS; n++) {
    const tick = document.createElementNS(SVG, 'svg'), line = document.createElementNS(SVG, 'path'), text = document.createElementNS(SVG, 'text');
    tick.setAttribute('x', ((n * step - a) / (b - a)) * 100 + '%');
    line.setAttribute('d', 'M0 16V' + svg.getAttribute('height'));
    text.setAttribute('y', '11');
    text.textContent = label(n * step, step);
    tick.append(line, text);
    ticks.push(tick);
  }
  svg.querySelector('.ticks').replaceChildren(...ticks);
};
const look = (plot, from, to) => {
  if (to - from < NARROWEST || to - from > 1e4) return;
  views.set(plot, { from, to });
  requestAnimationFrame(() => lay(plot));
};
const zoom = (plot, by, around = 0.5) => {
  const { from, to } = views.get(plot), middle = from + around * (to - from);
  look(plot, middle - (middle - from) / by, middle + (to - middle) / by);
};
const move = (plot, by) => {
  const { from, to } = views.get(plot), way = by * (to - from);
  look(plot, from + way, to + way);
};
const KEYS = {
  '+': (plot) => zoom(plot, ZOOM), '=': (plot) => zoom(plot, ZOOM), '-': (plot) => zoom(plot, 1 / ZOOM),
  ArrowLeft: (plot) => move(plot, -MOVE), ArrowRight: (plot) => move(plot, MOVE), 0: (plot) => look(plot, 0, 1),
};
let dragged = false;
for (const plot of all('.plot')) {
  views.set(plot, { from: 0, to: 1 });
  plot.tabIndex = 0;
  plot.setAttribute('role', 'group');
  const width = () => plot.querySelector('svg.lanes').getBoundingClientRect();
  plot.addEventListener('keydown', (event) => {
    const act = KEYS[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act(plot);
  });
  // The wheel scrolls the page until the picture was chosen, so that nobody gets stuck on it.
  plot.addEventListener('wheel', (event) => {
    if (document.activeElement !== plot && !event.ctrlKey) return;
    event.preventDefault();
    const box = width();
    zoom(plot, event.deltaY < 0 ? ZOOM : 1 / ZOOM, (event.clientX - box.left) / box.width);
  }, { passive: false });
  let last = null;
  plot.addEventListener('pointerdown', (event) => { last = event.clientX; dragged = false; });
  plot.addEventListener('pointermove', (event) => {
    if (last === null || event.buttons === 0) { last = null; return; }
    const way = event.clientX - last;
    if (Math.abs(way) < 4 && !dragged) return;
    dragged = true;
    last = event.clientX;
    move(plot, -way / width().width);
  });
  plot.addEventListener('pointerup', () => { last = null; setTimeout(() => { dragged = false; }); });
  const tools = document.createElement('div');
  tools.className = 'tools';
  for (const [key, text, name] of [['+', '+', 'zoom in'], ['-', '−', 'zoom out'], ['ArrowLeft', '←', 'earlier'], ['ArrowRight', '→', 'later'], ['0', 'whole', 'whole']]) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = text;
    button.title = name;
    button.setAttribute('aria-label', name);
    button.addEventListener('click', () => KEYS[key](plot));
    tools.append(button, ' ');
  }
  plot.before(tools);
}
const layAll = () => views.forEach((_, plot) => lay(plot));
layAll();
addEventListener('resize', layAll);
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') everything();
});
})();
`;
