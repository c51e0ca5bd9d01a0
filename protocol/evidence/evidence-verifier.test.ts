import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  SAMPLE_COOP,
  SAMPLE_GENESIS,
  Scribe,
  evidenceFile,
  evidenceParts,
  headOf,
  sampleCommits,
  spoilt,
} from '../../test/actors/evidence-file.ts'
import type { EvidencePart } from '../../test/actors/evidence-file.ts'
import { nodeCrypto } from '#node/crypto'
import type { CommitRecord, Header } from '../commit/index.ts'
import { encodeCanonical } from '../encoding/index.ts'
import { SignatureRule } from '../identity/index.ts'
import { cborLink, linkText } from './block-link.ts'
import type { IndexRow } from './evidence-index.ts'
import { EvidenceVerifier } from './evidence-verifier.ts'
import type { EvidenceResult } from './evidence-verifier.ts'

const crypto = nodeCrypto()
const tools = { sha256: crypto.sha256, rule: new SignatureRule(crypto) }
const commits = sampleCommits()
const parts = evidenceParts(commits)
const file = evidenceFile(parts)

function verify(bytes: Uint8Array, pieceLength: number = bytes.length): EvidenceResult {
  const verifier = new EvidenceVerifier(tools)
  for (let at = 0; at < bytes.length; at += pieceLength) {
    if (!verifier.push(bytes.subarray(at, at + pieceLength))) break
  }
  return verifier.finish()
}

const verdict = (bytes: Uint8Array): string => {
  const result = verify(bytes)
  return result.ok ? 'ok' : result.refusal
}
const ofParts = (list: readonly EvidencePart[]): string => verdict(evidenceFile(list, parts[0]?.link))
/** The verdict on a file that was made anew, with right hashes, from these commits. */
const ofCommits = (records: readonly CommitRecord[], edit?: (rows: IndexRow[]) => void): string =>
  verdict(evidenceFile(evidenceParts(records, edit === undefined ? {} : { edit })))
const placesOf = (kind: EvidencePart['kind']): number[] =>
  parts.flatMap((part, i) => (part.kind === kind ? [i] : []))
const KINDS = ['manifest', 'genesis', 'index', 'header', 'payload'] as const

test('a good file is reported in counts', () => {
  expect(verify(file)).toEqual({
    ok: true,
    report: {
      root: linkText(parts[0]?.link ?? cborLink(SAMPLE_COOP)),
      coop: SAMPLE_COOP,
      name: 'North Market',
      document: null,
      device: null,
      devices: 2,
      commits: 6,
      signed: 5,
      covered: 1,
      longestUnsigned: 1,
      payloads: 5,
      payloadBytes: commits.reduce(
        (sum, it) => sum + it.header.sections.reduce((s, k) => s + k.length, 0),
        0,
      ),
      payloadsLeftOut: 0,
      acknowledgedElsewhere: 0,
      forks: [],
      forkCount: 0,
    },
  })
})

test('it makes no difference in which pieces a file is read', () => {
  const whole = verify(file)
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), (length) => {
      expect(verify(file, length)).toEqual(whole)
    }),
    { numRuns: 50 },
  )
})

test('a file about one document holds its payloads and everybody’s headers', () => {
  const scope = { document: 'board/menu', device: null }
  const result = verify(evidenceFile(evidenceParts(commits, { scope })))
  expect(result).toMatchObject({
    ok: true,
    report: { document: 'board/menu', commits: 6, payloads: 3, payloadsLeftOut: 2 },
  })
})

test('a file about one device counts what it acknowledges of others', () => {
  const [founding] = commits
  const device = founding?.header.device ?? null
  const own = commits.filter((it) => it.header.device === device)
  const result = verify(evidenceFile(evidenceParts(own, { scope: { document: null, device } })))
  expect(result).toMatchObject({
    ok: true,
    report: { device, devices: 1, commits: 3, acknowledgedElsewhere: 1 },
  })
})

test('a flipped bit anywhere is refused', () => {
  for (let at = 0; at < file.length; at += 1) {
    const changed = file.slice()
    changed[at] = (changed[at] ?? 0) ^ (1 << (at & 7))
    expect(verify(changed).ok, `byte ${at}`).toBe(false)
  }
})

