import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import type { Stretch } from '../document/index.ts'
import type { HostileStruct } from './hostile-update.ts'
import { hostileUpdate, lengthBody, textBody, valuesBody } from './hostile-update.ts'
import type { DocumentRules, UpdateAuthor } from './index.ts'
import { UpdateGate, readUpdate } from './index.ts'
import { ListOrder } from './list-order.ts'

const RULES: DocumentRules = {
  root: (name) => (name === 'map' || name === 'text' || name === 'array' ? name : null),
}
const DEVICES = ['ann', 'ben', 'cy']

/** A section as it lies in the log. `sees` is how far its author knew each device, `index` its place here. */
type Section = { bytes: Uint8Array; author: Author; sees: readonly number[]; index: number }

type Author = UpdateAuthor & { seq: number }

const ROOT: Stretch = { parent: null, rank: 0 }

/** Uniform choice from numbers that fast-check supplies, so that a failing run shrinks and replays. */
class Choices {
  readonly #numbers: readonly number[]
  #next = 0

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers
  }

  below(limit: number): number {
    this.#next += 1
    const seed = (this.#numbers[this.#next % this.#numbers.length] ?? 0) + this.#next
    return (Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) >>> 5) % limit
  }
}

const choices = fc.array(fc.nat(), { minLength: 20, maxLength: 200 }).map((numbers) => new Choices(numbers))

function newDoc(clientID = 1): Y.Doc {
  const doc = new Y.Doc()
  doc.clientID = clientID
  doc.getMap('map')
  doc.getText('text')
  doc.getArray('array')
  return doc
}

function docOf(updates: readonly Uint8Array[]): Y.Doc {
  const doc = newDoc()
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc
}

function gateOf(sections: readonly Section[]): UpdateGate {
  const gate = new UpdateGate(RULES)
  for (const { bytes, author } of sections) {
    const result = gate.check(bytes, author)
    if (!result.ok) throw new Error(`${result.refusal}: ${result.detail}`)
    gate.admit(result.checked, author)
  }
  return gate
}

/** Order of a commit: any numbers will do that ascend on each chain. A fourth device wrote what stands before all else. */
const orderOf = (device: number, seq: number): number => seq * 4 + device

function author(device: number, seq: number, writer: number, sees: readonly number[]): Author {
  const relies = (order: number): boolean => {
    const [other, otherSeq] = [order % 4, Math.floor(order / 4)]
    return otherSeq <= (other === device ? seq : (sees[other] ?? 0))
  }
  const name = DEVICES[device] ?? 'base'
  const place = { order: orderOf(device, seq), commit: new Uint8Array(32), stretch: ROOT, commits: [] }
  return { device: name, seq, writer, ...place, canDelete: 'any', relies, find: () => -1 }
}

/** The clientID of a session. */
const idOf = (session: number): number => session * 512 + 511

function edit(doc: Y.Doc, choose: Choices): void {
  const text = doc.getText('text')
  const array = doc.getArray('array')
  const at = choose.below(text.length + 1)
  switch (choose.below(9)) {
    case 0:
    case 1:
      return text.insert(at, 'word'.slice(0, 1 + choose.below(4)))
    case 2:
      return text.insert(0, '😀')
    case 3:
      return text.delete(at, Math.min(choose.below(4), text.length - at))
    case 4:
      return array.insert(choose.below(array.length + 1), ['a', { b: [1, null] }].slice(choose.below(2)))
    case 5:
      return array.length === 0 ? undefined : array.delete(choose.below(array.length), 1)
    case 6:
      return void doc.getMap('map').set(`k${choose.below(3)}`, 'value')
    case 7:
      return doc.getMap('map').delete(`k${choose.below(3)}`)
    default:
      text.insert(at, 'gone')
      return text.delete(at, 4)
  }
}

/** A device with two pages. Pages receive what their node applies late, and hand in several edits at once. */
class Device {
  readonly number: number
  readonly gate = new UpdateGate(RULES)
  readonly doc = newDoc()
  readonly stored: Section[] = []
  readonly sees = [0, 0, 0]
  readonly pages: { doc: Y.Doc; undo: Y.UndoManager; inbox: Uint8Array[]; handedIn: Uint8Array }[] = []

  constructor(number: number) {
    this.number = number
    for (const page of [0, 1]) {
      const doc = newDoc(idOf(10 * (number + 1) + page))
      const undo = new Y.UndoManager([doc.getText('text'), doc.getArray('array')], { captureTimeout: 0 })
      this.pages.push({ doc, undo, inbox: [], handedIn: Y.encodeStateVector(doc) })
    }
  }

