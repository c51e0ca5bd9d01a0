import * as encoding from 'lib0/encoding'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { nodeCrypto } from '#node/crypto'
import type { CachedDocument, Role, SectionContext, Stretch } from '../document/index.ts'
import { encodeCanonical, toHex } from '../encoding/index.ts'
import { SignatureRule } from '../identity/index.ts'
import { encodeBoardPayload } from './board-payload.ts'
import {
  BoardState,
  CacheMismatch,
  FIELDS,
  LIST_PREFIX,
  SESSIONS_AHEAD_MAX,
  TEXT,
  isListName,
} from './board-state.ts'
import { noBooks } from '../../test/actors/no-books.ts'

const crypto = nodeCrypto()
const sha256 = (bytes: Uint8Array): Uint8Array => Uint8Array.from(crypto.sha256(bytes))
const coop = new Uint8Array(32).fill(1)
const deviceOf = (name: string): string => toHex(sha256(new TextEncoder().encode(name)))

/** One section as it may reach a replica. */
interface Act {
  device: string
  seq: number
  role: Role
  session: number
  update: Uint8Array
  knows: Record<string, number>
}

function open(cached: CachedDocument | null = null): BoardState {
  const rule = new SignatureRule(crypto)
  return new BoardState('board/wall', {
    coop,
    sha256,
    rule,
    isVisible: () => true,
    cached: () => cached,
    books: noBooks,
  })
}

const DEVICES = ['ada', 'ark', 'bo', 'eve', 'a', 'b']
const ROOT: Stretch = { parent: null, rank: 0 }

/** Any numbers will do that ascend on each chain. */
const orderOf = (device: string, seq: number): number => seq * DEVICES.length + DEVICES.indexOf(device)

function contextOf(act: Act, payload = encodeBoardPayload(act)): SectionContext {
  const device = deviceOf(act.device)
  const order = orderOf(act.device, act.seq)
  const follows = (other: number): boolean => other < order && (order - other) % DEVICES.length === 0
  const known = new Set(Object.entries(act.knows).flatMap(([it, seq]) => upTo(it, seq)))
  const { seq, role } = act
  return {
    document: 'board/wall',
    commit: sha256(encodeCanonical([device, act.seq])),
    order,
    stretch: ROOT,
    epoch: new Uint8Array(32),
    knows: () => true,
    isGood: () => true,
    device,
    seq,
    timeMs: 0,
    role,
    member: '',
    entries: 1,
    payload,
    admission: device,
    relies: (other) => other === order || follows(other) || known.has(other),
    follows,
    find: () => -1,
    placeOf: () => ({ device: '', seq: 0 }),
    isAtOrAfter: () => false,
    forkSeq: () => Infinity,
    voidReason: () => null,
  }
}

function upTo(device: string, seq: number): number[] {
  return Array.from({ length: seq + 1 }, (_, at) => orderOf(device, at))
}

/** Folds as a replica does: what is refused on its chain is noted. */
function fold(state: BoardState, act: Act): string {
  const context = contextOf(act)
  const verdict = state.check(context)
  if (verdict.ok) verdict.apply()
  else state.refused(context)
  return verdict.ok ? 'ok' : verdict.refusal
}

/** A device with a copy of the board, which it edits in one session. */
class Writer {
  readonly doc = new Y.Doc()
  readonly #name: string
  readonly #role: Role
  #seq = 0

  constructor(name: string, role: Role, session = 7) {
    this.#name = name
    this.#role = role
    this.session = session
    this.doc.clientID = open().writerOf(deviceOf(name), session)
  }

  readonly session: number

  /** The section that the edit makes. */
  edit(change: (doc: Y.Doc) => void, knows: Record<string, number> = {}): Act {
    const before = Y.encodeStateVector(this.doc)
    const deletes: Uint8Array[] = []
    this.doc.once('update', (update: Uint8Array) => deletes.push(update))
    this.doc.transact(() => change(this.doc))
    return this.act(deletes[0] ?? Y.encodeStateAsUpdate(this.doc, before), knows)
  }

