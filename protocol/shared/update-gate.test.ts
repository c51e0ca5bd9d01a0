import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import type { Stretch } from '../document/index.ts'
import type { HostileStruct } from './hostile-update.ts'
import { hostileUpdate, lengthBody, textBody, valuesBody } from './hostile-update.ts'
import type { DocumentRules, UpdateAuthor } from './index.ts'
import { MAP_KEY_UNITS_MAX, UPDATE_REPEATS_MAX, UpdateGate } from './index.ts'

const RULES: DocumentRules = {
  root: (name) => (name === 'map' || name === 'text' || name === 'array' ? name : null),
}
const ANN = 511
const BEN = 1023

const ROOT: Stretch = { parent: null, rank: 0 }
const DEVICES = ['ann', 'ben', 'cy']
/** Any numbers will do that ascend on each chain. */
const orderOf = (device: string, seq: number): number => seq * DEVICES.length + DEVICES.indexOf(device)

type Parts = Partial<UpdateAuthor> & { acknowledges?: (device: string, seq: number) => boolean }

function author(
  device: string,
  seq: number,
  { acknowledges = () => true, ...parts }: Parts = {},
): UpdateAuthor {
  const writer = device === 'ann' ? ANN : BEN
  const order = orderOf(device, seq)
  const relies = (other: number): boolean => {
    const by = DEVICES[other % DEVICES.length] ?? ''
    return by === device ? other <= order : acknowledges(by, Math.floor(other / DEVICES.length))
  }
  const place = { order, commit: new Uint8Array(32), stretch: ROOT, commits: [], find: () => -1 }
  return { device, ...place, writer, canDelete: 'any', relies, ...parts }
}

const ann = author('ann', 1)
const ben = author('ben', 1)

function gateWith(...admitted: [Uint8Array, UpdateAuthor][]): UpdateGate {
  const gate = new UpdateGate(RULES)
  for (const [bytes, by] of admitted) admit(gate, bytes, by)
  return gate
}

function admit(gate: UpdateGate, bytes: Uint8Array, by: UpdateAuthor) {
  const result = gate.check(bytes, by)
  if (!result.ok) throw new Error(`${result.refusal}: ${result.detail}`)
  gate.admit(result.checked, by)
  return result.checked
}

function verdict(gate: UpdateGate, bytes: Uint8Array, by: UpdateAuthor): string {
  const result = gate.check(bytes, by)
  return result.ok ? 'ok' : result.refusal
}

function structs(writer: number, clock: number, ...list: HostileStruct[]): Uint8Array {
  return hostileUpdate({ writers: [{ writer, clock, structs: list }] })
}

function deletes(writer: number, ...ranges: (readonly [number, number])[]): Uint8Array {
  return hostileUpdate({ deletes: [{ writer, ranges }] })
}

const text = (body = 'abcd'): HostileStruct => ({ content: 4, parent: 'text', body: textBody(body) })
const entry = (key: string): HostileStruct => ({ content: 8, parent: 'map', key, body: valuesBody(1) })
const list = (...values: number[]): HostileStruct => ({
  content: 8,
  parent: 'array',
  body: valuesBody(...values),
})

