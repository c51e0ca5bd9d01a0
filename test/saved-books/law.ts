import { expect } from 'vitest'
import { AUTHORITY } from '#protocol/authority'
import type { CommitRecord } from '#protocol/commit'
import { openReplica } from '#protocol/coop'
import { fromHex, toHex } from '#protocol/encoding'
import { LEDGER } from '#protocol/ledger'
import type { LedgerState } from '#protocol/ledger'
import { decodeBooks } from '#protocol/replica'
import type { Replica, SavedBooks } from '#protocol/replica'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { readScenario } from '#simulations/scenario'
import type { Checker } from '../../simulations/checkers/index.ts'
import { readSource } from '../../simulations/cli/scenario-source.ts'
import type { SimNode } from '../../simulations/peers/index.ts'
import { planOf } from '../../simulations/runs/plan-of.ts'
import { runOnce } from '../../simulations/runs/run-once.ts'
import { ROOT } from '../actors/node-process.ts'

const crypto = nodeCrypto()
const PORTS = { crypto, signer: nodeSigner }

/** A log that a node had, and the books that it saved of the first commits. */
interface Kept {
  readonly books: SavedBooks
  readonly records: readonly CommitRecord[]
}

/** Opens the log of a replica as a host does; with books those commits that they stand for do not tell what they did. */
export function opened(live: Replica, records: readonly CommitRecord[], books: SavedBooks | null): Replica {
  const publicKey = fromHex(live.device ?? '') ?? new Uint8Array(32)
  const signer = { publicKey, sign: () => new Uint8Array(64) }
  const { rule, history } = live
  const replica = openReplica({ coop: live.coop, crypto, rule, signer, isLazy: true, books })
  for (const [order, record] of records.entries()) {
    const { device, seq, epoch, sections } = record.header
    const links = { prev: history.prevOf(order), seen: history.seenOf(order) }
    const acts = live.actsOf(record)
    const isPassed = order < (books?.length ?? 0)
    expect(
      replica.restore({
        ...{ device, seq, id: record.id, epoch, ...links, isSigned: true },
        documents: sections.map((it) => it.document),
        missing: record.payloads.reduce((bits, it, i) => bits | (it === null ? 1 << i : 0), 0),
        acts: isPassed ? [] : acts,
      }),
    ).toBe(true)
  }
  if (replica.booksLoss !== null) return replica
  const next = replica.documentLog(AUTHORITY)?.next(Infinity) ?? []
  replica.documents.fold(
    AUTHORITY,
    next.map((order) => ({ order, record: records[order] as CommitRecord })),
  )
  return replica
}

/** All that a replica says of how commits stand, of the books, and of what this device can do next. */
export function said(replica: Replica, records: readonly CommitRecord[]): object {
  const { epochs, history, visibility, documents } = replica
  const { evaluation } = epochs
  const ledger = replica.document(LEDGER) as LedgerState
  const orders = [...records.keys()]
  const devices = Array.from({ length: history.deviceCount }, (_, it) => toHex(history.keyOf(it)))
  const units = evaluation.definitions().map(({ unit }) => unit)
  return {
    length: evaluation.length,
    tip: evaluation.sealId(evaluation.tip),
    forks: evaluation.forks(),
    balances: evaluation.balances(),
    totals: units.map((unit) => evaluation.totals(unit)),
    losses: units.map((unit) => devices.map((device) => evaluation.lossOf(device, unit))),
    incoming: devices.map((device) => evaluation.incomingTo(device)),
    definitions: evaluation.definitions(),
    standings: orders.map((order) => evaluation.standingOf(order)),
    areVoid: orders.map((order) => evaluation.isVoid(order)),
    known: orders.map((order) => evaluation.knownTips([order]).map((it) => evaluation.sealId(it))),
    relied: orders.map((order) => history.seenOf(order).map((head) => history.trustedHead(order, head))),
    visible: orders.map((order) => visibility.isVisible(order)),
    acts: orders.map((order) =>
      replica.actsOf(records[order] as CommitRecord).map((act, at) => {
        if (act.kind !== 'transfer') return evaluation.isCounted({ order, act: at })
        const name = { order, act: at }
        return [evaluation.isCounted(name), evaluation.isAccepted(name), evaluation.acceptedBy(name, act.to)]
      }),
    ),
    counts: replica.documentIds().map((id) => [id, documents.countsOf(id)]),
    ledger: toHex(ledger.stateHash()),
    orders: units.map((unit) =>
      Array.from({ length: ledger.ordersOf(unit).length }, (_, i) => ledger.ordersOf(unit).at(i)),
    ),
    grants: devices.map((device) => ledger.grantsTo(device)),
    authority: toHex(replica.authority.stateHash()),
    spendable: units.map((unit) => (replica.standing === null ? null : replica.spendable(unit))),
    roots: toHex(replica.heads.root()),
  }
}

