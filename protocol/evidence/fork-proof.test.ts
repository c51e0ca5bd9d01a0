import { beforeAll, expect, test } from 'vitest'
import { nodeCrypto } from '#node/crypto'
import { SAMPLE_COOP, Scribe, spoilt } from '../../test/actors/evidence-file.ts'
import type { CommitRecord } from '../commit/index.ts'
import { compareBytes, encodeCanonical } from '../encoding/index.ts'
import { SignatureRule } from '../identity/index.ts'
import { FORK_PROOF_BYTES_MAX, PROOF_PATH_MAX, checkForkProof, encodeForkProof } from './fork-proof.ts'
import type { ForkProofResult, ProofSide } from './fork-proof.ts'

const crypto = nodeCrypto()
/** A Buffer compares as something else than the same bytes. */
const sha256 = (bytes: Uint8Array): Uint8Array => Uint8Array.from(crypto.sha256(bytes))
const parts = { coop: SAMPLE_COOP, rule: new SignatureRule(crypto), sha256 }
let till: Scribe
let clone: Scribe

/** A till that wrote five commits, and its copy, which went on after the second. */
beforeAll(() => {
  till = new Scribe(2)
  for (let i = 0; i < 5; i += 1) till.write([], { timeMs: i })
  clone = new Scribe(2)
  clone.written.push(...till.written.slice(0, 2))
  for (let i = 2; i < 5; i += 1) clone.write([], { timeMs: 100 + i })
})

function side(records: readonly (CommitRecord | undefined)[]): ProofSide {
  const whole = records.filter((it) => it !== undefined)
  const last = whole.at(-1)
  return { headers: whole.map((it) => it.headerBytes), signature: last?.signature ?? new Uint8Array(64) }
}

function check(a: ProofSide, b: ProofSide): ForkProofResult {
  return checkForkProof(encodeForkProof([a, b]), parts)
}

function refusal(a: ProofSide, b: ProofSide): string {
  const result = check(a, b)
  return result.ok ? 'ok' : result.refusal
}

test('two commits of one device and seq prove a fork, whoever brings them and in whichever order', () => {
  const [a, b] = [side([till.written[2]]), side([clone.written[2]])]
  const ids = [till.written[2]?.id, clone.written[2]?.id] as [Uint8Array, Uint8Array]
  ids.sort(compareBytes)
  const expected = { ok: true, fork: { device: till.signer.publicKey, seq: 2, ids } }
  expect(check(a, b)).toEqual(expected)
  expect(check(b, a)).toEqual(expected)
})

test('a signature further up its chain proves a commit as well', () => {
  const path = [till.written[2], spoilt(till.written[3] as CommitRecord), till.written[4]]
  expect(refusal(side(path), side([clone.written[2]]))).toBe('ok')
  expect(refusal(side(path.slice(0, 2)), side([clone.written[2]]))).toBe('signature')
  expect(refusal(side([till.written[2], till.written[4]]), side([clone.written[2]]))).toBe('chain-link')
  expect(refusal(side([till.written[2], clone.written[3]]), side([clone.written[2]]))).toBe('chain-link')
})

test('one-history: one commit twice, two of different seq, two of different devices', () => {
  const a = side([till.written[2]])
  expect(refusal(a, a)).toBe('one-history')
  expect(refusal(a, side([clone.written[3]]))).toBe('one-history')
  const other = new Scribe(3)
  for (let i = 0; i < 3; i += 1) other.write()
  expect(refusal(a, side([other.written[2]]))).toBe('one-history')
})

test('signature: what somebody else signed in its name', () => {
  const forger = new Scribe(3)
  const forged = { ...(clone.written[2] as CommitRecord) }
  forged.signature = forger.signer.sign(forged.id)
  expect(refusal(side([till.written[2]]), side([forged]))).toBe('signature')
})

test('other-coop: commits of the same key elsewhere', () => {
  const elsewhere = new Scribe(2)
  for (let i = 0; i < 3; i += 1) elsewhere.write([], { coop: new Uint8Array(32).fill(9) })
  expect(refusal(side([till.written[2]]), side([elsewhere.written[2]]))).toBe('other-coop')
})

test('malformed: anything else', () => {
  const [a, b] = [side([till.written[2]]), side([clone.written[2]])]
  const good = encodeForkProof([a, b])
  const header = a.headers[0] ?? new Uint8Array()
  const long = { headers: Array.from({ length: PROOF_PATH_MAX + 1 }, () => header), signature: a.signature }
  const bad = [
    new Uint8Array(),
    good.subarray(0, -1),
    new Uint8Array(FORK_PROOF_BYTES_MAX + 1),
    encodeCanonical([2, [[...a.headers], a.signature], [[...b.headers], b.signature]]),
    encodeCanonical([1, [[...a.headers], a.signature]]),
    encodeCanonical([1, [[], a.signature], [[...b.headers], b.signature]]),
    encodeCanonical([1, [['x'], a.signature], [[...b.headers], b.signature]]),
    encodeCanonical([1, [[...a.headers], a.signature.subarray(1)], [[...b.headers], b.signature]]),
    encodeCanonical([1, [[new Uint8Array([0xa0])], a.signature], [[...b.headers], b.signature]]),
    encodeForkProof([long, b]),
  ]
  for (const bytes of bad) expect(checkForkProof(bytes, parts)).toEqual({ ok: false, refusal: 'malformed' })
})
