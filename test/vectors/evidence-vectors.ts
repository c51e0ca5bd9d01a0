import { cborLink } from '#protocol/evidence'
import type { EvidenceRefusal, IndexRow } from '#protocol/evidence'
import type { CommitRecord } from '#protocol/commit'
import { toHex } from '#protocol/encoding'
import { SAMPLE_COOP, Scribe, evidenceFile, evidenceParts, sampleCommits, spoilt } from '../actors/evidence-file.ts'
import type { EvidencePart } from '../actors/evidence-file.ts'
import { filled } from './vector-form.ts'
import type { Vector, VectorFile } from './vector-form.ts'

/** docs/protocol/evidence.md */
export function evidenceVectors(): VectorFile {
  return {
    about: [
      'evidence files (CARv1): manifest, genesis record, then each index block before the commits that it lists.',
      'valid: what a verifier counts. invalid: the first refusal that applies, reading from the beginning.',
      'invalid files are the first `head` bytes of the first valid file, then `hex`, then its last `tail` bytes.',
      'commits are of two devices with the seeds 01…01 and 02…02, further ones of 03…03.',
    ],
    valid: validFiles(),
    invalid: invalidFiles(),
  }
}

const commits = sampleCommits()

function validFiles(): Vector[] {
  const [founding] = commits as [CommitRecord]
  const { device } = founding.header
  const clone = new Scribe(1)
  clone.written.push(founding)
  const forked = [...commits, clone.write([], { timeMs: 77 })]
  const ofDevice = commits.filter((it) => toHex(it.header.device) === toHex(device))
  const files: [string, EvidencePart[]][] = [
    ['all: the second commit is covered by a later signature', evidenceParts(commits)],
    [
      'of one document: other payloads are left out',
      evidenceParts(commits, { scope: { document: 'board/menu', device: null } }),
    ],
    ['of one device', evidenceParts(ofDevice, { scope: { document: null, device } })],
    ['a fork: two commits of one device and seq', evidenceParts(forked)],
  ]
  const counts = [
    { commits: 6, signed: 5, payloads: 5, payloadsLeftOut: 0, acknowledgedElsewhere: 0, forks: 0 },
    { commits: 6, signed: 5, payloads: 3, payloadsLeftOut: 2, acknowledgedElsewhere: 0, forks: 0 },
    { commits: 3, signed: 3, payloads: 3, payloadsLeftOut: 0, acknowledgedElsewhere: 1, forks: 0 },
    { commits: 7, signed: 6, payloads: 5, payloadsLeftOut: 0, acknowledgedElsewhere: 0, forks: 1 },
  ]
  return files.map(([name, parts], i) => ({ name, file: toHex(evidenceFile(parts)), ...counts[i] }))
}

function invalidFiles(): Vector[] {
  const parts = evidenceParts(commits)
  const file = evidenceFile(parts)
  const root = parts[0]?.link
  const at = (kind: EvidencePart['kind']): number => parts.findIndex((it) => it.kind === kind)
  const without = (kind: EvidencePart['kind']): Uint8Array =>
    evidenceFile(parts.toSpliced(at(kind), 1), root)
  const twice = (kind: EvidencePart['kind']): Uint8Array =>
    evidenceFile(parts.toSpliced(at(kind), 0, parts[at(kind)] as EvidencePart), root)
  const flipped = (kind: EvidencePart['kind']): Uint8Array => {
    const part = parts[at(kind)] as EvidencePart
    const bytes = part.bytes.with(part.bytes.length - 1, (part.bytes.at(-1) ?? 0) ^ 1)
    return evidenceFile(parts.with(at(kind), { ...part, bytes }), root)
  }
  const made = (records: readonly CommitRecord[], edit?: (rows: IndexRow[]) => void): Uint8Array =>
    evidenceFile(evidenceParts(records, edit === undefined ? {} : { edit }))
  const [founding, first, second, empty, third, last] = commits as [
    CommitRecord,
    CommitRecord,
    CommitRecord,
    CommitRecord,
    CommitRecord,
    CommitRecord,
  ]
  const foreign = new Scribe(3).write([], { coop: filled(0) })
  const [a, b] = parts.slice(at('header'), at('header') + 2) as [EvidencePart, EvidencePart]
  const exchanged = evidenceFile(parts.toSpliced(at('header'), 2, b, a))
  const cases: [string, Uint8Array, EvidenceRefusal][] = [
    ['nothing', new Uint8Array(), 'truncated'],
    ['version 2 in the header', file.with(58, 2), 'car-header'],
    ['another root than the first block', evidenceFile(parts, cborLink(SAMPLE_COOP)), 'block-order'],
    ['a flipped bit in the manifest', flipped('manifest'), 'block-hash'],
    ['a flipped bit in the genesis record', flipped('genesis'), 'block-hash'],
    ['a flipped bit in an index', flipped('index'), 'block-hash'],
    ['a flipped bit in a header', flipped('header'), 'block-hash'],
    ['a flipped bit in a payload', flipped('payload'), 'block-hash'],
    ['no manifest', without('manifest'), 'block-order'],
    ['no genesis record', without('genesis'), 'block-order'],
    ['no index', without('index'), 'block-order'],
    ['no header', without('header'), 'block-order'],
    ['no payload', without('payload'), 'block-order'],
    ['a header twice', twice('header'), 'block-order'],
    ['a payload twice', twice('payload'), 'block-order'],
    ['a payload before its header', exchanged, 'block-order'],
    ['cut within a block', file.subarray(0, -1), 'truncated'],
    ['cut between two blocks', evidenceFile(parts.slice(0, -1), root), 'truncated'],
    ['a block too many', evidenceFile([...parts, b], root), 'block-order'],
    ['a commit of another co-op', made([...commits, foreign]), 'other-coop'],
    ['a commit twice, hashes right', made([...commits, founding]), 'commit-twice'],
    ['a commit without the one before it, hashes right', made([founding, second]), 'chain-link'],
    [
      'a commit before one that it acknowledges, hashes right',
      made([founding, first, second, third, empty, last]),
      'commit-order',
    ],
    ['one payload too few in the index', made(commits, (rows) => rows[0]?.payloads.pop()), 'payload-count'],
    ['payloads exchanged in the index', made(commits, (rows) => rows[2]?.payloads.reverse()), 'payload-link'],
    ['a chain that ends without a good signature', made([...commits.slice(0, 5), spoilt(last)]), 'signature-end'],
  ]
  return cases.map(([name, bytes, refusal]) => ({ name, ...changeOf(file, bytes), refusal }))
}

/** What makes `bytes` out of `base`: all that is equal at both ends is only counted. */
function changeOf(base: Uint8Array, bytes: Uint8Array): { head: number; hex: string; tail: number } {
  const shorter = Math.min(base.length, bytes.length)
  let head = 0
  while (head < shorter && base[head] === bytes[head]) head += 1
  let tail = 0
  while (tail < shorter - head && base[base.length - 1 - tail] === bytes[bytes.length - 1 - tail]) tail += 1
  return { head, hex: toHex(bytes.slice(head, bytes.length - tail)), tail }
}
