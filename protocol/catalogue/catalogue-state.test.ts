import { expect, test } from 'vitest'
import { nodeCrypto } from '#node/crypto'
import type { Role, SectionContext } from '../document/index.ts'
import { encodeCanonical, toHex } from '../encoding/index.ts'
import { SignatureRule } from '../identity/index.ts'
import { CatalogueState } from './catalogue-state.ts'
import { ASSET_NAME_LENGTH_MAX, encodeCatalogueEntries } from './entries.ts'
import type { CatalogueEntry } from './entries.ts'
import { noBooks } from '../../test/actors/no-books.ts'

const crypto = nodeCrypto()
const sha256 = (bytes: Uint8Array): Uint8Array => Uint8Array.from(crypto.sha256(bytes))
const cidOf = (text: string): Uint8Array =>
  Uint8Array.of(1, 0x55, 0x12, 0x20, ...sha256(new TextEncoder().encode(text)))
const commitOf = (device: string, seq: number): Uint8Array => sha256(encodeCanonical([device, seq]))
const list = (name: string): CatalogueEntry => ({
  t: 'list',
  cid: cidOf(name),
  name,
  sizeBytes: 3,
  kind: 'file',
})
const unlist = (device: string, seq: number, index = 0): CatalogueEntry => {
  return { t: 'unlist', commit: commitOf(device, seq), index }
}

/** One section as it may reach a replica. */
interface Act {
  device: string
  seq: number
  role?: Role
  member?: string
  /** Devices whose commits, up to these seqs, the act acknowledges. */
  knows?: Record<string, number>
  entries: readonly CatalogueEntry[]
}

function open(): CatalogueState {
  return new CatalogueState({
    coop: new Uint8Array(32),
    sha256,
    rule: new SignatureRule(crypto),
    books: noBooks,
    isVisible: () => true,
    cached: () => null,
  })
}

/** Orders of commits in all states of this file: those of one device by seq. */
const places: [device: string, seq: number][] = []

function orderOf(device: string, seq: number): number {
  const known = places.findIndex((it) => it[0] === device && it[1] === seq)
  return known < 0 ? places.push([device, seq]) - 1 : known
}

function placeOf(order: number): [device: string, seq: number] {
  return places[order] ?? ['', Infinity]
}

function contextOf(act: Act, payload: Uint8Array, entries: number): SectionContext {
  const { device, seq, role = 'member', member = device, knows = {} } = act
  const commit = commitOf(device, seq)
  const relies = (order: number): boolean => {
    const [other, at] = placeOf(order)
    return other === device ? at <= seq : (knows[other] ?? -1) >= at
  }
  const follows = (order: number): boolean => {
    const [other, at] = placeOf(order)
    return other === device && at < seq
  }
  return {
    document: 'catalogue',
    commit,
    device,
    seq,
    timeMs: 0,
    role,
    member,
    entries,
    payload,
    admission: '',
    order: orderOf(device, seq),
    stretch: { parent: null, rank: 0 },
    ...{ epoch: new Uint8Array(32), knows: () => true, isGood: () => true },
    relies,
    follows,
    find: () => -1,
    placeOf: () => ({ device: '', seq: 0 }),
    isAtOrAfter: () => false,
    forkSeq: () => Infinity,
    voidReason: () => null,
  }
}

function write(state: CatalogueState, act: Act): string {
  const payload = encodeCatalogueEntries(act.entries)
  const verdict = state.check(contextOf(act, payload, act.entries.length))
  if (!verdict.ok) return verdict.refusal
  verdict.apply()
  return 'ok'
}

function names(state: CatalogueState): string[] {
  return [...state.listings.values()].map((it) => it.name).sort()
}

