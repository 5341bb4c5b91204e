import type { Connection } from './connection.ts';
import { Backlog, Emitter } from './emitter.ts';
import { BrokerError, OPEN } from './types.ts';
import type { Wire } from './types.ts';

const ASK_AGAIN = 1000;
const INPUTS = 600;   // kept: ten seconds of sixty a second

export interface Player {
  connected: boolean;
  data?: unknown;
}

export interface RoomEvent {
  type: 'event';
  name?: string;
  from?: string;
  data: unknown;
  encoding?: 'base64';
}

export interface RoomEvents<State> {
  event: RoomEvent;
  /** In place of all that was there: after joining again, a restore, or `sync`. */
  state: State;
  player: { player: string; change: 'joined' | 'dropped' | 'returned' | 'left'; data?: unknown };
  /** True: it stands still for a moment, or there is no connection. */
  paused: boolean;
  ack: { seq: number; tick: number; saved?: number };
  left: { reason: string };
}

export interface Seat {
  room: string;
  token: string;
}

/** A seat in a room. It is taken again, by its token, on every new connection. */
export class Room<State = unknown> extends Emitter<RoomEvents<State>> {
  readonly id: string;
  readonly kind: string;
  player: string;
  token: string;
  generation!: number;
  tick!: number;
  step!: number;
  grace!: number;
  state!: State;
  readonly players = new Map<string, Player>();
  isPaused = false;
  /** Why there is no seat any more. */
  reason: string | null = null;
  #backlogs = new Set<Backlog<RoomEvent>>();
  #inputs: { seq: number; data: unknown; seen?: number }[] = [];
  #seq = 0;
  #timer: unknown;
  // What came behind the answer: whoever joined has the room, and listens, only after this turn.
  #early: Wire[] | null = [];

  /** @internal */
  constructor(joined: Wire, private connection: Connection, private forget: () => void) {
    super();
    this.id = joined.room;
    this.kind = joined.kind;
    this.player = joined.player;
    this.token = joined.token;
    this.#take(joined);
    connection.environment.setTimeout(() => {
      const early = this.#early!;
      this.#early = null;
      for (const message of early) this.push(message);
    }, 0);
  }

  /** What a later page needs to come back: keep it, and `join` with it. */
  get seat(): Seat {
    return { room: this.id, token: this.token };
  }

  /** Waits for nothing. False where there is no connection, and it is lost. */
  send(data: unknown, options: { name?: string; to?: string } = {}): boolean {
    return this.reason === null && this.connection.tell({ type: 'room.send', room: this.id, data, ...options });
  }

  /** Resolves when the room has taken it, so that it survives. */
  async tell(data: unknown, options: { name?: string; to?: string } = {}): Promise<void> {
    await this.#request({ type: 'room.send', room: this.id, data, ...options });
  }

  async call<Result = unknown>(method: string, data: unknown = null): Promise<Result> {
    return (await this.#request({ type: 'call', room: this.id, method, data })).data;
  }

  /** What the player does in a tick; numbered, and sent again where the room has not taken it. Returns the number. */
  input(data: unknown, seen?: number): number {
    const input = { seq: ++this.#seq, data, seen };
    this.#inputs.push(input);
    if (this.#inputs.length > INPUTS) this.#inputs.shift();
    if (!this.isPaused) this.#sendInput(input);
    return input.seq;
  }

  async sync(): Promise<State> {
    this.push(await this.#request({ type: 'room.sync', room: this.id }));
    return this.state;
  }

  async leave(): Promise<void> {
    const { reason } = await this.#request({ type: 'room.leave', room: this.id });
    this.close(reason ?? 'left');
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<RoomEvent> {
    const lost = (): RoomEvent => ({ type: 'event', name: '$lost', data: null });
    const backlog = new Backlog<RoomEvent>(1000, lost, gone => this.#backlogs.delete(gone));
    if (this.reason === null) this.#backlogs.add(backlog); else backlog.end();
    return backlog;
  }

  /** @internal */
  down(): void {
    this.connection.environment.clearTimeout(this.#timer);
    this.#pause(true);
  }

  /** @internal */
  up(): void {
    this.connection.ask({ type: 'room.join', room: this.id, token: this.token }, (joined, error) => {
      if (this.reason !== null || error?.code === 'closed') return;
      if (joined) {
        this.#take(joined);
        this.emit('state', this.state);
        this.#pause(false);
      } else if (['unavailable', 'timeout', 'rate_limited'].includes(error!.code)) {
        this.#timer = this.connection.environment.setTimeout(() => { if (this.connection.status.state === OPEN) this.up(); }, error!.retryAfter ?? ASK_AGAIN);
      } else {
        this.close(error!.code === 'room_not_found' ? 'ended' : error!.message);
      }
    });
  }

  #take({ player, token, generation, tick, step, grace, state, players, ack }: Wire): void {
    Object.assign(this, { player, token, generation, tick, step, grace, state });
    this.players.clear();
    for (const one of players as { player: string; connected: boolean; data?: unknown }[]) {
      this.players.set(one.player, { connected: one.connected, data: one.data });
    }
    if (ack !== undefined) {
      this.#seq = Math.max(this.#seq, ack);
      this.#sendAgain(ack);
    }
  }

  /** @internal */
  push(message: Wire): void {
    if (this.#early) {
      this.#early.push(message);
      return;
    }
    switch (message.type) {
      case 'room.event': {
        const { name, from, data, encoding } = message;
        const event: RoomEvent = { type: 'event', name, from, data, encoding };
        this.emit('event', event);
        for (const backlog of this.#backlogs) backlog.push(event);
        break;
      }
      case 'room.state':
        this.generation = message.generation;
        this.tick = message.tick;
        this.state = message.data;
        this.emit('state', this.state);
        this.#pause(false);
        break;
      case 'room.player': {
        const { player, change, data } = message;
        if (change === 'left') this.players.delete(player);
        else this.players.set(player, { connected: change !== 'dropped', data: data ?? this.players.get(player)?.data });
        this.emit('player', { player, change, data });
        break;
      }
      case 'room.ack': {
        const { generation, seq, tick, saved } = message;
        const isAnother = generation !== this.generation;
        this.#inputs = this.#inputs.filter(input => input.seq > (saved ?? seq));
        if (isAnother) this.#sendAgain(seq);
        this.emit('ack', { seq, tick, saved });
        break;
      }
      case 'room.paused':
        this.#pause(true);
        break;
      case 'room.left':
        this.close(message.reason);
        break;
    }
  }

  #sendInput({ seq, data, seen }: { seq: number; data: unknown; seen?: number }): void {
    this.connection.tell({ type: 'room.input', room: this.id, seq, data, ...(seen === undefined ? {} : { seen }) });
  }

  #sendAgain(taken: number): void {
    for (const input of this.#inputs) if (input.seq > taken) this.#sendInput(input);
  }

  #pause(isPaused: boolean): void {
    if (this.isPaused === isPaused || this.reason !== null) return;
    this.isPaused = isPaused;
    this.emit('paused', isPaused);
  }

  async #request(message: Wire): Promise<Wire> {
    if (this.reason !== null) throw new BrokerError('forbidden', `No seat: ${this.reason}`);
    return this.connection.request(message);
  }

  /** @internal */
  close(reason: string): void {
    if (this.reason !== null) return;
    this.connection.environment.clearTimeout(this.#timer);
    this.reason = reason;
    this.forget();
    for (const backlog of this.#backlogs) backlog.end();
    this.#backlogs.clear();
    this.emit('left', { reason });
  }
}
