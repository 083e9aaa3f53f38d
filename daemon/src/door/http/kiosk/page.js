
'use strict';
// The wall in a browser. It decides nothing: what is shown comes as a scene from the daemon, at least every second, with
// the words of the same table that the wall's panels use. A picture that is not known to be live must not look live:
// without a scene for STALE_MS the wall is covered. Written so that the browser of an older television runs it, too.
const STALE_MS = 5000, SILENT_MS = 8000, RETRY_MIN_MS = 500, RETRY_MAX_MS = 10000, TICK_MS = 50;
const WORDS = JSON.parse(document.getElementById('words').textContent);
const PAGE = document.documentElement.dataset.page;
const root = document.documentElement;
const wall = document.getElementById('wall');
const veil = document.getElementById('veil');
const lost = document.getElementById('lost');
const steady = window.matchMedia('(prefers-reduced-motion: reduce)');

/** The last scene, when it was heard, and where the flashing stood then; none before the first. */
let scene = null, heard = null, rhythm = 0;

// ---- Elements.

const SVG = 'http://www.w3.org/2000/svg';

function element(tag, classes, children) {
  const made = document.createElement(tag);
  if (classes) made.className = classes;
  for (const child of children || []) {
    if (child !== null && child !== undefined) made.append(child);
  }
  return made;
}

function mark(name, classes) {
  const svg = document.createElementNS(SVG, 'svg');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', '#' + name);
  if (classes) svg.setAttribute('class', classes);
  svg.setAttribute('aria-hidden', 'true');
  svg.append(use);
  return svg;
}

function identified(id, made) {
  made.id = id;
  return made;
}

/** A text from outside: in the order of its characters, cut with a mark where it does not fit. */
function foreign(tag, classes, text) {
  return element(tag, classes + ' cut', [element('bdi', '', [text])]);
}

/** Replaces what an element shows, unless it shows that already. */
function put(into, key, make) {
  if (into.shows === key) return;
  into.shows = key;
  into.textContent = '';
  into.append(...make());
}

// ---- Words. The same as in firmware-board/src/words.rs, which a test holds.

function two(number) {
  return String(number).padStart(2, '0');
}

/** How long ago, in at most two units. */
function age(words, seconds) {
  const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60), days = Math.floor(minutes / 1440);
  if (minutes < 1) return words.under_a_minute;
  if (minutes < 60) return minutes + ' ' + words.minute_unit_long;
  if (minutes < 1440) return hours + ' ' + words.hour_unit + ' ' + two(minutes % 60) + ' ' + words.minute_unit;
  return days + ' ' + words.day_unit + ' ' + hours % 24 + ' ' + words.hour_unit;
}

function left(words, seconds) {
  if (seconds <= 0) return words.passed;
  if (seconds < 60) return words.within + ' ' + seconds + ' ' + words.second_unit;
  return words.within + ' ' + age(words, Math.min(seconds, 4294967295));
}

function span(words, seconds) {
  if (seconds < 60) return seconds + ' ' + words.second_unit;
  if (seconds >= 3600) return age(words, seconds);
  return Math.floor(seconds / 60) + ' ' + words.minute_unit_long + ' ' + two(seconds % 60) + ' ' + words.second_unit;
}

function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, '\u00a0');
}

function name(names, index) {
  return names[index] === undefined ? '?' : names[index];
}

function dateShort(words, at) {
  return name(words.weekdays_short, at.weekday) + ' ' + at.day + ' ' + name(words.months_short, at.month - 1);
}

function timeOfDay(at) {
  return two(at.hh) + ':' + two(at.mm);
}

function joined(parts) {
  return parts.filter((part) => part !== '').join(' · ');
}

// ---- The scene.

const RED = ['critical', 'breach'];
const LAMPS = { unacked: 'fast', acked: 'on', 'cleared-unacked': 'slow', shelved: 'off' };
const LEVELS = { normal: 'green', 'due-soon': 'amber', breach: 'red', critical: 'red' };

function tone(kind) {
  return RED.includes(kind) ? 'red' : 'amber';
}

function show() {
  const { words, kinds } = WORDS[scene.language];
  root.lang = scene.language === 'russian' ? 'ru' : 'en';
  const link = typeof scene.link === 'string' ? scene.link : Object.keys(scene.link)[0];
  const opened = link === 'live' || link === 'stale';
  veil.className = link;
  if (opened) {
    put(veil, '', () => []);
    live(words, kinds);
  } else {
    put(wall, '', () => []);
    VEILS[link](words, scene.link[link]);
  }
  document.title = joined([opened ? word(words) : veil.dataset.title, scene.site]);
}