test('listings, holders and their ends are folded', () => {
  const state = open()
  expect(
    write(state, { device: 'a', seq: 0, entries: [list('x'), list('y'), { t: 'hold', cid: cidOf('x') }] }),
  ).toBe('ok')
  expect(write(state, { device: 'b', seq: 0, entries: [{ t: 'hold', cid: cidOf('x') }] })).toBe('ok')
  expect(names(state)).toEqual(['x', 'y'])
  expect([...(state.holders.get(toHex(cidOf('x')))?.keys() ?? [])].sort()).toEqual(['a', 'b'])
  expect(
    write(state, { device: 'a', seq: 1, entries: [unlist('a', 0, 1), { t: 'drop', cid: cidOf('x') }] }),
  ).toBe('ok')
  expect(
    write(state, {
      device: 'b',
      seq: 1,
      entries: [
        { t: 'drop', cid: cidOf('x') },
        { t: 'drop', cid: cidOf('z') },
      ],
    }),
  ).toBe('ok')
  expect(names(state)).toEqual(['x'])
  expect(state.holders.size).toBe(0)
})

test('however many listings come between two looks, all are there, in order, and can be taken off', () => {
  const [asked, left] = [open(), open()]
  const wanted: string[] = []
  for (let seq = 0; seq < 200; seq += 1) {
    const act = { device: 'a', seq, entries: [list(`n${seq}`)] }
    expect([write(asked, act), write(left, act)]).toEqual(['ok', 'ok'])
    wanted.push(`n${seq}`)
    expect(asked.listings.size).toBe(seq + 1)
  }
  // The last one is taken off before anybody looked.
  const removal = { device: 'a', seq: 200, entries: [unlist('a', 199)] }
  expect([write(asked, removal), write(left, removal)]).toEqual(['ok', 'ok'])
  for (const state of [asked, left])
    expect([...state.listings.values()].map((it) => it.name)).toEqual(wanted.slice(0, -1))
  expect(left.stateHash()).toEqual(asked.stateHash())
})

test('entries: unknown types, malformed fields and wrong counts', () => {
  const good = { t: 'list', cid: cidOf('x'), name: 'x', sizeBytes: 3, kind: 'file' }
  const bad = [
    { t: 'list' },
    { t: 'move', cid: cidOf('x') },
    { ...good, extra: 1 },
    { ...good, kind: 'link' },
  ]
  bad.push(
    { ...good, sizeBytes: -1 },
    { ...good, name: '' },
    { ...good, name: 'x'.repeat(ASSET_NAME_LENGTH_MAX + 1) },
  )
  const cids = [
    cidOf('x').slice(1),
    Uint8Array.of(...cidOf('x'), 0),
    cidOf('x').with(0, 0),
    cidOf('x').with(1, 0x71),
  ]
  cids.push(cidOf('x').with(2, 0x13), cidOf('x').with(3, 0x1f))
  for (const cid of cids) bad.push({ ...good, cid })
  const payloads = bad.map((entry) => encodeCanonical([entry]))
  for (const t of ['hold', 'drop'])
    payloads.push(encodeCanonical([{ t, cid: cidOf('x').with(0, 0) }]), encodeCanonical([{ t }]))
  payloads.push(encodeCanonical([{ t: 'unlist', commit: new Uint8Array(31), index: 0 }]))
  payloads.push(encodeCanonical([{ t: 'unlist', commit: new Uint8Array(32), index: -1 }]), new Uint8Array())
  for (const payload of payloads) {
    const verdict = open().check(contextOf({ device: 'a', seq: 0, entries: [] }, payload, 1))
    expect(verdict).toMatchObject({ ok: false, refusal: 'entries' })
  }
  const two = encodeCanonical([good, good])
  expect(open().check(contextOf({ device: 'a', seq: 0, entries: [] }, two, 1))).toMatchObject({
    refusal: 'entries',
  })
  const longest = encodeCanonical([{ ...good, name: 'x'.repeat(ASSET_NAME_LENGTH_MAX) }])
  expect(open().check(contextOf({ device: 'a', seq: 0, entries: [] }, longest, 1)).ok).toBe(true)
})

