import type { Environment, TransportName } from '../types.ts';

const REMEMBERED = 24 * 3600 * 1000;
const RETRY_UPWARDS = 10 * 60 * 1000;
const LOYALTY = 2;   // rounds for which the way that worked here is tried alone: a node that restarts is no proxy that blocks

/** Which ways are tried, in which order. A lower one is remembered only once it has worked where a higher one had not. */
export class Ladder {
  #worked: TransportName | null = null;
  #triedAt = 0;
  #key: string;

  constructor(private ways: TransportName[], origin: string, private environment: Environment) {
    this.#key = `broker.transport ${origin}`;
  }

  /** @param failures rounds without a welcome since the last one */
  order(failures: number): TransportName[] {
    if (this.#worked && this.#worked !== this.ways[0] && this.environment.now() - this.#triedAt > RETRY_UPWARDS) {
      this.#triedAt = this.environment.now();
      return this.ways;
    }
    if (this.#worked && failures < LOYALTY) return [this.#worked];
    const first = failures === 0 ? this.#remembered() : null;
    return first ? [first, ...this.ways.filter(way => way !== first)] : this.ways;
  }

  welcomed(way: TransportName): void {
    if (!this.#worked) this.#triedAt = this.environment.now();
    const known = this.#worked === way || this.#remembered() === way;
    this.#worked = way;
    if (known || this.ways.length < 2) return;
    try {
      if (way === this.ways[0]) this.environment.storage?.removeItem(this.#key);
      else this.environment.storage?.setItem(this.#key, JSON.stringify({ way, until: Date.now() + REMEMBERED }));
    } catch { /* a storage that is full: found out again next time */ }
  }

  #remembered(): TransportName | null {
    try {
      const { way, until } = JSON.parse(this.environment.storage?.getItem(this.#key) ?? '{}');
      return until > Date.now() && until <= Date.now() + REMEMBERED && this.ways.includes(way) ? way : null;
    } catch {
      return null;
    }
  }
}
