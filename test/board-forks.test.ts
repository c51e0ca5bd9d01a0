import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import {
  BoardState,
  FIELDS,
  LIST_PREFIX,
  TEXT,
  boardKind,
  decodeBoardPayload,
  encodeBoardPayload,
} from '#protocol/board'
import type { BoardPayload } from '#protocol/board'
import { compareSeen } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import { COOP_KINDS } from '#protocol/coop'
import { DocumentRegistry } from '#protocol/document'
import type { DocumentKind, SectionContext, SectionVerdict } from '#protocol/document'
import { compareBytes, toHex } from '#protocol/encoding'
import type { Crypto, Signer } from '#protocol/identity'
import { Replica } from '#protocol/replica'
import { nodeCrypto } from '#node/crypto'
import { seededRandom } from '#simulations/mesh'
import type { MemoryNode, SeededRandom } from '#simulations/mesh'
import { BoardPage, boardOf } from './actors/board-page.ts'
import { collidingCrypto } from './actors/colliding-crypto.ts'
import { must, testCoop } from './actors/coop-actors.ts'
import type { TestCoop } from './actors/coop-actors.ts'
import { Pen, decoded, headOf } from './actors/pen.ts'
import { hostileUpdate, textBody } from '../protocol/shared/hostile-update.ts'
import type { HostileStruct } from '../protocol/shared/hostile-update.ts'

const BOARD = 'board/wall'
const plain = nodeCrypto()

/** Notes the verdict on each commit that it was asked about last. */
class Watched extends BoardState {
  readonly verdicts = new Map<string, string>()

  override check(section: SectionContext): SectionVerdict {
    const verdict = super.check(section)
    this.verdicts.set(toHex(section.commit), verdict.ok ? 'ok' : verdict.refusal)
    return verdict
  }
}

const watchedKind: DocumentKind = {
  ...boardKind,
  open: (document, host, outdated) => new Watched(document, host, outdated),
}
const KINDS = COOP_KINDS.map((kind) => (kind.name === 'board' ? watchedKind : kind))

function open(coop: Uint8Array, signer: Signer | null, crypto: Crypto): Replica {
  return new Replica({ coop, crypto, signer, registry: new DocumentRegistry(KINDS) })
}

const decodedOf = new WeakMap<Uint8Array, CommitRecord>()

/** What a node has stored, in the order of its log; each commit is decoded once. */
function recordsOf(node: MemoryNode): CommitRecord[] {
  return node.log.map((bytes) => {
    const record = decodedOf.get(bytes) ?? decoded(bytes)
    decodedOf.set(bytes, record)
    return record
  })
}

/** Brings what one node has and another lacks there, in the order of its log, at most so many commits. */
function carry(from: MemoryNode, to: MemoryNode, limit = Infinity): void {
  const news = recordsOf(from).filter((it) => to.replica.history.find(it.id) < 0)
  to.write(to.replica.ingest(news.slice(0, limit)).stored)
}

function verdicts(node: MemoryNode): Map<string, string> {
  const state = boardOf(node, BOARD)
  const { history } = node.replica
  const known = state instanceof Watched ? [...state.verdicts] : []
  return new Map(known.filter(([id]) => history.find(Buffer.from(id, 'hex')) >= 0).sort())
}

/** Everything about a board that must be equal where the same commits are stored. */
function faceOf(node: MemoryNode): unknown {
  const { doc } = boardOf(node, BOARD)
  expect([doc.store.pendingStructs, doc.store.pendingDs]).toEqual([null, null])
  const hash = toHex(node.replica.document(BOARD)?.stateHash() ?? new Uint8Array())
  const clocks = [...Y.decodeStateVector(Y.encodeStateVector(doc))].sort(([a], [b]) => a - b)
  return { hash, json: doc.toJSON(), clocks, verdicts: [...verdicts(node)] }
}

/** True for a copy that has met another one which wrote: it writes no more. */
function isForked({ replica }: MemoryNode): boolean {
  return replica.history.forks.has(replica.history.findDevice(Buffer.from(replica.device ?? '', 'hex')))
}

/** A node in memory that writes under this key. */
function nodeOf({ mesh, coop }: TestCoop, signer: Signer | null, crypto = plain): MemoryNode {
  return mesh.add(open(coop, signer, crypto))
}