test('block-hash: a flipped byte in a block of any kind, and the block is named', () => {
  for (const kind of KINDS) {
    for (const place of placesOf(kind)) {
      const part = parts[place]
      if (part === undefined || part.bytes.length === 0) continue
      const bytes = part.bytes.with(part.bytes.length - 1, (part.bytes.at(-1) ?? 0) ^ 1)
      const result = verify(evidenceFile(parts.with(place, { ...part, bytes })))
      expect(result, kind).toMatchObject({ ok: false, refusal: 'block-hash', block: place })
    }
  }
})

test('block-order: a missing block of any kind', () => {
  for (let place = 0; place < parts.length; place += 1) {
    const expected = place === parts.length - 1 ? 'truncated' : 'block-order'
    expect(ofParts(parts.toSpliced(place, 1)), `block ${place}`).toBe(expected)
  }
})

test('block-order: a block twice, unless the same payload is due again', () => {
  for (const [place, part] of parts.entries())
    expect(ofParts(parts.toSpliced(place, 0, part)), `block ${place}`).toBe('block-order')
})

test('block-order: two neighbours exchanged', () => {
  for (let place = 0; place + 1 < parts.length; place += 1) {
    const [a, b] = parts.slice(place, place + 2) as [EvidencePart, EvidencePart]
    expect(ofParts(parts.toSpliced(place, 2, b, a)), `block ${place}`).toBe('block-order')
  }
})

test('block-order: a foreign block between or behind ours', () => {
  const bytes = Uint8Array.of(0)
  const foreign: EvidencePart = { kind: 'payload', link: cborLink(crypto.sha256(bytes)), bytes }
  for (let place = 0; place <= parts.length; place += 1)
    expect(ofParts(parts.toSpliced(place, 0, foreign)), `block ${place}`).toBe('block-order')
})

test('truncated: the file is cut anywhere', () => {
  for (let length = 0; length < file.length; length += 1)
    expect(verdict(file.subarray(0, length)), `${length} bytes`).toBe('truncated')
})

test('a wrong root is refused: another block of the file, or none of it', () => {
  for (const part of parts.slice(1))
    if (part.link.codec === 0x71) expect(verdict(evidenceFile(parts, part.link))).toBe('block-order')
  expect(verdict(evidenceFile(parts, cborLink(SAMPLE_COOP)))).toBe('block-order')
  expect(verdict(evidenceFile(parts.slice(1)))).toBe('manifest-shape')
})

test('genesis: the founding record is one, and the co-op id is its hash', () => {
  const genesis = encodeCanonical({ v: 2 })
  const lies = evidenceParts(commits, { genesis })
  expect(verdict(evidenceFile(lies))).toBe('genesis')
  const changed = lies.with(1, { kind: 'genesis', link: cborLink(SAMPLE_COOP), bytes: SAMPLE_GENESIS })
  expect(verdict(evidenceFile(changed))).toBe('block-order')
})

test('index-shape: an index that lists fewer or more commits than the manifest announces', () => {
  const [manifest, , index] = parts as [EvidencePart, EvidencePart, EvidencePart]
  expect(index.kind).toBe('index')
  // A commit left out of the index, with the right hashes, but six announced.
  const short = evidenceParts(commits.slice(0, 5))
  const announced = evidenceParts(commits, { edit: (rows) => rows.splice(5, 1) })
  expect(verdict(evidenceFile(short))).toBe('ok')
  expect(announced[0]?.bytes).toEqual(short[0]?.bytes)
  const sixOfFive = Uint8Array.from(short[0]?.bytes ?? [])
  const at = Buffer.from(sixOfFive).indexOf(Buffer.from('67636f6d6d69747305', 'hex')) + 8
  sixOfFive[at] = 6
  const link = cborLink(crypto.sha256(sixOfFive))
  expect(manifest.bytes[at]).toBe(6)
  expect(verdict(evidenceFile(short.with(0, { kind: 'manifest', link, bytes: sixOfFive })))).toBe(
    'index-shape',
  )
})

