import nacl from 'tweetnacl'
import type { Signer } from './crypto-port.ts'

/** An Ed25519 signer from its 32-byte seed, in portable code: the same in a browser, a node and a simulation. */
export function portableSigner(seed: Uint8Array): Signer {
  const pair = nacl.sign.keyPair.fromSeed(seed)
  return { publicKey: pair.publicKey, sign: (message) => nacl.sign.detached(message, pair.secretKey) }
}

/** Portable Ed25519 verification; use it only behind `SignatureRule`, since alone it accepts S + L. */
export function portableVerify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return nacl.sign.detached.verify(message, signature, publicKey)
}