test('role: an observer lists nothing, but may say what it holds', () => {
  const state = open()
  expect(write(state, { device: 'o', seq: 0, role: 'observer', entries: [list('x')] })).toBe('role')
  expect(
    write(state, { device: 'o', seq: 0, role: 'observer', entries: [{ t: 'hold', cid: cidOf('x') }] }),
  ).toBe('ok')
  for (const role of ['steward', 'member', 'venue', 'archive'] as const)
    expect(write(state, { device: role, seq: 0, role, entries: [list(role)] })).toBe('ok')
})

test('one refused entry refuses its whole section', () => {
  const state = open()
  expect(write(state, { device: 'a', seq: 0, entries: [list('x'), unlist('a', 0, 0)] })).toBe(
    'listing-unknown',
  )
  expect(names(state)).toEqual([])
})

test('listing-unknown: only what the author has seen can be taken off', () => {
  const state = open()
  write(state, { device: 'a', seq: 3, entries: [list('x')] })
  const act: Act = { device: 'b', seq: 0, role: 'steward', entries: [unlist('a', 3)] }
  expect(write(state, act)).toBe('listing-unknown')
  expect(write(state, { ...act, knows: { a: 2 } })).toBe('listing-unknown')
  expect(write(state, { ...act, knows: { a: 3 }, entries: [unlist('a', 3, 1)] })).toBe('listing-unknown')
  expect(write(state, { ...act, knows: { a: 3 } })).toBe('ok')
})

test('listing-of-another: own listings come off, those of the same member too, those of others for stewards alone', () => {
  const state = open()
  write(state, { device: 'a', seq: 0, member: 'ada', entries: [list('x')] })
  const knows = { a: 0 }
  for (const role of ['member', 'venue', 'archive', 'observer'] as const)
    expect(write(state, { device: 'b', seq: 0, member: 'bo', role, knows, entries: [unlist('a', 0)] })).toBe(
      'listing-of-another',
    )
  const own: Act = { device: 'a2', seq: 0, member: 'ada', knows, entries: [unlist('a', 0)] }
  expect(write(state, own)).toBe('ok')
  expect(write(state, { ...own, device: 's', member: 'sue', role: 'steward' })).toBe('ok')
  expect(names(state)).toEqual([])
})

test('a second, concurrent listing of the same asset survives the removal of the first', () => {
  const acts: Act[] = [
    { device: 'a', seq: 0, entries: [list('x')] },
    { device: 'b', seq: 0, entries: [list('x')] },
    { device: 's', seq: 0, role: 'steward', knows: { a: 0 }, entries: [unlist('a', 0)] },
    { device: 'r', seq: 0, role: 'steward', knows: { a: 0 }, entries: [unlist('a', 0)] },
    { device: 'a', seq: 1, entries: [list('z'), { t: 'hold', cid: cidOf('z') }] },
    {
      device: 'b',
      seq: 1,
      entries: [
        { t: 'hold', cid: cidOf('z') },
        { t: 'drop', cid: cidOf('z') },
      ],
    },
  ]
  const hashes = new Set<string>()
  for (const order of orders(acts)) {
    const state = open()
    for (const act of order) expect(write(state, act)).toBe('ok')
    expect(names(state)).toEqual(['x', 'z'])
    hashes.add(toHex(state.stateHash()))
  }
  expect(hashes.size).toBe(1)
})

/** Every order in which the acts may arrive: each after what it acknowledges. */
function orders(acts: readonly Act[]): Act[][] {
  if (acts.length === 0) return [[]]
  const isReady = (act: Act): boolean =>
    !acts.some((it) =>
      it.device === act.device ? it.seq < act.seq : it.seq <= (act.knows?.[it.device] ?? -1),
    )
  return acts
    .filter(isReady)
    .flatMap((act) => orders(acts.filter((it) => it !== act)).map((rest) => [act, ...rest]))
}
