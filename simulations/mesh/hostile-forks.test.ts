import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CATALOGUE, encodeCatalogueEntries } from '#protocol/catalogue'
import type { CatalogueState } from '#protocol/catalogue'
import { compareSeen } from '#protocol/commit'
import type { CommitRecord, Section, SeenHead } from '#protocol/commit'
import { openReplica } from '#protocol/coop'
import { fromHex, toHex } from '#protocol/encoding'
import type { Signer } from '#protocol/identity'
import type { Replica } from '#protocol/replica'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import {
  admitSection,
  inviteSection,
  listSection,
  stateHashes,
  testCoop,
} from '../../test/actors/coop-actors.ts'
import type { TestCoop } from '../../test/actors/coop-actors.ts'
import { Pen, decoded, headOf, reader, recordsOf, unsigned } from '../../test/actors/pen.ts'
import { settleDocuments } from './memory-mesh.ts'
import type { MemoryNode } from './memory-mesh.ts'

const crypto = nodeCrypto()
const { sha256 } = crypto
const reached = {
  forks: 0,
  beyond: 0,
  honest: 0,
  refused: 0,
  hidden: 0,
  endorsed: 0,
  waited: 0,
  joined: 0,
  bare: 0,
}

/** Devices that write whatever histories they like, and honest nodes that they show them to. */
class HostileWorld {
  readonly made: TestCoop
  readonly honest: MemoryNode[]
  readonly cheats: { signer: Signer; chains: CommitRecord[][] }[]
  /** Commits with good signatures, by id. */
  readonly known: Map<string, CommitRecord> = new Map()
  readonly #all: CommitRecord[] = []
  readonly #isSpoiling: boolean
  #count = 0

  constructor(seed: number, isFounderFalse: boolean) {
    this.made = testCoop(seed)
    this.#isSpoiling = this.made.random.below(2) === 0
    const { founder, founderSigner, admit } = this.made
    this.honest = [admit('member'), admit('venue'), admit('archive')]
    const cheats = [admit('member').signer, admit('venue').signer]
    const base = recordsOf(founder)
    if (isFounderFalse) cheats.push(founderSigner)
    else this.honest.push(founder)
    for (const node of this.honest) if (node !== founder) node.write(node.replica.ingest(base).stored)
    this.cheats = cheats.map((signer) => ({ signer, chains: signer === founderSigner ? [base] : [] }))
    this.#note(base)
  }

