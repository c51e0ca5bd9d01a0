import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import type { Stretch } from '../document/index.ts'
import type { HostileStruct } from './hostile-update.ts'
import { hostileUpdate, textBody, valuesBody } from './hostile-update.ts'
import type { UpdateAuthor } from './index.ts'
import { STRETCH_RANK_MAX, UpdateGate } from './index.ts'

/** Sessions of ann, whose chain parts, and of ben. */
const ANN = 511
const PAGE = 1023
const BEN = 1535

const ROOT: Stretch = { parent: null, rank: 0 }
const LEFT: Stretch = { parent: ROOT, rank: 1 }
const RIGHT: Stretch = { parent: ROOT, rank: 2 }
/** By order: whose commit it is, and on which stretch. 1 is before the place where ann's chain parts. */
const COMMITS: [string, Stretch][] = [
  ['ben', ROOT],
  ['ann', ROOT],
  ['ann', LEFT],
  ['ann', RIGHT],
  ['ann', LEFT],
  ['ann', RIGHT],
]
const idOf = (order: number): Uint8Array => new Uint8Array(32).fill(order)
const [ONE, TWO, THREE, FOUR, FIVE] = [1, 2, 3, 4, 5].map(idOf) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
]

function isBefore(earlier: number, order: number): boolean {
  const [[device, stretch], [own, last]] = [COMMITS[earlier], COMMITS[order]] as [
    [string, Stretch],
    [string, Stretch],
  ]
  return device === own && earlier <= order && (stretch === last || stretch === last.parent)
}

function ann(order: number, parts: Partial<UpdateAuthor> = {}): UpdateAuthor {
  return {
    ...by('ann', order, COMMITS[order]?.[1] ?? ROOT),
    writer: ANN,
    relies: (it) => isBefore(it, order),
    ...parts,
  }
}

/** A commit of ben that relies on these. */
function ben(relied: readonly number[], commits: readonly Uint8Array[] = []): UpdateAuthor {
  const relies = (order: number): boolean => relied.some((it) => isBefore(order, it))
  return { ...by('ben', 9, ROOT), writer: BEN, relies, commits }
}