function live(words, kinds) {
  const calm = scene.level === 'normal' && scene.alarms.length === 0;
  wall.className = calm ? 'calm' : scene.level;
  put(wall, calm ? 'calm' : 'busy', () => (calm ? ['calm-band', 'calm', 'notices', 'figures'] : ['band', 'stage', 'notices', 'figures'])
    .map((id) => identified(id, element('div'))));
  notices(words);
  figures(words, calm);
  if (calm) {
    wellBand(words);
    well(words);
  } else {
    band(words);
    stage(words, kinds);
  }
}

function part(id) {
  return document.getElementById(id);
}

function word(words) {
  switch (scene.level) {
    case 'normal': return words.all_well;
    case 'due-soon': return scene.counts.due_soon === 0 ? words.attention : words.due_soon;
    case 'breach': return words.overdue;
    default: return words.critical;
  }
}

/** How many there are of what the word says; where the figures know none, how many alarms. */
function count() {
  const figure = { 'due-soon': scene.counts.due_soon, breach: scene.counts.breached, critical: scene.counts.critical }[scene.level];
  return figure === undefined ? 0 : figure || scene.alarms_total;
}

function caption(words) {
  const more = scene.alarms.length < scene.alarms_total ? '+' : '';
  const told = [['unacked', words.not_taken], ['cleared-unacked', words.unseen], ['shelved', words.put_aside]]
    .map(([state, word]) => [scene.alarms.filter((alarm) => alarm.state === state).length, word])
    .find(([count]) => count > 0);
  const taken = told ? told[1] + ': ' + told[0] + more : words.all_taken;
  return joined([scene.alarms.length > 0 ? taken : '', scene.site]);
}

/** The level's mark; where no term is near, that of the worst alarm. */
function sign() {
  const worst = scene.alarms[0];
  if (scene.level === 'due-soon' && scene.counts.due_soon === 0 && worst) return worst.kind;
  return scene.level === 'normal' ? 'well' : scene.level;
}

function band(words) {
  const said = word(words), told = caption(words), number = count(), colour = LEVELS[scene.level];
  const lamp = colour === 'red' ? scene.signals.red : colour === 'amber' ? scene.signals.amber : 'off';
  const into = part('band');
  into.className = colour;
  put(into, JSON.stringify([said, told, number, sign(), lamp]), () => [
    element('div', 'tile ' + (lamp === 'off' ? '' : 'lit ' + lamp), [mark(sign())]),
    element('div', 'say', [element('h1', 'title cut', [said]), foreign('p', 'small', told)]),
    // A number too long for its size is drawn smaller; the word is never shortened for it.
    number > 0 ? element('div', 'number ' + (number > 9999 ? 'title' : 'huge'), [String(number)]) : null,
  ].filter((child) => child !== null));
}

function stage(words, kinds) {
  const into = part('stage');
  const style = window.getComputedStyle(into);
  const size = (name) => parseFloat(style.getPropertyValue(name));
  const room = into.clientHeight / parseFloat(window.getComputedStyle(root).fontSize) + 0.01;
  const least = scene.next.length > 0 ? size('--rule-space') + size('--next') : 0;
  const mass = scene.alarms.find((alarm) => alarm.kind === 'mass-problem' && ['unacked', 'acked'].includes(alarm.state));
  const listed = scene.alarms.filter((alarm) => alarm !== mass), above = mass ? size('--mass') : 0;
  const total = Math.max(scene.alarms_total, scene.alarms.length) - (mass ? 1 : 0), free = room - least - above;
  const page = paged(listed, total, Math.floor(free / size('--row')), Math.floor((free - size('--more')) / size('--row')));
  const used = above + page.shown.length * size('--row') + (page.more ? size('--more') : 0);
  const rows = Math.max(0, Math.floor((room - used - size('--rule-space')) / size('--next')));
  const next = scene.next.slice(0, rows);
  const ages = (mass ? [mass] : []).concat(page.shown).map((alarm) => [alarm.kind, alarm.ticket, alarm.text, alarm.state, age(words, alarm.age_s)]);
  const lefts = next.map((line) => [line.number, line.metric, line.priority, line.subject, left(words, line.in_s)]);
  put(into, JSON.stringify([ages, page.more, lefts, rows, scene.language, steady.matches]), () => [
    mass && banner(words, mass),
    ...page.shown.map((alarm) => row(words, kinds, alarm)),
    page.more && identified('more', element('div', 'body', [
      element('span', '', ['+' + page.more.hidden + ' ' + words.more]),
      page.more.of > 1 ? element('span', 'page', [page.more.page + '/' + page.more.of]) : null,
    ])),
    next.length > 0 && identified('next', element('div', '', next.map((line) => promise(words, line)))),
    rows > 0 && scene.next.length === 0 && identified('nothing', element('p', 'small', [words.nothing_due])),
  ].filter((child) => child));
  // Its urgency is said only where the subject stays whole beside it.
  for (const what of into.querySelectorAll('.what')) {
    if (what.scrollWidth > what.clientWidth) what.firstChild.textContent = what.dataset.brief;
  }
}

