import { hash } from 'node:crypto'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { toHex } from '#protocol/encoding'
import { SignatureRule } from '#protocol/identity'
import type { Crypto, Signer } from '#protocol/identity'

/** Keys of generated histories, and the rule by which replicas check what they sign. */
export interface Keys {
  readonly rule: SignatureRule
  /** The one key of a name, the same in all worlds. */
  named(name: string): Signer
  /** A key that was asked for by name, by its public half in hex. */
  holding(publicKey: string): Signer
}

/** What the histories hash with. */
export const crypto: Crypto = nodeCrypto()

/** Keys that sign. */
export const REAL_KEYS: Keys = keysOf(new SignatureRule(crypto), (signer) => signer)

/**
 * Keys that mark what they should sign with a hash that anybody could make: 30 times faster, for histories in which nobody
 * forges a signature.
 */
export const MARKED_KEYS: Keys = keysOf(
  new (class extends SignatureRule {
    override verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
      return Buffer.compare(markOf(publicKey, message), signature) === 0
    }
  })(crypto),
  ({ publicKey }) => ({ publicKey, sign: (message) => markOf(publicKey, message) }),
)

function keysOf(rule: SignatureRule, hand: (signer: Signer) => Signer): Keys {
  const signers = new Map<string, Signer>()
  return {
    rule,
    named: (name) => {
      const known = signers.get(name)
      if (known !== undefined) return known
      const seed = crypto.sha256(new TextEncoder().encode(name))
      const signer = hand(nodeSigner(Uint8Array.from(seed)))
      signers.set(name, signer)
      signers.set(toHex(signer.publicKey), signer)
      return signer
    },
    holding: (publicKey) => signers.get(publicKey) as Signer,
  }
}

/** 64 bytes, as a signature has. */
function markOf(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha512', Buffer.concat([publicKey, message]), 'buffer'))
}