  act(update: Uint8Array, knows: Record<string, number> = {}): Act {
    this.#seq += 1
    return { device: this.#name, seq: this.#seq - 1, role: this.#role, session: this.session, update, knows }
  }

  read(...acts: readonly Act[]): void {
    for (const { update } of acts) Y.applyUpdate(this.doc, update)
  }
}

/** An update of one struct, byte by byte. */
function oneStruct(
  writer: number,
  clock: number,
  info: number,
  body: (encoder: encoding.Encoder) => void,
): Uint8Array {
  return encoding.encode((encoder) => {
    for (const number of [1, 1, writer, clock]) encoding.writeVarUint(encoder, number)
    encoding.writeUint8(encoder, info)
    body(encoder)
    encoding.writeVarUint(encoder, 0)
  })
}

test('fields, text and lists are folded and read as plain JSON', () => {
  const state = open()
  const ada = new Writer('ada', 'member')
  const act = ada.edit((doc) => {
    doc.getMap(FIELDS).set('open', { from: 18.5, days: ['fri', null, true] })
    doc.getText(TEXT).insert(0, 'Tonight')
    doc.getArray(`${LIST_PREFIX}crew`).push(['Bo', 'Cy'])
  })
  expect(fold(state, act)).toBe('ok')
  const expected = {
    fields: { open: { from: 18.5, days: ['fri', null, true] } },
    text: 'Tonight',
    lists: { crew: ['Bo', 'Cy'] },
  }
  expect(JSON.parse(JSON.stringify(state.view()))).toEqual(expected)
  const cleared = ada.edit((doc) => doc.getArray(`${LIST_PREFIX}crew`).delete(0, 2))
  expect(fold(state, cleared)).toBe('ok')
  expect(Object.keys(state.view().lists)).toEqual([])
})

test('every replica has one state hash, whatever order concurrent sections come in', () => {
  const [ada, bo] = [new Writer('ada', 'member'), new Writer('bo', 'venue')]
  const acts = [
    ada.edit((doc) => doc.getText(TEXT).insert(0, 'left ')),
    bo.edit((doc) => doc.getText(TEXT).insert(0, 'right')),
    ada.edit((doc) => doc.getMap(FIELDS).set('price', 3)),
    bo.edit((doc) => doc.getMap(FIELDS).set('price', 4)),
  ]
  const hashes = new Set<string>()
  for (const order of [
    [0, 1, 2, 3],
    [1, 0, 3, 2],
    [0, 2, 1, 3],
    [1, 3, 0, 2],
  ]) {
    const state = open()
    for (const at of order) expect(fold(state, acts[at] as Act)).toBe('ok')
    hashes.add(toHex(state.stateHash()))
  }
  expect(hashes.size).toBe(1)
})

test('role: an observer writes nothing', () => {
  const eve = new Writer('eve', 'observer')
  expect(
    fold(
      open(),
      eve.edit((doc) => doc.getText(TEXT).insert(0, 'hi')),
    ),
  ).toBe('role')
})

test('payload: not a session and an update, or another number of entries than one', () => {
  const act = new Writer('ada', 'member').edit((doc) => doc.getText(TEXT).insert(0, 'hi'))
  for (const payload of [new Uint8Array(), encodeCanonical([1]), encodeCanonical([2 ** 32, act.update])])
    expect(open().check(contextOf(act, payload))).toMatchObject({ ok: false, refusal: 'payload' })
  expect(open().check({ ...contextOf(act), entries: 2 })).toMatchObject({ ok: false, refusal: 'payload' })
})

test('an archive may take away its own text, not that of another', () => {
  const [ada, ark] = [new Writer('ada', 'member'), new Writer('ark', 'archive')]
  const state = open()
  const first = ada.edit((doc) => doc.getText(TEXT).insert(0, 'menu'))
  ark.read(first)
  const own = ark.edit((doc) => doc.getText(TEXT).insert(4, '!!'), { ada: 0 })
  for (const act of [first, own]) expect(fold(state, act)).toBe('ok')
  expect(
    fold(
      state,
      ark.edit((doc) => doc.getText(TEXT).delete(4, 1), { ada: 0 }),
    ),
  ).toBe('ok')
  expect(
    fold(
      state,
      ark.edit((doc) => doc.getText(TEXT).delete(0, 1), { ada: 0 }),
    ),
  ).toBe('delete-foreign')
  expect(state.view().text).toBe('menu!')
})

test('after a refused section the later ones of its device are void on every replica, those of others are not', () => {
  const [ada, ark, bo] = [
    new Writer('ada', 'member'),
    new Writer('ark', 'archive'),
    new Writer('bo', 'member'),
  ]
  const first = ada.edit((doc) => doc.getText(TEXT).insert(0, 'menu'))
  ark.read(first)
  const bad = ark.edit((doc) => doc.getText(TEXT).delete(0, 4), { ada: 0 })
  const later = ark.edit((doc) => doc.getMap(FIELDS).set('x', 1), { ada: 0 })
  const other = bo.edit((doc) => doc.getMap(FIELDS).set('y', 2))
  const hashes = new Set<string>()
  for (const order of [
    [first, bad, later, other],
    [other, first, bad, later],
    [first, bad, other, later],
    [first, other, bad, later],
  ]) {
    const state = open()
    const verdicts = new Map(order.map((act) => [act, fold(state, act)]))
    expect([first, bad, later, other].map((act) => verdicts.get(act))).toEqual([
      'ok',
      'delete-foreign',
      'voided',
      'ok',
    ])
    expect(JSON.stringify(state.view())).toBe('{"fields":{"y":2},"text":"menu","lists":{}}')
    hashes.add(toHex(state.stateHash()))
  }
  expect(hashes.size).toBe(1)
})

test('a trial does not void: only what is refused on a chain does', () => {
  const ada = new Writer('ada', 'member')
  const state = open()
  expect(state.check(contextOf(ada.act(Uint8Array.of(9, 9)))).ok).toBe(false)
  expect(
    fold(
      state,
      ada.edit((doc) => doc.getText(TEXT).insert(0, 'hi')),
    ),
  ).toBe('ok')
})

test('a struct under the clientID of another device or session is refused', () => {
  const [ada, eve] = [new Writer('ada', 'member'), new Writer('eve', 'member')]
  const honest = ada.edit((doc) => doc.getText(TEXT).insert(0, 'hi'))
  expect(fold(open(), eve.act(honest.update))).toBe('writer-foreign')
  expect(fold(open(), { ...honest, session: 8 })).toBe('writer-foreign')
  expect(fold(open(), { ...honest, device: 'eve' })).toBe('writer-foreign')
})

test('a gap and a replay of clocks are refused', () => {
  const ada = new Writer('ada', 'member')
  const first = ada.edit((doc) => doc.getMap(FIELDS).set('a', 1))
  const second = ada.edit((doc) => doc.getMap(FIELDS).set('b', 2))
  expect(fold(open(), second)).toBe('clock-gap')
  const state = open()
  fold(state, first)
  expect(fold(state, { ...second, update: first.update })).toBe('clock-replay')
})

test('a huge GC struct, a Skip and a nested type never reach Yjs', () => {
  const state = open()
  const { clientID } = new Writer('ada', 'member').doc
  const gc = oneStruct(clientID, 0, 0, (encoder) => encoding.writeVarUint(encoder, 2 ** 31 - 2))
  const skip = oneStruct(clientID, 0, 10, (encoder) => encoding.writeVarUint(encoder, 5))
  const nested = new Writer('ada', 'member').edit((doc) => doc.getMap(FIELDS).set('map', new Y.Map()))
  const acts = { 'struct-gc': gc, 'struct-skip': skip, 'content-refused': nested.update }
  for (const [refusal, update] of Object.entries(acts)) {
    const act = new Writer('ada', 'member').act(update)
    expect(state.check(contextOf(act))).toMatchObject({ ok: false, refusal })
  }
  expect(state.doc.store.clients.size).toBe(0)
})

test('another root than fields, text and named lists is refused', () => {
  for (const root of ['notes', 'list/', 'list/A', 'list/../x', '__proto__']) {
    const act = new Writer('ada', 'member').edit((doc) => doc.getArray(root).push([1]))
    expect(fold(open(), act), root).toBe('root-unlisted')
  }
  expect(['a', '0', 'a.b_c-d', 'a'.repeat(63)].every(isListName)).toBe(true)
  expect(['', 'A', '.a', 'a/b', 'a'.repeat(64), 'a\n'].some(isListName)).toBe(false)
})

test('JSON that looks like a link of the encoding is only JSON: the state still has a hash', () => {
  const values = [
    { '/': 'x', bytes: 'x' },
    { '/': 'bafy', version: 1, code: 85, multihash: 1, bytes: 'bafy' },
    { asCID: 1 },
  ]
  const hashes = new Set<string>()
  for (const value of [...values, { '/': 'x' }, [['/', 'x']], { a: [] }, { a: {} }, [], {}, '']) {
    const state = open()
    expect(
      fold(
        state,
        new Writer('ada', 'member').edit((doc) => doc.getMap(FIELDS).set('a', value)),
      ),
    ).toBe('ok')
    hashes.add(toHex(state.stateHash()))
  }
  expect(hashes.size).toBe(10)
  const state = open()
  const keys = new Writer('ada', 'member').edit((doc) =>
    ['/', 'bytes'].forEach((key) => doc.getMap(FIELDS).set(key, 'x')),
  )
  expect(fold(state, keys)).toBe('ok')
  expect(state.stateHash().length).toBe(32)
})

test('the order of keys in an object does not change the state hash', () => {
  const hashes = [
    { a: 1, b: 2, aa: 3 },
    { aa: 3, b: 2, a: 1 },
  ].map((value) => {
    const state = open()
    fold(
      state,
      new Writer('ada', 'member').edit((doc) => doc.getMap(FIELDS).set('a', value)),
    )
    return toHex(state.stateHash())
  })
  expect(hashes[0]).toBe(hashes[1])
})

test('a kept copy is taken when it stands for the same place of the log, and refused by name when it does not', () => {
  const ada = new Writer('ada', 'member')
  const acts = [1, 2, 3].map((n) => ada.edit((doc) => doc.getMap(FIELDS).set(`key ${n}`, n)))
  const full = open()
  for (const act of acts) fold(full, act)
  const update = Y.encodeStateAsUpdate(full.doc)
  const kept = open({ sections: 3, commit: full.lastCommit, update })
  for (const act of acts) expect(fold(kept, act)).toBe('ok')
  expect(toHex(kept.stateHash())).toBe(toHex(full.stateHash()))
  expect(
    fold(
      kept,
      ada.edit((doc) => doc.getMap(FIELDS).set('later', 4)),
    ),
  ).toBe('ok')
  expect(kept.view().fields['later']).toBe(4)
  const stale = open({ sections: 2, commit: full.lastCommit, update })
  fold(stale, acts[0] as Act)
  expect(() => fold(stale, acts[1] as Act)).toThrow(CacheMismatch)
})

test('a session far ahead of those that the device used is refused, whatever other devices used', () => {
  const state = open()
  const near = new Writer('a', 'member', SESSIONS_AHEAD_MAX - 1)
  const far = new Writer('b', 'member', SESSIONS_AHEAD_MAX)
  expect(
    fold(
      state,
      near.edit((doc) => doc.getText(TEXT).insert(0, 'near')),
    ),
  ).toBe('ok')
  expect(
    fold(
      state,
      far.edit((doc) => doc.getText(TEXT).insert(0, 'far')),
    ),
  ).toBe('session-ahead')
})
