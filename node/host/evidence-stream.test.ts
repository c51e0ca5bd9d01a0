import { beforeEach, expect, test } from 'vitest'
import { listSection, must, testCoop } from '../../test/actors/coop-actors.ts'
import type { TestCoop } from '../../test/actors/coop-actors.ts'
import { headOf } from '../../test/actors/pen.ts'
import { MemorySource, give, recordsOf, signedBehind } from '../../test/actors/memory-source.ts'
import { encodeBoardPayload } from '#protocol/board'
import { CATALOGUE } from '#protocol/catalogue'
import type { Section } from '#protocol/commit'
import { EvidenceVerifier } from '#protocol/evidence'
import type { EvidenceReport, EvidenceScope } from '#protocol/evidence'
import { openEvidence } from './evidence-stream.ts'

const all: EvidenceScope = { document: null, device: null }
let coop: TestCoop
let till: ReturnType<TestCoop['admit']>

beforeEach(() => {
  coop = testCoop(7)
  till = coop.admit('venue')
  give(till, recordsOf(coop.founder))
})

const listed = (name: string): Section => listSection(name, coop.crypto.sha256)
/** A section of a large payload that its document refuses: it is stored all the same. */
const large = (bytes: number): Section => {
  const payload = encodeBoardPayload({ session: 0, update: new Uint8Array(bytes) })
  return { document: 'board/menu', entries: 1, payload }
}

/** Three commits of the till and one answer of the founder, on the founder's node. */
function busyNode(): MemorySource {
  for (const name of ['a', 'b', 'c']) must(till.author([listed(name)]))
  give(coop.founder, recordsOf(till))
  must(coop.founder.author([listed('d')]))
  return new MemorySource(coop.founder)
}

async function exported(source: MemorySource, scope: EvidenceScope = all): Promise<EvidenceReport> {
  const origin = { source, sha256: coop.crypto.sha256, genesis: source.genesis }
  const file = await openEvidence(origin, scope)
  const verifier = new EvidenceVerifier({ sha256: coop.crypto.sha256, rule: source.replica.rule })
  for await (const piece of file.pieces) verifier.push(piece)
  const result = verifier.finish()
  if (!result.ok) throw new Error(JSON.stringify(result))
  expect([file.root, file.commits]).toEqual([result.report.root, result.report.commits])
  return result.report
}

test('an export holds every commit and its verifier finds it good', async () => {
  const source = busyNode()
  const payloads = source.records.reduce((sum, it) => sum + it.payloads.length, 0)
  expect(await exported(source)).toMatchObject({
    name: 'North Market',
    devices: 2,
    commits: source.records.length,
    signed: source.records.length,
    payloads,
    payloadsLeftOut: 0,
    acknowledgedElsewhere: 0,
    forkCount: 0,
  })
})

test('the same log is exported to the same bytes', async () => {
  const source = busyNode()
  expect((await exported(source)).root).toBe((await exported(source)).root)
})

test('the export of a document leaves out the payloads of others and no commit', async () => {
  const source = busyNode()
  const report = await exported(source, { document: CATALOGUE, device: null })
  expect(report).toMatchObject({ document: CATALOGUE, commits: source.records.length, payloads: 4 })
  expect(report.payloadsLeftOut).toBeGreaterThan(0)
})

test('the export of a device holds its chain alone', async () => {
  const device = till.signer.publicKey
  const report = await exported(busyNode(), { document: null, device })
  expect(report).toMatchObject({ device, devices: 1, payloads: 3, forkCount: 0 })
  expect(report.acknowledgedElsewhere).toBeGreaterThan(0)
})

test('commit-unknown: a device that wrote nothing here', async () => {
  const scope = { document: null, device: new Uint8Array(32).fill(5) }
  await expect(exported(busyNode(), scope)).rejects.toMatchObject({ code: 'commit-unknown' })
})

