import type { Opener } from './transport.ts';

export const openWebSocket: Opener = ({ url, codec, batch, environment }, listener) => {
  if (!environment.WebSocket) throw new Error('There is no WebSocket here: give one in options.environment');
  const address = new URL(url);
  if (batch) address.searchParams.set('batch', `${batch}`);
  const socket = new environment.WebSocket(address.href, [codec.protocol]);
  socket.binaryType = 'arraybuffer';
  let ended = false;
  const end = (code: number, reason: string) => {
    if (ended) return;
    ended = true;
    listener.closed(code, reason);
  };
  socket.onopen = () => { if (!ended) listener.opened(); };
  socket.onmessage = ({ data }: { data: string | ArrayBuffer }) => {
    if (ended) return;
    let message;
    try {
      message = codec.decode(data);
    } catch {
      end(1006, 'not this protocol');
      socket.close();
      return;
    }
    listener.message(message, typeof data === 'string' ? data : '');
  };
  socket.onclose = ({ code, reason }: { code: number; reason: string }) => end(code, reason);
  socket.onerror = () => { };
  return {
    get bufferedAmount() { return socket.bufferedAmount; },
    send: frame => socket.send(frame),
    close() {
      ended = true;
      socket.close(1000);
    },
  };
};
