import { expect, test } from 'vitest'
import { decodeRecord, signCommit } from '#protocol/commit'
import type { CommitRecord, Section } from '#protocol/commit'
import { fromHex, toHex } from '#protocol/encoding'
import { nodeCrypto } from '#node/crypto'
import { must, testCoop } from '../../test/actors/coop-actors.ts'
import {
  DOORS_MS,
  decideAt,
  eventSection,
  eventStateOf,
  makeEvent,
  scan,
  scanId,
  sell,
  shown,
} from '../../test/actors/gate-hand.ts'
import type { EventWish } from '../../test/actors/gate-hand.ts'
import { hand, ledgerSection } from '../../test/actors/ledger-hand.ts'
import type { CancelEntry, EventDocumentEntry, IssueEntry, PassEntry, PassName } from './entries.ts'
import { DOUBLES_MAX, SEAT_PASSES_MAX } from './event-limits.ts'
import { readEventSection } from './event-section.ts'
import type { Pass } from './seats.ts'

const crypto = nodeCrypto()

/** A founder who sells, a gate that holds the bucket North, and a member who may cheat. */
function setting(wish: EventWish = {}) {
  const coop = testCoop(3)
  const { founder, founderSigner, mesh } = coop
  const gate = coop.admit('venue')
  const cheat = coop.admit('venue')
  mesh.connect(founder, gate)
  mesh.connect(founder, cheat)
  mesh.settle()
  const made = makeEvent(founder, founderSigner, wish)
  mesh.settle()
  // It knows the event, and not what is issued next.
  must(cheat.author([]))
  const tickets = sell(founder, founderSigner, made, { group: 'North', count: 3 })
  const bucket = made.buckets.get('North') ?? ''
  const give = (to: { signer: { publicKey: Uint8Array } }, unit: string, amount = 1): void => {
    must(founder.author([ledgerSection(hand(to.signer.publicKey, unit, amount))]))
    mesh.settle()
  }
  give(gate, bucket)
  /** Signs what its own replica would refuse, at the end of its chain. */
  const sign = (sections: Section[], after?: CommitRecord): CommitRecord => {
    const { replica, signer } = cheat
    const { history } = replica
    const head = history.branchesOf(history.findDevice(signer.publicKey))[0]?.end ?? -1
    const prev = after?.id ?? (head < 0 ? null : history.idOf(head).slice())
    const seq = after === undefined ? (head < 0 ? 0 : history.seqOf(head) + 1) : after.header.seq + 1
    return signCommit(
      { coop: coop.coop, device: signer.publicKey, seq, prev, epoch: coop.coop, seen: [], timeMs: 0 },
      sections,
      { signer, sha256: crypto.sha256 },
    )
  }
  const tell = (...records: CommitRecord[]): void => {
    cheat.write(cheat.replica.ingest(records).stored)
    mesh.settle()
  }
  const stateOf = (node: { replica: typeof founder.replica }) => eventStateOf(node.replica, made)
  return { ...coop, gate, cheat, made, tickets, bucket, give, sign, tell, stateOf }
}

function nameOf(pass: Pass | undefined): PassName {
  return { commit: fromHex(pass?.commit ?? '') ?? new Uint8Array(32), index: pass?.index ?? 0 }
}

function passOf(made: ReturnType<typeof setting>['made'], part: Partial<PassEntry> = {}): PassEntry {
  return {
    ...{ t: 'pass', way: 'in', seat: new Uint8Array(16).fill(1), class: made.class, mode: 'open' },
    ...{ bucket: made.buckets.get('North') ?? '', gate: 'North', zone: null, room: null, of: null },
    ...{ atMs: DOORS_MS, id: scanId(1), reason: '', ...part },
  }
}

/** The issue of the three tickets, as it stands in the log. */
function issueIn(
  log: readonly Uint8Array[],
  read: (bytes: Uint8Array) => CommitRecord,
  event: string,
): IssueEntry {
  for (const bytes of log) {
    const { header, payloads } = read(bytes)
    const at = header.sections.findIndex((it) => it.document === event)
    const entries = readEventSection(payloads[at] ?? new Uint8Array(), header.sections[at]?.entries ?? 0)
    for (const entry of entries ?? []) if (entry.t === 'issue') return entry
  }
  throw new Error('no issue')
}

