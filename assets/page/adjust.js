// The points of a face, moved by mouse, touch and keys. Runs inside Gradio's HTML component, which provides
// element, trigger and watch.
const pair = text => text.split(',').map(Number);
let at = {}, found = {}, reach = [1, 1], past = [], root = null;
const ANCHORS = ['eye_right_outer', 'eye_left_outer', 'chin'];
const handles = () => [...root.querySelectorAll('.handle')];
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

function start() {
  root = element.querySelector('.adjuster');
  if (!root) return;
  at = {}; found = {}; past = []; reach = pair(root.dataset.reach);
  handles().forEach(h => {
    at[h.dataset.handle] = pair(h.dataset.now);
    found[h.dataset.handle] = pair(h.dataset.found);
  });
  look('');
  element.closest('#adjust')?.scrollIntoView({ block: 'nearest' });
}
function draw() {
  handles().forEach(h => {
    const [x, y] = at[h.dataset.handle];
    h.style.left = 100 * x + '%'; h.style.top = 100 * y + '%';
  });
  const outline = [['mouth_right', 'lip_top', 'mouth_left'], ['mouth_right', 'lip_line', 'mouth_left'],
    ['mouth_right', 'lip_bottom', 'mouth_left'], ['eye_right_outer', 'eye_right_upper', 'eye_right_inner'],
    ['eye_right_outer', 'eye_right_lower', 'eye_right_inner'], ['eye_left_inner', 'eye_left_upper', 'eye_left_outer'],
    ['eye_left_inner', 'eye_left_lower', 'eye_left_outer']].map(arc).join('');
  root.querySelectorAll('path').forEach(path => path.setAttribute('d', outline));
  root.querySelector('[data-do=undo]').disabled = !past.length;
}
function arc(names) {
  const [a, m, b] = names.map(name => at[name].map(v => 1000 * v));
  const bend = [0, 1].map(i => 2 * m[i] - (a[i] + b[i]) / 2);
  return `M${a} Q${bend} ${b}`;
}
function look(part) {
  root.querySelectorAll('[data-view]').forEach(b => b.setAttribute('aria-pressed', b.dataset.view === part));
  const sheet = root.querySelector('.sheet');
  let scale = 1, left = 0, top = 0;
  if (part) {
    const seen = Object.keys(at).filter(name => name.startsWith(part) || (part === 'mouth' && name.startsWith('lip')));
    const [xs, ys] = [0, 1].map(i => seen.map(name => at[name][i]));
    const aspect = Number(getComputedStyle(root.querySelector('.view')).getPropertyValue('--aspect'));
    const wide = Math.max(...xs) - Math.min(...xs), high = (Math.max(...ys) - Math.min(...ys)) / aspect;
    scale = clamp(1 / (1.5 * Math.max(wide, high, 0.02)), 1, 12);
    const middle = [xs, ys].map(v => (Math.max(...v) + Math.min(...v)) / 2);
    [left, top] = middle.map(v => clamp(0.5 - v * scale, 1 - scale, 0));
  }
  Object.assign(sheet.style, { width: 100 * scale + '%', height: 100 * scale + '%', left: 100 * left + '%', top: 100 * top + '%' });
  draw();
}
function remember() { past.push(JSON.stringify(at)); if (past.length > 200) past.shift(); }
function move(name, x, y) {
  const before = at;
  const here = [x, y].map((v, i) => clamp(v, Math.max(found[name][i] - reach[i], 0), Math.min(found[name][i] + reach[i], 1)));
  at = { ...at, [name]: here };
  if (ANCHORS.includes(name) && root.dataset.byHand) follow(before);
  draw();
  tell(name);
}
// The eyes and the chin carry the other points along while a face is put there by hand: the map of three points.
function follow(before) {
  const [a, b, c] = ANCHORS.map(anchor => before[anchor]), [p, q, r] = ANCHORS.map(anchor => at[anchor]);
  const area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
  if (Math.abs(area) < 1e-5) return;
  Object.keys(at).filter(name => !ANCHORS.includes(name)).forEach(name => {
    const [x, y] = [before[name][0] - a[0], before[name][1] - a[1]];
    const u = (x * (c[1] - a[1]) - y * (c[0] - a[0])) / area, v = (y * (b[0] - a[0]) - x * (b[1] - a[1])) / area;
    at[name] = [0, 1].map(i => clamp(p[i] + u * (q[i] - p[i]) + v * (r[i] - p[i]), 0, 1));
  });
}
function tell(name) {
  const title = root.querySelector(`[data-handle=${name}]`).getAttribute('aria-label');
  const words = [['left', 'right'], ['up', 'down']].map((way, i) => {
    const share = Math.round(50 * (at[name][i] - found[name][i]) / reach[i]);
    return share ? `${Math.abs(share)} ${way[+(share > 0)]}` : '';
  }).filter(Boolean).join(', ');
  root.querySelector('.told').textContent = !root.dataset.byHand ? `${title}: ${words || 'where it was found'}` : title;
}
let drag = null, keyed = '';
element.addEventListener('pointerdown', event => {
  if (!root || !event.target.closest('.handle') || event.button) return;
  const near = handles().map(h => {
    const box = h.getBoundingClientRect();
    return [Math.hypot(event.clientX - box.x - box.width / 2, event.clientY - box.y - box.height / 2), h];
  }).sort((a, b) => a[0] - b[0])[0][1];
  event.preventDefault();
  near.focus({ preventScroll: true });
  near.setPointerCapture(event.pointerId);
  const box = root.querySelector('.sheet').getBoundingClientRect(), name = near.dataset.handle;
  drag = { name, box, from: [event.clientX, event.clientY], at: at[name], id: event.pointerId, moved: false };
  near.classList.add('held');
  tell(name);
});
element.addEventListener('pointermove', event => {
  if (!drag || event.pointerId !== drag.id) return;
  if (!drag.moved) { remember(); drag.moved = true; keyed = ''; }
  move(drag.name, drag.at[0] + (event.clientX - drag.from[0]) / drag.box.width,
    drag.at[1] + (event.clientY - drag.from[1]) / drag.box.height);
});
const drop = event => {
  if (!drag || event.pointerId !== drag.id) return;
  element.querySelectorAll('.held').forEach(h => h.classList.remove('held'));
  drag = null;
};
['pointerup', 'pointercancel'].forEach(kind => element.addEventListener(kind, drop));
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
element.addEventListener('keydown', event => {
  if (!root) return;
  if ((event.ctrlKey || event.metaKey) && event.key === 'z') { event.preventDefault(); act('undo'); return; }
  const handle = event.target.closest('.handle'), way = ARROWS[event.key];
  if (!handle || !way) return;
  event.preventDefault();
  const name = handle.dataset.handle, box = root.querySelector('.sheet').getBoundingClientRect(), far = event.shiftKey ? 10 : 1;
  if (keyed !== name) { remember(); keyed = name; }
  move(name, at[name][0] + far * way[0] / box.width, at[name][1] + far * way[1] / box.height);
});
element.addEventListener('focusin', event => { const h = event.target.closest('.handle'); if (h) tell(h.dataset.handle); });
element.addEventListener('focusout', () => { keyed = ''; });
element.addEventListener('contextmenu', event => { if (event.target.closest('.view')) event.preventDefault(); });
function act(what) {
  if (what === 'undo' && past.length) at = JSON.parse(past.pop());
  if (what === 'reset') { remember(); at = structuredClone(found); }
  if (what === 'use') trigger('submit', { points: at });
  keyed = '';
  draw();
}
element.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (!root || !button) return;
  if ('view' in button.dataset) look(button.dataset.view);
  if (button.dataset.do) act(button.dataset.do);
});
watch('value', start);
start();
