import { decodeRecord } from '#protocol/commit'
import type { CommitRecord, RecordRefusal } from '#protocol/commit'
import { Readings } from '#protocol/document'
import { concatBytes, toHex } from '#protocol/encoding'
import { HistoryPool } from '#protocol/history'
import { SignatureRule, portableSigner, portableVerify } from '#protocol/identity'
import type { Crypto, Sha256, Signer } from '#protocol/identity'

/** Answers that are remembered for all nodes of a run, so that a thousand nodes do not work out the same. A guess. */
export const SHARED_ANSWERS_MAX = 262_144

/** Ed25519 from outside, faster than portable code. */
export interface SigningPort {
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
  /** A signer from its 32-byte seed. */
  signer(seed: Uint8Array): Signer
}

/** Cryptography of one run. What is a function of bytes alone is worked out once and remembered for all nodes. */
export interface SimCrypto {
  /** `fast`: a keyed hash stands in for Ed25519; anybody with the key of the run could forge, and no actor does. */
  readonly mode: 'real' | 'fast'
  readonly crypto: Crypto
  readonly rule: SignatureRule
  readonly readings: Readings
  /** What the histories of all replicas share. */
  readonly pool: HistoryPool
  /** A signer from its 32-byte seed. */
  signer(seed: Uint8Array): Signer
  /** Decodes the records of one batch; the first that is none spoils it. Nodes share the decoded records. */
  decode(
    list: readonly Uint8Array[],
  ): { ok: true; records: CommitRecord[] } | { ok: false; refusal: RecordRefusal }
}

/**
 * The cryptography of a run. `port`: in `real` mode signs and verifies in place of the portable code; `key`: 32 bytes
 * that fix the signatures of `fast` mode.
 */
export function simCrypto(init: {
  mode: 'real' | 'fast'
  sha256: Sha256
  key: Uint8Array
  port?: SigningPort
}): SimCrypto {
  const { mode, sha256 } = init
  const hash = (bytes: Uint8Array): Uint8Array => sha256(bytes)
  const port = mode === 'fast' ? keyedHash(hash, init.key) : (init.port ?? PORTABLE)
  const crypto: Crypto = {
    sha256: hash,
    verify: (key, message, signature) => port.verify(key, message, signature),
  }
  const rule = mode === 'fast' ? new KeyedRule(crypto) : new RememberingRule(crypto)
  const readings = new Readings()
  const pool = new HistoryPool()
  return { mode, crypto, rule, readings, pool, signer: (seed) => port.signer(seed), decode: decoder(hash) }
}

const PORTABLE: SigningPort = { verify: portableVerify, signer: portableSigner }

function keyedHash(sha256: Sha256, key: Uint8Array): SigningPort {
  const sign = (publicKey: Uint8Array, message: Uint8Array): Uint8Array => {
    const half = sha256(concatBytes(key, publicKey, message))
    return concatBytes(half, half)
  }
  return {
    verify: (publicKey, message, signature) => {
      const good = sign(publicKey, message)
      return signature.length === good.length && good.every((byte, i) => byte === signature[i])
    },
    signer: (seed) => {
      const publicKey = new Uint8Array(sha256(concatBytes(key, seed)))
      return { publicKey, sign: (message) => sign(publicKey, message) }
    },
  }
}

/** The signatures of `fast` mode are no points of a curve: only their keyed hash is compared. */
class KeyedRule extends SignatureRule {
  readonly #crypto: Crypto
  /** By signature, which nodes hand on as it was decoded once: what it was last found good for, all in one. */
  readonly #good = new WeakMap<Uint8Array, Uint8Array>()

  /** By signature: the key and the id, as the objects that nodes hand on, for which it was last found good. */
  readonly #ofId = new WeakMap<Uint8Array, { publicKey: Uint8Array; id: Uint8Array }>()

  constructor(crypto: Crypto) {
    super(crypto)
    this.#crypto = crypto
  }

  override verifyId(
    publicKey: Uint8Array,
    what: { id: Uint8Array; messageOf: (id: Uint8Array) => Uint8Array },
    signature: Uint8Array,
  ): boolean {
    const known = this.#ofId.get(signature)
    if (known?.id === what.id && known.publicKey === publicKey) return true
    if (!super.verifyId(publicKey, what, signature)) return false
    this.#ofId.set(signature, { publicKey, id: what.id })
    return true
  }

  override verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    const known = this.#good.get(signature)
    if (known !== undefined && isJoined(known, [publicKey, message, signature])) return true
    if (!this.#crypto.verify(publicKey, message, signature)) return false
    this.#good.set(signature, concatBytes(publicKey, message, signature))
    return true
  }

  override isGoodKey(publicKey: Uint8Array): boolean {
    return publicKey.length === 32
  }
}

function isJoined(whole: Uint8Array, parts: readonly Uint8Array[]): boolean {
  let at = 0
  for (const part of parts)
    for (let i = 0; i < part.length; i += 1, at += 1) if (whole[at] !== part[i]) return false
  return at === whole.length
}

/** The rule itself, asked once for each signature. */
class RememberingRule extends SignatureRule {
  readonly #known = new Map<string, boolean>()

  override verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    const name = toHex(concatBytes(publicKey, signature, message))
    const known = this.#known.get(name)
    if (known !== undefined) return known
    if (this.#known.size >= SHARED_ANSWERS_MAX) this.#known.clear()
    const isGood = super.verify(publicKey, message, signature)
    this.#known.set(name, isGood)
    return isGood
  }
}

function decoder(sha256: Sha256): SimCrypto['decode'] {
  const known = new Map<string, CommitRecord>()
  const decodeOne = (bytes: Uint8Array): CommitRecord | RecordRefusal => {
    const name = toHex(sha256(bytes))
    const before = known.get(name)
    if (before !== undefined) return before
    // A copy: what came is a view into a whole frame, which would be kept with it.
    const decoded = decodeRecord(new Uint8Array(bytes), sha256)
    if (!decoded.ok) return decoded.refusal
    if (known.size >= SHARED_ANSWERS_MAX) known.clear()
    known.set(name, decoded.record)
    return decoded.record
  }
  return (list) => {
    const records: CommitRecord[] = []
    for (const bytes of list) {
      const record = decodeOne(bytes)
      if (typeof record === 'string') return { ok: false, refusal: record }
      records.push(record)
    }
    return { ok: true, records }
  }
}