/** Honest devices and copies of one or two folders, in islands that are apart, then mixed, then all together. */
class Story {
  readonly coop: TestCoop
  readonly crypto: Crypto
  readonly random: SeededRandom
  /** Key of a member that has written nothing. */
  readonly foe: Signer
  readonly honest: MemoryNode[] = []
  readonly copies: MemoryNode[] = []
  readonly pages = new Map<MemoryNode, BoardPage[]>()
  /** Values that honest devices put on the list, which nobody takes off. */
  readonly honestItems: string[] = []
  readonly #signers = new Map<string, Signer>()
  #count = 0

  constructor(seed: number, crypto: Crypto) {
    this.crypto = crypto
    this.random = seededRandom(seed)
    this.coop = testCoop(seed)
    this.foe = this.coop.admit('member').signer
    const begin = (): MemoryNode => this.#begin(this.coop.admit('member').signer)
    const nodes = [0, 1, 2, 3, 4].map(begin)
    this.copies.push(...nodes.splice(0, 1 + this.random.below(2)))
    this.honest.push(...nodes)
  }

  get nodes(): MemoryNode[] {
    return [...this.honest, ...this.copies]
  }

  run(): void {
    this.#mix(this.nodes, 8)
    for (const original of [...this.copies]) this.#copyFolder(original)
    this.#apart(10)
    this.#copyFolder(this.#pick(this.copies))
    this.#apart(10)
    this.#mix(this.honest, 20)
    this.#apart(6)
    this.#mix(this.nodes, 10)
  }

  /** Everything reaches everybody. */
  meet(): void {
    for (let round = 0; round < 2; round += 1)
      for (const from of this.nodes) for (const to of this.nodes) if (from !== to) carry(from, to)
  }

  /** Each copy is with some honest devices and with nobody else. */
  #apart(steps: number): void {
    const islands = this.copies.map((it) => [it])
    for (const node of this.honest) islands[this.random.below(islands.length)]?.push(node)
    for (const [copy, ...others] of islands as [MemoryNode, ...MemoryNode[]][]) {
      this.#mix([copy, ...others], Math.ceil((steps * (others.length + 1)) / 3))
      for (const node of others) {
        carry(copy, node)
        this.#write(node)
      }
    }
  }

  #mix(nodes: readonly MemoryNode[], steps: number): void {
    for (let step = 0; step < steps; step += 1) {
      const [one, other] = [this.#pick(nodes), this.#pick(nodes)]
      if (this.random.below(2) === 0) this.#write(one)
      else if (one !== other)
        carry(one, other, this.random.below(4) === 0 ? 1 + this.random.below(6) : Infinity)
    }
  }

  #pick(nodes: readonly MemoryNode[]): MemoryNode {
    return nodes[this.random.below(nodes.length)] as MemoryNode
  }

  /** A copy of a folder as it is now. Its pages may go on under sessions that the original goes on with as well. */
  #copyFolder(from: MemoryNode): void {
    const copy = this.#nodeOf(this.#signers.get(from.replica.device ?? '') ?? null)
    carry(from, copy)
    this.copies.push(copy)
    const kept = this.#pagesOf(from).filter((it) => it.isBound && this.random.below(2) === 0)
    this.pages.set(
      copy,
      kept.map((page) => new BoardPage(copy, BOARD, page.session)),
    )
  }

  #write(node: MemoryNode): void {
    const pages = this.#pagesOf(node).filter((it) => it.isBound)
    this.pages.set(node, pages)
    if (isForked(node)) return
    if (pages.length === 0 || (pages.length < 2 && this.random.below(4) === 0))
      pages.push(new BoardPage(node, BOARD))
    const page = pages[this.random.below(pages.length)] as BoardPage
    const item = `item ${(this.#count += 1)}`
    const isItem = this.random.below(3) === 0
    const result = page.edit((doc) => {
      if (isItem)
        doc
          .getArray(`${LIST_PREFIX}all`)
          .insert(this.random.below(doc.getArray(`${LIST_PREFIX}all`).length + 1), [item])
      else this.#edit(doc)
    })
    if (result === null) return
    if (!result.ok) throw new Error(`${result.refusal}: ${result.detail}`)
    if (isItem && this.honest.includes(node)) this.honestItems.push(item)
  }

  #begin(signer: Signer): MemoryNode {
    this.#signers.set(toHex(signer.publicKey), signer)
    const node = this.#nodeOf(signer)
    carry(this.coop.founder, node)
    return node
  }

  #nodeOf(signer: Signer | null): MemoryNode {
    return nodeOf(this.coop, signer, this.crypto)
  }

  #pagesOf(node: MemoryNode): BoardPage[] {
    return this.pages.get(node) ?? []
  }

  #edit(doc: Y.Doc): void {
    const text = doc.getText(TEXT)
    const at = this.random.below(text.length + 1)
    switch (this.random.below(5)) {
      case 0:
      case 1:
        return text.insert(at, 'abcdef'.slice(0, 1 + this.random.below(5)))
      case 2:
        return text.delete(at, Math.min(this.random.below(6), text.length - at))
      case 3:
        return void doc.getMap(FIELDS).set(`k${this.random.below(3)}`, this.random.below(9))
      default:
        return doc.getMap(FIELDS).delete(`k${this.random.below(3)}`)
    }
  }
}