  store(section: Section): void {
    const result = this.gate.check(section.bytes, section.author)
    if (!result.ok) throw new Error(`${result.refusal}: ${result.detail}`)
    this.gate.admit(result.checked, section.author)
    Y.applyUpdate(this.doc, section.bytes)
    this.stored.push(section)
    this.sees[DEVICES.indexOf(section.author.device)] = section.author.seq
    for (const page of this.pages) {
      if (page.doc.clientID !== section.author.writer) page.inbox.push(section.bytes)
    }
  }

  receive(choose: Choices): void {
    const page = this.pages[choose.below(2)] as Device['pages'][0]
    for (let count = choose.below(3); count > 0; count -= 1) {
      const bytes = page.inbox.shift()
      if (bytes !== undefined) Y.applyUpdate(page.doc, bytes, 'node')
    }
  }

  /** Edits on a page, in one transaction or several, with remote updates arriving between. */
  write(choose: Choices, index: number): void {
    const page = this.pages[choose.below(2)] as Device['pages'][0]
    const updates: Uint8Array[] = []
    const collect = (bytes: Uint8Array, origin: unknown) => origin !== 'node' && updates.push(bytes)
    page.doc.on('update', collect)
    for (let count = 1 + choose.below(3); count > 0; count -= 1) {
      const turn = choose.below(6)
      if (turn === 0) page.undo.undo()
      else if (turn === 1) page.undo.redo()
      else page.doc.transact(() => [edit(page.doc, choose), choose.below(2) === 0 && edit(page.doc, choose)])
      const bytes = choose.below(2) === 0 ? page.inbox.shift() : undefined
      if (bytes !== undefined) Y.applyUpdate(page.doc, bytes, 'node')
    }
    page.doc.off('update', collect)
    if (updates.length === 0) return
    const seq = (this.sees[this.number] ?? 0) + 1
    const sees = [...this.sees]
    const section = author(this.number, seq, page.doc.clientID, sees)
    this.store({ bytes: Y.mergeUpdates(updates), author: section, sees, index })
  }

  /** Takes over what another device has, or the first part of it, in the order in which it stored it. */
  sync(other: Device, limit: number): void {
    let count = 0
    for (const section of other.stored) {
      const known = this.sees[DEVICES.indexOf(section.author.device)] ?? 0
      if (section.author.seq <= known) continue
      if ((count += 1) > limit) return
      this.store(section)
    }
  }
}

function mesh(choose: Choices, steps: number): Device[] {
  const devices = [new Device(0), new Device(1), new Device(2)]
  const pick = () => devices[choose.below(3)] as Device
  for (let step = 0; step < steps; step += 1) {
    switch (choose.below(4)) {
      case 0:
        pick().sync(pick(), choose.below(6))
        break
      case 1:
        pick().receive(choose)
        break
      default:
        pick().write(choose, step)
    }
  }
  const twice = [...devices, ...devices]
  for (const one of twice) for (const other of devices) one.sync(other, 10_000)
  return devices
}

/** The units of a root in list order, deleted ones included. */
function unitsOf(doc: Y.Doc, root: 'text' | 'array'): string[] {
  const units: string[] = []
  // Yjs has no public way to list items with their ids.
  // oxlint-disable-next-line no-underscore-dangle
  for (let item = doc.get(root)._start; item !== null; item = item.right) {
    for (let unit = 0; unit < item.length; unit += 1) units.push(`${item.id.client}:${item.id.clock + unit}`)
  }
  return units
}