test('spoilt signatures inside a chain are covered, and commits that nothing covers stay out', async () => {
  const source = busyNode()
  const { history } = source.replica
  const chain = source.records.flatMap(({ header }, order) =>
    Buffer.from(header.device).equals(till.signer.publicKey) ? [order] : [],
  )
  source.spoil(chain[0] ?? -1)
  expect(await exported(source)).toMatchObject({ commits: history.length, covered: 1 })
  source.spoil(chain.at(-1) ?? -1)
  // The founder acknowledged the last one: that head is now elsewhere.
  const without = { commits: history.length - 1, covered: 1, acknowledgedElsewhere: 1 }
  expect(await exported(source)).toMatchObject(without)
  source.spoil(chain.at(-2) ?? -1)
  expect(await exported(source)).toMatchObject({ commits: history.length - 3, covered: 0, devices: 1 })
})

test('a forked chain is exported with both branches, which the report names', async () => {
  busyNode()
  const own = recordsOf(till)
  const [start] = own.filter((it) => it.header.seq === 0 && it.header.prev === null).slice(-1)
  const other = signedBehind(start ?? null, till.signer, { coop: coop.coop, timeMs: 77 })
  const after = signedBehind(other, till.signer, { coop: coop.coop })
  give(coop.founder, [other, after])
  const source = new MemorySource(coop.founder)
  const { length } = source.records
  expect(await exported(source)).toMatchObject({ commits: length, forkCount: 1, forks: [{ seq: 1 }] })
  // The common start is covered by either branch; a branch whose end is spoilt loses what it alone holds.
  const places = new Map(
    source.records.map((record, order) => [Buffer.from(record.id).toString('hex'), order]),
  )
  const placeOf = (id: Uint8Array): number => places.get(Buffer.from(id).toString('hex')) ?? -1
  source.spoil(placeOf(start?.id ?? new Uint8Array()))
  source.spoil(placeOf(after.id))
  expect(await exported(source)).toMatchObject({ commits: length - 1, covered: 1, forkCount: 1 })
  source.spoil(placeOf(other.id))
  expect(await exported(source)).toMatchObject({ commits: length - 2, covered: 1, forkCount: 0 })
})

test('commits that are not on the disk yet are waited for', async () => {
  const source = busyNode()
  source.late.add(source.records.length - 1)
  expect((await exported(source)).commits).toBe(source.records.length)
})

test('data-damaged: an unreadable commit is told before the first byte is written', async () => {
  const source = busyNode()
  source.records.length = 2
  await expect(exported(source)).rejects.toMatchObject({ code: 'data-damaged' })
})

test('a log that changes between the two passes ends the export', async () => {
  const source = busyNode()
  const origin = { source, sha256: coop.crypto.sha256, genesis: source.genesis }
  const { pieces } = await openEvidence(origin, all)
  const [last] = source.records.splice(1, 1)
  if (last !== undefined) source.records.push(last)
  await expect(pieces.next()).rejects.toMatchObject({ code: 'internal' })
})

test('commits that come while it is written belong to the next export', async () => {
  const source = busyNode()
  const origin = { source, sha256: coop.crypto.sha256, genesis: source.genesis }
  const file = await openEvidence(origin, all)
  const before = source.records.length
  must(coop.founder.author([listed('e')]))
  source.records.push(...recordsOf(coop.founder).slice(before))
  const verifier = new EvidenceVerifier({ sha256: coop.crypto.sha256, rule: source.replica.rule })
  for await (const piece of file.pieces) verifier.push(piece)
  expect(verifier.finish()).toMatchObject({ ok: true, report: { commits: before } })
  expect((await exported(source)).commits).toBe(before + 1)
})

test('a file comes in pieces that are neither many nor large', async () => {
  const seen = [headOf(recordsOf(coop.founder))]
  let last = null
  for (let i = 0; i < 8; i += 1) {
    const draft = { coop: coop.coop, ...(last === null ? { seen } : {}) }
    last = signedBehind(last, till.signer, draft, [large(60_000)])
    give(coop.founder, [last])
  }
  const source = new MemorySource(coop.founder)
  const file = await openEvidence({ source, sha256: coop.crypto.sha256, genesis: source.genesis }, all)
  const lengths: number[] = []
  for await (const piece of file.pieces) lengths.push(piece.length)
  expect(Math.max(...lengths)).toBeLessThan(2 * 65_536)
  expect(Math.min(...lengths.slice(0, -1))).toBeGreaterThanOrEqual(65_536)
  expect(lengths.reduce((sum, it) => sum + it)).toBeGreaterThan(8 * 60_000)
})