/** Documents of which what was kept is of no use. */
function contested({ documents }: Replica): string[] {
  return documents.ids().filter((id) => documents.logOf(id)?.isContested === true)
}

/** True when a commit behind the first so many parts a chain among these, or starts it anew. */
function isReachLeft({ history }: Replica, length: number): boolean {
  const prevs = new Set<number>()
  const devices = new Set<number>()
  for (let order = 0; order < length; order += 1) {
    prevs.add(history.prevOf(order))
    devices.add(history.deviceOf(order))
  }
  for (let order = length; order < history.length; order += 1) {
    const prev = history.prevOf(order)
    if (prev < 0 ? devices.has(history.deviceOf(order)) : prev < length && prevs.has(prev)) return true
  }
  return false
}

/** What the law met. */
export interface Reached {
  compared: number
  outOfReach: number
  withDoubts: number
  withSeals: number
  taken: number
}

/** Saves the books of nodes now and then, of one in `nodeEvery` at a look, and holds a later opening from them against one of the whole log. */
function savedBooks(reached: Reached, nodeEvery: number): Checker {
  const kept = new Map<SimNode, Kept>()
  let look = 0
  return ({ nodes }) => {
    look += 1
    for (const node of nodes) {
      const { replica, disk } = node
      if ((node.number + look) % nodeEvery !== 0) continue
      if (replica === null || replica.history.length > disk.length) continue
      const records = Array.from({ length: replica.history.length }, (_, order) => disk.at(order)?.record)
      if (records.includes(undefined)) continue
      const whole = records as CommitRecord[]
      const before = kept.get(node)
      const isGrown = before?.records.every((it, order) => whole[order] === it) === true
      if (before !== undefined && isGrown) compare(replica, before, whole, reached)
      const bytes = replica.saveBooks()
      if (bytes === null) continue
      const books = decodeBooks(bytes)
      if (books === null) throw new Error('what was saved is not read')
      kept.set(node, { books, records: whole })
    }
    return []
  }
}

function compare(
  live: Replica,
  { books, records: first }: Kept,
  records: readonly CommitRecord[],
  reached: Reached,
): void {
  const whole = opened(live, records, null)
  const restored = opened(live, records, books)
  const isOut = isReachLeft(whole, books.length)
  expect(restored.booksLoss).toBe(isOut ? 'reach' : null)
  reached.compared += 1
  // As if what came since came from a peer.
  const taking = opened(live, first, books)
  const { refused } = taking.ingest(records.slice(first.length))
  expect([taking.booksLoss, refused]).toEqual([isOut ? 'reach' : null, []])
  if (isOut) {
    reached.outOfReach += 1
    return
  }
  const expected = said(whole, records)
  expect(said(restored, records)).toEqual(expected)
  // What was kept of a document is used no sooner than by one that saw everything.
  for (const id of contested(whole)) expect(contested(restored)).toContain(id)
  if (taking.history.length === records.length) {
    expect(said(taking, records)).toEqual(expected)
    reached.taken += 1
  }
  if (whole.visibility.hasDoubts) reached.withDoubts += 1
  if (whole.epochs.evaluation.tip > 0) reached.withSeals += 1
  // What a restored one saves in turn is as good.
  const again = decodeBooks(restored.saveBooks() ?? new Uint8Array())
  expect(said(opened(live, records, again), records)).toEqual(expected)
}

/**
 * A replica that is opened from saved books says what one says that saw everything, or that they do not reach: held against
 * nodes of a simulated run.
 */
export function holdSavedBooks(scenario: string, seed: number, reached: Reached, nodeEvery: number): void {
  const plan = planOf(readScenario(readSource(ROOT, scenario)), seed, { ports: PORTS })
  const checkers = { 'saved-books': savedBooks(reached, nodeEvery) }
  const { error } = runOnce(plan, { ...PORTS, checkers })
  if (error !== null) throw error
}

/** Nothing met yet. */
export function noneReached(): Reached {
  return { compared: 0, outOfReach: 0, withDoubts: 0, withSeals: 0, taken: 0 }
}
