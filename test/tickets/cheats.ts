import { expect } from 'vitest'
import { signCommit } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import { toHex } from '#protocol/encoding'
import type { EventDocumentEntry, PassEntry, PassName } from '#protocol/event'
import type { Signer } from '#protocol/identity'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { DOORS_MS, eventSection, eventStateOf, makeEvent, scanId, sell } from '../actors/gate-hand.ts'
import type { TestEvent } from '../actors/gate-hand.ts'
import { must } from '../actors/coop-actors.ts'
import { hand, ledgerSection } from '../actors/ledger-hand.ts'
import type { Choices } from '../evaluation/choices.ts'
import type { Reached } from '../evaluation/reached.ts'
import { CAST } from './cast.ts'
import type { Place } from './cast.ts'
import { figuresOf } from './figures.ts'
import { shuffled } from './law.ts'

/** Commits of a history, by three devices that sign anything, on as many histories as they like. */
const COMMITS = 40

/**
 * Whatever members sign about an event (passes, exits, undos, matches, rooms, issues and ends of tickets, on parted chains, with
 * or without what it needs), replicas with the same commits say the same, in whatever order they heard of them.
 */
export function cheatsLaw(draw: Choices, reached: Reached): void {
  const [founder, ...others] = CAST.signers as [Signer, ...Signer[]]
  const office = CAST.enter(founder)
  const made = makeEvent(office, founder, {
    ...{ seats: 20, zones: [['Hall', 6]], class: { policy: 'open', reentry: true } },
  })
  const tickets = sell(office, founder, made, { group: 'North', count: 3 })
  const cheats = others.slice(0, 3)
  for (const [i, { publicKey }] of cheats.entries()) {
    const bucket = [...made.buckets.values()][i]
    const units = [made.class, made.rooms.get('Hall') ?? '', ...(bucket === undefined ? [] : [bucket])]
    must(office.author([ledgerSection(...units.map((it) => hand(publicKey, it, it === bucket ? 1 : 2)))]))
  }
  const names = tickets.map((it) => it.commitment)
  const pool = new Pool(office, made, { draw, cheats, names })
  for (let i = 0; i < COMMITS; i += 1) pool.write()
  const commitments = names.map(toHex)
  const say = (): string => {
    const late = CAST.enter(nodeSigner(new Uint8Array(32).fill(99)), [])
    for (const record of shuffled([...office.log, ...pool.records], draw)) late.take([record])
    const state = eventStateOf(late.replica, made)
    const { doubles, undone, exits } = state.tally()
    reached.note('doubles of cheats', doubles > 0)
    reached.note('undone by cheats', undone > 0)
    reached.note('exits of cheats', exits > 0)
    reached.note(
      'rooms given back',
      state.passes().some((it) => it.isRoomBack),
    )
    return JSON.stringify(figuresOf(state, commitments), null, 1)
  }
  const first = say()
  for (let i = 0; i < 2; i += 1) expect(say()).toBe(first)
}

/** A pass that a cheat (key, hex) has signed. */
interface SignedPass {
  name: PassName
  by: string
  entry: PassEntry
}

/** Commits that cheats have signed, each after any of its device, listing any of others. */
class Pool {
  readonly records: CommitRecord[] = []
  readonly #passes: SignedPass[] = []
  readonly #office: Place
  readonly #made: TestEvent
  readonly #draw: Choices
  readonly #cheats: readonly Signer[]
  readonly #names: readonly Uint8Array[]

  constructor(
    office: Place,
    made: TestEvent,
    { draw, cheats, names }: { draw: Choices; cheats: readonly Signer[]; names: readonly Uint8Array[] },
  ) {
    this.#office = office
    this.#made = made
    this.#draw = draw
    this.#cheats = cheats
    this.#names = names
  }