/**
 * Which alarms are shown where so many rows fit, and so many where it has to be said that there are more: the worst stays,
 * and the first that nobody has taken, since one that was taken never hides a new one; the others take turns, in the
 * wall's own time. As firmware-board/src/wall/pages.rs does.
 */
function paged(listed, total, fit, fitWithMore) {
  if (listed.length <= (listed.length === total ? fit : fitWithMore)) {
    return { shown: listed, more: listed.length === total ? null : { hidden: total - listed.length, page: 1, of: 1 } };
  }
  const rows = Math.max(1, fitWithMore), isNew = (alarm) => alarm.state === 'unacked';
  const stays = listed.slice(0, 1), fresh = listed.find(isNew);
  if (rows > 2 && fresh && !isNew(stays[0])) stays.push(fresh);
  const rest = listed.filter((alarm) => !stays.includes(alarm));
  const turns = rest.filter(isNew).concat(rest.filter((alarm) => !isNew(alarm)));
  const lines = rows - stays.length, turn = Math.floor(now() / WORDS.page_ms);
  const of = Math.max(1, lines > 0 ? Math.ceil(turns.length / lines) : turns.length * 2), page = turn % of;
  // On a single line the worst is every second page.
  const single = page % 2 === 0 ? stays : [turns[(page - 1) / 2]];
  const shown = lines > 0 ? stays.concat(turns.slice(page * lines, (page + 1) * lines)) : single;
  return { shown, more: { hidden: total - shown.length, page: page + 1, of } };
}

/** A mass problem, across the wall: whoever takes a ticket has to know of it first. */
function banner(words, alarm) {
  return element('div', 'mass amber ' + alarm.state, [
    element('div', 'tile', [mark('mass-problem')]),
    element('span', 'number body', [words.mass_problem]),
    foreign('span', 'text', alarm.text),
    element('span', 'age body', [age(words, alarm.age_s)]),
  ]);
}

function row(words, kinds, alarm) {
  const ticket = alarm.ticket !== null && alarm.ticket !== undefined;
  const states = { acked: 'taken', shelved: 'shelved', unacked: steady.matches ? 'waits' : null };
  const state = states[alarm.state];
  const said = alarm.state === 'cleared-unacked' ? words.cleared : age(words, alarm.age_s);
  const made = element('div', 'alarm ' + alarm.state + ' ' + tone(alarm.kind), [
    element('div', 'tile', [mark(alarm.kind)]),
    ticket ? element('span', 'number body', [words.number_sign + alarm.ticket]) : element('span', 'kind small', [kinds[alarm.kind]]),
    foreign('span', 'text', alarm.text),
    state ? mark(state, 'state') : null,
    element('span', 'age body', [said]),
  ]);
  made.setAttribute('aria-label', joined([kinds[alarm.kind], ticket ? words.number_sign + alarm.ticket : '', alarm.text, said]));
  return made;
}

function promise(words, line) {
  const what = foreign('span', 'what small', joined([line.metric, line.priority, line.subject]));
  what.dataset.brief = joined([line.metric, line.subject]);
  return element('div', 'next', [
    element('span', 'number body', [words.number_sign + line.number]),
    what,
    element('span', 'left body', [left(words, line.in_s)]),
  ]);
}