test('other-coop: a commit of another co-op', () => {
  const foreign = new Scribe(3).write([], { coop: new Uint8Array(32) })
  expect(ofCommits([...commits, foreign])).toBe('other-coop')
})

test('the refusal of a header is that of the file', () => {
  const bad = new Scribe(3).write([], { seq: 0, prev: new Uint8Array(32) })
  expect(ofCommits([...commits, bad])).toBe('header-shape')
  const unordered = [headOf(commits[0] as CommitRecord), headOf(commits[1] as CommitRecord)]
  const seen = unordered.sort((a, b) => Buffer.compare(b.device, a.device)) satisfies Header['seen']
  expect(ofCommits([...commits, new Scribe(3).write([], { seen })])).toBe('header-order')
})

test('payload-count, payload-link: the index and the header agree on payloads', () => {
  expect(ofCommits(commits, (rows) => rows[0]?.payloads.push(null))).toBe('payload-count')
  expect(ofCommits(commits, (rows) => rows[0]?.payloads.pop())).toBe('payload-count')
  expect(ofCommits(commits, (rows) => rows[2]?.payloads.reverse())).toBe('payload-link')
})

test('payload-length: a payload is as long as its header says', () => {
  const scribe = new Scribe(3)
  const good = scribe.write([{ document: 'board/a', entries: 1, payload: Uint8Array.of(0xff, 1) }])
  expect(ofCommits([...commits, good])).toBe('ok')
  for (const length of [1, 3]) {
    const sections = good.header.sections.map((section) => ({ ...section, length }))
    expect(ofCommits([...commits, scribe.sign({ ...good.header, sections }, good.payloads)])).toBe(
      'payload-length',
    )
  }
})

test('payload-codec: the form of a payload is the one that its bytes have', () => {
  const flip = (rows: IndexRow[], row: number): void => {
    const link = rows[row]?.payloads[0]
    if (link) link.codec = link.codec === 0x55 ? 0x71 : 0x55
  }
  expect(ofCommits(commits, (rows) => flip(rows, 0))).toBe('payload-codec')
  expect(ofCommits(commits, (rows) => flip(rows, 3))).toBe('payload-codec')
})

test('commit-twice, chain-link, commit-order: files whose hashes are right and whose story is not', () => {
  const [founding, first, second, empty, third] = commits as [
    CommitRecord,
    CommitRecord,
    CommitRecord,
    CommitRecord,
    CommitRecord,
  ]
  expect(ofCommits([...commits, founding])).toBe('commit-twice')
  expect(ofCommits([founding, second, first])).toBe('chain-link')
  expect(ofCommits([founding, first, second, third, empty])).toBe('commit-order')
})

test('signature-end: every chain ends in a good signature', () => {
  expect(ofCommits(commits.slice(0, 2))).toBe('signature-end')
  const last = commits.at(-1) as CommitRecord
  expect(ofCommits([...commits.slice(0, -1), spoilt(last)])).toBe('signature-end')
})

test('a signature of another device or purpose is none', () => {
  const other = new Scribe(9)
  const last = commits.at(-1) as CommitRecord
  for (const signature of [other.signer.sign(last.id), other.write().signature])
    expect(ofCommits([...commits.slice(0, -1), { ...last, signature }])).toBe('signature-end')
})

test('a fork is good evidence and is named', () => {
  const founding = commits[0] as CommitRecord
  const clone = new Scribe(1)
  clone.written.push(founding)
  const other = clone.write([], { timeMs: 77 })
  const result = verify(evidenceFile(evidenceParts([...commits, other])))
  expect(result).toMatchObject({
    ok: true,
    report: { forkCount: 1, forks: [{ device: founding.header.device, seq: 1 }] },
  })
})

test('after a refusal nothing more is taken', () => {
  const verifier = new EvidenceVerifier(tools)
  expect(verifier.push(Uint8Array.of(1, 2, 3))).toBe(false)
  expect(verifier.push(file)).toBe(false)
  expect(verifier.finish()).toMatchObject({ ok: false, refusal: 'car-header', block: 0 })
})
