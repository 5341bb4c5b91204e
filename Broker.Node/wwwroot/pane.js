// One chat pane: a room, what was said in it, and who is there.

import { connect } from '/broker.js';
import { NO_CONNECTION, inWords as endInWords } from './closing.js';
import { $, atEnd, capital, clock, el, keepEnd, milliseconds, toEnd } from './dom.js';
import { People, learn } from './people.js';

const ROWS = 200;
const SENT_KEPT = 256;
const EARLIER = 50;       // messages that are shown of what was said before
const PROBE = 5000;       // ms between pings while somebody looks at the page
const SHOWN_DELAY = 2000; // ms at most between attempts while somebody looks: few do. An app with many users leaves it to the client
const HIDDEN_DELAY = 15000;

// When a message of this page was sent, by its key: both panes can then tell how long its delivery took.
const sentAt = new Map();
const remember = key => {
  sentAt.set(key, performance.now());
  if (sentAt.size > SENT_KEPT) sentAt.delete(sentAt.keys().next().value);
};

const WAYS = { websocket: 'WebSocket', sse: 'Server-sent events', poll: 'Long polling' };

const ended = ({ code, reason }) => `closed ${code}${reason ? ` ${reason}` : ''}: ${endInWords(code, reason)}`;

const inWords = failure => `${failure.message} (${failure.code})`;

