import { beforeEach, expect, test } from 'vitest'
import { listSection, must, testCoop } from '../../test/actors/coop-actors.ts'
import type { TestCoop } from '../../test/actors/coop-actors.ts'
import { idOf, ledgerSection, move, unitOf } from '../../test/actors/ledger-hand.ts'
import { MemorySource, give, recordsOf, signedBehind } from '../../test/actors/memory-source.ts'
import { encodeRecord } from '#protocol/commit'
import type { CommitRecord, Section } from '#protocol/commit'
import { toHex } from '#protocol/encoding'
import { checkCommit } from './commit-checks.ts'
import type { CommitChecks } from './commit-checks.ts'
import { Suspensions } from '#node/engine'
import { commitView } from './commit-view.ts'
import { VERDICT_PAST_MAX, sectionVerdicts } from './section-verdicts.ts'

let coop: TestCoop
let till: ReturnType<TestCoop['admit']>

beforeEach(() => {
  coop = testCoop(11)
  till = coop.admit('venue')
  give(till, recordsOf(coop.founder))
})

const listed = (name: string): Section => listSection(name, coop.crypto.sha256)
/** A payload that its document refuses. */
const nonsense: Section = { document: 'catalogue', entries: 1, payload: Uint8Array.of(1) }

/** The founder's node with four commits of the till behind its own. */
function busyNode(): { source: MemorySource; chain: number[] } {
  for (const name of ['a', 'b', 'c', 'd']) must(till.author([listed(name)]))
  give(coop.founder, recordsOf(till))
  const source = new MemorySource(coop.founder)
  const chain = source.records.flatMap(({ header }, order) =>
    toHex(header.device) === toHex(till.signer.publicKey) ? [order] : [],
  )
  return { source, chain }
}

const check = async (source: MemorySource, order: number | undefined): Promise<CommitChecks> =>
  checkCommit(source, order ?? -1, coop.crypto)
/** Names of the checks that failed. */
const failed = (result: CommitChecks): string[] =>
  result.checks.flatMap((it) => (it.ok === true ? [] : [`${it.check}${it.document ?? ''}: ${it.why}`]))

test('every commit of an honest co-op passes every check', async () => {
  const { source } = busyNode()
  for (const [order, record] of source.records.entries()) {
    const result = await check(source, order)
    expect(failed(result)).toEqual([])
    expect(result).toMatchObject({ id: toHex(record.id), isValid: true, coveredBy: null })
    const names = ['encoding', 'id', 'payloads', 'signature', 'chain', 'seen', 'admission']
    const sections = record.header.sections.map(() => 'section')
    expect(result.checks.map((it) => it.check)).toEqual([...names, ...sections])
  }
})

test('entries of the ledger are judged by the books of their causal past', async () => {
  const { founder, founderSigner } = coop
  const poster = unitOf()
  const unit = idOf(founderSigner.publicKey, poster)
  must(founder.author([ledgerSection({ t: 'define', unit: poster }, move('issue', unit, 5))]))
  must(founder.author([ledgerSection(move('consume', unit, 5))]))
  const source = new MemorySource(founder)
  for (const order of source.records.keys()) expect(failed(await check(source, order))).toEqual([])
  must(till.author([]))
  const last = recordsOf(till).at(-1) ?? null
  const overdrawn = signedBehind(last, till.signer, { coop: coop.coop }, [
    ledgerSection(move('consume', unit, 1)),
  ])
  const after = signedBehind(overdrawn, till.signer, { coop: coop.coop }, [
    { document: 'ledger', entries: 1, payload: Uint8Array.of(1) },
  ])
  give(founder, [...recordsOf(till), overdrawn, after])
  const cheated = new MemorySource(founder)
  const at = cheated.records.length
  expect(failed(await check(cheated, at - 2))).toEqual([
    expect.stringMatching(/^sectionledger: refused \(void\)/),
  ])
  expect(failed(await check(cheated, at - 1))).toEqual([
    expect.stringMatching(/^sectionledger: refused \(entries\)/),
  ])
})

test('a spoilt signature is covered by the next good one of the chain, or by none', async () => {
  const { source, chain } = busyNode()
  const [first, second, third, last] = chain as [number, number, number, number]
  source.spoil(first)
  source.spoil(second)
  expect(await check(source, first)).toMatchObject({ isValid: true, coveredBy: toHex(source.at(third).id) })
  source.spoil(last)
  const result = await check(source, last)
  expect(result).toMatchObject({ isValid: false, coveredBy: null })
  expect(failed(result)).toEqual([expect.stringMatching(/^signature: /)])
})

test('a signature on another branch of a fork covers nothing', async () => {
  const { source, chain } = busyNode()
  const [first, second] = chain as [number, number]
  const other = signedBehind(source.at(first), till.signer, { coop: coop.coop, timeMs: 77 })
  give(coop.founder, [other])
  const forked = new MemorySource(coop.founder)
  const place = forked.records.length - 1
  forked.spoil(place)
  expect(await check(forked, place)).toMatchObject({ isValid: false, coveredBy: null })
  forked.spoil(first)
  expect(await check(forked, first)).toMatchObject({ isValid: true, coveredBy: toHex(source.at(second).id) })
  const device = toHex(till.signer.publicKey)
  const suspension = new Suspensions(forked.replica).of(device)
  const ids = [source.at(second).id, other.id].map(toHex).sort()
  expect(suspension).toEqual({ device, reason: 'fork', seq: 1, commits: ids })
  const view = commitView(forked.replica, place, forked.at(place), suspension)
  expect(view.forkedWith).toEqual([toHex(source.at(second).id)])
  expect(view.contested).toMatchObject({ reason: 'fork', seq: 1, commits: ids })
  expect(commitView(forked.replica, first, forked.at(first), suspension).contested).toBe(null)
})