  write(): void {
    const draw = this.#draw
    const signer = draw.pick(this.#cheats)
    const isOwn = ({ header }: CommitRecord): boolean => toHex(header.device) === toHex(signer.publicKey)
    const own = this.records.filter(isOwn)
    // Mostly at the end of a chain, now and then a new way from before.
    const prev = own.length === 0 ? null : draw.chance(80) ? (own.at(-1) ?? null) : draw.pick(own)
    const office = this.#office.log.at(-1) as CommitRecord
    const seen = [...(prev === null ? [office] : [])]
    const others = this.records.filter((it) => !isOwn(it))
    if (others.length > 0 && draw.chance(50)) seen.push(draw.pick(others))
    const by = toHex(signer.publicKey)
    const entries = Array.from({ length: 1 + draw.below(3) }, () => this.#entry(by))
    const record = signCommit(
      {
        ...{ coop: this.#office.replica.coop, device: signer.publicKey, epoch: this.#office.replica.coop },
        ...{ seq: prev === null ? 0 : prev.header.seq + 1, prev: prev?.id ?? null, timeMs: 0 },
        seen: seen
          .map(({ id, header: { device, seq } }) => ({ device, seq, id }))
          .sort((a, b) => (toHex(a.device) < toHex(b.device) ? -1 : 1)),
      },
      [eventSection(this.#made.event, ...entries)],
      { signer, sha256: nodeCrypto().sha256 },
    )
    for (const [index, entry] of entries.entries())
      if (entry.t === 'pass') this.#passes.push({ name: { commit: record.id, index }, by, entry })
    this.records.push(record)
  }

  #entry(by: string): EventDocumentEntry {
    const draw = this.#draw
    const hall = this.#made.rooms.get('Hall') ?? ''
    const bucket = draw.pick([...this.#made.buckets.values()])
    const id = scanId(draw.below(1_000))
    const own = this.#passes.filter((it) => it.by === by)
    const ins = this.#passes.filter((it) => it.entry.way === 'in')
    const outs = this.#passes.filter((it) => it.entry.way === 'out')
    const what = draw.below(100)
    const atMs = DOORS_MS + draw.below(9)
    if (what < 50 || own.length === 0 || ins.length === 0 || outs.length === 0) {
      const ended = ins.length > 0 && draw.chance(50) ? draw.pick(ins) : null
      const isRoom = draw.chance(80)
      const rest = { class: this.#made.class, bucket, gate: 'North', zone: 'Hall', atMs, id, reason: '' }
      const mode = draw.pick(['held', 'open', 'open'] as const)
      const seat = new Uint8Array(16).fill(draw.below(2))
      if (draw.chance(60))
        return { t: 'pass', way: 'in', seat, mode, room: isRoom ? hall : null, of: null, ...rest }
      // Of its own it gives room back, of others it cannot.
      const room = ended?.by === by && isRoom ? hall : null
      const of = ended?.name ?? null
      return { t: 'pass', way: 'out', seat: ended?.entry.seat ?? seat, mode, room, of, ...rest }
    }
    if (what < 62) {
      const { name, entry } = draw.pick(own)
      const room = draw.chance(70) ? entry.room : null
      return { t: 'undo', ...name, room, way: entry.way, atMs, id, reason: `${draw.below(99)}` }
    }
    if (what < 76) {
      const exits = own.filter((it) => it.entry.way === 'out')
      const exit = draw.pick(exits.length === 0 ? outs : exits)
      return { t: 'match', ...exit.name, of: draw.pick(ins).name }
    }
    if (what < 88) return { t: 'home', ...draw.pick(outs).name, room: hall }
    const old = draw.pick(this.#names)
    const stated = new Uint8Array(120).fill(draw.below(3))
    stated.set(draw.chance(50) ? old : stated.subarray(0, 16))
    const price = null
    if (what < 93)
      return {
        ...{ t: 'issue', class: this.#made.class, bucket, tickets: [stated], price, validity: null },
        ...{ holder: null, id, first: draw.below(50) },
      }
    const why = draw.pick(['revoke', 'refund', 'reissue'] as const)
    const ticket = why === 'reissue' ? stated : null
    const rest = { class: this.#made.class, bucket, old, ticket, price, id, reason: '' }
    return { t: 'cancel', why, seat: false, ...rest }
  }
}
