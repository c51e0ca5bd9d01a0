import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import type { Stretch } from '../document/index.ts'
import type { HostileStruct } from './hostile-update.ts'
import { hostileUpdate, textBody, valuesBody } from './hostile-update.ts'
import type { UpdateAuthor } from './index.ts'
import { UpdateGate } from './index.ts'

/** The one clientID that a session of ann and one of eve have, another page of ann, and a session of ben. */
const BOTH = 511
const PAGE = 1023
const BEN = 1535

const ROOT: Stretch = { parent: null, rank: 0 }
const RULES = { root: (name: string) => (name === 'text' || name === 'map' ? name : null) } as const
const idOf = (order: number): Uint8Array => new Uint8Array(32).fill(order)
const [ANNS, EVES] = [1, 2].map(idOf) as [Uint8Array, Uint8Array]

/** Commits 1 and 3 are ann's, 2 and 4 are eve's, 5 is ben's. */
function by(order: number, relied: readonly number[], parts: Partial<UpdateAuthor> = {}): UpdateAuthor {
  const device = order === 5 ? 'ben' : order % 2 === 1 ? 'ann' : 'eve'
  const relies = (it: number): boolean =>
    it === order || (order < 5 && it === order - 2) || relied.includes(it)
  const find = (id: Uint8Array): number => ((id[0] ?? 9) < 5 ? (id[0] ?? -1) : -1)
  const place = { device, order, stretch: ROOT, commit: idOf(order) }
  const writer = order === 5 ? BEN : BOTH
  return { ...place, writer, canDelete: 'any', commits: [], relies, find, ...parts }
}

const text = (body: string, parts: Partial<HostileStruct> = { parent: 'text' }): HostileStruct => ({
  content: 4,
  body: textBody(body),
  ...parts,
})
const structs = (writer: number, clock: number, ...list: HostileStruct[]): Uint8Array =>
  hostileUpdate({ writers: [{ writer, clock, structs: list }] })
const deletes = (writer: number, ...ranges: (readonly [number, number])[]): Uint8Array =>
  hostileUpdate({ deletes: [{ writer, ranges }] })

/** A gate with its Yjs document, which knows that ann and eve collide unless told otherwise. */
class Board {
  readonly gate: UpdateGate
  readonly doc = new Y.Doc()

  constructor(isKnown = true) {
    const noted = new UpdateGate(RULES)
    for (const order of isKnown ? [1, 2] : []) noted.note(by(order, []))
    this.gate = new UpdateGate(RULES, noted)
  }

  write(bytes: Uint8Array, author: UpdateAuthor): this {
    const result = this.gate.check(bytes, author)
    if (!result.ok) throw new Error(`${result.refusal}: ${result.detail}`)
    Y.applyUpdate(this.doc, this.gate.admit(result.checked, author))
    expect([this.doc.store.pendingStructs, this.doc.store.pendingDs]).toEqual([null, null])
    expect(Y.decodeStateVector(Y.encodeStateVector(this.doc))).toEqual(this.gate.nextClocks())
    return this
  }

  verdict(bytes: Uint8Array, author: UpdateAuthor): string {
    const result = this.gate.check(bytes, author)
    return result.ok ? 'ok' : result.refusal
  }

  get text(): string {
    return this.doc.getText('text').toJSON()
  }
}

const anns = (board: Board): Board => board.write(structs(BOTH, 0, text('ann')), by(1, []))
const eves = (board: Board): Board => board.write(structs(BOTH, 0, text('eves')), by(2, []))
const collided = (): Board => eves(anns(new Board()))
const after = (origin: readonly [number, number]): Uint8Array => structs(BEN, 0, text('!', { origin }))

