// Lays a compressed copy beside each of the SPA's files, which the panel sends to browsers that take it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const directory = process.argv[2];
for (const name of readdirSync(directory)) {
  // The page itself carries a policy made from its text and is read anew each time.
  if (!/\.(css|js|svg|wasm)$/.test(name)) continue;
  const file = path.join(directory, name);
  const contents = readFileSync(file);
  const brotli = brotliCompressSync(contents, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: contents.length },
  });
  const gzip = gzipSync(contents, { level: 9 });
  for (const [suffix, copy] of [['.br', brotli], ['.gz', gzip]]) {
    if (copy.length < contents.length) writeFileSync(file + suffix, copy);
  }
}
