// The demo page: two chat panes on one topic, each with its own connection, and a log of the raw messages.
// Everything received is shown through textContent; nothing received becomes markup.

import { Connection } from './connection.js';

const LOG_ROWS = 500;
const LOG_TEXT = 4096;
const PANE_ROWS = 200;
const SENT_KEPT = 256;

const $ = id => document.getElementById(id);
const el = (name, className, text) => {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
};
const capital = text => text.charAt(0).toUpperCase() + text.slice(1);
const milliseconds = value => value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
const atEnd = list => list.scrollHeight - list.scrollTop - list.clientHeight < 24;
const toEnd = list => { list.scrollTop = list.scrollHeight; };

/** A list that showed its end shows it still when it has become smaller. */
const keepEnd = list => {
  let end = true;
  list.addEventListener('scroll', () => { end = atEnd(list); });
  new ResizeObserver(() => { if (end) toEnd(list); }).observe(list);
};

const indented = text => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
};

/** The wire log: bounded, written once per animation frame. Its count is of the rows that one can see. */
class WireLog {
  #list = $('wire');
  #count = $('wire-count');
  #fresh = [];
  #cut = false;
  #scheduled = false;
  #paused = false;
  #pings = false;
  #pretty = false;

  constructor() {
    $('pause').addEventListener('click', event => this.#togglePause(event.currentTarget));
    $('pretty').addEventListener('click', event => this.#togglePretty(event.currentTarget));
    $('clear').addEventListener('click', () => this.#clear());
    $('heartbeats').addEventListener('change', event => this.#showPings(event.target.checked));
    keepEnd(this.#list);
  }

  add(tag, direction, text) {
    const isPing = /^\{[^{}]*"type":"(ping|pong)"/.test(text);
    this.#fresh.push({ tag, direction, text, isPing, time: new Date() });
    if (this.#fresh.length > LOG_ROWS) this.#drop(this.#fresh.findIndex(entry => entry.isPing));
    if (!this.#scheduled) {
      this.#scheduled = true;
      requestAnimationFrame(() => this.#flush());
    }
  }

  // Pings that are not shown go first: they must not push out what is.
  #drop(ping) {
    const hidden = ping >= 0 && !this.#pings;
    this.#fresh.splice(hidden ? ping : 0, 1);
    this.#cut ||= !hidden;
  }

  #flush() {
    this.#scheduled = false;
    if (!this.#paused && this.#fresh.length > 0) {
      const follow = atEnd(this.#list);
      this.#list.append(...this.#fresh.map(entry => this.#row(entry)));
      this.#fresh = [];
      this.#trim();
      if (follow) toEnd(this.#list);
    }
    const shown = this.#list.childElementCount - (this.#pings ? 0 : this.#list.querySelectorAll('.heartbeat').length);
    const waiting = this.#fresh.filter(entry => this.#pings || !entry.isPing).length;
    this.#count.textContent = `${shown} shown${this.#cut ? ', older ones dropped' : ''}${this.#paused ? `, ${waiting} waiting` : ''}`;
  }

  #trim() {
    while (this.#list.childElementCount > LOG_ROWS) {
      const hidden = this.#pings ? null : this.#list.querySelector('.heartbeat');
      (hidden ?? this.#list.firstElementChild).remove();
      this.#cut ||= !hidden;
    }
  }

  #row({ tag, direction, text, isPing, time }) {
    const row = el('li', direction);
    const stamp = el('time', '', `${clock.format(time)}.${String(time.getMilliseconds()).padStart(3, '0')}`);
    stamp.dateTime = time.toISOString();
    const arrow = el('span', 'arrow', { in: '↓', out: '↑', end: '×' }[direction]);
    arrow.title = { in: 'received', out: 'sent', end: 'closed' }[direction];
    arrow.setAttribute('role', 'img');
    arrow.setAttribute('aria-label', arrow.title);
    row.append(stamp, el('span', `tag tag-${tag}`, tag), arrow, el('code'));
    row.raw = text;
    row.classList.toggle('heartbeat', isPing);
    this.#write(row);
    return row;
  }

  #write(row) {
    let text = row.raw;
    if (this.#pretty) text = indented(text);
    const more = text.length - LOG_TEXT;
    row.lastElementChild.textContent = more > 0 ? `${text.slice(0, LOG_TEXT)} … ${more} more characters` : text;
  }

  #showPings(shown) {
    const follow = atEnd(this.#list);
    this.#pings = shown;
    this.#list.classList.toggle('pings', shown);
    if (follow) toEnd(this.#list);
    this.#flush();
  }

  #togglePause(button) {
    this.#paused = !this.#paused;
    button.setAttribute('aria-pressed', this.#paused);
    button.textContent = this.#paused ? 'Resume' : 'Pause';
    this.#flush();
  }

  #togglePretty(button) {
    this.#pretty = !this.#pretty;
    button.setAttribute('aria-pressed', this.#pretty);
    const follow = atEnd(this.#list);
    for (const row of this.#list.children) this.#write(row);
    if (follow) toEnd(this.#list);
  }

  #clear() {
    this.#list.replaceChildren();
    this.#fresh = [];
    this.#cut = false;
    this.#flush();
  }
}

// When a message of this page was sent, by its key: both panes can then tell how long its delivery took.
const sentAt = new Map();
const remember = key => {
  sentAt.set(key, performance.now());
  if (sentAt.size > SENT_KEPT) sentAt.delete(sentAt.keys().next().value);
};

class Pane {
  #tag; #log; #connection = null; #topic = ''; #joined = false; #limit = Infinity; #timer = 0; #count = 0; #away = false;
  #me = Array.from(crypto.getRandomValues(new Uint8Array(4)), byte => byte.toString(16).padStart(2, '0')).join('');
  #root; #name; #state; #facts; #messages; #text; #send; #again;

  constructor(tag, side, name, log) {
    this.#tag = tag;
    this.#log = log;
    this.#root = $('pane').content.cloneNode(true).firstElementChild;
    const find = selector => this.#root.querySelector(selector);
    this.#root.id = side;
    this.#root.setAttribute('aria-label', `Chat, ${side} pane`);
    find('.tag').textContent = tag;
    find('.tag').classList.add(`tag-${tag}`);
    this.#name = find('.name input');
    this.#name.value = name.slice(0, this.#name.maxLength);
    this.#state = find('.state');
    this.#facts = { node: find('.node'), latency: find('.latency'), delivery: find('.delivery') };
    this.#messages = find('.messages');
    this.#messages.setAttribute('aria-label', `Messages, ${side} pane`);
    keepEnd(this.#messages);
    this.#text = find('.text');
    this.#text.setAttribute('aria-label', `Message from the ${side} pane`);
    this.#send = find('.composer .primary');
    this.#again = find('.again');
    this.#again.addEventListener('click', () => this.#connection.open());
    find('.composer').addEventListener('submit', event => { event.preventDefault(); this.#publish(); });
    $('panes').append(this.#root);
  }

  connect(url, topic, token) {
    this.#connection?.close();
    this.#setTopic(topic);
    this.#connection = new Connection(url, token, {
      state: (name, detail) => this.#onState(name, detail),
      welcome: message => this.#onWelcome(message),
      ready: () => this.#join(),
      message: message => this.#onMessage(message),
      wire: (direction, text) => this.#log.add(this.#tag, direction, text),
      latency: value => { this.#facts.latency.textContent = milliseconds(value); },
    });
    this.#connection.open();
  }

  async moveTo(topic) {
    const left = this.#topic;
    if (topic === left) return;
    this.#setTopic(topic);
    if (this.#state.dataset.state !== 'open') return;
    try {
      await this.#connection.request({ type: 'unsubscribe', topic: left });
      await this.#join();
    } catch (failure) {
      this.#note(`${failure.error} (${failure.code})`, 'bad');
    }
  }

  #setTopic(topic) {
    this.#topic = topic;
    this.#joined = false;
    this.#text.placeholder = `Message to ${topic}`;
  }

  async #join() {
    const topic = this.#topic;
    const back = this.#joined;
    try {
      await this.#connection.request({ type: 'subscribe', topic });
      this.#joined = true;
      this.#note(back ? 'Back again. What was sent meanwhile may be missing here.' : `Joined ${topic}`, back ? 'warn' : '');
    } catch (failure) {
      if (failure.code !== 'closed') this.#note(`Cannot join ${topic}: ${failure.error} (${failure.code})`, 'bad');
    }
  }

  async #publish() {
    const text = this.#text.value.trim();
    if (!text || this.#send.disabled) return;
    const data = { name: this.#name.value.trim() || 'Anonymous', text, by: this.#me, n: ++this.#count };
    const message = { type: 'publish', topic: this.#topic, data };
    if (new TextEncoder().encode(JSON.stringify(message)).length + 32 > this.#limit) {
      this.#note(`Longer than this node takes (${this.#limit} bytes)`, 'bad');
      return;
    }
    this.#text.value = '';
    remember(`${data.by}/${data.n}`);
    try {
      await this.#connection.request(message);
    } catch (failure) {
      this.#note(`Not sent: ${failure.error} (${failure.code})`, 'bad');
      this.#text.value ||= text;
    }
  }

  #onState(name, detail) {
    clearInterval(this.#timer);
    if (name === 'open') answerToken();
    const label = this.#state.lastElementChild;
    this.#state.dataset.state = name;
    this.#state.title = detail?.why ?? '';
    this.#send.disabled = name !== 'open';
    this.#again.hidden = name !== 'waiting' && name !== 'stopped';
    this.#send.hidden = !this.#again.hidden;
    label.textContent = { connecting: 'Connecting', open: 'Connected', stopped: 'Disconnected' }[name] ?? '';
    if (name === 'waiting') {
      const show = () => {
        const left = Math.max(0, Math.ceil((detail.until - performance.now()) / 1000));
        label.textContent = left > 0 ? `Again in ${left} s` : 'Connecting';
      };
      show();
      this.#timer = setInterval(show, 500);
      if (!this.#away) this.#note(`${capital(detail.why)}; the page tries again`, 'warn');
      this.#away = true;
    } else if (name === 'stopped' && detail.why !== 'closed') {
      this.#note(capital(detail.why), 'bad');
      if (detail.token) askForToken(detail.why);
    }
    if (name !== 'open') this.#facts.latency.textContent = '–';
  }

  #onWelcome(message) {
    this.#away = false;
    this.#facts.node.textContent = message.node;
    this.#facts.node.title = `connection ${message.connection}`;
    this.#limit = message.limits?.message ?? Infinity;
    if (message.message) this.#note(message.message);
  }

  #onMessage(message) {
    if (message.type === 'message' && message.topic === this.#topic) this.#chat(message);
    else if (message.type === 'gap') this.#note('Something may have been missed here', 'warn');
    else if (message.type === 'unsubscribed') this.#note(`Removed from ${message.topic}: ${message.reason ?? ''}`, 'warn');
    else if (message.type === 'error') this.#note(`${message.error} (${message.code})`, 'bad');
  }

  // Anybody may publish here, from a console too: data that is no chat message is shown as it is.
  #chat({ data, from }) {
    const chat = data !== null && typeof data === 'object' && typeof data.text === 'string';
    const text = chat ? data.text : typeof data === 'string' ? data : JSON.stringify(data);
    const name = chat && typeof data.name === 'string' ? data.name : from?.user ?? 'Somebody';
    const mine = chat && data.by === this.#me;
    const row = el('div', mine ? 'mine' : 'theirs');
    const meta = el('div', 'meta');
    meta.append(el('b', '', name.slice(0, 40)), el('time', '', clock.format(new Date())));
    const sent = chat ? sentAt.get(`${data.by}/${data.n}`) : undefined;
    if (sent !== undefined) {
      const took = milliseconds(performance.now() - sent);
      this.#facts.delivery.textContent = took;
      meta.append(el('span', 'took', took));
    }
    row.append(meta, el('p', '', text));
    this.#append(row);
  }

  #note(text, kind) {
    this.#append(el('div', kind ? `note ${kind}` : 'note', text));
  }

  #append(row) {
    const follow = atEnd(this.#messages);
    this.#messages.append(row);
    while (this.#messages.childElementCount > PANE_ROWS) this.#messages.firstElementChild.remove();
    if (follow) toEnd(this.#messages);
  }
}

function warn(text) {
  $('notice').textContent = text;
  $('notice').hidden = !text;
}

/** Both panes may ask; the field is there once, and takes the focus from nobody who types. */
function askForToken(why) {
  $('token-why').textContent = `${capital(why)}.`;
  $('token-why').hidden = false;
  $('more').open = true;
  if (!document.activeElement?.matches('input')) $('token').focus();
}

function answerToken() {
  $('token-why').hidden = true;
}

function webSocketUrl(text, fallback) {
  if (!text) return fallback;
  try {
    const url = new URL(text, fallback);
    if (url.protocol === 'ws:' || url.protocol === 'wss:') return url.href;
  } catch { /* said below */ }
  warn(`“${text}” is not a WebSocket address; the right pane uses this page’s own node.`);
  return fallback;
}

const query = new URLSearchParams(location.search);
const own = new URL('/ws', location.href);
own.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
own.search = own.hash = '';

$('topic').value = query.get('topic') ?? 'chat.lobby';
if (!$('topic').checkValidity()) $('topic').value = 'chat.lobby';
$('other').placeholder = own.href;
$('other').value = query.get('ws') ?? '';

const log = new WireLog();
const left = new Pane('A', 'left', query.get('left') ?? 'Ada', log);
const right = new Pane('B', 'right', query.get('right') ?? 'Ben', log);
const wanted = () => JSON.stringify([$('other').value.trim(), $('token').value]);
let connected;

function connect() {
  warn('');
  answerToken();
  connected = wanted();
  const topic = $('topic').value;
  left.connect(own.href, topic, $('token').value);
  right.connect(webSocketUrl($('other').value.trim(), own.href), topic, $('token').value);
  describe(topic);
}

// Works pasted whole: requests wait for nothing but the socket. The token is read from its field and shown nowhere.
function describe(topic) {
  const requests = [
    `{ type: 'subscribe', topic: ${JSON.stringify(topic)}, id: 1 }`,
    `{ type: 'publish', topic: ${JSON.stringify(topic)}, data: 'Hello from the console', id: 2 }`,
  ];
  if ($('token').value) requests.unshift('{ type: \'auth\', token: document.getElementById(\'token\').value }');
  $('snippet').textContent = [
    `ws = new WebSocket(${JSON.stringify(own.href)});`,
    'ws.onmessage = event => console.log(event.data);',
    'ws.onopen = () => {',
    ...requests.map(request => `  ws.send(JSON.stringify(${request}));`),
    '};',
  ].join('\n');
}

$('settings').addEventListener('submit', event => {
  event.preventDefault();
  const topic = $('topic').value;
  const shared = new URLSearchParams(location.search);
  shared.set('topic', topic);
  if ($('other').value.trim()) shared.set('ws', $('other').value.trim()); else shared.delete('ws');
  history.replaceState(null, '', `?${shared}`);
  const inSheet = [event.submitter, document.activeElement].some(element => $('more').contains(element));
  $('more').open = false;
  if (inSheet || wanted() !== connected) {
    connect();
  } else {
    left.moveTo(topic);
    right.moveTo(topic);
    describe(topic);
  }
});
document.addEventListener('keydown', event => {
  if (event.key === 'Escape' && $('more').open) {
    $('more').open = false;
    $('more').querySelector('summary').focus();
  }
});
document.addEventListener('pointerdown', event => {
  if (!$('more').contains(event.target)) $('more').open = false;
});
$('copy').addEventListener('click', async event => {
  const button = event.currentTarget;
  try {
    await navigator.clipboard.writeText($('snippet').textContent);
    button.textContent = 'Copied';
  } catch {
    getSelection().selectAllChildren($('snippet'));
    button.textContent = 'Selected';
  }
  setTimeout(() => { button.textContent = 'Copy'; }, 1500);
});

connect();