test('a void commit takes no ticket from anybody: not its name, not its code, not the next number', () => {
  const { founder, gate, cheat, made, tickets, sign, tell, stateOf, bucket } = setting({
    class: { known: true },
  })
  const issue = issueIn(founder.log, (bytes) => must(decodeRecord(bytes, crypto.sha256)).record, made.event)
  // Until the commit id is lower than that of the true one.
  const [true_] = stateOf(founder).issues()
  let record: CommitRecord
  let tries = 0
  do record = sign([eventSection(made.event, { ...issue, id: scanId((tries += 1)), first: 2 ** 24 - 3 })])
  while (toHex(record.id) > (true_?.commit ?? ''))
  tell(record)
  expect(cheat.replica.history.find(record.id)).toBeGreaterThan(0)
  const state = stateOf(gate)
  expect(gate.replica.history.find(record.id)).toBeGreaterThan(0)
  for (const { commitment } of tickets)
    expect(state.issued(toHex(commitment))?.issue.commit).toBe(true_?.commit)
  const tag = toHex(issue.tickets[0]?.subarray(16, 24) ?? new Uint8Array())
  expect(state.byTag(tag)?.issue.commit).toBe(true_?.commit)
  expect(decideAt(gate, made, shown(tickets[0]))).toMatchObject({ verdict: 'admitted' })
  expect(state.nextSerial(bucket)).toBe(3)
  expect(state.tally().sold).toBe(3)
})

test('numbers end where tickets do', () => {
  const { founder, made } = setting()
  const issue: IssueEntry = {
    ...{
      t: 'issue',
      class: made.class,
      bucket: made.buckets.get('South') ?? '',
      price: null,
      validity: null,
    },
    ...{ holder: null, id: scanId(1), tickets: [new Uint8Array(120)] },
    first: 2 ** 24,
  }
  expect(founder.author([eventSection(made.event, issue)])).toMatchObject({ refusal: 'entries' })
})

test('what brings room home follows from what its own commit knows, not from what came before it', () => {
  const { founder, gate, cheat, made, give, sign, tell, stateOf, mesh, tickets } = setting({
    ...{ zones: [['Hall', 4]], class: { policy: 'open', reentry: true } },
  })
  const room = made.rooms.get('Hall') ?? ''
  give(cheat, room, 2)
  const at = { zone: 'Hall' }
  expect(scan(cheat, made, tickets[0], at)).toMatchObject({ ok: true })
  const entry = stateOf(cheat).passes()[0]
  // The gate lets him out without having heard of it, and matches that later.
  mesh.disconnect(founder, gate)
  mesh.settle()
  const seat = fromHex(entry?.seat ?? '') ?? new Uint8Array(16)
  must(gate.author([eventSection(made.event, passOf(made, { way: 'out', seat, zone: 'Hall' }))]))
  const exit = nameOf(stateOf(gate).passes().at(-1))
  mesh.connect(founder, gate)
  mesh.settle()
  mesh.disconnect(founder, gate)
  must(founder.author([]))
  // The cheat knows the exit; the match it does not.
  const known = cheat.replica.author([], mesh.nowMs)
  cheat.write(must(known).stored)
  mesh.settle()
  const home = sign([eventSection(made.event, { t: 'home', ...exit, room })])
  const of = nameOf(entry)
  must(gate.author([eventSection(made.event, { t: 'match', ...exit, of })]))
  // One replica hears the match first, another what does not know of it.
  gate.write(gate.replica.ingest([...missing(cheat, gate), home]).stored)
  tell(home)
  mesh.connect(founder, gate)
  mesh.settle()
  const hashes = [founder, gate, cheat].map((it) => toHex(stateOf(it).stateHash()))
  expect(new Set(hashes).size).toBe(1)
  expect(stateOf(founder).passes()[0]?.isRoomBack).toBe(false)

  function missing(from: typeof cheat, to: typeof gate): CommitRecord[] {
    const { replica } = to
    return from.log
      .map((bytes) => must(decodeRecord(bytes, crypto.sha256)).record)
      .filter((it) => replica.history.find(it.id) < 0)
  }
})

