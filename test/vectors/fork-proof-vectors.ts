import type { CommitRecord } from '#protocol/commit'
import { encodeCanonical, toHex } from '#protocol/encoding'
import type { Value } from '#protocol/encoding'
import type { ForkProofRefusal } from '#protocol/evidence'
import { SAMPLE_COOP, Scribe, spoilt } from '../actors/evidence-file.ts'
import { filled } from './vector-form.ts'
import type { Vector, VectorFile } from './vector-form.ts'

/** docs/protocol/evidence.md */
export function forkProofVectors(): VectorFile {
  return {
    about: [
      'fork proofs: hex <-> device, seq and the ids of two commits of one seq. invalid ones are refused by name.',
      'devices have the seeds 02…02 and 03…03.',
    ],
    valid: [
      valid('one commit on each side', [at(1)], [other(1)]),
      valid('a commit that the next signature covers', [spoilt(at(1)), at(2)], [other(1)]),
      valid('the first commit of a chain', [at(0)], [another.written[0] as CommitRecord]),
    ],
    invalid: invalid(),
  }
}

const till = new Scribe(2)
for (let i = 0; i < 3; i += 1) till.write([], { timeMs: i })
const copy = new Scribe(2)
copy.written.push(...till.written.slice(0, 1))
for (let i = 0; i < 2; i += 1) copy.write([], { timeMs: 70 + i })
const another = new Scribe(2)
another.write([], { timeMs: 90 })
const at = (seq: number): CommitRecord => till.written[seq] as CommitRecord
const other = (seq: number): CommitRecord => copy.written[seq] as CommitRecord

function side(records: readonly CommitRecord[]): Value[] {
  return [records.map((it) => it.headerBytes), records.at(-1)?.signature ?? filled(0, 64)]
}

function valid(name: string, a: readonly CommitRecord[], b: readonly CommitRecord[]): Vector {
  const [one, two] = [a[0] as CommitRecord, b[0] as CommitRecord]
  const ids = [toHex(one.id), toHex(two.id)].sort()
  const { device, seq } = one.header
  return { name, coop: toHex(SAMPLE_COOP), device: toHex(device), seq, ids, hex: toHex(encodeCanonical([1, side(a), side(b)])) }
}

function invalid(): Vector[] {
  const [a, b] = [side([at(1)]), side([other(1)])]
  const stranger = new Scribe(3)
  for (let i = 0; i < 2; i += 1) stranger.write()
  const elsewhere = new Scribe(2)
  for (let i = 0; i < 2; i += 1) elsewhere.write([], { coop: filled(9) })
  const cases: [string, Value, ForkProofRefusal][] = [
    ['another version', [2, a, b], 'malformed'],
    ['one side', [1, a], 'malformed'],
    ['a side without a header', [1, [[], filled(0, 64)], b], 'malformed'],
    ['a signature of 63 bytes', [1, [[at(1).headerBytes], filled(0, 63)], b], 'malformed'],
    ['bytes that are no header', [1, [[filled(1)], filled(0, 64)], b], 'malformed'],
    ['another co-op', [1, side([elsewhere.written[1] as CommitRecord]), b], 'other-coop'],
    ['a step left out', [1, side([at(0), at(2)]), b], 'chain-link'],
    ['a step onto the other history', [1, side([at(1), other(2)]), b], 'chain-link'],
    ['one commit twice', [1, a, a], 'one-history'],
    ['two numbers', [1, a, side([other(2)])], 'one-history'],
    ['two devices', [1, a, side([stranger.written[1] as CommitRecord])], 'one-history'],
    ['a signature that does not hold', [1, side([spoilt(at(1))]), b], 'signature'],
  ]
  return cases.map(([name, value, refusal]) => ({
    ...{ name, coop: toHex(SAMPLE_COOP), hex: toHex(encodeCanonical(value)), refusal },
  }))
}