test('bytes that changed on the disk fail by name', async () => {
  const { source, chain } = busyNode()
  const [first] = chain as [number]
  const good = source.at(first)
  const damaged = async (change: Partial<CommitRecord>): Promise<string[]> => {
    source.records[first] = { ...good, ...change }
    return failed(await check(source, first)).map((it) => it.split(':')[0] ?? '')
  }
  const [payload = new Uint8Array()] = good.payloads
  const flipped = (payload ?? new Uint8Array()).with(0, 0x82)
  const bytes = encodeRecord(good.headerBytes, good.signature, [flipped])
  expect(await damaged({ payloads: [flipped], bytes })).toEqual(
    expect.arrayContaining(['encoding', 'payloads']),
  )
  const headerBytes = good.headerBytes.with(-1 + good.headerBytes.length, 1)
  expect(await damaged({ headerBytes })).toEqual(expect.arrayContaining(['encoding', 'id']))
  const header = { ...good.header, prev: new Uint8Array(32), seq: 1 }
  expect(await damaged({ header })).toEqual(['chain', 'sectioncatalogue'])
  const seen = [{ device: coop.founder.replica.coop, seq: 0, id: new Uint8Array(32) }]
  expect(await damaged({ header: { ...good.header, seen } })).toEqual(['seen', 'sectioncatalogue'])
})

test('a section that its document refuses fails by the name of the refusal', async () => {
  must(till.author([listed('a')]))
  const last = recordsOf(till).at(-1) ?? null
  const bad = signedBehind(last, till.signer, { coop: coop.coop }, [nonsense])
  give(coop.founder, [...recordsOf(till), bad])
  const source = new MemorySource(coop.founder)
  const result = await check(source, source.records.length - 1)
  expect(result.isValid).toBe(false)
  expect(failed(result)).toEqual([expect.stringMatching(/^sectioncatalogue: refused \(entries\): /)])
})

test('the verdict on a section depends on its causal past and on nothing that came later', async () => {
  const { source, chain } = busyNode()
  const [first] = chain as [number]
  const before = await check(source, first)
  must(coop.founder.author([listed('later')]))
  const later = new MemorySource(coop.founder)
  expect(await check(later, first)).toEqual(before)
})

test('of a past that is too long there is no verdict', async () => {
  const { source, chain } = busyNode()
  const [first] = chain as [number]
  const record = source.at(first)
  const okOf = async (pastMax?: number): Promise<(boolean | null)[]> =>
    (await sectionVerdicts(source, record, coop.crypto, pastMax)).map((it) => it.ok)
  expect(VERDICT_PAST_MAX).toBeGreaterThan(first)
  expect([await okOf(), await okOf(first + 1), await okOf(first)]).toEqual([[true], [true], [null]])
})

test('a device whose first commit acknowledges no admission has no say', async () => {
  const lone = signedBehind(null, till.signer, { coop: coop.coop }, [listed('a')])
  // No replica takes it from a peer; it may lie in a log.
  const { replica, log } = coop.founder
  expect(replica.load(lone, true)).toBe(true)
  log.push(lone.bytes)
  const source = new MemorySource(coop.founder)
  const result = await check(source, source.records.length - 1)
  expect(failed(result)).toEqual([
    expect.stringMatching(/^admission: /),
    expect.stringMatching(/^sectioncatalogue: refused \(no-standing\)/),
  ])
})

test('a section of an unknown kind of document is not judged, which is no failure', async () => {
  const section: Section = { document: 'novelty/x', entries: 1, payload: Uint8Array.of(1) }
  must(till.author([]))
  const odd = signedBehind(recordsOf(till).at(-1) ?? null, till.signer, { coop: coop.coop }, [section])
  give(coop.founder, [...recordsOf(till), odd])
  const source = new MemorySource(coop.founder)
  const result = await check(source, source.records.length - 1)
  expect(result.isValid).toBe(true)
  expect(result.checks.at(-1)).toMatchObject({ check: 'section', document: 'novelty/x', ok: null })
})

test('a view names the author, what it saw, who knows it, and holds the whole record', async () => {
  const { source, chain } = busyNode()
  const [first] = chain as [number]
  const record = source.at(first)
  const view = commitView(source.replica, first, record, null)
  expect(view).toMatchObject({
    id: toHex(record.id),
    author: { member: 'Bo', name: 'box', role: 'venue' },
    seq: 0,
    prev: null,
    order: first,
    acknowledgedBy: [],
    forkedWith: [],
    sections: [{ document: 'catalogue', entries: 1, isHere: true }],
    record: Buffer.from(record.bytes).toString('base64'),
  })
  expect(view.seen).toMatchObject([{ member: 'Ada', name: 'nas' }])
  expect(view.cid).toMatch(/^bafyrei/)
  must(coop.founder.author([listed('e')]))
  expect(commitView(source.replica, first, record, null).acknowledgedBy).toMatchObject([{ member: 'Ada' }])
})
