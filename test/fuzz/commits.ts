import * as Y from 'yjs'
import { BoardState, encodeBoardPayload } from '#protocol/board'
import { compareSeen, decodeRecord, encodeRecord, signCommit } from '#protocol/commit'
import type { CommitRecord, Header, Section } from '#protocol/commit'
import { openReplica } from '#protocol/coop'
import { toHex } from '#protocol/encoding'
import type { Sha256, Signer } from '#protocol/identity'
import type { Replica } from '#protocol/replica'
import { seededRandom } from '#simulations/mesh'
import type { SeededRandom } from '#simulations/mesh'
import { listSection, must, testCoop } from '../actors/coop-actors.ts'
import { expectAgreement } from './agreement.ts'
import { mutate } from './mutate.ts'
import { FuzzFailure } from './watch.ts'
import type { Watch } from './watch.ts'

/** Commits of one episode: a co-op of three devices, one of which writes whatever it likes. */
const EPISODE_COMMITS = 120
/** Mutated records that are thrown at a replica for each commit of the cheat. */
const MUTANTS_PER_COMMIT = 8

/** Boards that the cheat writes on. */
const BOARDS = 12
/** What the episodes came to. */
export interface CommitFigures {
  mutants: number
  forged: number
  stored: number
  sections: number
  refusedSections: number
  forks: number
}

/**
 * Episodes: honest devices and a cheat whose commits are properly signed and say anything: mutated payloads and updates,
 * any seen, any place in its chain, forks. After each: replicas that got them in other orders hold the same; mutated
 * records changed nothing.
 */
export function fuzzCommits(count: number, seed: number, watch: Watch): string {
  const figures: CommitFigures = {
    mutants: 0,
    forged: 0,
    stored: 0,
    sections: 0,
    refusedSections: 0,
    forks: 0,
  }
  for (let episode = 0; figures.mutants + figures.forged < count; episode += 1)
    runEpisode(seed + episode * 7_919, watch, figures)
  const { forged, stored, sections, refusedSections, forks } = figures
  if (stored === 0 || refusedSections === 0 || forks === 0)
    throw new FuzzFailure(`nothing interesting happened: ${JSON.stringify(figures)}`)
  return `${forged} signed by a cheat, ${stored} of them stored, ${refusedSections} of ${sections} sections refused, ${forks} forks`
}

function runEpisode(seed: number, watch: Watch, figures: CommitFigures): void {
  const random = seededRandom(seed)
  const test = testCoop(seed)
  const { founder, mesh, crypto, coop } = test
  const venue = test.admit('venue')
  const cheat = new Cheat(test.admit('member').signer, coop, random)
  mesh.connect(founder, venue)
  mesh.settle()
  const records: CommitRecord[] = []
  for (const bytes of founder.log) records.push(must(decodeRecord(bytes, crypto.sha256)).record)
  const pool: CommitRecord[] = []
  const victim = openReplica({ coop, crypto, signer: null })
  victim.ingest(records)
  const corpus = records.map((it) => it.bytes)
  for (let i = 0; i < EPISODE_COMMITS; i += 1) {
    const forged = cheat.write(victim, corpus, crypto.sha256)
    figures.forged += 1
    pool.push(forged)
    corpus.push(forged.bytes)
    const before = victim.logLength
    const result = watch.run('ingest', forged.bytes, () => victim.ingest([forged]))
    figures.stored += victim.logLength - before
    cheat.noteStored(result.stored.map((it) => it.record))
    for (let m = 0; m < MUTANTS_PER_COMMIT; m += 1)
      throwMutant(victim, { corpus, random, watch, sha256: crypto.sha256 })
    figures.mutants += MUTANTS_PER_COMMIT
  }
  for (const id of victim.documentIds()) {
    const { commits, refused } = victim.documents.countsOf(id)
    figures.sections += commits
    figures.refusedSections += refused
  }
  figures.forks += victim.forkEnds.forked.size
  const held = victim.history
  const mine = pool.filter((it) => held.find(it.id) >= 0)
  expectAgreement(victim, [...records, ...mine], { coop, crypto, random, seed })
}

