// Free ports for game servers, which need the same number on UDP and TCP.

import { createServer } from 'node:net';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** Whether `port` is free on loopback, for both protocols. */
export async function isFree(port) {
  const tcp = createServer();
  const udp = createSocket('udp4');
  try {
    await once(tcp.listen(port, '127.0.0.1'), 'listening');
    await once(udp.bind(port, '127.0.0.1'), 'listening');
    return true;
  } catch {
    return false;
  } finally {
    tcp.close();
    udp.close();
  }
}

/** `count` free ports from `first` on. */
export async function freePorts(first, count) {
  const ports = [];
  for (let port = first; ports.length < count && port < 65536; port += 1) {
    if (await isFree(port)) ports.push(port);
  }
  if (ports.length < count) throw new Error(`there are no ${count} free ports from ${first} on`);
  return ports;
}
