const BLOCK_BYTES = 16
const C1 = 0x87c3_7b91_1142_53d5n
const C2 = 0x4cf5_ad43_2745_937fn

/**
 * MurmurHash3 x64 128 with seed 0, cut to its first 64 bits, big-endian: multihash `murmur3-x64-64` (0x22), by which
 * UnixFS places names in a sharded directory. Not collision resistant: names that collide can be made on purpose.
 */
export function murmur3x64(bytes: Uint8Array): Uint8Array {
  // Zero padding leaves the tail steps of the algorithm without effect where the tail has no bytes.
  const padded = new Uint8Array(Math.ceil(bytes.length / BLOCK_BYTES) * BLOCK_BYTES)
  padded.set(bytes)
  const words = new DataView(padded.buffer)
  const tailAt = bytes.length - (bytes.length % BLOCK_BYTES)
  let h1 = 0n
  let h2 = 0n
  for (let at = 0; at < padded.length; at += BLOCK_BYTES) {
    h1 ^= scramble1(words.getBigUint64(at, true))
    if (at < tailAt) h1 = wrap(wrap(rotateLeft(h1, 27n) + h2) * 5n + 0x52dc_e729n)
    h2 ^= scramble2(words.getBigUint64(at + 8, true))
    if (at < tailAt) h2 = wrap(wrap(rotateLeft(h2, 31n) + h1) * 5n + 0x3849_5ab5n)
  }
  const length = BigInt(bytes.length)
  h1 ^= length
  h2 ^= length
  h1 = wrap(h1 + h2)
  h2 = wrap(h2 + h1)
  const digest = new Uint8Array(8)
  new DataView(digest.buffer).setBigUint64(0, wrap(finalMix(h1) + finalMix(h2)))
  return digest
}

function wrap(value: bigint): bigint {
  return BigInt.asUintN(64, value)
}

function scramble1(word: bigint): bigint {
  return wrap(rotateLeft(wrap(word * C1), 31n) * C2)
}

function scramble2(word: bigint): bigint {
  return wrap(rotateLeft(wrap(word * C2), 33n) * C1)
}

function rotateLeft(word: bigint, bits: bigint): bigint {
  return wrap(word << bits) | (word >> (64n - bits))
}

function finalMix(word: bigint): bigint {
  let mixed = word ^ (word >> 33n)
  mixed = wrap(mixed * 0xff51_afd7_ed55_8ccdn)
  mixed ^= mixed >> 33n
  mixed = wrap(mixed * 0xc4ce_b9fe_1a85_ec53n)
  return mixed ^ (mixed >> 33n)
}