/** The same commits in another causal order. */
function shuffled(records: readonly CommitRecord[], random: SeededRandom): CommitRecord[] {
  const waiting = new Map(records.map((it) => [toHex(it.id), it]))
  const order: CommitRecord[] = []
  while (waiting.size > 0) {
    const ready = [...waiting.values()].filter(({ header }) => {
      const links = [...(header.prev === null ? [] : [header.prev]), ...header.seen.map((it) => it.id)]
      return links.every((id) => !waiting.has(toHex(id)))
    })
    const next = ready[random.below(ready.length)] as CommitRecord
    waiting.delete(toHex(next.id))
    order.push(next)
  }
  return order
}

/** A node that holds these commits, taken in one by one. */
function readerOf(story: Story, records: readonly CommitRecord[]): MemoryNode {
  const node = nodeOf(story.coop, null, story.crypto)
  for (const record of records) {
    const result = node.replica.ingest([record])
    node.write(result.stored)
    if (result.refused.length > 0) throw new Error(result.refused[0]?.refusal)
  }
  boardOf(node, BOARD)
  return node
}

/** The causal past of a commit and itself, in the order of a node's log. */
function pastOf(node: MemoryNode, order: number): CommitRecord[] {
  const { history } = node.replica
  return recordsOf(node).filter((_, at) => at === order || (at < order && history.knows(order, at)))
}

const NOTHING = { ok: false } as const
const stories = fc.integer({ min: 0, max: 0x7fffffff })

describe('copies of one device write on one board while they are apart', () => {
  test('each read and edited by another member: when all meet, both texts and both edits are there', () => {
    const coop = testCoop(5)
    const [forked, ...others] = [0, 1, 2].map(() => coop.admit('member').signer)
    const [one, other, ann, bo] = [forked, forked, ...others].map((signer) => {
      const node = nodeOf(coop, signer ?? null)
      carry(coop.founder, node)
      return node
    }) as [MemoryNode, MemoryNode, MemoryNode, MemoryNode]
    // A copy is taken, and both go on on the same page.
    const page = new BoardPage(one, BOARD)
    must(page.edit((doc) => doc.getText(TEXT).insert(0, 'menu. ')) ?? NOTHING)
    carry(one, other)
    must(page.edit((doc) => doc.getText(TEXT).insert(6, 'soup')) ?? NOTHING)
    const copied = new BoardPage(other, BOARD, page.session)
    must(copied.edit((doc) => doc.getText(TEXT).insert(6, 'stew')) ?? NOTHING)
    carry(one, ann)
    carry(other, bo)
    must(new BoardPage(ann, BOARD).edit((doc) => doc.getText(TEXT).insert(8, '-ann-')) ?? NOTHING)
    must(new BoardPage(bo, BOARD).edit((doc) => doc.getText(TEXT).insert(8, '-bo-')) ?? NOTHING)
    const nodes = [one, other, ann, bo]
    for (const from of [...nodes, ...nodes]) for (const to of nodes) if (from !== to) carry(from, to)
    expect(['menu. so-ann-upst-bo-ew', 'menu. st-bo-ewso-ann-up']).toContain(boardOf(ann, BOARD).view().text)
    for (const node of nodes) expect(faceOf(node)).toEqual(faceOf(ann))

    // Whoever has seen both edits across them, and everybody takes that.
    must(new BoardPage(bo, BOARD).edit((doc) => doc.getText(TEXT).delete(7, 14)) ?? NOTHING)
    for (const node of [one, other, ann]) carry(bo, node)
    expect(boardOf(bo, BOARD).view().text).toHaveLength(9)
    for (const node of nodes) expect(faceOf(node)).toEqual(faceOf(bo))
    expect(new Set(verdicts(bo).values())).toEqual(new Set(['ok']))
  })
})

