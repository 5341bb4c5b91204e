import type { TokenSource } from './types.ts';

/** The token in use. It is fetched once and kept, so that clients that lost their node together do not all ask their backend at once. */
export class Token {
  #source: TokenSource | undefined;
  #kept: string | null = null;
  #fetched = false;
  #isFresh = false;

  constructor(source: TokenSource | undefined) {
    this.#source = source;
  }

  get current(): string | null {
    return this.#kept;
  }

  /** A text is all there will ever be. */
  get canBeRenewed(): boolean {
    return typeof this.#source === 'function';
  }

  /** Whether the node has not said yet what it thinks of the one fetched because another was refused. */
  get isFresh(): boolean {
    return this.#isFresh;
  }

  async get(): Promise<string | null> {
    return this.#fetched ? this.#kept : this.fetch(this.#isFresh);
  }

  async fetch(refused: boolean): Promise<string | null> {
    const token = typeof this.#source === 'function' ? await this.#source(refused) : this.#source;
    this.#fetched = true;
    return this.#kept = token || null;
  }

  refused(): void {
    this.#fetched = false;
    this.#isFresh = true;
  }

  accepted(): void {
    this.#isFresh = false;
  }

  forget(): void {
    this.#fetched = this.#isFresh = false;
  }
}