/** A mutated record: what is no commit, or not signed, must leave no trace. */
function throwMutant(
  victim: Replica,
  tools: { corpus: readonly Uint8Array[]; random: SeededRandom; watch: Watch; sha256: Sha256 },
): void {
  const { corpus, random, watch, sha256 } = tools
  const original = corpus[random.below(corpus.length)] ?? new Uint8Array()
  const bytes = mutate(original, corpus, random)
  const decoded = watch.run('decodeRecord', bytes, () => decodeRecord(bytes, sha256))
  if (!decoded.ok) return
  const { headerBytes, signature, payloads } = decoded.record
  if (toHex(encodeRecord(headerBytes, signature, payloads)) !== toHex(bytes))
    throw new FuzzFailure(`two encodings of one record: ${toHex(bytes)}`)
  const before = toHex(victim.heads.root())
  const result = watch.run('ingest', bytes, () => victim.ingest([decoded.record]))
  if (result.stored.length === 0 && toHex(victim.heads.root()) !== before)
    throw new FuzzFailure(`a refused record changed the heads: ${toHex(bytes)}`)
}

/** An admitted device that signs whatever it likes. */
class Cheat {
  readonly #signer: Signer
  readonly #coop: Uint8Array
  readonly #random: SeededRandom
  readonly #stored: CommitRecord[] = []
  /** By board: a refused update voids what the device writes there later, so there are several. */
  readonly #docs = new Map<string, Y.Doc>()
  #session = 0

  constructor(signer: Signer, coop: Uint8Array, random: SeededRandom) {
    this.#signer = signer
    this.#coop = coop
    this.#random = random
  }

  noteStored(records: readonly CommitRecord[]): void {
    for (const record of records)
      if (toHex(record.header.device) === toHex(this.#signer.publicKey)) this.#stored.push(record)
  }

  write(
    replica: Replica,
    corpus: readonly Uint8Array[],
    sha256: (bytes: Uint8Array) => Uint8Array,
  ): CommitRecord {
    const random = this.#random
    const last = this.#stored.at(random.below(6) === 0 ? -1 - random.below(4) : -1) ?? this.#stored.at(-1)
    const header: Omit<Header, 'sections'> = {
      coop: this.#coop,
      device: this.#signer.publicKey,
      seq: (last?.header.seq ?? -1) + 1,
      prev: last?.id ?? null,
      epoch: this.#coop,
      seen: this.#seen(replica),
      timeMs: random.below(2 ** 31),
    }
    const sections = [listSection(`x ${random.below(50)}`, sha256), this.#boardSection(replica)].filter(
      () => random.below(3) > 0,
    )
    const payloads: Section[] = sections.map((section) =>
      random.below(4) > 0 ? section : { ...section, payload: mutate(section.payload, corpus, random) },
    )
    return signCommit(header, payloads, { signer: this.#signer, sha256 })
  }

  /** Heads that are there, now and then several of one device, or one that is not there. */
  #seen(replica: Replica): Header['seen'] {
    const { history } = replica
    const random = this.#random
    const rows = new Map<string, Header['seen'][number]>()
    const isFirst = this.#stored.length === 0
    for (let left = isFirst ? 1 : random.below(3); left > 0; left -= 1) {
      const order = isFirst ? history.length - 1 : random.below(history.length)
      const device = history.keyOf(history.deviceOf(order)).slice()
      if (toHex(device) === toHex(this.#signer.publicKey)) continue
      const isLie = random.below(40) === 0
      const id = history.idOf(order).slice()
      rows.set(toHex(id), { device, seq: history.seqOf(order) + (isLie ? 1 : 0), id })
    }
    return [...rows.values()].sort(compareSeen)
  }

  #boardSection(replica: Replica): Section {
    const random = this.#random
    const name = `board/${random.below(BOARDS)}`
    const board = replica.openDocument(name)
    const doc = this.#docs.get(name) ?? new Y.Doc({ guid: name })
    this.#docs.set(name, doc)
    const admission = replica.authority.devices.get(toHex(this.#signer.publicKey))?.admissions[0]?.commit
    let update: Uint8Array = new Uint8Array([0, 0])
    if (board instanceof BoardState && admission !== undefined) {
      if (random.below(20) === 0) this.#session += 1
      Y.applyUpdate(doc, Y.encodeStateAsUpdate(board.doc), 'log')
      doc.clientID = board.writerOf(admission, this.#session)
      const collect = (made: Uint8Array, origin: unknown): void => {
        if (origin !== 'log') update = made
      }
      doc.on('update', collect)
      doc.transact(() => {
        const kind = random.below(3)
        if (kind === 0) doc.getMap('fields').set(`k${random.below(5)}`, random.below(100))
        else if (kind === 1) doc.getText('text').insert(0, 'abc'.slice(random.below(3)))
        else doc.getArray('list/a').push([random.below(9)])
      })
      doc.off('update', collect)
    }
    const edit = { session: this.#session, update }
    const payload =
      board instanceof BoardState ? board.payloadOf(edit.session, update) : encodeBoardPayload(edit)
    return { document: name, entries: 1, payload }
  }
}
