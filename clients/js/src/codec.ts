import type { Codec } from './types.ts';

export const json: Codec = {
  protocol: 'broker.v1.json',
  encode: message => JSON.stringify(message),
  decode: frame => JSON.parse(frame as string),
};

export const sizeOf = (frame: string | Uint8Array): number => typeof frame === 'string' ? new TextEncoder().encode(frame).length : frame.length;