/** Stories a property, drawn anew; 0 for the few of every day. */
const STORIES = Number(process.env['BOARD_STORIES'] ?? 0)

describe.each([
  ['copies of one device write on one board while they are apart', plain, 14],
  ['the same, while sessions collide', collidingCrypto(4), 8],
])('%s', (_, crypto, numRuns) => {
  test('then all meet: equal boards, nothing of honest people lost, each verdict that of the past alone', () => {
    const reached = { ways: 0, hidden: 0, named: 0, alone: 0, shared: crypto === plain ? Infinity : 0 }
    fc.assert(
      fc.property(stories, (seed) => {
        const story = new Story(seed, crypto)
        story.run()
        story.meet()
        const [first] = story.honest as [MemoryNode]
        const face = faceOf(first)
        for (const node of story.nodes) expect(faceOf(node)).toEqual(face)
        expect(faceOf(readerOf(story, shuffled(recordsOf(first), story.random)))).toEqual(face)
        const list = boardOf(first, BOARD).view().lists['all'] ?? []
        expect(list).toEqual(expect.arrayContaining(story.honestItems))
        const known = verdicts(first)
        expect([...known.values()].filter((it) => it !== 'ok')).toEqual([])
        const clients = [...boardOf(first, BOARD).doc.store.clients.keys()]
        reached.ways += clients.filter((it) => it % 512 !== 511).length
        reached.hidden += (first.replica.documentLog(BOARD)?.orders.length ?? 0) - known.size
        reached.named += namedIn(first)
        reached.alone += expectAlone(story, first, known)
        reached.shared += sharedIn(first)
      }),
      // Few and long: a fixed seed, so that what they reach is always the same; BOARD_STORIES=200 draws others.
      STORIES > 0 ? { numRuns: STORIES } : { numRuns, seed: 1 },
    )
    for (const count of Object.values(reached)) expect(count).toBeGreaterThan(numRuns)
  }, 120_000)

  test('what a hostile member makes of it has one verdict, and what passes leaves equal boards', () => {
    const reached = { ok: 0, ambiguous: 0, unknown: 0, unused: 0 }
    fc.assert(
      fc.property(stories, (seed) => {
        const story = new Story(seed, crypto)
        story.run()
        const victim = (story.honest.find((it) => namesOf(it).length > 0) ?? story.honest[0]) as MemoryNode
        const foe = new Foe(story, victim)
        const alone = readerOf(story, pastOf(victim, victim.replica.history.find(foe.first.id)))
        let passed: Uint8Array | null = null
        for (let turn = 0; turn < 100; turn += 1) {
          const payload = foe.payload()
          const verdict = foe.verdict(victim, payload)
          expect(foe.verdict(alone, payload)).toEqual(verdict)
          if (verdict.refusal === undefined) passed = payload
          if (verdict.refusal === undefined) reached.ok += 1
          else if (verdict.refusal.endsWith('ambiguous')) reached.ambiguous += 1
          else if (verdict.refusal.endsWith('unknown')) reached.unknown += 1
          else if (verdict.refusal === 'commit-unused') reached.unused += 1
        }
        if (passed !== null) foe.write(victim, passed)
        story.meet()
        const face = faceOf(victim)
        for (const node of story.nodes) expect(faceOf(node)).toEqual(face)
        expect(faceOf(readerOf(story, shuffled(recordsOf(victim), story.random)))).toEqual(face)
      }),
      // Few and long: a fixed seed, so that what they reach is always the same; BOARD_STORIES=200 draws others.
      STORIES > 0 ? { numRuns: STORIES } : { numRuns, seed: 1 },
    )
    for (const count of Object.values(reached)) expect(count).toBeGreaterThan(numRuns / 2)
  }, 120_000)
})