export class Pane {
  #tag; #log; #page; #client = null; #room = null; #topic = ''; #timer = 0; #probe = 0; #count = 0; #away = false;
  #earlier = 0; #refused = null; #member = '';
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
    this.#facts = { node: find('.node'), way: find('.way'), latency: find('.latency'), delivery: find('.delivery') };
    this.#who = find('.who');
    this.#people = new People(() => this.#showPeople());
    this.#messages = find('.messages');
    this.#messages.setAttribute('aria-label', `Messages, ${side} pane`);
    keepEnd(this.#messages);
    this.#text = find('.text');
    this.#text.setAttribute('aria-label', `Message from the ${side} pane`);
    this.#send = find('.composer .primary');
    this.#reconnect = find('.again');
    this.#reconnect.addEventListener('click', () => this.#client.open());
    this.#cut = find('.cut');
    this.#cut.addEventListener('click', () => this.#cutOff());
    find('.composer').addEventListener('submit', event => { event.preventDefault(); this.#publish(); });
    $('panes').append(this.#root);
  }

  /** @param transport one way alone; empty: whichever works */
  connect(url, topic, token, transport) {
    this.#client?.close();
    const client = this.#client = connect(url, {
      token: token || undefined,
      transports: transport ? [transport] : undefined,
      backoff: { max: () => document.hidden ? HIDDEN_DELAY : SHOWN_DELAY },
    });
    const hear = (name, handler) => client.on(name, value => { if (client === this.#client) handler(value); });
    hear('status', status => this.#onStatus(status));
    hear('welcome', message => this.#onWelcome(message));
    hear('error', failure => this.#note(inWords(failure), 'bad'));
    hear('wire', ({ direction, text }) => this.#log.add(this.#tag, direction, direction === 'end' ? ended(JSON.parse(text)) : text));
    hear('latency', value => { this.#facts.latency.textContent = milliseconds(value); });
    this.#onStatus(client.status);
    this.#enter(topic);
  }

  moveTo(topic) {
    if (topic === this.#topic) return;
    this.#room?.unsubscribe();
    this.#enter(topic);
  }

  #enter(topic) {
    this.#topic = topic;
    this.#earlier = 0;
    this.#refused = null;
    this.#people.clear();
    this.#text.placeholder = `Message to ${topic}`;
    this.#join();
  }

  /** What was said before and who is there is asked for too; where the topic or the token does not give that, what comes live is enough. */
  #join() {
    const topic = this.#topic;
    const room = this.#room = this.#client.subscribe(topic, this.#refused ? {} : { last: EARLIER, presence: true });
    const hear = (name, handler) => room.on(name, value => { if (room === this.#room) handler(value); });
    hear('subscribed', reply => this.#onJoined(reply));
    hear('presence', change => this.#onPresence(change));
    hear('gap', ({ reason }) => { if (reason === 'server') this.#note('Something may have been missed here', 'warn'); });
    hear('message', message => { if (message.removed) this.#note(`“${message.entry}” is gone`); else this.#chat(message); });
    hear('end', ({ reason, error }) => {
      if (error && !this.#refused && (error.code === 'unsupported' || error.code === 'forbidden')) {
        this.#refused = error.code;
        this.#join();
      } else if (error) {
        this.#note(`Cannot join ${topic}: ${inWords(error)}`, 'bad');
      } else if (reason) {
        this.#note(`Removed from ${topic}: ${reason}`, 'warn');
      }
    });
  }

  #onJoined({ epoch, offset, recovered, missed, again }) {
    if (epoch) this.#earlier = offset;
    this.#page.joined({ type: 'subscribe', topic: this.#topic, ...(this.#refused ? {} : { last: 10, presence: true }) });
    if (again && recovered) this.#note(missed > 0 ? `Back again, with what was sent meanwhile: ${missed}` : 'Back again. Nothing was sent meanwhile.');
    else if (again) this.#note('Back again. What was sent meanwhile may be missing here.', 'warn');
    else if (this.#refused === 'forbidden') this.#note(`Joined ${this.#topic}, without its history and who is there: not allowed (forbidden)`, 'warn');
    else if (this.#refused) this.#note(`Joined ${this.#topic}. This topic keeps nothing.`);
    else this.#note(offset > 0 ? `Joined ${this.#topic}, where this was said before` : `Joined ${this.#topic}`);
  }

  async #publish() {
    const text = this.#text.value.trim();
    if (!text || this.#send.disabled) return;
    const data = { name: this.#name.value.trim() || 'Anonymous', text, by: this.#me, n: ++this.#count };
    const message = { type: 'publish', topic: this.#topic, data };
    const limit = this.#client.welcome.limits.message;
    if (new TextEncoder().encode(JSON.stringify(message)).length + 32 > limit) {
      this.#note(`Longer than this node takes (${limit} bytes)`, 'bad');
      return;
    }
    this.#text.value = '';
    remember(`${data.by}/${data.n}`);
    try {
      await this.#client.publish(this.#topic, data);
    } catch (failure) {
      // Without an answer it may have been sent all the same.
      const unknown = failure.code === 'unknown';
      this.#note(`${unknown ? 'Perhaps not sent' : 'Not sent'}: ${inWords(failure)}`, 'bad');
      this.#text.value ||= text;
    }
  }

  /** As a network does that fails, but on purpose and until somebody reconnects. */
  #cutOff() {
    this.#client.close();
    this.#note(this.#room.position ? 'Cut off. What is sent meanwhile comes when you reconnect.' : 'Cut off. What is sent meanwhile will be missing here.', 'warn');
    this.#reconnect.focus();
  }

  #onStatus({ state, transport, code, reason, retryIn, needsToken }) {
    clearInterval(this.#timer);
    clearInterval(this.#probe);
    const open = state === 1;
    const waiting = retryIn !== undefined;
    const stopped = state === 3;
    const words = code === 1006 && !this.#member ? NO_CONNECTION : endInWords(code, reason);
    const why = stopped && code === 1000 ? '' : `${words} (${code})`;
    if (open) this.#page.answerToken();
    const label = this.#state.lastElementChild;
    this.#state.dataset.state = stopped ? 'stopped' : waiting ? 'waiting' : open ? 'open' : 'connecting';
    this.#state.title = waiting || stopped ? why : '';
    this.#send.disabled = !open;
    this.#cut.hidden = !open;
    this.#reconnect.hidden = !waiting && !stopped;
    this.#send.hidden = !this.#reconnect.hidden;
    label.textContent = stopped ? 'Disconnected' : open ? 'Connected' : 'Connecting';
    if (open) {
      this.#facts.way.textContent = WAYS[transport];
      this.#onReady();
    } else {
      this.#facts.latency.textContent = '–';
    }
    if (waiting) {
      const until = performance.now() + retryIn;
      const show = () => {
        const left = Math.max(0, Math.ceil((until - performance.now()) / 1000));
        label.textContent = left > 0 ? `Again in ${left} s` : 'Connecting';
      };
      show();
      this.#timer = setInterval(show, 500);
      if (!this.#away) this.#note(`${capital(why)}; the page tries again`, 'warn');
      this.#away = true;
    } else if (stopped && why) {
      this.#note(capital(why), 'bad');
      if (needsToken) this.#page.askForToken(why);
    }
    if (waiting || stopped) this.#member = '';
  }

  #onWelcome(message) {
    this.#away = false;
    this.#facts.node.textContent = message.node;
    this.#facts.node.title = `connection ${message.connection}`;
    this.#member = message.connection;
    if (message.message) this.#note(message.message);
  }

  #onReady() {
    if (this.#client.user) this.#member = this.#client.user; else this.#introduce();
    const ping = () => { if (!document.hidden) this.#client.ping().catch(() => { }); };
    ping();
    this.#probe = setInterval(ping, PROBE);
  }

  #introduce() {
    learn(this.#member, this.#name.value.trim());
  }

  #onPresence(change) {
    const { present, members } = this.#room;
    if (!present) this.#people.clear();
    else if (!change) this.#people.reset({ users: present.users, members: [...members].map(([user, info]) => ({ user, info })) }, this.#member);
    else {
      for (const name of this.#people.join(change.joined)) this.#note(`${name} joined`);
      for (const name of this.#people.leave(change.left)) this.#note(`${name} left`);
      this.#people.count(Math.max(present.users, 1));
    }
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
