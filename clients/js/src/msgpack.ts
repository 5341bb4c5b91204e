import { decode, encode } from '@msgpack/msgpack';
import type { Codec } from './types.ts';

/** The same messages in binary frames: an option of `connect`. Bytes in `data` stay bytes. */
export const msgpack: Codec = {
  protocol: 'broker.v1.msgpack',
  encode: message => encode(message, { ignoreUndefined: true }) as Uint8Array<ArrayBuffer>,
  decode: frame => decode(frame as ArrayBuffer),
};
