// One chat pane: a room, what was said in it, and who is there.

import { Connection } from './connection.js';
import { $, atEnd, capital, clock, el, keepEnd, milliseconds, toEnd } from './dom.js';
import { People, learn } from './people.js';

const ROWS = 200;
const SENT_KEPT = 256;
const EARLIER = 50;       // messages that are shown of what was said before
const ASK_AGAIN = 1000;   // ms until what the node could not do is asked for again

// When a message of this page was sent, by its key: both panes can then tell how long its delivery took.
const sentAt = new Map();
const remember = key => {
  sentAt.set(key, performance.now());
  if (sentAt.size > SENT_KEPT) sentAt.delete(sentAt.keys().next().value);
};

const inWords = failure => `${failure.error} (${failure.code})`;

export class Pane {
  #tag; #log; #page; #connection = null; #topic = ''; #limit = Infinity; #timer = 0; #count = 0; #away = false;
  #joined = false; #position = null; #earlier = 0; #refused = null; #member = ''; #again = 0;
  #me = Array.from(crypto.getRandomValues(new Uint8Array(4)), byte => byte.toString(16).padStart(2, '0')).join('');
  #root; #name; #state; #facts; #who; #messages; #text; #send; #reconnect; #cut; #people;

  /** @param page {askForToken(why), answerToken(), joined(request)}; the request is one that the node takes. */
  constructor(tag, side, name, log, page) {
    this.#tag = tag;
    this.#log = log;
    this.#page = page;
    this.#root = $('pane').content.cloneNode(true).firstElementChild;
    const find = selector => this.#root.querySelector(selector);
    this.#root.id = side;
    this.#root.setAttribute('aria-label', `Chat, ${side} pane`);
    find('.tag').textContent = tag;
    find('.tag').classList.add(`tag-${tag}`);
    this.#name = find('.name input');
    this.#name.value = name.slice(0, this.#name.maxLength);
    this.#name.addEventListener('input', () => this.#introduce());
    this.#state = find('.state');
    this.#facts = { node: find('.node'), latency: find('.latency'), delivery: find('.delivery') };
    this.#who = find('.who');
    this.#people = new People(() => this.#showPeople());
    this.#messages = find('.messages');
    this.#messages.setAttribute('aria-label', `Messages, ${side} pane`);
    keepEnd(this.#messages);
    this.#text = find('.text');
    this.#text.setAttribute('aria-label', `Message from the ${side} pane`);
    this.#send = find('.composer .primary');
    this.#reconnect = find('.again');
    this.#reconnect.addEventListener('click', () => this.#connection.open());
    this.#cut = find('.cut');
    this.#cut.addEventListener('click', () => this.#cutOff());
    find('.composer').addEventListener('submit', event => { event.preventDefault(); this.#publish(); });
    $('panes').append(this.#root);
  }

  connect(url, topic, token) {
    this.#connection?.close();
    this.#setTopic(topic);
    this.#connection = new Connection(url, token, {
      state: (name, detail) => this.#onState(name, detail),
      welcome: message => this.#onWelcome(message),
      ready: user => this.#onReady(user),
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
    } catch (failure) {
      if (failure.code !== 'closed') this.#note(inWords(failure), 'bad');
      return;
    }
    await this.#join();
  }

  #setTopic(topic) {
    this.#topic = topic;
    this.#joined = false;
    this.#position = null;
    this.#earlier = 0;
    this.#refused = null;
    this.#people.clear();
    this.#text.placeholder = `Message to ${topic}`;
  }

  async #join() {
    clearTimeout(this.#again);
    const topic = this.#topic;
    try {
      const reply = await this.#subscribe(topic);
      if (topic === this.#topic) this.#onJoined(reply);
    } catch (failure) {
      if (failure.code === 'closed' || topic !== this.#topic) return;
      this.#note(`Cannot join ${topic}: ${inWords(failure)}`, 'bad');
      if (failure.code === 'unavailable') this.#again = setTimeout(() => this.#join(), failure.retryAfter ?? ASK_AGAIN);
    }
  }

  /** What was said before and who is there is asked for too; where the topic or the token does not give that, what comes live is enough. */
  async #subscribe(topic) {
    const request = { type: 'subscribe', topic };
    if (this.#position) request.recover = this.#position;
    if (!this.#refused) {
      try {
        return await this.#connection.request({ ...request, last: EARLIER, presence: true });
      } catch (failure) {
        if (failure.code !== 'unsupported' && failure.code !== 'forbidden') throw failure;
        this.#refused = failure.code;
      }
    }
    return this.#connection.request(request);
  }

  #onJoined({ epoch, offset, recovered, presence }) {
    const back = this.#joined;
    const missed = back && recovered ? offset - this.#position.offset : 0;
    this.#joined = true;
    if (epoch) {
      this.#earlier = offset;
      if (!this.#position || !recovered) this.#position = { epoch, offset };
    }
    if (presence) this.#people.reset(presence, this.#member);
    this.#page.joined({ type: 'subscribe', topic: this.#topic, ...(this.#refused ? {} : { last: 10, presence: true }) });
    if (back && recovered) this.#note(missed > 0 ? `Back again, with what was sent meanwhile: ${missed}` : 'Back again. Nothing was sent meanwhile.');
    else if (back) this.#note('Back again. What was sent meanwhile may be missing here.', 'warn');
    else if (this.#refused === 'forbidden') this.#note(`Joined ${this.#topic}, without its history and who is there: not allowed (forbidden)`, 'warn');
    else if (this.#refused) this.#note(`Joined ${this.#topic}. This topic keeps nothing.`);
    else this.#note(offset > 0 ? `Joined ${this.#topic}, where this was said before` : `Joined ${this.#topic}`);
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
      // Without an answer it may have been sent all the same.
      const unknown = failure.code === 'timeout' || failure.code === 'closed';
      this.#note(`${unknown ? 'Perhaps not sent' : 'Not sent'}: ${inWords(failure)}`, 'bad');
      this.#text.value ||= text;
    }
  }

  /** As a network does that fails, but on purpose and until somebody reconnects. */
  #cutOff() {
    this.#connection.close();
    this.#note(this.#position ? 'Cut off. What is sent meanwhile comes when you reconnect.' : 'Cut off. What is sent meanwhile will be missing here.', 'warn');
    this.#reconnect.focus();
  }

  #onState(name, detail) {
    clearInterval(this.#timer);
    clearTimeout(this.#again);
    if (name === 'open') this.#page.answerToken(); else this.#people.clear();
    const label = this.#state.lastElementChild;
    this.#state.dataset.state = name;
    this.#state.title = detail?.why ?? '';
    this.#send.disabled = name !== 'open';
    this.#cut.hidden = name !== 'open';
    this.#reconnect.hidden = name !== 'waiting' && name !== 'stopped';
    this.#send.hidden = !this.#reconnect.hidden;
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
      if (detail.token) this.#page.askForToken(detail.why);
    }
    if (name !== 'open') this.#facts.latency.textContent = '–';
  }

  #onWelcome(message) {
    this.#away = false;
    this.#facts.node.textContent = message.node;
    this.#facts.node.title = `connection ${message.connection}`;
    this.#limit = message.limits?.message ?? Infinity;
    this.#member = message.connection;
    if (message.message) this.#note(message.message);
  }

  #onReady(user) {
    if (user) this.#member = user; else this.#introduce();
    this.#join();
  }

  #introduce() {
    learn(this.#member, this.#name.value.trim());
  }

  #onMessage(message) {
    if (message.topic === this.#topic && this.#onTopic(message)) return;
    if (message.type === 'unsubscribed') this.#note(`Removed from ${message.topic}: ${message.reason ?? ''}`, 'warn');
    else if (message.type === 'error') this.#note(inWords(message), 'bad');
  }

  /** Returns whether the message was about what is in the room. */
  #onTopic(message) {
    switch (message.type) {
      case 'message':
        if (message.offset) this.#position = { ...this.#position, offset: message.offset };
        if (message.removed) this.#note(`“${message.entry}” is gone`); else this.#chat(message);
        return true;
      case 'join':
        for (const name of this.#people.join(message.members)) this.#note(`${name} joined`);
        return true;
      case 'leave':
        for (const name of this.#people.leave(message.members)) this.#note(`${name} left`);
        return true;
      case 'presence':
        this.#people.count(message.users);
        return true;
      case 'gap':
        if (message.epoch) this.#position = { epoch: message.epoch, offset: message.offset };
        this.#note('Something may have been missed here', 'warn');
        this.#askWhoIsThere();
        return true;
      default:
        return false;
    }
  }

  async #askWhoIsThere() {
    if (this.#people.text === null) return;
    const topic = this.#topic;
    const presence = await this.#connection.request({ type: 'presence', topic }).catch(() => null);
    if (presence && topic === this.#topic) this.#people.reset(presence, this.#member);
  }

  #showPeople() {
    const text = this.#people.text;
    this.#who.textContent = text ?? '';
    this.#who.hidden = text === null;
  }

  // Anybody may publish here, from a console too: data that is no chat message is shown as it is.
  #chat({ data, from, time, offset }) {
    const chat = data !== null && typeof data === 'object' && typeof data.text === 'string';
    const text = chat ? data.text : typeof data === 'string' ? data : JSON.stringify(data);
    const name = chat && typeof data.name === 'string' ? data.name : from?.user ?? from?.connection ?? 'Somebody';
    if (chat && from && !from.user) learn(from.connection, name);
    const mine = chat && data.by === this.#me;
    const row = el('div', mine ? 'mine' : 'theirs');
    const meta = el('div', 'meta');
    meta.append(el('b', '', name.slice(0, 40)), el('time', '', clock.format(time ?? Date.now())));
    const sent = chat && !(offset <= this.#earlier) ? sentAt.get(`${data.by}/${data.n}`) : undefined;
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
    while (this.#messages.childElementCount > ROWS) this.#messages.firstElementChild.remove();
    if (follow) toEnd(this.#messages);
  }
}
