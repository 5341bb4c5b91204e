// The log of the raw messages.

import { $, atEnd, clock, el, keepEnd, toEnd } from './dom.js';

const LOG_ROWS = 500;
const LOG_TEXT = 4096;

const indented = text => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
};

/** The wire log: bounded, written once per animation frame. Its count is of the rows that one can see. */
export class WireLog {
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
