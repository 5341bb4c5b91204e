// Who is in a room, as presence tells it. Members are users, or connections of which nobody knows a user.

const NAMES_KEPT = 1000;
const SHOWN = 8;

// What anonymous connections call themselves, learned from what they say: presence knows no names but those of tokens.
const names = new Map();
const listeners = new Set();

export function learn(connection, name) {
  if (!name || names.get(connection) === name) return;
  names.set(connection, name);
  if (names.size > NAMES_KEPT) names.delete(names.keys().next().value);
  for (const changed of listeners) changed();
}

export class People {
  #members = new Map(); #users = null; #me = ''; #changed;

  /** @param changed is called when there is something else to show. */
  constructor(changed) {
    this.#changed = changed;
    listeners.add(changed);
  }

  /** Nobody knows who is there. */
  clear() {
    this.#members.clear();
    this.#users = null;
    this.#changed();
  }

  /**
   * @param presence {users, members}; of many members only some
   * @param me whoever asks, and may be told before it counts
   */
  reset(presence, me) {
    this.#me = me;
    this.#members = new Map(presence.members.map(member => [member.user, member]));
    if (!this.#members.has(me)) this.#members.set(me, { user: me });
    this.#users = Math.max(presence.users, this.#members.size);
    this.#changed();
  }

  /** In a large room only their number is told. */
  count(users) {
    this.#users = users;
    this.#changed();
  }

  /** Returns the names of those who are new here. */
  join(members) {
    const fresh = [];
    for (const member of members) {
      if (this.#members.has(member.user)) continue;
      if (!this.#has(this.#nameOf(member))) fresh.push(this.#nameOf(member));
      this.#members.set(member.user, member);
      this.#users = Math.max(this.#users + 1, this.#members.size);
    }
    this.#changed();
    return fresh;
  }

  /** Returns the names of those who are not here any more: who reconnected is another member and still here. */
  leave(members) {
    const gone = members.filter(member => this.#members.delete(member.user));
    this.#users = Math.max(this.#users - members.length, this.#members.size);
    this.#changed();
    return gone.map(member => this.#nameOf(member)).filter(name => !this.#has(name));
  }

  /** Null where nobody knows. */
  get text() {
    if (this.#users === null) return null;
    const others = [...this.#members.values()].filter(member => member.user !== this.#me).map(member => this.#nameOf(member)).sort();
    const shown = [`${this.#nameOf({ user: this.#me, ...this.#members.get(this.#me) })} (you)`, ...new Set(others)];
    const more = shown.length > SHOWN ? ' and others' : '';
    return `${this.#users} here: ${shown.slice(0, SHOWN).join(', ')}${more}`;
  }

  #has(name) {
    return [...this.#members.values()].some(member => this.#nameOf(member) === name);
  }

  #nameOf({ user, info }) {
    const name = typeof info?.name === 'string' ? info.name : names.get(user) ?? user;
    return name.slice(0, 40);
  }
}