describe('sessions of two devices under one clientID', () => {
  it('stand side by side, each under a clientID of its own, in an order that is not that of arrival', () => {
    expect(collided().text).toBe('evesann')
    expect(anns(eves(new Board())).text).toBe('evesann')
    expect(collided().gate.nextClocks()).toEqual(
      new Map([
        [BOTH, 3],
        [BOTH - 1, 4],
      ]),
    )
  })

  it('each goes on with its own clock, and neither knows the other', () => {
    const [more, eves] = ([2, 3] as const).map((clock) => text('?', { origin: [BOTH, clock] })) as [
      HostileStruct,
      HostileStruct,
    ]
    expect(collided().verdict(structs(BOTH, 3, more), by(3, []))).toBe('ok')
    expect(collided().verdict(structs(BOTH, 4, more), by(3, []))).toBe('clock-gap')
    expect(collided().verdict(structs(BOTH, 4, eves), by(4, []))).toBe('ok')
    expect(collided().verdict(deletes(BOTH, [0, 4]), by(4, []))).toBe('ok')
    expect(collided().verdict(deletes(BOTH, [0, 4]), by(3, []))).toBe('delete-unknown')
  })

  it('a device means what its own chain wrote, and the other by a commit', () => {
    const page = by(3, [2], { writer: PAGE })
    const at = (origin: readonly [number, number]): Uint8Array => structs(PAGE, 0, text('?', { origin }))
    expect(collided().verdict(at([BOTH, 2]), page)).toBe('ok')
    expect(collided().verdict(at([BOTH, 3]), page)).toBe('origin-unknown')
    expect(collided().verdict(at([0, 3]), { ...page, commits: [EVES] })).toBe('ok')
  })

  it('others mean the only one that has the clock, of those that they rely on, or name a commit', () => {
    for (const relied of [[1], [2]]) expect(collided().verdict(after([BOTH, 2]), by(5, relied))).toBe('ok')
    expect(collided().verdict(after([BOTH, 2]), by(5, [1, 2]))).toBe('origin-ambiguous')
    expect(collided().verdict(after([BOTH, 3]), by(5, [1, 2]))).toBe('ok')
    expect(collided().verdict(after([BOTH, 3]), by(5, [1]))).toBe('origin-unknown')
    expect(collided().verdict(deletes(BOTH, [2, 2]), by(5, [1, 2]))).toBe('delete-ambiguous')
    const write = (commit: Uint8Array): string =>
      collided().write(after([0, 2]), by(5, [1, 2], { commits: [commit] })).text
    expect([ANNS, EVES].map(write)).toEqual(['evesann!', 'eves!ann'])
  })

  it('delete-foreign: what the other device wrote under it, under the right "own"', () => {
    const own = { canDelete: 'own', commits: [ANNS] } as const
    expect(collided().verdict(deletes(0, [0, 1]), by(4, [1], own))).toBe('delete-foreign')
    expect(collided().verdict(deletes(0, [0, 1]), by(3, [2], own))).toBe('ok')
    const entry: HostileStruct = { content: 8, parent: 'map', key: 'k', body: valuesBody(1) }
    const board = new Board().write(structs(BOTH, 0, entry), by(1, []))
    expect(board.verdict(structs(BOTH, 0, entry), by(2, [1], { canDelete: 'own' }))).toBe('delete-foreign')
  })

  it('what a copy of the document makes is named by commits', () => {
    const board = collided()
    const copy = new Y.Doc()
    Y.applyUpdate(copy, Y.encodeStateAsUpdate(board.doc))
    copy.clientID = BEN
    const made: Uint8Array[] = []
    copy.on('update', (update: Uint8Array) => made.push(update))
    copy.transact(() => {
      copy.getText('text').insert(7, '!')
      copy.getText('text').delete(1, 1)
    })
    const { update, commits } = board.gate.toWire(made[0] as Uint8Array)
    expect(commits).toEqual([ANNS, EVES])
    expect(board.write(update, by(5, [1, 2], { commits })).text).toBe('eesann!')
  })

  it('whoever relies on one of them has the verdict of a gate that knows of no other', () => {
    const alone = anns(new Board(false))
    const board = collided()
    const between = structs(BEN, 0, text('!', { origin: [BOTH, 0], rightOrigin: [BOTH, 2] }))
    const first = structs(BEN, 0, text('!', { rightOrigin: [BOTH, 0] }))
    const author = by(5, [1])
    const updates = [
      after([BOTH, 2]),
      after([BOTH, 3]),
      between,
      first,
      deletes(BOTH, [1, 2]),
      deletes(BOTH, [1, 3]),
    ]
    const expected = ['ok', 'origin-unknown', 'origins-not-adjacent', 'ok', 'ok', 'delete-unknown']
    for (const it of [alone, board])
      expect(updates.map((bytes) => it.verdict(bytes, author))).toEqual(expected)
  })
})
