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
const milliseconds = value => value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
const atEnd = list => list.scrollHeight - list.scrollTop - list.clientHeight < 24;
const toEnd = list => { list.scrollTop = list.scrollHeight; };

const indented = text => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
};

/** The wire log: bounded, written once per animation frame, and still counting while it is paused. */
class WireLog {
  #list = $('wire');
  #count = $('wire-count');
  #fresh = [];
  #total = 0;
  #scheduled = false;
  #paused = false;
  #pretty = false;

  constructor() {
    $('pause').addEventListener('click', event => this.#togglePause(event.currentTarget));
    $('pretty').addEventListener('click', event => this.#togglePretty(event.currentTarget));
    $('clear').addEventListener('click', () => this.#clear());
    $('heartbeats').addEventListener('change', event => this.#list.classList.toggle('pings', event.target.checked));
  }

  add(tag, direction, text) {
    this.#fresh.push({ tag, direction, text, time: new Date() });
    if (this.#fresh.length > LOG_ROWS) this.#fresh.shift();
    this.#total++;
    if (!this.#scheduled) {
      this.#scheduled = true;
      requestAnimationFrame(() => this.#flush());
    }
  }

  #flush() {
    this.#scheduled = false;
    if (!this.#paused && this.#fresh.length > 0) {
      const follow = atEnd(this.#list);
      this.#list.append(...this.#fresh.map(entry => this.#row(entry)));
      this.#fresh = [];
      while (this.#list.childElementCount > LOG_ROWS) this.#list.firstElementChild.remove();
      if (follow) toEnd(this.#list);
    }
    this.#count.textContent = this.#paused ? `paused, ${this.#fresh.length} waiting` : `${this.#total}`;
  }

  #row({ tag, direction, text, time }) {
    const row = el('li', direction);
    const stamp = el('time', '', `${clock.format(time)}.${String(time.getMilliseconds()).padStart(3, '0')}`);
    stamp.dateTime = time.toISOString();
    const arrow = el('span', 'arrow', { in: '↓', out: '↑', end: '×' }[direction]);
    arrow.title = { in: 'received', out: 'sent', end: 'closed' }[direction];
    arrow.setAttribute('role', 'img');
    arrow.setAttribute('aria-label', arrow.title);
    row.append(stamp, el('span', `tag tag-${tag}`, tag), arrow, el('code'));
    row.raw = text;
    if (/^\{[^{}]*"type":"(ping|pong)"/.test(text)) row.classList.add('heartbeat');
    this.#write(row);
    return row;
  }

  #write(row) {
    let text = row.raw;
    if (this.#pretty) text = indented(text);
    const more = text.length - LOG_TEXT;
    row.lastElementChild.textContent = more > 0 ? `${text.slice(0, LOG_TEXT)} … ${more} more characters` : text;
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
    this.#total = 0;
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
  #tag; #log; #connection = null; #topic = ''; #joined = false; #limit = Infinity; #timer = 0; #count = 0; #failure = '';
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
    this.#name.value = name;
    this.#state = find('.state');
    this.#facts = { node: find('.node'), latency: find('.latency'), delivery: find('.delivery') };
    this.#messages = find('.messages');
    this.#messages.setAttribute('aria-label', `Messages, ${side} pane`);
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
      if (detail.why !== this.#failure) this.#note(`No connection: ${detail.why}`, 'warn');
      this.#failure = detail.why;
    } else if (name === 'stopped' && detail.why !== 'closed') {
      this.#note(`Disconnected: ${detail.why}`, 'bad');
    }
    if (name !== 'open') this.#facts.latency.textContent = '–';
  }

  #onWelcome(message) {
    this.#failure = '';
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

function connect() {
  warn('');
  const topic = $('topic').value;
  left.connect(own.href, topic, $('token').value);
  right.connect(webSocketUrl($('other').value.trim(), own.href), topic, $('token').value);
  describe(topic);
}

function describe(topic) {
  $('snippet').textContent = [
    `ws = new WebSocket(${JSON.stringify(own.href)});`,
    'ws.onmessage = event => console.log(event.data);',
    `ws.onopen = () => ws.send(JSON.stringify({ type: 'subscribe', topic: ${JSON.stringify(topic)}, id: 1 }));`,
    '',
    '// and then, to everybody in the topic:',
    `ws.send(JSON.stringify({ type: 'publish', topic: ${JSON.stringify(topic)}, data: 'Hello from the console', id: 2 }));`,
  ].join('\n');
}

$('settings').addEventListener('submit', event => {
  event.preventDefault();
  const topic = $('topic').value;
  const shared = new URLSearchParams(location.search);
  shared.set('topic', topic);
  if ($('other').value.trim()) shared.set('ws', $('other').value.trim()); else shared.delete('ws');
  history.replaceState(null, '', `?${shared}`);
  if ($('more').open) {
    $('more').open = false;
    connect();
  } else {
    left.moveTo(topic);
    right.moveTo(topic);
    describe(topic);
  }
});
$('more').addEventListener('keydown', event => {
  if (event.key === 'Escape') {
    $('more').open = false;
    $('more').querySelector('summary').focus();
  }
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