describe('who writes', () => {
  it('an update counts its structs, values, units, deletes and bytes', () => {
    const bytes = hostileUpdate({
      writers: [{ writer: ANN, clock: 0, structs: [text(), entry('k')] }],
      deletes: [
        {
          writer: ANN,
          ranges: [
            [0, 1],
            [2, 1],
          ],
        },
      ],
    })
    const counts = { structCount: 2, valueCount: 1, unitCount: 5, deleteCount: 2, byteCount: bytes.length }
    expect(admit(gateWith(), bytes, ann)).toMatchObject(counts)
  })

  it('bytes-trailing: what the reader refuses, the gate refuses under the same name', () => {
    expect(verdict(gateWith(), Uint8Array.from([0, 0, 0]), ann)).toBe('bytes-trailing')
  })

  it('update-empty: an update that changes nothing', () => {
    expect(verdict(gateWith(), Uint8Array.from([0, 0]), ann)).toBe('update-empty')
  })

  it('writer-foreign: structs under another clientID than that of the session', () => {
    expect(verdict(gateWith(), structs(BEN, 0, text()), ann)).toBe('writer-foreign')
    const both = hostileUpdate({
      writers: [
        { writer: ANN, clock: 0, structs: [text()] },
        { writer: BEN, clock: 0, structs: [text()] },
      ],
    })
    expect(verdict(gateWith(), both, ann)).toBe('writer-foreign')
  })

  it('writer-shared: a clientID that another device writes under is no verdict, but asks for a gate that knows', () => {
    const gate = gateWith([structs(ANN, 0, text()), ann])
    const other = author('ben', 1, { writer: ANN })
    expect(verdict(gate, structs(ANN, 0, entry('k')), other)).toBe('writer-shared')
    expect(gate.isOutdated).toBe(false)
    gate.note(other)
    expect(gate.isOutdated).toBe(true)
    const knowing = new UpdateGate(RULES, gate)
    admit(knowing, structs(ANN, 0, text()), ann)
    admit(knowing, structs(ANN, 0, entry('k')), other)
    expect(knowing.isOutdated).toBe(false)
  })

  it('a device writes under several clientIDs', () => {
    const gate = gateWith([structs(ANN, 0, text()), ann])
    const page = author('ann', 2, { writer: 1535 })
    expect(verdict(gate, structs(1535, 0, { content: 4, origin: [ANN, 3], body: textBody('e') }), page)).toBe(
      'ok',
    )
  })

  it('clock-gap and clock-replay: a clock that is not the next', () => {
    const gate = gateWith([structs(ANN, 0, entry('a')), ann])
    expect(verdict(gate, structs(ANN, 1, entry('b')), ann)).toBe('ok')
    expect(verdict(gate, structs(ANN, 2, entry('b')), ann)).toBe('clock-gap')
    expect(verdict(gate, structs(ANN, 0, entry('b')), ann)).toBe('clock-replay')
    expect(verdict(gateWith(), structs(ANN, 1, entry('b')), ann)).toBe('clock-gap')
  })

  it('an update cannot be admitted twice', () => {
    const gate = gateWith()
    const checked = admit(gate, structs(ANN, 0, entry('a')), ann)
    expect(() => gate.admit(checked, ann)).toThrow('checked at clock 0, admitted at 1')
  })
})

describe('where it is written', () => {
  it('root-unlisted: a root that the document does not have', () => {
    expect(verdict(gateWith(), structs(ANN, 0, { ...text(), parent: 'secret' }), ann)).toBe('root-unlisted')
  })

  it('key-missing: an item of a map without a key', () => {
    expect(verdict(gateWith(), structs(ANN, 0, { ...list(1), parent: 'map' }), ann)).toBe('key-missing')
  })

  it('key-unexpected: an item of a text or array with a key', () => {
    for (const root of [text(), list(1)]) {
      expect(verdict(gateWith(), structs(ANN, 0, { ...root, key: 'k' }), ann)).toBe('key-unexpected')
    }
  })

  it('key-refused: keys that are empty, too long, or reach a prototype', () => {
    const longest = 'k'.repeat(MAP_KEY_UNITS_MAX)
    expect(verdict(gateWith(), structs(ANN, 0, entry(longest)), ann)).toBe('ok')
    for (const key of ['', `${longest}k`, '__proto__', 'constructor', 'prototype']) {
      expect(verdict(gateWith(), structs(ANN, 0, entry(key)), ann)).toBe('key-refused')
    }
  })

  it('content-misplaced: text in a map or array, values in a text, two values under a key', () => {
    const misplaced: HostileStruct[] = [
      { ...entry('k'), content: 4, body: textBody('a') },
      { ...list(), content: 4, body: textBody('a') },
      { ...text(), content: 8, body: valuesBody('a') },
      { ...entry('k'), body: valuesBody(1, 2) },
    ]
    for (const struct of misplaced) {
      expect(verdict(gateWith(), structs(ANN, 0, struct), ann)).toBe('content-misplaced')
    }
  })

  it('content-misplaced: also where the place is inherited', () => {
    const gate = gateWith([structs(ANN, 0, text(), entry('k'), list(1)), ann])
    const after = (clock: number, content: number, body: HostileStruct['body']) =>
      verdict(gate, structs(BEN, 0, { content, origin: [ANN, clock], body }), ben)
    expect(after(3, 4, textBody('a'))).toBe('ok')
    expect(after(3, 8, valuesBody(1))).toBe('content-misplaced')
    expect(after(4, 8, valuesBody(1))).toBe('ok')
    expect(after(4, 8, valuesBody(1, 2))).toBe('content-misplaced')
    expect(after(5, 8, valuesBody(1, 2))).toBe('ok')
    expect(after(5, 4, textBody('a'))).toBe('content-misplaced')
  })

  it('deleted content fits everywhere', () => {
    const gone = { content: 1, body: lengthBody(9) }
    for (const root of [text(), list(1), entry('k')]) {
      expect(verdict(gateWith(), structs(ANN, 0, { ...root, ...gone }), ann)).toBe('ok')
    }
  })
})