function by(device: string, order: number, stretch: Stretch): UpdateAuthor {
  const find = (id: Uint8Array): number => ((id[0] ?? 9) < COMMITS.length ? (id[0] ?? -1) : -1)
  const place = { device, order, stretch, commit: idOf(order) }
  return { ...place, writer: ANN, canDelete: 'any', commits: [], relies: () => false, find }
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

/** A gate with its Yjs document. */
class Board {
  readonly gate = new UpdateGate({ root: (name) => (name === 'text' || name === 'map' ? name : null) })
  readonly doc = new Y.Doc()

  write(bytes: Uint8Array, author: UpdateAuthor): void {
    const result = this.gate.check(bytes, author)
    if (!result.ok) throw new Error(`${result.refusal}: ${result.detail}`)
    Y.applyUpdate(this.doc, this.gate.admit(result.checked, author))
    expect([this.doc.store.pendingStructs, this.doc.store.pendingDs]).toEqual([null, null])
    expect(Y.decodeStateVector(Y.encodeStateVector(this.doc))).toEqual(this.gate.nextClocks())
  }

  verdict(bytes: Uint8Array, author: UpdateAuthor): string {
    const result = this.gate.check(bytes, author)
    return result.ok ? 'ok' : result.refusal
  }

  get text(): string {
    return this.doc.getText('text').toJSON()
  }
}

/** ann wrote `ab`, then `cd` and `ef` on one way and `uvw` on the other; both under one session. */
function parted(): Board {
  const board = new Board()
  board.write(structs(ANN, 0, text('ab')), ann(1))
  board.write(structs(ANN, 2, text('cd', { origin: [ANN, 1] })), ann(2))
  board.write(structs(ANN, 2, text('uvw', { origin: [ANN, 1] })), ann(3))
  board.write(structs(ANN, 4, text('ef', { origin: [ANN, 3] })), ann(4))
  return board
}

const after = (origin: readonly [number, number]): Uint8Array => structs(BEN, 0, text('!', { origin }))

describe('ways of a forked device', () => {
  it('stand side by side, each under a clientID of its own', () => {
    const board = parted()
    expect(board.text).toBe('abuvwcdef')
    expect(board.gate.nextClocks()).toEqual(
      new Map([
        [ANN, 2],
        [ANN - 1, 4],
        [ANN - 2, 3],
      ]),
    )
  })

  it('each goes on with its own clock, and neither knows the other', () => {
    const board = parted()
    expect(board.verdict(structs(ANN, 5, text('x', { origin: [ANN, 4] })), ann(5))).toBe('ok')
    expect(board.verdict(structs(ANN, 6, text('x', { origin: [ANN, 5] })), ann(5))).toBe('clock-gap')
    expect(board.verdict(structs(ANN, 5, text('x', { origin: [ANN, 5] })), ann(5))).toBe('origin-unknown')
    expect(board.verdict(structs(PAGE, 0, text('x', { origin: [ANN, 4] })), ann(5, { writer: PAGE }))).toBe(
      'ok',
    )
    expect(board.verdict(deletes(ANN, [1, 4]), ann(5))).toBe('ok')
    expect(board.verdict(deletes(ANN, [1, 5]), ann(5))).toBe('delete-unknown')
  })

  it('stretches-too-many: a rank that no clientID is left for', () => {
    const stretch = { parent: ROOT, rank: STRETCH_RANK_MAX }
    const bytes = structs(ANN, 2, text('x', { origin: [ANN, 1] }))
    expect(parted().verdict(bytes, ann(5, { stretch }))).toBe('ok')
    expect(parted().verdict(bytes, ann(5, { stretch: { ...stretch, rank: STRETCH_RANK_MAX + 1 } }))).toBe(
      'stretches-too-many',
    )
  })

  it('under "own", a key stays with the device, on whichever way', () => {
    const board = new Board()
    const entry: HostileStruct = { content: 8, parent: 'map', key: 'k', body: valuesBody(1) }
    board.write(structs(ANN, 0, entry), ann(2))
    board.write(structs(ANN, 0, entry), ann(3))
    const own = { canDelete: 'own' } as const
    expect(board.verdict(structs(ANN, 1, entry), ann(4, own))).toBe('ok')
    for (const relied of [[2], [3]])
      expect(board.verdict(structs(BEN, 0, entry), { ...ben(relied), ...own })).toBe('delete-foreign')
    expect(board.verdict(structs(BEN, 0, entry), { ...ben([1]), ...own })).toBe('ok')
  })
})

describe('references to ways', () => {
  it('a plain one means the only way that has the clock', () => {
    const board = parted()
    expect(board.verdict(after([ANN, 5]), ben([4]))).toBe('ok')
    expect(board.verdict(after([ANN, 5]), ben([3, 4]))).toBe('ok')
    expect(board.verdict(after([ANN, 1]), ben([3, 4]))).toBe('ok')
    expect(board.verdict(after([ANN, 6]), ben([3, 4]))).toBe('origin-unknown')
    expect(board.verdict(after([ANN, 5]), ben([3]))).toBe('origin-unknown')
  })

  it('origin-ambiguous: several have it', () => {
    expect(parted().verdict(after([ANN, 3]), ben([3, 4]))).toBe('origin-ambiguous')
    const before = structs(BEN, 0, text('!', { origin: [ANN, 1], rightOrigin: [ANN, 2] }))
    expect(parted().verdict(before, ben([3, 4]))).toBe('origin-ambiguous')
  })

  it('one by a commit means the way to it', () => {
    for (const [commit, expected] of [
      [FOUR, 'abuvwcd!ef'],
      [THREE, 'abuv!wcdef'],
    ] as const) {
      const board = parted()
      const between = structs(BEN, 0, text('!', { origin: [0, 3], rightOrigin: [0, 4] }))
      board.write(between, ben([3, 4], [commit]))
      expect(board.text).toBe(expected)
    }
    const board = parted()
    const both = structs(BEN, 0, text('!', { origin: [0, 1], rightOrigin: [1, 2] }))
    board.write(both, ben([2, 3], [TWO, THREE]))
    expect(board.text).toBe('ab!uvwcdef')
  })

  it('origin-unknown: a commit that is not there, is not relied on, did not write under the session, or came earlier', () => {
    const verdict = (clock: number, author: UpdateAuthor): string =>
      parted().verdict(after([0, clock]), author)
    expect(verdict(3, ben([3, 4], []))).toBe('origin-unknown')
    expect(verdict(3, ben([3, 4], [idOf(77)]))).toBe('origin-unknown')
    expect(verdict(3, ben([3], [TWO]))).toBe('origin-unknown')
    expect(verdict(3, ben([3, 4], [FIVE]))).toBe('origin-unknown')
    expect(verdict(4, ben([3, 4], [TWO]))).toBe('origin-unknown')
    expect(verdict(2, ben([3, 4], [ONE]))).toBe('origin-unknown')
    expect(verdict(5, ben([3, 4], [FOUR]))).toBe('ok')
    expect(verdict(1, ben([3, 4], [ONE]))).toBe('ok')
    expect(parted().verdict(after([PAGE - 511, 1]), ben([3, 4], [TWO]))).toBe('origin-unknown')
  })

  it('commit-unused: a commit that nothing refers to', () => {
    expect(parted().verdict(after([0, 3]), ben([3, 4], [TWO, THREE]))).toBe('commit-unused')
    expect(new Board().verdict(structs(BEN, 0, text('x')), ben([], [TWO]))).toBe('commit-unused')
  })

  it('a device means its own way, and the other one by a commit', () => {
    const board = parted()
    const aware = ann(5, { writer: PAGE, relies: (it) => it <= 5 })
    expect(board.verdict(structs(PAGE, 0, text('x', { origin: [ANN, 4] })), aware)).toBe('ok')
    expect(board.verdict(structs(PAGE, 0, text('x', { origin: [ANN, 5] })), aware)).toBe('origin-unknown')
    expect(
      board.verdict(structs(PAGE, 0, text('x', { origin: [0, 5] })), { ...aware, commits: [FOUR] }),
    ).toBe('ok')
  })

  it('origins-not-adjacent: what lies between on the way that is known', () => {
    const apart = structs(BEN, 0, text('!', { origin: [ANN, 1], rightOrigin: [ANN, 4] }))
    expect(parted().verdict(apart, ben([4]))).toBe('origins-not-adjacent')
    // Whoever names a unit of the way knows what was written before the chain parted.
    const between = structs(BEN, 0, text('!', { origin: [ANN, 0], rightOrigin: [ANN, 2] }))
    expect(parted().verdict(between, ben([2]))).toBe('origins-not-adjacent')
  })
})

describe('deletes', () => {
  it('a range spans stretches', () => {
    const board = parted()
    board.write(hostileUpdate({ deletes: [{ writer: 0, ranges: [[1, 4]] }] }), ben([3, 4], [FOUR]))
    expect(board.text).toBe('auvwf')
    board.write(deletes(ANN, [5, 1]), ben([3, 4]))
    expect(board.text).toBe('auvw')
  })

  it('names of one thing may be several', () => {
    const board = parted()
    const ranges = [[0, 2]] as const
    const bytes = hostileUpdate({
      deletes: [
        { writer: ANN, ranges },
        { writer: 0, ranges },
        { writer: 1, ranges: [[1, 2]] },
      ],
    })
    board.write(bytes, ben([3, 4], [TWO, THREE]))
    expect(board.text).toBe('vwcdef')
  })

  it('delete-ambiguous: several ways have a clock of the range', () => {
    expect(parted().verdict(deletes(ANN, [0, 2]), ben([3, 4]))).toBe('ok')
    expect(parted().verdict(deletes(ANN, [0, 3]), ben([3, 4]))).toBe('delete-ambiguous')
    expect(parted().verdict(deletes(ANN, [4, 2]), ben([3, 4]))).toBe('delete-ambiguous')
    expect(parted().verdict(deletes(ANN, [0, 6]), ben([4]))).toBe('ok')
  })

  it('delete-unknown: a range beyond the way to a commit', () => {
    expect(parted().verdict(deletes(0, [0, 4]), ben([3, 4], [TWO]))).toBe('ok')
    expect(parted().verdict(deletes(0, [0, 5]), ben([3, 4], [TWO]))).toBe('delete-unknown')
    expect(parted().verdict(deletes(0, [0, 1]), ben([3], [TWO]))).toBe('delete-unknown')
  })

  it('delete-foreign: what another device wrote on any way, under the right "own"', () => {
    const own = { canDelete: 'own' } as const
    expect(parted().verdict(deletes(0, [3, 1]), { ...ben([4], [TWO]), ...own })).toBe('delete-foreign')
    expect(parted().verdict(deletes(0, [3, 1]), ann(5, { ...own, relies: () => true, commits: [TWO] }))).toBe(
      'ok',
    )
  })
})

describe('naming', () => {
  it('what a copy of the document makes is named by the newest commit of each way', () => {
    const board = parted()
    const copy = new Y.Doc()
    Y.applyUpdate(copy, Y.encodeStateAsUpdate(board.doc))
    copy.clientID = BEN
    const made: Uint8Array[] = []
    copy.on('update', (update: Uint8Array) => made.push(update))
    copy.transact(() => {
      copy.getText('text').insert(8, '!')
      copy.getText('text').delete(1, 3)
    })
    const { update, commits } = board.gate.toWire(made[0] as Uint8Array)
    expect(commits).toEqual([THREE, FOUR])
    board.write(update, ben([3, 4], commits))
    expect(board.text).toBe('awcde!f')
    expect(board.text).toBe(copy.getText('text').toJSON())
  })

  it('where no chain has parted nothing is named anew: the same bytes', () => {
    const board = new Board()
    const bytes = structs(ANN, 0, text('ab'))
    board.write(bytes, ann(1))
    expect(board.gate.toWire(bytes).update).toBe(bytes)
    const result = board.gate.check(structs(BEN, 0, text('x', { origin: [ANN, 1] })), ben([1]))
    expect(result.ok && board.gate.admit(result.checked, ben([1])) === result.checked.bytes).toBe(true)
  })
})