function notices(words) {
  const into = part('notices');
  const muted = scene.muted_min === null || scene.muted_min === undefined ? '' : words.muted + ' ' + age(words, scene.muted_min * 60);
  into.hidden = scene.trusted && muted === '';
  into.className = 'body' + (scene.trusted ? '' : ' untrusted');
  put(into, JSON.stringify([scene.trusted, muted]), () => [
    ...(scene.trusted ? [] : [mark('clock'), element('span', '', [words.time_not_trusted])]),
    muted && element('div', 'right', [mark('muted'), element('span', '', [muted])]),
  ].filter((child) => child));
}

function figures(words, calm) {
  const counts = scene.counts, staffing = scene.staffing, at = scene.at_text;
  const into = part('figures');
  into.className = calm ? 'calm-figures' : '';
  const alert = (number) => (number > 0 ? 'alert' : 'none');
  const cells = [[counts.open, words.open, ''], [counts.waiting, words.waiting, ''],
    [counts.critical, words.critical_short, alert(counts.critical)], [counts.breached, words.overdue_short, alert(counts.breached)]];
  if (staffing) {
    const met = staffing.on_shift >= staffing.required && staffing.specialist;
    cells.push([staffing.on_shift + '/' + staffing.required, staffing.specialist ? words.on_shift : words.no_specialist, met ? '' : 'short']);
  }
  put(into, JSON.stringify([cells, calm ? null : [at, scene.trusted, scene.quiet]]), () => [
    element('div', 'cells', cells.map(([figure, said, look]) => element('div', 'cell', [
      element('b', look + (String(figure).length > 4 ? ' long' : ''), [String(figure)]), element('span', '', [said])]))),
    calm ? null : element('div', 'clock', [element('b', scene.trusted ? '' : 'untrusted-time', [timeOfDay(at)]), beat(at),
      element('p', 'small', [scene.quiet ? element('span', 'hush', [words.quiet_short]) : '', dateShort(words, at)])]),
  ].filter((child) => child !== null));
}

/** A bar that grows with the seconds of the minute: whoever sees it grow sees that the picture lives. */
function beat(at) {
  const grown = element('i');
  grown.style.width = (Math.min(at.ss, 59) + 1) / 0.6 + '%';
  return element('div', 'beat', [grown]);
}

function wellBand(words) {
  put(part('calm-band'), words.all_well + scene.site, () => [mark('well'), element('div', 'say', [
    element('h1', 'title', [words.all_well]), scene.site === '' ? '' : foreign('p', 'small', scene.site)])]);
}

function well(words) {
  const at = scene.at_text, first = scene.next[0];
  const next = first ? [left(words, first.in_s), words.number_sign + first.number + ' · ' + first.metric] : null;
  put(part('calm'), JSON.stringify([at, next, scene.trusted, scene.quiet]), () => [
    element('div', 'time', [element('b', scene.trusted ? '' : 'untrusted-time', [timeOfDay(at)]), beat(at)]),
    element('div', 'aside', [
      element('p', 'body', [at.day + ' ' + name(words.months, at.month - 1)]),
      element('p', 'small', [joined([name(words.weekdays, at.weekday), scene.quiet ? words.quiet : ''])]),
      ...(next ? [element('p', 'small gap', [words.next_due]), element('p', 'body left', [next[0]]), foreign('p', 'small', next[1])]
        : [element('p', 'small gap', [words.nothing_due])]),
    ]),
  ]);
}

const VEILS = {
  starting(words, told) {
    const progress = told && told.progress, at = scene.at_text;
    const percent = progress ? (progress.of === 0 ? 100 : Math.min(100, Math.floor(progress.done * 100 / progress.of))) : null;
    const said = progress ? words.rebuilding + ': ' + grouped(progress.done) + ' ' + words.of + ' ' + grouped(progress.of) : words.reading;
    veil.dataset.title = words.starting;
    put(veil, JSON.stringify(['starting', percent, said, progress ? 0 : at.ss, scene.site]), () => {
      const bar = element('i');
      bar.style.width = percent === null ? '12.5%' : percent + '%';
      if (percent === null) bar.style.marginLeft = at.ss % 8 * 12.5 + '%';
      return [element('h1', 'title', [words.starting]), element('p', 'body faint', [said]), element('div', 'bar', [bar]),
        percent === null ? '' : element('p', 'title', [percent + '%']), foreign('p', 'small foot', scene.site)];
    });
  },
  blocked(words, told) {
    const disk = { full: words.disk_full, 'read-only': words.disk_read_only, fails: words.disk_fails }[told.by];
    veil.dataset.title = words.not_started;
    put(veil, 'blocked' + disk + foot(words), () => [
      element('div', 'head', [mark('stopped'), element('div', '', [element('h1', 'title', [words.not_started]), element('p', 'body', [disk])])]),
      element('p', 'body', [words.nothing_watched]), element('p', 'body', [words.tried_again]), element('p', 'body call', [words.call_admin]),
      foreign('p', 'small foot', foot(words))]);
  },
  stopped(words) {
    veil.dataset.title = words.stopped;
    put(veil, 'stopped' + foot(words), () => [mark('stopped'), element('h1', 'title', [words.stopped]),
      element('p', 'body', [words.nothing_watched]), element('p', 'body call', [words.call_admin]), foreign('p', 'small foot', foot(words))]);
  },
};