describe('neighbours', () => {
  const letter = (parts: Partial<HostileStruct>): HostileStruct => ({
    content: 4,
    body: textBody('x'),
    ...parts,
  })

  it('origin-unknown: neighbours that do not exist, are not acknowledged, or come later', () => {
    const gate = gateWith([structs(ANN, 0, text()), ann])
    const unaware = author('ben', 1, { acknowledges: () => false })
    expect(verdict(gate, structs(BEN, 0, letter({ origin: [ANN, 4] })), ben)).toBe('origin-unknown')
    expect(verdict(gate, structs(BEN, 0, letter({ rightOrigin: [2047, 0] })), ben)).toBe('origin-unknown')
    expect(verdict(gate, structs(BEN, 0, letter({ origin: [ANN, 3] })), unaware)).toBe('origin-unknown')
    expect(verdict(gate, structs(BEN, 0, letter({ origin: [BEN, 0] })), ben)).toBe('origin-unknown')
    expect(verdict(gate, structs(BEN, 0, letter({ origin: [BEN, 2 ** 53 - 1] })), ben)).toBe('origin-unknown')
    const later = structs(BEN, 0, text('x'), letter({ origin: [BEN, 2] }), letter({ origin: [BEN, 1] }))
    expect(verdict(gate, later, ben)).toBe('origin-unknown')
  })

  it('only the commits that a section acknowledges exist for it', () => {
    const more = structs(ANN, 4, letter({ origin: [ANN, 3] }))
    const gate = gateWith([structs(ANN, 0, text()), ann], [more, author('ann', 2)])
    const first = author('ben', 1, { acknowledges: (device, seq) => device === 'ann' && seq <= 1 })
    expect(verdict(gate, structs(BEN, 0, letter({ origin: [ANN, 3] })), first)).toBe('ok')
    expect(verdict(gate, structs(BEN, 0, letter({ origin: [ANN, 4] })), first)).toBe('origin-unknown')
    expect(verdict(gate, deletes(ANN, [3, 2]), first)).toBe('delete-unknown')
    expect(verdict(gate, deletes(ANN, [3, 2]), ben)).toBe('ok')
  })

  it('a device always knows its own chain', () => {
    const gate = gateWith([structs(ANN, 0, text()), ann])
    const unaware = author('ann', 2, { acknowledges: () => false })
    expect(verdict(gate, structs(ANN, 4, letter({ origin: [ANN, 3] })), unaware)).toBe('ok')
  })

  it('a commit does not know later ones of its own chain', () => {
    const gate = gateWith([structs(ANN, 0, text()), author('ann', 3)])
    const after = structs(1535, 0, letter({ origin: [ANN, 3] }))
    expect(verdict(gate, after, author('ann', 2, { writer: 1535 }))).toBe('origin-unknown')
    expect(verdict(gate, after, author('ann', 3, { writer: 1535 }))).toBe('ok')
  })

  it('origins-apart: neighbours in different lists', () => {
    const gate = gateWith([structs(ANN, 0, text(), list(1)), ann])
    const apart = letter({ origin: [ANN, 3], rightOrigin: [ANN, 4] })
    expect(verdict(gate, structs(BEN, 0, apart), ben)).toBe('origins-apart')
  })

  it('right-origin-in-map: an entry has no right neighbour', () => {
    const gate = gateWith([structs(ANN, 0, entry('k')), ann])
    const before = { content: 8, rightOrigin: [ANN, 0], body: valuesBody(1) } as const
    expect(verdict(gate, structs(BEN, 0, before), ben)).toBe('right-origin-in-map')
  })

  it('origins-not-adjacent: neighbours in the wrong order, or with something known between', () => {
    const gate = gateWith([structs(ANN, 0, text()), ann])
    const between = (origin: number | null, rightOrigin: number | null) => {
      const left = origin === null ? {} : { origin: [ANN, origin] as const }
      const right = rightOrigin === null ? {} : { rightOrigin: [ANN, rightOrigin] as const }
      return verdict(gate, structs(BEN, 0, letter({ ...left, ...right })), ben)
    }
    for (const [left, right] of [
      [null, 0],
      [0, 1],
      [2, 3],
      [3, null],
    ] as const) {
      expect(between(left, right)).toBe('ok')
    }
    for (const [left, right] of [
      [1, 1],
      [2, 1],
      [3, 0],
      [0, 2],
      [null, 1],
    ] as const) {
      expect(between(left, right)).toBe('origins-not-adjacent')
    }
    // Whoever knows unit 2 knows 0 and 1, but perhaps not 3.
    expect(between(2, null)).toBe('ok')
  })

  it('origins-not-adjacent: an own earlier item between, though in the same update', () => {
    const gate = gateWith([structs(ANN, 0, text('ab')), ann])
    const gap = letter({ origin: [ANN, 0], rightOrigin: [ANN, 1] })
    expect(verdict(gate, structs(BEN, 0, gap), ben)).toBe('ok')
    expect(verdict(gate, structs(BEN, 0, gap, gap), ben)).toBe('origins-not-adjacent')
    const beside = letter({ origin: [ANN, 0], rightOrigin: [BEN, 0] })
    expect(verdict(gate, structs(BEN, 0, gap, beside), ben)).toBe('ok')
    expect(verdict(gate, structs(BEN, 0, text('x'), text('y')), ben)).toBe('origins-not-adjacent')
  })

  it('repeats-too-many: more structs in one place than one update may hold', () => {
    const repeats = (count: number) => {
      const next = (index: number) => letter({ rightOrigin: [ANN, index] })
      return structs(ANN, 0, text('x'), ...Array.from({ length: count }, (_, index) => next(index)))
    }
    expect(verdict(gateWith(), repeats(UPDATE_REPEATS_MAX), ann)).toBe('ok')
    expect(verdict(gateWith(), repeats(UPDATE_REPEATS_MAX + 1), ann)).toBe('repeats-too-many')
    const sets = (name: (index: number) => string) =>
      structs(ANN, 0, ...Array.from({ length: UPDATE_REPEATS_MAX + 2 }, (_, index) => entry(name(index))))
    expect(
      verdict(
        gateWith(),
        sets((index) => `k${index}`),
        ann,
      ),
    ).toBe('ok')
    expect(
      verdict(
        gateWith(),
        sets(() => 'k'),
        ann,
      ),
    ).toBe('repeats-too-many')
  })

  it('neighbours may have been parted by what the writer had not seen', () => {
    const gate = gateWith(
      [structs(ANN, 0, text('ab')), ann],
      [structs(BEN, 0, letter({ origin: [ANN, 0], rightOrigin: [ANN, 1] })), ben],
    )
    const late = author('cy', 1, { writer: 2047 })
    const gap = letter({ origin: [ANN, 0], rightOrigin: [ANN, 1] })
    expect(verdict(gate, structs(2047, 0, gap), late)).toBe('ok')
    const known = letter({ origin: [BEN, 0], rightOrigin: [ANN, 1] })
    expect(
      verdict(gate, structs(2047, 0, known, letter({ origin: [ANN, 0], rightOrigin: [ANN, 1] })), late),
    ).toBe('origins-not-adjacent')
  })
})