  #note(records: readonly CommitRecord[]): void {
    for (const record of records) {
      if (this.known.has(toHex(record.id))) continue
      this.known.set(toHex(record.id), record)
      this.#all.push(record)
    }
  }

  pick<T>(list: readonly T[]): T | undefined {
    return list[this.made.random.below(Math.max(1, list.length))]
  }

  author(): void {
    const node = this.pick(this.honest)
    if (node === undefined) return
    const before = node.log.length
    const result = node.author(this.made.random.below(4) === 0 ? [] : [this.#section(node.replica)])
    if (!result.ok && result.refusal !== 'not-a-member') throw new Error(JSON.stringify(result))
    if (result.ok) reached.honest += 1
    this.#note(recordsOf(node).slice(before))
  }

  #section(replica: Replica | null): Section {
    const { random } = this.made
    this.#count += 1
    const kind = random.below(5)
    const cid = Uint8Array.of(1, 0x55, 0x12, 0x20, ...sha256(Uint8Array.of(random.below(3))))
    if (kind === 0 && replica !== null) {
      const state = replica.document(CATALOGUE) as CatalogueState | null
      const listing = this.pick(
        [...(state?.listings.values() ?? [])].filter((it) => it.member === replica.standing?.member),
      )
      const [commit = '', index = '0'] = listing?.key.split('/') ?? []
      const id = fromHex(commit)
      if (id !== null && listing !== undefined)
        return {
          document: CATALOGUE,
          entries: 1,
          payload: encodeCatalogueEntries([{ t: 'unlist', commit: id, index: Number(index) }]),
        }
    }
    if (kind === 0 && replica === null) {
      const commit = this.pick(this.#all)?.id ?? sha256(cid)
      return {
        document: CATALOGUE,
        entries: 1,
        payload: encodeCatalogueEntries([{ t: 'unlist', commit, index: 0 }]),
      }
    }
    if (kind === 1 || kind === 2)
      return {
        document: CATALOGUE,
        entries: 1,
        payload: encodeCatalogueEntries([{ t: kind === 1 ? 'hold' : 'drop', cid }]),
      }
    return listSection(`file ${this.#count}`, sha256)
  }

  #heads(own: Signer, max: number): SeenHead[] {
    const heads = new Map<string, SeenHead>()
    for (let i = this.made.random.below(max + 1); i > 0; i -= 1) {
      const recent = this.made.random.below(2) === 0 ? this.#all.slice(-12) : this.#all
      const record = this.pick(recent)
      if (record !== undefined && toHex(record.header.device) !== toHex(own.publicKey))
        heads.set(toHex(record.id), headOf([record]))
    }
    return [...heads.values()].sort(compareSeen)
  }

  /** One cheat writes on, forks anywhere, or goes on with an old branch. */
  lie(): void {
    const { random, coop, founder, founderSigner } = this.made
    const cheat = this.pick(this.cheats)
    if (cheat === undefined) return
    const isFounder = cheat.signer === founderSigner
    const from = this.pick(cheat.chains) ?? []
    const kept = random.below(3) === 0 ? from.length : random.below(from.length + 1)
    const pen = new Pen(coop, cheat.signer)
    pen.written.push(...from.slice(0, kept))
    const genesis = decoded(founder.log[0] as Uint8Array)
    const invites: Uint8Array[] = []
    for (let i = 1 + random.below(3); i > 0; i -= 1) {
      this.#count += 1
      const timeMs = this.#count
      const seen = this.#heads(cheat.signer, 3)
      if (pen.written.length === 0 && isFounder)
        pen.write({ timeMs }, [
          { document: 'authority', entries: 1, payload: genesis.payloads[0] as Uint8Array },
        ])
      else if (pen.written.length === 0) {
        const admission = headOf(recordsOf(founder), this.honest.includes(founder) ? 9 : -1)
        pen.write({ timeMs, seen: [admission] }, [])
      } else if (isFounder && random.below(3) === 0) {
        const secret = invites.pop()
        if (secret === undefined) {
          invites.push(random.bytes(16))
          pen.write({ timeMs, seen }, [inviteSection(invites[0] as Uint8Array, 'venue', crypto)])
        } else this.#join(pen, seen, secret)
      } else pen.write({ timeMs, seen }, random.below(4) === 0 ? [] : [this.#section(null)])
    }
    cheat.chains.push(pen.written)
    this.#note(pen.written)
    this.show(pen.written)
  }

  #join(pen: Pen, seen: SeenHead[], secret: Uint8Array): void {
    const { random, coop, mesh } = this.made
    const signer = nodeSigner(random.bytes(32))
    pen.write({ seen, timeMs: this.#count }, [admitSection(coop, signer, { crypto, random, secret })])
    if (this.honest.length < 6) {
      reached.joined += 1
      this.honest.push(mesh.add(openReplica({ coop, crypto, signer })))
    }
  }

  /** Shows a chain to one honest node, some signatures in the middle spoilt. */
  show(chain: readonly CommitRecord[]): void {
    const node = this.pick(this.honest)
    if (node === undefined) return
    const { random } = this.made
    const sent = chain.map((it, i) => {
      const isSpoilt = this.#isSpoiling && i < chain.length - 1 && random.below(2) === 0
      if (isSpoilt) reached.bare += 1
      return isSpoilt ? unsigned(it) : it
    })
    const result = node.replica.ingest(sent)
    reached.refused += result.refused.length
    reached.waited += result.waiting.length
    node.write(result.stored)
  }

  step(): void {
    const { mesh, random } = this.made
    const [a, b] = [this.pick(this.honest), this.pick(this.honest)] as [MemoryNode, MemoryNode]
    const what = random.below(8)
    if (what < 2) this.author()
    else if (what < 4) this.lie()
    else if (what === 4) this.show(this.pick(this.pick(this.cheats)?.chains ?? []) ?? [])
    else if (what < 7 && a !== b) mesh.connect(a, b)
    else mesh.disconnect(a, b)
    mesh.settle(random.below(300))
  }

  meet(): void {
    const { mesh, random } = this.made
    for (const [i, a] of this.honest.entries())
      for (const b of this.honest.slice(i + 1)) if (i === 0 || random.below(2) === 0) mesh.connect(a, b)
    mesh.settle(200_000)
  }
}

/** The same log in a replica that was built from the host's index, its documents folded afterwards. */
function restarted(node: MemoryNode, coop: Uint8Array): Replica {
  const { replica, log } = node
  const { history } = replica
  const next = openReplica({ coop, crypto, signer: null })
  for (let order = 0; order < history.length; order += 1) {
    const record = decoded(log[order] as Uint8Array)
    const isDone = next.restore({
      device: record.header.device,
      seq: record.header.seq,
      id: record.id,
      prev: history.prevOf(order),
      seen: history.seenOf(order),
      isSigned: replica.isSigned(order),
      documents: record.header.sections.map((it) => it.document),
    })
    if (!isDone) throw new Error(`row ${order} was not restored`)
  }
  for (const id of ['authority', ...next.documentIds()]) {
    next.openDocument(id)
    const orders = next.documentLog(id)?.sections() ?? []
    const folded = next.documentLog(id)?.folded ?? 0
    next.documents.fold(
      id,
      orders.slice(folded).map((order) => ({ order, record: decoded(log[order] as Uint8Array) })),
    )
  }
  return next
}

/** The same commits, one by one in an order that need not even be causal. */
function shuffled(world: HostileWorld, node: MemoryNode): Replica {
  const { random, coop } = world.made
  const replica = reader(coop)
  const log: Uint8Array[] = []
  let left = recordsOf(node).map((it) => world.known.get(toHex(it.id)) ?? it)
  for (let tries = 0; left.length > 0 && tries < 400; tries += 1) {
    const again: CommitRecord[] = []
    while (left.length > 0) {
      const near = Math.min(left.length, random.below(3) === 0 ? left.length : 6)
      const [record] = left.splice(random.below(near), 1) as [CommitRecord]
      const result = replica.ingest([record])
      for (const it of result.stored) log[it.order] = it.record.bytes
      settleDocuments(replica, (order) => log[order] ?? new Uint8Array(), sha256)
      for (const { record: refused, refusal } of result.refused) {
        if (refusal !== 'gap' && refusal !== 'unknown-device') throw new Error(refusal)
        again.push(refused)
      }
    }
    left = again
  }
  expect(left.length).toBe(0)
  expect(replica.pending.size).toBe(0)
  return replica
}

function checkWorld(seed: number, isFounderFalse: boolean): void {
  const world = new HostileWorld(seed, isFounderFalse)
  for (let step = 0; step < 90; step += 1) world.step()
  world.meet()
  // Whoever may write still can, and everybody takes it.
  for (const node of world.honest) node.author([])
  world.made.mesh.settle(200_000)
  const [first] = world.honest as [MemoryNode]
  const root = toHex(first.replica.heads.root())
  const hashes = stateHashes(first.replica)
  for (const node of world.honest) {
    expect(node.closed).toEqual([])
    expect(toHex(node.replica.heads.root())).toBe(root)
    expect(stateHashes(node.replica)).toEqual(hashes)
    const again = restarted(node, world.made.coop)
    expect(toHex(again.heads.root())).toBe(root)
    expect(stateHashes(again)).toEqual(hashes)
    const { history, visibility } = node.replica
    for (let order = 0; order < history.length; order += 1) {
      expect(again.visibility.isVisible(order)).toBe(visibility.isVisible(order))
      if (!visibility.isVisible(order)) reached.hidden += 1
      else if (history.seqOf(order) >= (history.forks.get(history.deviceOf(order)) ?? Infinity))
        reached.endorsed += 1
    }
    reached.forks += history.forks.size
    for (const device of history.forks.keys()) if (history.branchesOf(device).length > 9) reached.beyond += 1
    for (const own of world.honest) {
      const chain = own.replica.history.findDevice(fromHex(own.replica.device ?? '') ?? new Uint8Array())
      for (const end of own.replica.history.endsOf(chain))
        if (end >= 0) expect(history.find(own.replica.history.idOf(end))).toBeGreaterThanOrEqual(0)
    }
    const other = shuffled(world, node)
    expect(toHex(other.heads.root())).toBe(root)
    expect(stateHashes(other)).toEqual(hashes)
  }
}

test('honest replicas agree and none is refused, whatever forked devices write, show and acknowledge', () => {
  const worlds = fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), fc.boolean(), checkWorld)
  // Few and long runs: those of one seed reach everything, the others are new each time.
  fc.assert(worlds, { numRuns: 12, seed: 8 })
  fc.assert(worlds, { numRuns: 6 })
  expect(Math.min(...Object.values(reached))).toBeGreaterThan(0)
  expect(Math.min(reached.honest, reached.hidden, reached.endorsed, reached.waited)).toBeGreaterThan(20)
})