describe('what Yjs writes passes', () => {
  it('pages that lag, batch, undo and edit at once are never refused, and all devices agree', () => {
    fc.assert(
      fc.property(choices, (choose) => {
        const devices = mesh(choose, 40)
        const [first] = devices as [Device]
        for (const { doc, gate } of devices) {
          expect(doc.toJSON()).toEqual(first.doc.toJSON())
          expect(gate.nextClocks()).toEqual(Y.decodeStateVector(Y.encodeStateVector(doc)))
          expect(doc.store.pendingStructs).toBe(null)
          expect(doc.store.pendingDs).toBe(null)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('the order of a list is that of Yjs', () => {
    fc.assert(
      fc.property(choices, (choose) => {
        const [device] = mesh(choose, 40) as [Device]
        const list = new ListOrder()
        const inText = new Set(unitsOf(device.doc, 'text'))
        for (const { bytes } of device.stored) {
          const read = readUpdate(bytes)
          if (!read.ok) throw new Error(read.refusal)
          for (const { writer, structs } of read.update.writers) {
            for (const struct of structs) {
              if (inText.has(`${writer}:${struct.clock}`)) list.insert({ ...struct, writer })
            }
          }
        }
        const units = [...list.runs()].flatMap(({ writer, clock, length }) =>
          Array.from({ length }, (_, unit) => `${writer}:${clock + unit}`),
        )
        expect(units).toEqual(unitsOf(device.doc, 'text'))
      }),
      { numRuns: 200 },
    )
  })
})

describe('a verdict', () => {
  it('does not change with what else is admitted', () => {
    fc.assert(
      fc.property(choices, (choose) => {
        const [device] = mesh(choose, 30) as [Device]
        fc.pre(device.stored.length > 1)
        const at = choose.below(device.stored.length)
        const { author: by, sees, bytes } = device.stored[at] as Section
        const own = DEVICES.indexOf(by.device)
        const isPast = ({ author }: Section) => {
          const seen = sees[DEVICES.indexOf(author.device)] ?? 0
          return author.device === DEVICES[own] ? author.seq < by.seq : author.seq <= seen
        }
        const isForeign = ({ author, sees }: Section) =>
          author.device !== by.device && (sees[own] ?? 0) < by.seq
        const past = gateOf(device.stored.filter(isPast))
        const more = gateOf(device.stored.filter((section) => isPast(section) || isForeign(section)))
        for (const canDelete of ['none', 'own', 'any'] as const) {
          const as = { ...by, canDelete }
          for (const update of [bytes, ...mutants(bytes, choose, 20), hostile(past, by, choose)]) {
            const verdicts = [past, more, past].map((gate) => gate.check(update, as))
            const [plain, ...others] = verdicts.map((result) => (result.ok ? { ok: true } : result))
            for (const other of others) expect(other).toEqual(plain)
          }
        }
      }),
      { numRuns: 200 },
    )
  })
})

function mutants(bytes: Uint8Array, choose: Choices, count: number): Uint8Array[] {
  return Array.from({ length: count }, () => {
    const mutant = [...bytes]
    for (let change = 1 + choose.below(3); change > 0; change -= 1) {
      const at = choose.below(mutant.length)
      const kind = choose.below(5)
      if (kind === 0) mutant[at] = choose.below(256)
      else if (kind === 1) mutant[at] = ((mutant[at] ?? 0) + (choose.below(2) === 0 ? 1 : 255)) & 0xff
      else if (kind === 2) mutant.splice(at, 1 + choose.below(4))
      else if (kind === 3) mutant.splice(at, 0, ...mutant.slice(at, at + 1 + choose.below(12)))
      else mutant[at] = (mutant[at] ?? 0) ^ (1 << choose.below(8))
    }
    return Uint8Array.from(mutant)
  })
}

/** Structs between neighbours invented at random from units that exist, and deletes of such units. */
function hostile(gate: UpdateGate, by: UpdateAuthor, choose: Choices, count = 3): Uint8Array {
  const roots = ['text', 'array', 'map'] as const
  const clocks = [...gate.nextClocks()]
  const unit = (): readonly [number, number] => {
    const [writer, end] = clocks[choose.below(clocks.length)] ?? [by.writer, 0]
    return [writer, choose.below(end + 2)]
  }
  const contents: Pick<HostileStruct, 'content' | 'body'>[] = [
    { content: 4, body: textBody('hé') },
    { content: 8, body: valuesBody(7) },
    { content: 1, body: lengthBody(2) },
  ]
  const structs: HostileStruct[] = []
  for (let index = choose.below(count); index >= 0; index -= 1) {
    const content = contents[choose.below(3)] as HostileStruct
    const sides = choose.below(4)
    const root = roots[choose.below(3)] as string
    const key = root === 'map' ? { key: `k${choose.below(3)}` } : {}
    if (sides === 0) structs.push({ ...content, parent: root, ...key })
    else if (sides === 1) structs.push({ ...content, origin: unit() })
    else if (sides === 2) structs.push({ ...content, rightOrigin: unit() })
    else structs.push({ ...content, origin: unit(), rightOrigin: unit() })
  }
  const [writer, clock] = unit()
  const deletes = choose.below(2) === 0 ? [] : [{ writer, ranges: [[clock, 1 + choose.below(3)] as const] }]
  const next = gate.nextClock(by)
  return hostileUpdate({ writers: [{ writer: by.writer, clock: next, structs }], deletes })
}

/** What must hold once Yjs has applied an update that the gate let pass. */
function expectSound(sections: readonly Section[], bytes: Uint8Array, by: Author): void {
  const gate = gateOf([...sections, { bytes, author: by, sees: [], index: 0 }])
  const doc = docOf([...sections.map((section) => section.bytes), bytes])
  expect(doc.store.pendingStructs).toBe(null)
  expect(doc.store.pendingDs).toBe(null)
  expect(Y.decodeStateVector(Y.encodeStateVector(doc))).toEqual(gate.nextClocks())
  expect([...doc.share.keys()].toSorted()).toEqual(['array', 'map', 'text'])
  expect(() => JSON.stringify(doc.toJSON())).not.toThrow()
}

describe('20,000 updates that were tampered with', () => {
  it('never make the gate throw, and those that pass leave Yjs whole', () => {
    let passed = 0
    fc.assert(
      fc.property(choices, (choose) => {
        const [device] = mesh(choose, 30) as [Device]
        fc.pre(device.stored.length > 0)
        const at = choose.below(device.stored.length)
        const { bytes, author: by } = device.stored[at] as Section
        const before = device.stored.slice(0, at)
        const gate = gateOf(before)
        for (const mutant of mutants(bytes, choose, 100)) {
          if (!gate.check(mutant, by).ok) continue
          passed += 1
          expectSound(before, mutant, by)
        }
      }),
      { numRuns: 200 },
    )
    expect(passed).toBeGreaterThan(500)
  })

  it('the same with invented neighbours', () => {
    let passed = 0
    fc.assert(
      fc.property(choices, (choose) => {
        const [device] = mesh(choose, 30) as [Device]
        fc.pre(device.stored.length > 0)
        const last = device.stored.at(-1) as Section
        const order = last.author.order + 4
        const by = { ...last.author, order, relies: () => true }
        for (let index = 0; index < 50; index += 1) {
          const bytes = hostile(device.gate, by, choose)
          if (!device.gate.check(bytes, by).ok) continue
          passed += 1
          expectSound(device.stored, bytes, by)
        }
      }),
      { numRuns: 200 },
    )
    expect(passed).toBeGreaterThan(200)
  })
})

/** Sections by three hostile writers: any neighbours that pass, each from a part of the history. */
function hostileHistory(choose: Choices): { bytes: Uint8Array; past: Set<number> }[] {
  const start = hostileUpdate({
    writers: [
      {
        writer: idOf(50),
        clock: 0,
        structs: [
          { content: 4, parent: 'text', body: textBody('abcd') },
          { content: 8, parent: 'map', key: 'k0', body: valuesBody(1) },
        ],
      },
    ],
  })
  const all: { bytes: Uint8Array; past: Set<number>; device: number; author: Author }[] = []
  const writers = [60, 40, 55].map(idOf)
  for (let tries = 0; tries < 60 && all.length < 9; tries += 1) {
    const device = choose.below(3)
    const past = new Set<number>()
    all.forEach((section, index) => {
      if (section.device !== device && choose.below(3) !== 0) return
      past.add(index)
      for (const earlier of section.past) past.add(earlier)
    })
    const seq = all.filter((section) => section.device === device).length + 1
    const sees = [0, 1, 2].map((other) => [...past].filter((index) => all[index]?.device === other).length)
    const as = author(device, seq, writers[device] as number, [...sees, 1])
    const base = { bytes: start, author: author(3, 1, idOf(50), []), sees: [], index: 0 }
    const known = [...past].toSorted((a, b) => a - b).map((index) => all[index] as (typeof all)[0])
    const gate = gateOf([base, ...known.map((section) => ({ ...section, sees: [], index: 0 }))])
    const bytes = hostile(gate, as, choose, 2)
    if (gate.check(bytes, as).ok) all.push({ bytes, past, device, author: as })
  }
  return [
    { bytes: start, past: new Set() },
    ...all.map(({ bytes, past }) => ({ bytes, past: shifted(past) })),
  ]
}

function shifted(past: Set<number>): Set<number> {
  return new Set([0, ...[...past].map((index) => index + 1)])
}

describe('convergence', () => {
  it('whatever passes, replicas agree however the sections arrive', () => {
    let pairs = 0
    fc.assert(
      fc.property(choices, (choose) => {
        const history = hostileHistory(choose)
        const states = [0, 1, 2, 3].map(() => {
          const done = new Set<number>()
          while (done.size < history.length) {
            const ready = [...history.keys()].filter(
              (index) =>
                !done.has(index) && [...(history[index]?.past ?? [])].every((past) => done.has(past)),
            )
            done.add(ready[choose.below(ready.length)] as number)
          }
          const doc = docOf([...done].map((index) => (history[index] as { bytes: Uint8Array }).bytes))
          return { json: doc.toJSON(), text: unitsOf(doc, 'text'), array: unitsOf(doc, 'array') }
        })
        pairs += history.length
        for (const state of states) expect(state).toEqual(states[0])
      }),
      { numRuns: 600 },
    )
    expect(pairs).toBeGreaterThan(3_000)
  })
})