test('room comes home once, and only for somebody who left', () => {
  const { gate, made, give, tickets, stateOf, cheat, mesh } = setting({
    ...{ zones: [['Hall', 4]], class: { reentry: true } },
  })
  const room = made.rooms.get('Hall') ?? ''
  give(gate, room, 2)
  for (const ticket of tickets.slice(0, 2)) scan(gate, made, ticket, { zone: 'Hall' })
  mesh.settle()
  const [first, second] = stateOf(gate).passes()
  const out = (pass: Pass | undefined, part: Partial<PassEntry>): PassEntry =>
    passOf(made, { way: 'out', zone: 'Hall', seat: fromHex(pass?.seat ?? '') ?? new Uint8Array(16), ...part })
  expect(gate.author([eventSection(made.event, out(first, { room }))])).toMatchObject({
    refusal: 'pass-foreign',
  })
  const ofOther = out(first, { of: nameOf(second) })
  expect(cheat.author([eventSection(made.event, ofOther)])).toMatchObject({ refusal: 'pass-unknown' })
  must(cheat.author([eventSection(made.event, out(first, { of: nameOf(first) }))]))
  mesh.settle()
  const home = (): EventDocumentEntry => ({ t: 'home', ...nameOf(stateOf(gate).passes().at(-1)), room })
  must(gate.author([eventSection(made.event, home())]))
  expect(gate.author([eventSection(made.event, home())])).toMatchObject({ refusal: 'room-back' })
  expect(gate.replica.spendable(room)).toBe(1n)
})

test('a flood of passes of one seat ends, and costs in proportion', () => {
  const { cheat, made, stateOf, founder, mesh } = setting({ class: { policy: 'open' } })
  const passes = (count: number) =>
    eventSection(made.event, ...Array.from({ length: count }, (_, i) => passOf(made, { id: scanId(i) })))
  must(cheat.author([passes(SEAT_PASSES_MAX - 1)]))
  expect(cheat.author([passes(2)])).toMatchObject({ refusal: 'passes-too-many' })
  must(cheat.author([passes(1)]))
  expect(cheat.author([passes(1)])).toMatchObject({ refusal: 'passes-too-many' })
  mesh.settle()
  const [pass] = stateOf(founder).passes()
  expect(pass?.doubles).toHaveLength(DOUBLES_MAX)
  expect(stateOf(founder).tally()).toMatchObject({ admitted: 1, doubles: SEAT_PASSES_MAX - 1 })
})

test('a pass is taken back once', () => {
  const { gate, made, tickets, stateOf } = setting()
  scan(gate, made, tickets[0])
  const undo: EventDocumentEntry = {
    ...{ t: 'undo', ...nameOf(stateOf(gate).passes()[0]), room: null, way: 'in', atMs: DOORS_MS },
    ...{ id: scanId(1), reason: 'pressed twice' },
  }
  must(gate.author([eventSection(made.event, undo)]))
  expect(gate.author([eventSection(made.event, undo)])).toMatchObject({ refusal: 'pass-undone' })
})

test('only a ticket that was issued is ended, and nobody is kept inside by it', () => {
  const { gate, made, tickets, bucket, stateOf } = setting()
  const cancel = (old: Uint8Array): CancelEntry => ({
    ...{ t: 'cancel', why: 'revoke', class: made.class, bucket, old, ticket: null, seat: false },
    ...{ price: null, id: scanId(1), reason: '' },
  })
  const unknown = gate.author([eventSection(made.event, cancel(new Uint8Array(16)))])
  expect(unknown).toMatchObject({ refusal: 'ticket-unknown' })
  scan(gate, made, tickets[0])
  must(gate.author([eventSection(made.event, cancel(tickets[0].commitment))]))
  expect(scan(gate, made, tickets[0], { way: 'out', id: 3 })).toMatchObject({ ok: true, verdict: 'left' })
  expect(scan(gate, made, tickets[0], { id: 4 })).toMatchObject({ ok: false, verdict: 'revoked' })
  expect(stateOf(gate).tally()).toMatchObject({ sold: 2, cancelled: 1 })
})

test('who says a thing twenty thousand times is heard in time', () => {
  const { founder, made, stateOf } = setting()
  for (let version = 1; version < 20_000; version += 1_000) {
    const entries = Array.from({ length: 1_000 }, (_, i) => ({
      ...{ t: 'zone' as const, name: 'Hall', unit: made.class },
      version: 30_000 - version - i,
    }))
    must(founder.author([eventSection(made.event, ...entries)]))
  }
  expect(stateOf(founder).nextVersion('zone', 'Hall')).toBe(30_000)
  expect(stateOf(founder).zone('Hall')?.version).toBe(29_999)
})