describe('deletes', () => {
  const gate = () => gateWith([structs(ANN, 0, text(), entry('k')), ann])

  it('delete-unknown: a range beyond what exists', () => {
    expect(verdict(gate(), deletes(ANN, [0, 5]), ben)).toBe('ok')
    expect(verdict(gate(), deletes(ANN, [4, 2]), ben)).toBe('delete-unknown')
    expect(verdict(gate(), deletes(BEN, [0, 1]), ben)).toBe('delete-unknown')
    expect(verdict(gate(), deletes(2047, [0, 1]), ben)).toBe('delete-unknown')
  })

  it('a range may span what is old and what this update adds', () => {
    const bytes = hostileUpdate({
      writers: [{ writer: ANN, clock: 5, structs: [list(1)] }],
      deletes: [{ writer: ANN, ranges: [[4, 2]] }],
    })
    expect(verdict(gate(), bytes, author('ann', 2, { canDelete: 'own' }))).toBe('ok')
  })

  it('delete-foreign: content of another device under the right "own"', () => {
    const own = { canDelete: 'own' } as const
    expect(verdict(gate(), deletes(ANN, [0, 1]), author('ben', 1, own))).toBe('delete-foreign')
    expect(verdict(gate(), deletes(ANN, [0, 1]), author('ann', 2, own))).toBe('ok')
    expect(verdict(gate(), deletes(ANN, [0, 1]), author('ann', 2, { ...own, writer: 1535 }))).toBe('ok')
  })

  it('delete-not-allowed: any range under the right "none"', () => {
    const none = { canDelete: 'none' } as const
    expect(verdict(gate(), deletes(ANN, [0, 1]), author('ann', 2, none))).toBe('delete-not-allowed')
    expect(verdict(gate(), structs(ANN, 5, list(1)), author('ann', 2, none))).toBe('ok')
  })

  it('replacing a value in a map is deleting it, said or not, with an origin or without', () => {
    const onTop: HostileStruct = { content: 8, origin: [ANN, 4], body: valuesBody(2) }
    for (const struct of [onTop, entry('k')]) {
      const by = (parts: Parts) => verdict(gate(), structs(BEN, 0, struct), author('ben', 1, parts))
      expect(by({ canDelete: 'any' })).toBe('ok')
      expect(by({ canDelete: 'own' })).toBe('delete-foreign')
      expect(by({ canDelete: 'none' })).toBe('delete-not-allowed')
      const own = verdict(gate(), structs(ANN, 5, struct), author('ann', 2, { canDelete: 'own' }))
      expect(own).toBe('ok')
    }
    const twice = structs(BEN, 0, entry('new'), entry('new'))
    expect(verdict(gate(), twice, author('ben', 1, { canDelete: 'none' }))).toBe('delete-not-allowed')
    expect(verdict(gate(), twice, author('ben', 1, { canDelete: 'own' }))).toBe('ok')
  })

  it('a value that the author has not seen is not replaced by it', () => {
    const unaware = author('ben', 1, { canDelete: 'none', acknowledges: () => false })
    expect(verdict(gate(), structs(BEN, 0, entry('k')), unaware)).toBe('ok')
  })

  it('under "own", a key stays with the devices that wrote it', () => {
    const shared = gate()
    const unaware = author('ben', 1, { canDelete: 'own', acknowledges: () => false })
    admit(shared, structs(BEN, 0, entry('k')), unaware)
    const again = structs(BEN, 1, { content: 8, origin: [BEN, 0], body: valuesBody(3) })
    expect(verdict(shared, again, { ...unaware, order: orderOf('ben', 2) })).toBe('ok')
    expect(verdict(shared, again, author('ben', 2, { canDelete: 'own' }))).toBe('delete-foreign')
  })
})

describe('the index', () => {
  it('typing takes one stretch a commit', () => {
    const doc = new Y.Doc()
    doc.clientID = ANN
    const gate = gateWith()
    let seq = 0
    doc.on('update', (bytes: Uint8Array) => admit(gate, bytes, author('ann', Math.floor((seq += 1) / 10))))
    for (let at = 0; at < 100; at += 1) doc.getText('text').insert(at, 'x')
    expect(gate.segmentCount).toBe(11)
    expect(gate.nextClock(ann)).toBe(100)
    expect(gate.nextClocks()).toEqual(new Map([[ANN, 100]]))
    expect(gate.nextClock(ben)).toBe(0)
  })
})