/** ClientIDs of stretches that were renamed on a node's board. */
function namesOf(node: MemoryNode): number[] {
  return [...boardOf(node, BOARD).doc.store.clients.keys()].filter((it) => it % 512 !== 511)
}

/** A member that makes sections of whatever it can find out at another's node. */
class Foe {
  readonly first: CommitRecord
  readonly #random: SeededRandom
  readonly #pen: Pen
  readonly #state: BoardState
  readonly #admission: string
  readonly #ids: Uint8Array[]
  /** Its session besides 0. */
  readonly #session: number

  /** Its first commit, under session 0, relies on all that the victim relies on; it is carried to the victim. */
  constructor(story: Story, victim: MemoryNode) {
    this.#random = story.random
    this.#pen = new Pen(story.coop.coop, story.foe)
    // The last admissions may not have come here.
    carry(story.coop.founder, victim)
    const { commit } = must(victim.author([]))
    const founding = recordsOf(story.coop.founder)
    const seen = [headOf([commit]), headOf(founding)].sort(compareSeen)
    const device = toHex(story.foe.publicKey)
    this.#admission = victim.replica.authority.devices.get(device)?.admissions[0]?.commit ?? ''
    const writer = boardOf(victim, BOARD).writerOf(this.#admission, 0)
    const struct: HostileStruct = { content: 4, parent: TEXT, body: textBody('f') }
    const payload = encodeBoardPayload({
      session: 0,
      update: hostileUpdate({ writers: [{ writer, clock: 0, structs: [struct] }] }),
    })
    this.first = this.#pen.write({ seen }, [{ document: BOARD, entries: 1, payload }])
    const { stored } = victim.replica.ingest([this.first])
    expect(stored.length).toBe(1)
    victim.write(stored)
    this.#state = boardOf(victim, BOARD)
    this.#session = this.#state.newSession(device, this.#admission)
    this.#ids = recordsOf(victim).map((it) => it.id)
  }

  payload(): Uint8Array {
    const doc = new Y.Doc()
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(this.#state.doc))
    const session = this.#random.below(2) === 0 ? 0 : this.#session
    const writer = this.#state.writerOf(this.#admission, session)
    doc.clientID = writer
    const before = Y.encodeStateVector(doc)
    doc.transact(() => {
      const text = doc.getText(TEXT)
      text.insert(this.#random.below(text.length + 1), 'foe')
      text.delete(0, this.#random.below(Math.min(6, text.length)))
    })
    const honest = decodeBoardPayload(this.#state.payloadOf(session, Y.encodeStateAsUpdate(doc, before)))
    if (honest === null) throw new Error('the payload cannot be read')
    const update =
      this.#random.below(2) === 0
        ? this.#invented(writer, session === 0 ? 1 : 0)
        : this.#mutant(honest.update)
    const commits = this.#commits(honest.commits ?? [])
    return encodeBoardPayload(commits.length === 0 ? { session, update } : { session, update, commits })
  }

  verdict(node: MemoryNode, payload: Uint8Array): { refusal?: string; detail?: string } {
    const { history } = node.replica
    const order = history.find(this.first.id)
    const verdict = boardOf(node, BOARD).check({
      ...{ document: BOARD, commit: new Uint8Array(32), order, stretch: { parent: null, rank: 0 } },
      ...{ device: toHex(this.#pen.signer.publicKey), seq: 0, timeMs: 0, role: 'member', member: '' },
      ...{ admission: this.#admission, entries: 1, payload },
      ...{ epoch: new Uint8Array(32), knows: () => true, isGood: () => true },
      relies: (earlier) => history.relies(order, earlier),
      follows: () => false,
      find: (id) => history.find(id),
      ...{ epoch: new Uint8Array(32), knows: () => true, isGood: () => true },
      ...{
        placeOf: () => ({ device: '', seq: 0 }),
        isAtOrAfter: () => false,
        forkSeq: () => Infinity,
        voidReason: () => null,
      },
    })
    return verdict.ok ? {} : verdict
  }

  write(victim: MemoryNode, payload: Uint8Array): void {
    const record = this.#pen.write({}, [{ document: BOARD, entries: 1, payload }])
    victim.write(victim.replica.ingest([record]).stored)
  }

  #commits(honest: readonly Uint8Array[]): Uint8Array[] {
    const any = (): Uint8Array => this.#ids[this.#random.below(this.#ids.length)] as Uint8Array
    const commits = [...honest]
    const turn = this.#random.below(5)
    if (turn === 0) commits.splice(this.#random.below(commits.length + 1), 1)
    if (turn === 1) commits.push(any())
    if (turn === 2 && commits.length > 0) commits[this.#random.below(commits.length)] = any()
    return commits.sort(compareBytes)
  }

  #mutant(update: Uint8Array): Uint8Array {
    const mutant = update.slice()
    if (this.#random.below(2) === 0) mutant[this.#random.below(mutant.length)] = this.#random.below(256)
    return mutant
  }

  /** A letter between any neighbours, and a deletion of anything, by any name. */
  #invented(writer: number, clock: number): Uint8Array {
    const all = [...this.#state.doc.store.clients.keys()]
    const parted = all.filter((it) => it % 512 !== 511)
    const unit = (): readonly [number, number] => {
      const writers = parted.length > 0 && this.#random.below(2) === 0 ? parted : all
      const any = writers[this.#random.below(writers.length)] ?? writer
      const last = this.#random.below(3) === 0 ? this.#random.below(3) : 511
      return [any - (any % 512) + last, this.#random.below(12)]
    }
    const struct: HostileStruct = { content: 4, origin: unit(), body: textBody('x') }
    const [deleted, from] = unit()
    return hostileUpdate({
      writers: this.#random.below(2) === 0 ? [] : [{ writer, clock, structs: [struct] }],
      deletes: [{ writer: deleted, ranges: [[from, 1 + this.#random.below(4)]] }],
    })
  }
}

/** Sections of the board that a node stores, with their authors. */
function sectionsOf(node: MemoryNode): { device: string; payload: BoardPayload }[] {
  return recordsOf(node).flatMap(({ header, payloads }) =>
    payloads.flatMap((it, i) => {
      const payload = it === null || header.sections[i]?.document !== BOARD ? null : decodeBoardPayload(it)
      return payload === null ? [] : [{ device: toHex(header.device), payload }]
    }),
  )
}

/** Number of sections that name commits. */
function namedIn(node: MemoryNode): number {
  return sectionsOf(node).filter(({ payload }) => payload.commits !== undefined).length
}

/** Number of sessions that collide with one of another device. */
function sharedIn(node: MemoryNode): number {
  const state = boardOf(node, BOARD)
  const owners = new Map<number, Set<string>>()
  for (const { device, payload } of sectionsOf(node)) {
    const admission = node.replica.authority.devices.get(device)?.admissions[0]?.commit ?? ''
    const writer = state.writerOf(admission, payload.session)
    owners.set(writer, (owners.get(writer) ?? new Set()).add(device))
  }
  return [...owners.values()].filter((it) => it.size > 1).length
}

/** Compares some verdicts and orders with those of replicas that store the pasts alone; returns how many could be. */
function expectAlone(story: Story, node: MemoryNode, known: ReadonlyMap<string, string>): number {
  let count = 0
  for (const [id, verdict] of [...known].filter(() => story.random.below(known.size) < 4)) {
    const commit = Buffer.from(id, 'hex')
    const alone = readerOf(story, pastOf(node, node.replica.history.find(commit)))
    // What a forked device wrote after others had relied on several of its ways: nobody relies on it here.
    if (!alone.replica.visibility.isVisible(alone.replica.history.find(commit))) continue
    expect(verdicts(alone).get(id)).toBe(verdict)
    // Whatever else is shown, what is shown in both places stands in one order.
    const [few, many] = [alone, node].map((it) => boardOf(it, BOARD).view().lists['all'] ?? [])
    expect(few?.filter((it) => many?.includes(it))).toEqual(many?.filter((it) => few?.includes(it)))
    count += 1
  }
  return count
}