/** Where, and when. */
function foot(words) {
  return joined([scene.site, dateShort(words, scene.at_text) + ', ' + timeOfDay(scene.at_text)]);
}

// ---- What time does: flashing in the wall's own rhythm, turning pages, growing old.

/** Where the wall's flashing stands, in milliseconds. */
function now() {
  return heard === null ? 0 : Math.max(0, rhythm + performance.now() - heard.ticks);
}

/** For how long nothing was heard, in milliseconds: the longer of two clocks, since one stands still while a box sleeps. */
function silence() {
  return heard === null ? null : Math.max(performance.now() - heard.ticks, Date.now() - heard.wall);
}

function flash() {
  const at = now();
  root.classList.toggle('fast-dark', !steady.matches && at % 500 >= 250);
  root.classList.toggle('slow-dark', !steady.matches && at % 2000 >= 1000);
}

function cover() {
  const told = scene && typeof scene.link === 'object' && scene.link.stale;
  const silent = silence(), isOld = silent === null || silent >= STALE_MS || Boolean(told);
  lost.hidden = !isOld;
  wall.classList.toggle('old', isOld);
  veil.classList.toggle('old', isOld);
  if (!isOld) return;
  const { words } = WORDS[scene ? scene.language : 'russian'];
  const seconds = silent === null ? null : Math.floor(silent / 1000) + (told ? told.since_s : 0);
  put(lost, JSON.stringify([seconds, root.lang]), () => [element('div', 'box', [mark('panel'), element('div', '', [
    element('h1', 'title', [words.no_link]),
    element('p', 'body', [seconds === null ? 'картины ещё не было' : words.picture_is_old]),
    seconds === null ? element('p', 'body age', ['NO LINK']) : element('p', 'body age', [span(words, seconds)]),
    element('p', 'small', [words.not_live])])])]);
}

function tick() {
  flash();
  cover();
  const page = Math.floor(now() / WORDS.page_ms);
  if (page !== tick.page) {
    tick.page = page;
    if (scene && lost.hidden) show();
  }
  if (!retrying && performance.now() - asked > SILENT_MS && (silence() === null || silence() > SILENT_MS)) retry();
}

// ---- The way to the daemon.

let source = null, asked = 0, delay = RETRY_MIN_MS, retrying = null;

function connect() {
  retrying = null;
  asked = performance.now();
  source = new EventSource('board/stream');
  source.addEventListener('page', (event) => reloadFor(event.data));
  source.addEventListener('scene', (event) => {
    const told = JSON.parse(event.data);
    heard = { ticks: performance.now(), wall: Date.now() };
    asked = heard.ticks;
    rhythm = told.rhythm_ms;
    scene = told.scene;
    delay = RETRY_MIN_MS;
    document.body.classList.remove('waiting');
    show();
    flash();
    cover();
  });
  source.onerror = retry;
}

function retry() {
  source.close();
  clearTimeout(retrying);
  retrying = setTimeout(connect, delay * (0.75 + Math.random() / 2));
  delay = Math.min(delay * 2, RETRY_MAX_MS);
}

/** The daemon has another page than this: it is loaded, once, whatever then comes. */
function reloadFor(page) {
  if (page === PAGE) return;
  try {
    if (sessionStorage.getItem('reloaded-for') === page) return;
    sessionStorage.setItem('reloaded-for', page);
  } catch (refused) {
    return;
  }
  location.reload();
}

window.addEventListener('resize', () => { if (scene) show(); });
document.fonts && document.fonts.ready.then(() => { if (scene) show(); });
setInterval(tick, TICK_MS);
tick();
connect();
