import { HEADER_BYTES_MAX, commitMessage, decodeHeader } from '../commit/index.ts'
import type { Header } from '../commit/index.ts'
import { compareBytes, decodeCanonical, encodeCanonical, equalBytes, isBytes } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import type { Sha256, SignatureRule } from '../identity/index.ts'
import type { Fork } from './chain-check.ts'

/** Headers on one side of a proof: no replica stores a longer stretch without a good signature (docs/protocol/commit.md). */
export const PROOF_PATH_MAX = 256
/** Bytes of one proof: 256 headers of 500 bytes on both sides. Mostly it is two headers, 700 bytes. */
export const FORK_PROOF_BYTES_MAX = 262_144

/** One of the two histories: from the commit where they part to the first one that bears a good signature. */
export interface ProofSide {
  /** Header bytes, each the `prev` of the next. */
  headers: readonly Uint8Array[]
  /** Signature of the last one. */
  signature: Uint8Array
}

/** Why bytes prove no fork. */
export type ForkProofRefusal = 'malformed' | 'other-coop' | 'chain-link' | 'one-history' | 'signature'

/** The fork, or why there is none. */
export type ForkProofResult = { ok: true; fork: Fork } | { ok: false; refusal: ForkProofRefusal }

/** Canonical bytes of a proof. */
export function encodeForkProof(sides: readonly [ProofSide, ProofSide]): Uint8Array {
  return encodeCanonical([1, ...sides.map(({ headers, signature }): Value => [[...headers], signature])])
}

/**
 * Checks a proof with nothing but the co-op id: one device signed two commits of one seq. What either says does not
 * matter, nor who brings the proof.
 */
export function checkForkProof(
  bytes: Uint8Array,
  parts: { coop: Uint8Array; rule: SignatureRule; sha256: Sha256 },
): ForkProofResult {
  const sides = readSides(bytes)
  if (sides === null) return refuse('malformed')
  const [a, b] = sides.map((side) => readPath(side, parts)) as [
    Path | ForkProofRefusal,
    Path | ForkProofRefusal,
  ]
  if (typeof a === 'string') return refuse(a)
  if (typeof b === 'string') return refuse(b)
  const isOneDevice = equalBytes(a.first.device, b.first.device)
  if (!isOneDevice || a.first.seq !== b.first.seq || equalBytes(a.id, b.id)) return refuse('one-history')
  const { device } = a.first
  for (const { lastId, signature } of [a, b])
    if (!parts.rule.verify(device, commitMessage(lastId), signature)) return refuse('signature')
  const ids: Fork['ids'] = compareBytes(a.id, b.id) < 0 ? [a.id, b.id] : [b.id, a.id]
  return { ok: true, fork: { device: device.slice(), seq: a.first.seq, ids } }
}

/** A side whose headers follow one another. */
interface Path {
  first: Header
  /** Id of the first commit. */
  id: Uint8Array
  lastId: Uint8Array
  signature: Uint8Array
}

function readSides(bytes: Uint8Array): ProofSide[] | null {
  if (bytes.length > FORK_PROOF_BYTES_MAX) return null
  const decoded = decodeCanonical(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 3) return null
  const [version, ...values] = decoded.value
  if (version !== 1) return null
  const sides = values.map(readSide)
  return sides.every((side) => side !== null) ? sides : null
}

function readSide(value: Value): ProofSide | null {
  if (!Array.isArray(value) || value.length !== 2) return null
  const [list, signature] = value
  if (!Array.isArray(list) || list.length === 0 || list.length > PROOF_PATH_MAX) return null
  const headers = list.filter(
    (it) => it instanceof Uint8Array && it.length <= HEADER_BYTES_MAX,
  ) as Uint8Array[]
  if (headers.length !== list.length || !isBytes(signature, 64)) return null
  return { headers, signature }
}

function readPath(
  { headers, signature }: ProofSide,
  { coop, sha256 }: { coop: Uint8Array; sha256: Sha256 },
): Path | ForkProofRefusal {
  let path: Path | null = null
  let last: Header | null = null
  for (const bytes of headers) {
    const decoded = decodeHeader(bytes)
    if (!decoded.ok) return 'malformed'
    const { header } = decoded
    if (!equalBytes(header.coop, coop)) return 'other-coop'
    const id = sha256(bytes)
    if (path === null || last === null) path = { first: header, id, lastId: id, signature }
    else {
      const isNext =
        header.prev !== null && equalBytes(header.prev, path.lastId) && header.seq === last.seq + 1
      if (!isNext || !equalBytes(header.device, last.device)) return 'chain-link'
      path.lastId = id
    }
    last = header
  }
  return path ?? 'malformed'
}

function refuse(refusal: ForkProofRefusal): ForkProofResult {
  return { ok: false, refusal }
}
