import { createPrivateKey, createPublicKey, hash, sign, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { Crypto, Signer } from '#protocol/identity'

/** Key objects that are kept: parsing one costs as much as using it. */
const KEY_OBJECTS_MAX = 20_000
const HASH_BYTES = 32
/** DER around a raw Ed25519 key (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The protocol's cryptography on `node:crypto`: 100 times the speed of portable code. */
export function nodeCrypto(): Crypto {
  const keys = new Map<string, KeyObject>()
  const keyObject = (publicKey: Uint8Array): KeyObject => {
    const name = Buffer.from(publicKey).toString('latin1')
    const known = keys.get(name)
    if (known !== undefined) return known
    if (keys.size >= KEY_OBJECTS_MAX) keys.clear()
    const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' })
    keys.set(name, key)
    return key
  }
  return {
    sha256,
    verify: (publicKey, message, signature) => verify(null, message, keyObject(publicKey), signature),
  }
}

/** One-shot hash. Measured, of 300 bytes: 0.5 µs as a text of one letter a byte, 1.4 µs as the buffer that Node makes. */
function sha256(bytes: Uint8Array): Uint8Array {
  const letters = hash('sha256', bytes, 'binary')
  const digest = new Uint8Array(HASH_BYTES)
  for (let i = 0; i < HASH_BYTES; i += 1) digest[i] = letters.charCodeAt(i)
  return digest
}

/** An Ed25519 signer from its 32-byte seed. */
export function nodeSigner(seed: Uint8Array): Signer {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return {
    publicKey: new Uint8Array(spki.subarray(SPKI_PREFIX.length)),
    sign: (message) => new Uint8Array(sign(null, message, key)),
  }
}
