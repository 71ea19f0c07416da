// Loaded before the server (node --require): whatever opens a TCP port in this process opens it on 127.0.0.1 only.
const { Server } = require('node:net');

const listen = Server.prototype.listen;

Server.prototype.listen = function (...given) {
  const ready = typeof given.at(-1) === 'function' ? [given.pop()] : [];
  const options = asOptions(given);
  return options ? listen.call(this, { ...options, host: '127.0.0.1' }, ...ready) : listen.call(this, ...given, ...ready);
};

// The options of a TCP port in whichever form they were written; nothing for a pipe or an inherited handle.
function asOptions([first, ...rest]) {
  if (first !== null && typeof first === 'object') {
    return 'port' in first && first.path === undefined ? first : undefined;
  }
  if (typeof first === 'string' && !/^\d+$/.test(first)) return undefined;
  const backlog = rest.find((one) => typeof one === 'number');
  return { port: Number(first ?? 0), ...(backlog === undefined ? {} : { backlog }) };
}
